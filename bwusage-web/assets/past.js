// The machine in times that are longer ago than the rolling window: minutes, hours and days out of the daemon's history.

import { ask } from "./api.js";
import { BUCKET_MS, bucket, iso } from "./ranges.js";
import { COLUMNS } from "./window.js";

/** A bucket is asked for again at most this often, and not before it can have changed. */
const REFRESH_MS = 15_000;
/** For so long the daemon keeps every second. */
const SECONDS_MS = 600_000;

/** The JSON of the history of the machine as columns; a bucket stands in its middle. Pure. */
export function columnsOf({ buckets, machine }) {
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, []]));
  const peaks = { cpu_percent: [], memory_used_bytes: [] };
  const times = buckets.map(({ start_at: start, end_at: end }) => (Date.parse(start) + Date.parse(end)) / 2);
  buckets.forEach(({ covered_s: covered }, index) => {
    const point = machine[index];
    const rate = (name) => (point?.[name] == null || !covered ? null : point[name] / covered);
    columns.rx_bytes_per_s.push(rate("rx_bytes"));
    columns.tx_bytes_per_s.push(rate("tx_bytes"));
    columns.cpu_percent.push(point?.processors_percent ?? null);
    columns.memory_used_bytes.push(point?.memory_used_bytes ?? null);
    columns.disk_read_bytes_per_s.push(rate("disk_read_bytes"));
    columns.disk_write_bytes_per_s.push(rate("disk_write_bytes"));
    peaks.cpu_percent.push(point?.processors_peak_percent ?? null);
    peaks.memory_used_bytes.push(point?.memory_peak_bytes ?? null);
  });
  const ends = buckets.length ? Date.parse(buckets.at(-1).end_at) : 0;
  return { times, columns, peaks, ends };
}

/** What was stored until `now.times` begins to be newer, and from there on what is live. Pure. */
export function joined(stored, live, step) {
  // The last bucket is not over yet: what it lacks, the window has.
  const last = stored.times.at(-1) ?? 0;
  const from = live.times.findIndex((at) => at > last + step / 2);
  if (from < 0) return stored;
  const times = [...stored.times, ...live.times.slice(from)];
  const columns = Object.fromEntries(
    COLUMNS.map((name) => [name, [...stored.columns[name], ...live.columns[name].slice(from)]]),
  );
  return { times, columns, peaks: stored.peaks };
}

export class Past {
  #changed;
  #key = "";
  #askedAt = 0;
  #stored = null;

  /** `changed` is called when the server has answered. */
  constructor(changed) {
    this.#changed = changed;
  }

  /** What is known of `[from, to]`: times, columns, peaks, and the usual distance of two points. */
  show([from, to], live, isLive) {
    const seconds = { times: live.times, columns: live.columns, step: live.step };
    if (from >= (live.times[0] ?? Infinity) - live.step || (isLive && to - from <= SECONDS_MS)) return seconds;
    const cut = bucket(to - from);
    const key = isLive ? `${cut} ${to - from}` : `${cut} ${from} ${to}`;
    const again = key !== this.#key || (isLive && performance.now() - this.#askedAt > Math.max(REFRESH_MS, BUCKET_MS[cut] / 4));
    if (key !== this.#key) this.#stored = null;
    if (again) this.#ask(key, from, to, cut);
    // Until the answer is there, what is known already is shown.
    if (!this.#stored) return seconds;
    const all = joined(this.#stored, live, BUCKET_MS[cut]);
    return { ...all, step: BUCKET_MS[cut] };
  }

  async #ask(key, from, to, cut) {
    [this.#key, this.#askedAt] = [key, performance.now()];
    const parameters = new URLSearchParams({ by: "host", bucket: cut, from: iso(from), to: iso(to) });
    const report = await ask("history", parameters).catch(() => null);
    if (!report || this.#key !== key) return;
    this.#stored = columnsOf(report);
    this.#changed();
  }
}
