// The rolling window: columns of points, oldest first, filled by the daemon and kept going by ticks.

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
/** A window that has just begun is shown as if it were this long. */
const LEAST_INTERVALS = 60;

export class History {
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

  /** How long ago the oldest point is, seen from the newest. */
  get filledMs() {
    return this.times.length ? this.lastAt - this.times[0] : 0;
  }

  /** The span to show: from the oldest point, but always of some length. */
  get span() {
    const end = this.lastAt ?? Date.now();
    return [end - Math.max(this.filledMs, LEAST_INTERVALS * this.#intervalMs), end];
  }

  /** Adds the points of `backfill` that are newer than the newest one here. */
  fill(backfill) {
    backfill.at_unix_ms.forEach((at, index) => this.#append(at, (name) => backfill[name][index]));
  }

  /** Adds the point of one tick. */
  push(tick) {
    this.#append(tick.at_unix_ms, (name) => tick[name]);
  }

  /** The smallest and the largest known value of a column in the window, or nulls. */
  range(name) {
    let least = null;
    let most = null;
    for (const value of this.columns[name]) {
      if (value == null) continue;
      if (least === null || value < least) least = value;
      if (most === null || value > most) most = value;
    }
    return [least, most];
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
