// Ranges of time: the last so many minutes, or from here to there. Pure; times are milliseconds of Unix time.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What can be chosen, and how long it is. */
export const RANGES = { "2m": 2 * MINUTE, "10m": 10 * MINUTE, "1h": HOUR, "6h": 6 * HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY };
export const DEFAULT_RANGE = "2m";
/** Nobody looks closer. */
const LEAST_MS = 5_000;

/** The range that the address names: `{ name }` ends now, `{ from, to }` stands still. */
export function read(get) {
  const [from, to] = [Number(get("from")), Number(get("to"))];
  if (from > 0 && to > from) return { from, to };
  return { name: Object.hasOwn(RANGES, get("range")) ? get("range") : DEFAULT_RANGE };
}

/** `range` as parameters of the address. */
export function write({ name, from, to }) {
  if (from) return { range: "", from: String(from), to: String(to) };
  return { range: name === DEFAULT_RANGE ? "" : name, from: "", to: "" };
}

/** Its beginning and end, at `now`. */
export function span({ name, from, to }, now) {
  return from ? [from, to] : [now - RANGES[name], now];
}

/** The part of a chart that was drawn over with the mouse; null where that is too little to look at. */
export function zoomed(a, b) {
  const [from, to] = [Math.round(Math.min(a, b)), Math.round(Math.max(a, b))];
  return to - from < LEAST_MS ? null : { from, to };
}

/** The next wider (`step` 1) or narrower (-1) range that can be chosen. */
export function neighbour({ name, from, to }, step) {
  const names = Object.keys(RANGES);
  const length = from ? to - from : RANGES[name];
  const wider = names.findIndex((each) => RANGES[each] > length);
  const narrower = names.findLastIndex((each) => RANGES[each] < length);
  const index = step > 0 ? wider : narrower;
  return index < 0 ? null : { name: names[index] };
}

/** How the daemon is to cut a time of this length, so that there are some hundreds of points. */
export function bucket(lengthMs) {
  if (lengthMs <= 25 * HOUR) return "minute";
  return lengthMs <= 62 * DAY ? "hour" : "day";
}

/** The length of a bucket; months are of no use here. */
export const BUCKET_MS = { second: 1000, minute: MINUTE, hour: HOUR, day: DAY };

/** A moment as the server reads it, to the second. */
export function iso(unixMs) {
  return new Date(unixMs).toISOString().replace(/\.\d+/, "");
}
