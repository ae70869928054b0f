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

function path(values, most) {
  const step = WIDTH / (SHOWN - 1);
  const start = SHOWN - values.length;
  return values.map((value, index) => `${index ? "L" : "M"}${Math.round((start + index) * step)} ${Math.round((HEIGHT - 1) - (value / most) * (HEIGHT - 2))}`).join("");
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
