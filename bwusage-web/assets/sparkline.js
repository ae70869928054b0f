// What every row did lately: a few samples each, and the small chart of them. Pure but for the drawing.

/** So many samples are kept: some minutes at the usual interval. */
const SAMPLES = 150;
/** So many are in the small chart of a row. */
const SHOWN = 40;
const WIDTH = 80;
const HEIGHT = 20;
const FIELDS = ["rx_bytes_per_s", "tx_bytes_per_s", "cpu_percent", "rss_bytes", "disk_read_bytes_per_s", "disk_write_bytes_per_s"];

/** The samples of all rows that were shown. */
export class Samples {
  #rows = new Map();

  /** Adds what `row` does at `at`, in milliseconds of Unix time. */
  add(key, at, row) {
    let kept = this.#rows.get(key);
    if (!kept) this.#rows.set(key, (kept = { times: [], columns: FIELDS.map(() => []) }));
    if (at <= kept.times.at(-1)) return;
    kept.times.push(at);
    FIELDS.forEach((field, index) => kept.columns[index].push(row[field] ?? null));
    if (kept.times.length > SAMPLES) for (const column of [kept.times, ...kept.columns]) column.shift();
  }

  /** Puts `past` before what is known of a row: the times and both columns of its network use, oldest first. */
  begin(key, { times, rx, tx }) {
    const kept = this.#rows.get(key);
    if (!kept) return;
    const count = times.filter((at) => at < kept.times[0]).length;
    kept.times.unshift(...times.slice(0, count));
    kept.columns.forEach((column, index) => {
      const before = [rx, tx][index] ?? times.map(() => null);
      column.unshift(...before.slice(0, count));
    });
  }

  /** Forgets rows that were last shown before `at`. */
  forget(at) {
    for (const [key, { times }] of this.#rows) if (times.at(-1) < at) this.#rows.delete(key);
  }

  /** What is known of a row: `times`, and a column for each field. */
  of(key) {
    const kept = this.#rows.get(key) ?? { times: [], columns: FIELDS.map(() => []) };
    return { times: kept.times, columns: Object.fromEntries(FIELDS.map((field, index) => [field, kept.columns[index]])) };
  }

  /** The two lines of a row's small chart: paths of an SVG, newest at the right; empty where nothing was moved. */
  paths(key) {
    const kept = this.#rows.get(key);
    if (!kept) return ["", ""];
    const [rx, tx] = [kept.columns[0], kept.columns[1]].map((column) => column.slice(-SHOWN));
    const most = Math.max(1, ...rx, ...tx);
    return most === 1 ? ["", ""] : [path(rx, most), path(tx, most)];
  }
}

/** A line through what is known; the newest is at the right. */
function path(values, most) {
  const step = WIDTH / (SHOWN - 1);
  const start = SHOWN - values.length;
  let text = "";
  let joins = false;
  values.forEach((value, index) => {
    if (value != null) text += `${joins ? "L" : "M"}${Math.round((start + index) * step)} ${Math.round(HEIGHT - 1 - (value / most) * (HEIGHT - 2))}`;
    joins = value != null;
  });
  return text;
}

/** The history of the last minutes as what rows did, in steps of `stepMs`: for each key of `keyOf` its times and columns. Pure. */
export function pastOf({ buckets, series, by, per }, stepMs, keyOf) {
  const size = Math.max(1, Math.round(stepMs / 1000));
  const starts = buckets.map(({ start_at: start }) => Date.parse(start)).filter((_, index) => index % size === 0);
  const column = (points, name) => starts.map((_, index) => {
    const known = points.slice(index * size, (index + 1) * size).filter((point) => point != null);
    return known.length ? known.reduce((sum, point) => sum + point[name], 0) / known.length : null;
  });
  const named = series.filter(({ kind, name }) => kind === per && name != null && by === "second");
  return new Map(named.map(({ name, points }) => [keyOf(name), { times: starts, rx: column(points, "rx_bytes"), tx: column(points, "tx_bytes") }]));
}

/** An empty small chart. */
export function createSpark() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("aria-hidden", "true");
  for (const style of ["rx", "tx"]) {
    const line = document.createElementNS(svg.namespaceURI, "path");
    line.setAttribute("class", style);
    svg.append(line);
  }
  return svg;
}

/** Draws `paths` into a small chart; what has not changed is not painted anew. */
export function drawSpark(svg, paths) {
  paths.forEach((text, index) => {
    const line = svg.children[index];
    if (line.getAttribute("d") !== text) line.setAttribute("d", text);
  });
}
