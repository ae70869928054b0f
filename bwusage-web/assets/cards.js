// The cards: the value now, the range of the window, and the chart of one kind of number each.

import { Chart } from "./chart.js";
import { axisSteps, bytes, clock, duration, percent, rate, resize, setText } from "./format.js";

/** Less traffic than this does not fill a chart: an idle machine looks idle. */
const LEAST_RATE = 16 * 1024;

const CARDS = {
  network: {
    format: rate,
    steps: axisSteps,
    top: () => LEAST_RATE,
    series: [
      { column: "rx_bytes_per_s", sign: "▼", word: "received", style: "rx" },
      { column: "tx_bytes_per_s", sign: "▲", word: "sent", style: "tx" },
    ],
  },
  cpu: {
    format: percent,
    label: (value) => `${value} %`,
    steps: () => [1, 5, 10, 25, 50, 100],
    top: () => 100,
    series: [{ column: "cpu_percent", sign: "", word: "busy", style: "cpu" }],
  },
  memory: {
    format: bytes,
    steps: axisSteps,
    top: (tick) => tick?.memory?.total_bytes ?? 0,
    series: [{ column: "memory_used_bytes", sign: "", word: "used", style: "memory" }],
  },
  disk: {
    format: rate,
    steps: axisSteps,
    top: () => LEAST_RATE,
    series: [
      { column: "disk_read_bytes_per_s", sign: "R", word: "read", style: "read" },
      { column: "disk_write_bytes_per_s", sign: "W", word: "written", style: "write" },
    ],
  },
};

class Card {
  #element;
  #spec;
  #chart;
  #tick = null;
  #history = null;
  #pointed = null;

  constructor(id, spec) {
    this.#element = document.getElementById(id);
    this.#spec = spec;
    const label = spec.label ?? spec.format;
    this.#chart = new Chart(this.#element.querySelector(".chart"), {
      series: spec.series,
      steps: spec.steps,
      label: (value) => (value === 0 ? "0" : label(value)),
      top: () => spec.top(this.#tick),
      pointed: (index) => {
        this.#pointed = index;
        this.#showRange();
      },
    });
  }

  show(tick, history) {
    this.#tick = tick;
    this.#history = history;
    const { format, series } = this.#spec;
    const now = series.map(({ column, word }) => `${format(tick?.[column])} ${word}`);
    for (const { column } of series) setText(this.find(`[data-value=${column}]`), format(tick?.[column]));
    const title = this.find("h2").textContent;
    const past = duration(history.filledMs);
    this.find(".chart").setAttribute("aria-label", `${title} over the past ${past}, now ${now.join(", ")}`);
    this.#chart.draw(history);
    this.#showRange();
  }

  find(selector) {
    return this.#element.querySelector(selector);
  }

  /** The range of the window, or the values under the crosshair. */
  #showRange() {
    const history = this.#history;
    if (!history?.times.length) return;
    const { format, series } = this.#spec;
    const at = this.#pointed === null ? undefined : history.times[this.#pointed];
    const parts = series.map(({ column, sign }) => {
      const [least, most] = history.range(column);
      const value = at === undefined ? `${format(least)} to ${format(most)}` : format(history.columns[column][this.#pointed]);
      return `${sign} ${value}`.trim();
    });
    if (at !== undefined) parts.unshift(clock(at));
    setText(this.find(".range"), parts.join(" · "));
  }
}

/** All cards. */
export class Cards {
  #cards = Object.fromEntries(Object.entries(CARDS).map(([id, spec]) => [id, new Card(id, spec)]));

  /** Shows the machine at `tick` (null before the first), and the window in `history`. */
  show(tick, history) {
    for (const card of Object.values(this.#cards)) card.show(tick, history);
    if (tick) {
      this.#showProcessor(tick);
      this.#showMemory(tick.memory);
    }
  }

  #showProcessor({ cores_percent: cores, load, uptime_ms: uptime }) {
    const card = this.#cards.cpu;
    const words = [];
    if (load) words.push(`load ${load.map((value) => value.toFixed(2)).join(" ")}`);
    if (uptime != null) words.push(`up ${duration(uptime)}`);
    setText(card.find("[data-detail]"), words.join(" · "));
    const bars = card.find(".cores");
    resize(bars, cores.length, () => document.createElement("i"));
    cores.forEach((busy, core) => {
      const bar = bars.children[core];
      bar.style.setProperty("--level", Math.min(busy / 100, 1).toFixed(3));
      bar.title = `core ${core}: ${percent(busy)}`;
    });
  }

  #showMemory(memory) {
    const card = this.#cards.memory;
    const total = memory?.swap_total_bytes ?? 0;
    const used = memory?.swap_used_bytes ?? 0;
    setText(card.find("[data-detail]"), memory ? `of ${bytes(memory.total_bytes)} · ${bytes(memory.available_bytes)} free` : "");
    setText(card.find("[data-swap]"), total ? `swap ${bytes(used)} of ${bytes(total)}` : "no swap");
    card.find("progress").value = total ? used / total : 0;
    card.find("progress").hidden = !total;
  }
}
