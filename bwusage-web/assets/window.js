// The rolling window of seconds: columns of points, oldest first, filled by the daemon and kept going by ticks.

import { mean } from "./series.js";

/** What every point holds beside its time. */
export const COLUMNS = [
  "rx_bytes_per_s",
  "tx_bytes_per_s",
  "cpu_percent",
  "memory_used_bytes",
  "disk_read_bytes_per_s",
  "disk_write_bytes_per_s",
];

/** A pause of this many intervals between two points is a gap, and drawn as one. */
const GAP_INTERVALS = 2.5;

export class Window {
  #limit = 600;
  #intervalMs = 1000;
  times = [];
  columns = Object.fromEntries(COLUMNS.map((name) => [name, []]));

  /** What the daemon says about its window. */
  configure(limit, intervalMs) {
    this.#limit = limit;
    this.#intervalMs = Math.max(intervalMs, 1);
  }

  /** The time of the newest point. */
  get lastAt() {
    return this.times.at(-1);
  }

  /** The usual distance of two points. */
  get step() {
    return this.#intervalMs;
  }

  /** The mean of a column after `since`; null where nothing is known. */
  mean(name, since) {
    return mean(this.columns[name].slice(this.times.findLastIndex((at) => at <= since) + 1));
  }

  /** Adds the points of `backfill` that are newer than the newest one here. */
  fill(backfill) {
    backfill.at_unix_ms.forEach((at, index) => this.#append(at, (name) => backfill[name][index]));
  }

  /** Adds the point of one tick. */
  push(tick) {
    this.#append(tick.at_unix_ms, (name) => tick[name]);
  }

  #append(at, valueOf) {
    const last = this.lastAt;
    if (last !== undefined && at <= last) return;
    if (last !== undefined && at - last > GAP_INTERVALS * this.#intervalMs) {
      this.#add(last + this.#intervalMs, () => null);
    }
    this.#add(at, valueOf);
    while (this.times.length > this.#limit || at - this.times[0] > this.#limit * this.#intervalMs) {
      this.times.shift();
      for (const name of COLUMNS) this.columns[name].shift();
    }
  }

  #add(at, valueOf) {
    this.times.push(at);
    for (const name of COLUMNS) this.columns[name].push(valueOf(name) ?? null);
  }
}
