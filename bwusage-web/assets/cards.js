// The cards: the value now, the range of the window, and the chart of one kind of number each.

import { Chart } from "./chart.js";
import { axisSteps, axisTime, bytes, clock, duration, percent, rate, resize, setText, visible } from "./format.js";
import { extremes } from "./series.js";

/** Less traffic than this does not fill a chart: an idle machine looks idle. */
const LEAST_RATE = 16 * 1024;

const speeds = (...series) => ({ format: rate, steps: axisSteps, top: () => LEAST_RATE, series });

const CARDS = {
  network: speeds(
    { column: "rx_bytes_per_s", sign: "▼", word: "received", style: "rx" },
    { column: "tx_bytes_per_s", sign: "▲", word: "sent", style: "tx" },
  ),
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
    level: true,
    series: [{ column: "memory_used_bytes", sign: "", word: "used", style: "memory" }],
  },
  disk: speeds(
    { column: "disk_read_bytes_per_s", sign: "R", word: "read", style: "read" },
    { column: "disk_write_bytes_per_s", sign: "W", word: "written", style: "write" },
  ),
};

class Card {
  #element;
  #spec;
  #chart;
  #tick = null;
  #shown = null;
  #pointed = null;

  constructor(id, spec, time) {
    this.#element = document.getElementById(id);
    this.#spec = spec;
    const label = spec.label ?? spec.format;
    this.#chart = new Chart(this.find(".chart"), {
      ...time,
      series: spec.series,
      steps: spec.steps,
      label: (value) => (value === 0 ? "0" : label(value)),
      top: () => spec.top(this.#tick),
      pointed: (index) => {
        this.#pointed = index;
        this.#showRange();
      },
    });
    this.find(".numbers").addEventListener("click", () => this.#showNumbers());
  }

  /** Shows the machine at `tick`, the values since the tick before it, and what is known of the range. */
  show(tick, now, shown) {
    [this.#tick, this.#shown] = [tick, shown];
    const { format, series } = this.#spec;
    const words = series.map(({ column, word }) => `${format(now(column))} ${word}`);
    for (const { column } of series) setText(this.find(`[data-value=${column}]`), format(now(column)));
    const known = shown.times.filter((at) => at >= shown.span[0]);
    const past = duration(known.length ? shown.span[1] - known[0] : 0);
    this.find(".chart").setAttribute("aria-label", `${this.title} over the past ${past}, now ${words.join(", ")}`);
    this.#showRange();
  }

  /** Draws what is shown. A canvas asks for the layout of the page: apart from the texts, so that it is made once for all. */
  draw() {
    const columns = this.#spec.series.map(({ column }) => this.#shown.columns[column]);
    this.#chart.draw({ ...this.#shown, columns });
  }

  get title() {
    return this.find("h2").textContent;
  }

  find(selector) {
    return this.#element.querySelector(selector);
  }

  /** The range of the window, or the values under the crosshair. */
  #showRange() {
    if (!this.#shown?.times.length) return;
    const { times, columns, peaks, span } = this.#shown;
    const { format, series } = this.#spec;
    const at = this.#pointed === null ? undefined : times[this.#pointed];
    const parts = series.map(({ column, sign }) => {
      if (at !== undefined) return `${sign} ${format(columns[column][this.#pointed])}`.trim();
      const [least, most] = extremes(times, columns[column], peaks?.[column], span);
      return `${sign} ${format(least)} to ${format(most)}`.trim();
    });
    if (at !== undefined) parts.unshift(span[1] - span[0] > 3_600_000 ? `${axisTime(at, 172_800_000)}` : clock(at));
    setText(this.find(".range"), parts.join(" · "));
  }

  async #showNumbers() {
    if (!this.#shown) return;
    const { showNumbers } = await import("./numbers.js");
    const { times, columns, span } = this.#shown;
    const { format, series } = this.#spec;
    const heads = series.map(({ word }) => word);
    showNumbers(this.title, heads, times, series.map(({ column }) => columns[column]), span, format);
  }
}

/** All cards. */
export class Cards {
  #cards;
  #toldUntil = 0;
  #now = {};

  /** `time` has what a chart does with the range: `zoomed` and `reset`. */
  constructor(time) {
    this.#cards = Object.fromEntries(Object.entries(CARDS).map(([id, spec]) => [id, new Card(id, spec, time)]));
    const cores = document.getElementById("cores");
    cores.addEventListener("click", () => {
      const each = cores.getAttribute("aria-pressed") !== "true";
      cores.setAttribute("aria-pressed", String(each));
      document.getElementById("cpu").classList.toggle("each", each);
    });
  }

  /** Shows the machine at `tick`, the `window` of seconds, and what is known of the range. */
  show(tick, window, shown) {
    // The values are of all the time since the last ones, as those of the table are; how full something is, is of now.
    if (tick.at_unix_ms !== this.#toldUntil) {
      const since = this.#toldUntil || tick.at_unix_ms - 1;
      for (const { series, level } of Object.values(CARDS)) {
        for (const { column } of series) this.#now[column] = level ? tick[column] : window.mean(column, since);
      }
      this.#toldUntil = tick.at_unix_ms;
    }
    for (const card of Object.values(this.#cards)) card.show(tick, (column) => this.#now[column], shown);
    this.#showProcessor(tick);
    this.#showMemory(tick.memory);
    this.#showInterfaces(tick.interfaces);
  }

  /** Draws the charts of what is shown. */
  draw() {
    for (const card of Object.values(this.#cards)) card.draw();
  }

  #showInterfaces(interfaces) {
    if (!interfaces) return;
    const words = interfaces.map(({ name, rx_bytes_per_s: rx, tx_bytes_per_s: tx }) => `${visible(name)} ▼ ${rate(rx)} ▲ ${rate(tx)}`);
    const busy = interfaces.filter((each) => each.rx_bytes_per_s || each.tx_bytes_per_s);
    const detail = this.#cards.network.find("[data-detail]");
    const names = (busy.length ? busy : interfaces).map(({ name }) => visible(name)).join(", ");
    setText(detail, names && `on ${names}`);
    detail.title = words.join("\n");
  }

  #showProcessor({ cores_percent: cores, load, uptime_ms: uptime }) {
    const card = this.#cards.cpu;
    const words = [];
    if (load) words.push(`load ${load.map((value) => value.toFixed(2)).join(" ")}`);
    if (uptime != null) words.push(`up ${duration(uptime)}`);
    setText(card.find("[data-detail]"), words.join(" · "));
    const bars = card.find(".cores");
    resize(bars, cores.length, () => document.createElement("li"));
    cores.forEach((busy, core) => {
      const bar = bars.children[core];
      bar.style.setProperty("--level", Math.min(busy / 100, 1).toFixed(3));
      setText(bar, `${core}: ${percent(busy)}`);
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
