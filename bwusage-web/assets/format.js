// Numbers and names for people: three significant digits, no character that hides or acts, and always as plain text.

/** The ways of writing an amount, in the order in which a key cycles through them. */
export const UNITS = ["iec", "si", "bits"];

const STEP = { iec: 1024, si: 1000, bits: 1000 };
const PREFIXES = {
  iec: ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"],
  si: ["", "k", "M", "G", "T", "P", "E"],
  bits: ["", "k", "M", "G", "T", "P", "E"],
};
const UNKNOWN = "–";

let units = "iec";

/** Chooses how amounts are written from now on. */
export function setUnits(name) {
  units = name;
}

function scaled(value, system) {
  const step = STEP[system];
  let power = 0;
  while (value >= (power === 0 ? step : step - 0.5) && power < 6) {
    value /= step;
    power += 1;
  }
  const digits = power === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${PREFIXES[system][power]}`;
}

/** An amount: `3.15 MiB`. Amounts stay in bytes also where speeds are in bits. */
export function bytes(count) {
  if (count == null) return UNKNOWN;
  return count < 0 ? `−${scaled(-count, units)}B` : `${scaled(count, units)}B`;
}

/** A speed: `3.15 MiB/s`, `26.4 Mbit/s`. */
export function rate(bytesPerSecond) {
  if (bytesPerSecond == null) return UNKNOWN;
  return units === "bits" ? `${scaled(bytesPerSecond * 8, units)}bit/s` : `${scaled(bytesPerSecond, units)}B/s`;
}

/** A share: `42 %`, `8.4 %`. */
export function percent(value) {
  return value == null ? UNKNOWN : `${value.toFixed(value < 9.95 ? 1 : 0)} %`;
}

/** A part of a whole, small ones told from none: `98.7 %`, `0.04 %`, `< 0.01 %`. */
export function share(part, whole) {
  if (part == null || !whole) return UNKNOWN;
  const value = (Math.abs(part) / whole) * 100;
  const sign = part < 0 ? "−" : "";
  if (value > 0 && value < 0.01) return `< ${sign}0.01 %`;
  // Nearly everything is not everything.
  if (value > 99.9 && value <= 100) return `${sign}${Math.floor(value * 100) / 100} %`;
  return `${sign}${value.toFixed(value < 1 ? 2 : 1)} %`;
}

// Made once: a browser takes long to make one.
const CLOCK = new Intl.DateTimeFormat([], { timeStyle: "medium", hour12: false });
const MOMENT = new Intl.DateTimeFormat([], { dateStyle: "short", timeStyle: "medium", hour12: false });
const MINUTE = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat([], { day: "numeric", month: "short" });

/** A time of day: `20:03:07`. */
export function clock(unixMs) {
  return written(CLOCK, unixMs);
}

/** A date and time of day. */
export function moment(unixMs) {
  return written(MOMENT, unixMs);
}

/** A moment beyond what a date can be is not known; it is no reason to draw nothing. */
function written(format, unixMs) {
  return Number.isNaN(new Date(unixMs).getTime()) ? UNKNOWN : format.format(unixMs);
}

/** A moment on an axis that is this long: `20:03:07`, `20:03`, `22 Nov 20:00`, `22 Nov`. */
export function axisTime(unixMs, lengthMs) {
  const [hour, day] = [3_600_000, 86_400_000];
  if (lengthMs < hour / 2) return clock(unixMs);
  const time = MINUTE.format(unixMs);
  if (lengthMs <= 1.1 * day) return time;
  const dayWords = DAY.format(unixMs);
  return lengthMs > 8 * day || time === "00:00" ? dayWords : `${dayWords} ${time}`;
}

/** A span: `3 d 4 h`, `5 min 6 s`. */
export function duration(ms) {
  if (ms == null) return UNKNOWN;
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  let seconds = Math.floor(ms / 1000);
  const words = [];
  for (const [size, word] of parts) {
    if (seconds >= size) words.push(`${Math.floor(seconds / size)} ${word}`);
    seconds %= size;
  }
  return words.slice(0, 2).join(" ") || "0 s";
}

/** Marks on an axis of amounts fall on powers of two or on decimal numbers, as the unit wants it. */
export function axisSteps() {
  if (units === "iec") return Array.from({ length: 50 }, (_, power) => 2 ** power);
  const decimal = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();
  return units === "bits" ? decimal.map((step) => step / 8) : decimal;
}

// Control characters, and those that change the reading direction or take no room.
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

/** `text` that somebody else chose, with everything visible that would hide or reorder it. */
export function visible(text) {
  return text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0);
    return code < 0xa0 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** Sets an element's text only when it differs: what does not change is not laid out anew. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Gives `parent` this many children, made by `create`. */
export function resize(parent, count, create) {
  while (parent.childElementCount > count) parent.lastElementChild.remove();
  while (parent.childElementCount < count) parent.append(create());
}
