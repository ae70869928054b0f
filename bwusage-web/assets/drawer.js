// One row of the table, in full: what it is, what it does, with whom, and what it moved before. It has an address.

import { NotForYou, ask } from "./api.js";
import { drawBars, shortLabel } from "./bars.js";
import { Chart } from "./chart.js";
import { service, state, talkName } from "./connections.js";
import { button, element } from "./dom.js";
import { axisSteps, bytes, duration, moment, percent, rate, setText, visible } from "./format.js";
import { groupingTitle, keyOf, nameOf } from "./grouping.js";
import { quote } from "./query.js";

/** Its charts go back so far. */
const SHOWN_MS = 120_000;
/** What changes seldom is asked for this often. */
const REFRESH_MS = 10_000;
const REMOTES = 15;

const CHARTS = [
  { title: "Network", format: rate, series: [["rx_bytes_per_s", "rx", "▼ "], ["tx_bytes_per_s", "tx", "▲ "]], least: 16_384 },
  { title: "CPU", format: percent, series: [["cpu_percent", "cpu", ""]], least: 10, steps: () => [1, 2, 5, 10, 25, 50, 100, 200, 400, 800] },
  { title: "Memory", format: bytes, series: [["rss_bytes", "memory", ""]], least: 1_048_576 },
  { title: "Disk", format: rate, series: [["disk_read_bytes_per_s", "read", "R "], ["disk_write_bytes_per_s", "write", "W "]], least: 16_384 },
];

/** What the key of a row asks for: the grouping, and the filter that finds it. Pure. */
export function readKey(key) {
  const process = /^pid (\d+) /.exec(key);
  if (process) return { by: "pid", name: process[1], filter: `pid:${process[1]}` };
  try {
    const [by, name] = JSON.parse(key);
    const text = by === "container" ? (name?.name ?? name?.id) : name;
    const filtered = ["app", "user", "unit", "container"].includes(by) && typeof text === "string";
    return { by, name: text, filter: filtered ? `${by === "container" ? "ct" : by}:${quote(text)}` : "" };
  } catch {
    return null;
  }
}

/** Opens this part of the page. */
export function open(address, processes) {
  return new Drawer(address, processes);
}

class Drawer {
  #address;
  #processes;
  #dialog = document.getElementById("drawer");
  #parts = null;
  #charts = [];
  #key = "";
  #row = null;
  #seconds = null;
  #askedAt = 0;
  #days = null;
  #cut = "day";

  constructor(address, processes) {
    [this.#address, this.#processes] = [address, processes];
    this.#dialog.addEventListener("close", () => {
      if (this.#key) address.set({ row: "" });
      this.#key = "";
    });
    // A click beside it closes it.
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog && event.clientX < this.#dialog.getBoundingClientRect().left) this.#dialog.close();
    });
  }

  /** Opens or closes it as the address says. */
  look() {
    const key = this.#address.view === "programs" ? this.#address.get("row") : "";
    if (key === this.#key) return;
    this.#key = readKey(key) ? key : "";
    if (!this.#key) {
      this.#dialog.close();
      return;
    }
    [this.#row, this.#seconds, this.#days, this.#askedAt] = [null, null, null, -REFRESH_MS];
    if (!this.#parts) this.#build();
    if (!this.#dialog.open) this.#dialog.showModal();
    if (!this.#charts.length) this.#charts = CHARTS.map((spec, index) => this.#createChart(spec, this.#parts.charts.children[index]));
    setText(this.#parts.title, visible(String(readKey(this.#key).name)));
    this.#parts.remotes.replaceChildren();
    this.#parts.bars.replaceChildren();
    this.refresh();
  }

  /** What the server is makes no difference here. */
  introduce() {}

  /** Shows the newest numbers. */
  refresh() {
    if (!this.#key) return;
    if (performance.now() - this.#askedAt > REFRESH_MS) this.#ask();
    this.#draw();
  }

  /** Writes everything again: the units have changed. */
  redraw() {
    this.#askedAt = -REFRESH_MS;
    this.refresh();
    if (this.#key) this.#drawDays();
  }

  #build() {
    const head = element("div", { className: "drawer-head" });
    const title = element("h2", { id: "drawer-title" });
    head.append(title, button("Close", () => this.#dialog.close(), { autofocus: true }));
    const value = element("p", { className: "value" }, element("span", { className: "rx" }), element("span", { className: "tx" }));
    const actions = element("div", { className: "actions" },
      element("a", { textContent: "All connections" }), element("a", { textContent: "Alert on this" }));
    const facts = element("dl");
    const charts = element("div", { className: "small-charts" }, ...CHARTS.map(({ title: name }) => element("section", { attributes: { "aria-label": name } },
      element("h3", {}, element("span", { textContent: name }), element("span")),
      element("div", { className: "chart", attributes: { role: "img", "aria-label": name } }))));
    const remotes = element("tbody");
    const note = element("p", { className: "detail", hidden: true });
    const table = element("table", {}, element("thead", {}, element("tr", {}, ...["Remote", "Service", "▼", "▲"].map((text, index) =>
      element("th", { textContent: text, scope: "col", className: index > 1 ? "number" : "" })))), remotes);
    const choice = element("select", { attributes: { "aria-label": "History by" } }, new Option("day"), new Option("month"));
    choice.addEventListener("change", () => {
      this.#cut = choice.value;
      this.#askDays();
    });
    const bars = element("div", { className: "bars low", attributes: { role: "img", "aria-label": "History" } });
    const pointed = element("p", { className: "range" });
    const past = element("div", {}, element("div", { className: "head" }, element("h3", { textContent: "History" }), choice), bars, pointed);
    this.#parts = { title, value, actions, facts, charts, remotes, note, bars, pointed, past };
    this.#dialog.append(head, value, actions, facts, charts, element("h3", { textContent: "With whom, most bytes first" }), note, table, past);
  }

  #createChart({ series, format, least, steps }, place) {
    return new Chart(place.querySelector(".chart"), {
      series: series.map(([, style]) => ({ style })),
      steps: steps ?? axisSteps,
      label: (value) => (value === 0 ? "0" : steps ? `${value} %` : format(value)),
      top: () => least,
    });
  }

  async #ask() {
    const key = this.#key;
    const { by, filter } = readKey(key);
    this.#askedAt = performance.now();
    const top = await ask("top", new URLSearchParams({ by, filter, all: true, limit: 1000 })).catch(() => null);
    if (this.#key !== key || !top) return;
    const isFirst = this.#row === null;
    const row = top.rows.find((each) => keyOf(each, by) === key);
    if (!row) {
      this.#parts.facts.replaceChildren(element("dt", { textContent: "State" }), element("dd", { textContent: "not known any more" }));
      return;
    }
    this.#row = row;
    this.#showFacts(by, row);
    this.#askTalk(key, filter);
    if (isFirst) {
      this.#askSeconds(key);
      this.#askDays();
    }
    this.#draw();
  }

  #showFacts(by, row) {
    const { actions, title } = this.#parts;
    setText(title, nameOf(row, by));
    const origin = (row.parents ?? []).map(({ pid, name }) => `${name ?? "ended"} (${pid})`).join(" ← ");
    const scopes = Object.entries(row.scopes ?? {}).map(([scope, { rx_bytes_total: rx, tx_bytes_total: tx }]) => rx + tx > 0 && `${scope} ▼ ${bytes(rx)} ▲ ${bytes(tx)}`);
    const facts = {
      [groupingTitle(by)]: by === "pid" ? row.name : null,
      PID: row.pid ?? row.pids?.slice(0, 12).join(" "),
      App: row.title ? `${row.title} (${row.app})` : row.app,
      User: row.users?.join(", ") ?? row.user,
      Category: row.category,
      Program: row.exe,
      Command: row.command_line?.join(" "),
      Unit: row.unit,
      Container: row.container?.id && `${row.container.runtime}:${row.container.name ?? row.container.id.slice(0, 12)}`,
      Started: row.started_at && moment(Date.parse(row.started_at)),
      Ended: row.exited_at && moment(Date.parse(row.exited_at)),
      "Started by": origin,
      "First seen": row.first_seen_at && moment(Date.parse(row.first_seen_at)),
      Where: scopes.filter(Boolean).join(", "),
    };
    const known = Object.entries(facts).filter(([, value]) => value != null && value !== "");
    this.#parts.facts.replaceChildren(...known.flatMap(([name, value]) => [element("dt", { textContent: name }), element("dd", { textContent: visible(String(value)) })]));
    const [connections, alert] = actions.children;
    const { filter } = readKey(this.#key);
    connections.href = `#connections?${new URLSearchParams({ filter, closed: true })}`;
    connections.hidden = !filter || by === "unit" || by === "container";
    const of = row.app != null ? `app ${named(row.app)}` : by === "user" && row.user != null ? `user ${named(row.user)}` : "";
    alert.href = `#alerts?${new URLSearchParams({ rule: `${of}: total > 1GB / day` })}`;
    alert.hidden = of === "";
  }

  /** Numbers and charts out of what the table knows of the row. */
  #draw() {
    const samples = this.#processes.samples(this.#key);
    const now = samples.times.at(-1) ?? Date.now();
    const span = [now - SHOWN_MS, now];
    const row = this.#row;
    if (row) {
      const [rx, tx] = this.#parts.value.children;
      const last = (name) => samples.columns[name].at(-1) ?? row[name];
      setText(rx, `▼ ${rate(last("rx_bytes_per_s"))}`);
      setText(tx, `▲ ${rate(last("tx_bytes_per_s"))}`);
      rx.title = bytes(row.rx_bytes_total);
      tx.title = bytes(row.tx_bytes_total);
    }
    CHARTS.forEach(({ title, format, series }, index) => {
      const place = this.#parts.charts.children[index];
      const words = series.map(([name, , sign]) => sign + format(samples.columns[name].at(-1))).join(" ");
      setText(place.querySelector("h3").lastChild, words);
      place.querySelector(".chart").setAttribute("aria-label", `${title} over the past ${duration(span[1] - span[0])}, now ${words}`);
      const known = index === 0 ? this.#withSeconds(samples) : samples;
      this.#charts[index].draw({ times: known.times, columns: series.map(([name]) => known.columns[name]), span, step: 4000 });
    });
  }

  /** The network also from before the page was opened: the daemon keeps the last minutes of an app by the second. */
  #withSeconds(samples) {
    if (!this.#seconds) return samples;
    const end = samples.times[0] ?? Infinity;
    const count = this.#seconds.times.filter((at) => at < end).length;
    const columns = Object.fromEntries(["rx_bytes_per_s", "tx_bytes_per_s"].map((name) => [name, [...this.#seconds.columns[name].slice(0, count), ...samples.columns[name]]]));
    return { times: [...this.#seconds.times.slice(0, count), ...samples.times], columns };
  }

  /** The parameters of the history that are this row; null where it is not kept. */
  #whose() {
    const { by, name } = readKey(this.#key);
    if (by === "user" || by === "category") return { [by]: name };
    const app = this.#row?.app;
    return app == null ? null : { app };
  }

  async #askSeconds(key) {
    const { by } = readKey(key);
    const whose = this.#whose();
    // A process is not its app.
    if (!whose || by === "pid") return;
    const report = await ask("history", new URLSearchParams({ by: "total", bucket: "second", range: "2m", ...whose })).catch(() => null);
    if (this.#key !== key || !report?.series?.length) return;
    const points = report.series[0].points;
    this.#seconds = {
      times: report.buckets.map(({ start_at: start }) => Date.parse(start)),
      columns: { rx_bytes_per_s: points.map((point) => point?.rx_bytes ?? null), tx_bytes_per_s: points.map((point) => point?.tx_bytes ?? null) },
    };
    this.#draw();
  }

  async #askTalk(key, filter) {
    const { remotes, note } = this.#parts;
    const say = (text) => {
      setText(note, text);
      note.hidden = text === "";
    };
    try {
      const parameters = new URLSearchParams({ filter, closed: true, sort: "total", by: "connection", limit: REMOTES });
      const answer = filter ? await ask("connections", parameters) : null;
      if (this.#key !== key || !answer) return;
      remotes.replaceChildren(...answer.rows.map((row) => element("tr", {},
        element("td", { className: "name", title: state(row), textContent: talkName(row, answer.by) }),
        element("td", { className: "service", textContent: service(row) }),
        element("td", { className: "rx number", textContent: bytes(row.rx_bytes_total) }),
        element("td", { className: "tx number", textContent: bytes(row.tx_bytes_total) }))));
      say(answer.rows.length ? "" : "nobody");
    } catch (error) {
      if (error instanceof NotForYou) say(error.message);
    }
  }

  async #askDays() {
    const [key, whose, cut] = [this.#key, this.#whose(), this.#cut];
    this.#parts.past.hidden = !whose;
    if (!whose) return;
    const range = cut === "day" ? "30d" : "12mo";
    const tz = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const report = await ask("history", new URLSearchParams({ by: "total", bucket: cut, range, tz, ...whose })).catch(() => null);
    if (this.#key !== key) return;
    this.#days = report;
    this.#drawDays();
  }

  #drawDays() {
    const { bars, pointed, past } = this.#parts;
    past.hidden = !this.#days?.series?.length;
    if (past.hidden) return;
    const { buckets, series: [{ points }] } = this.#days;
    const words = (index) => `${buckets[index].label}: ${points[index] ? `▼ ${bytes(points[index].rx_bytes)} ▲ ${bytes(points[index].tx_bytes)}` : "not known"}`;
    const sum = points.reduce((all, point) => all + (point ? point.rx_bytes + point.tx_bytes : 0), 0);
    const all = `${bytes(sum)} in ${this.#cut === "day" ? "30 days" : "12 months"}`;
    setText(pointed, all);
    bars.setAttribute("aria-label", `History by ${this.#cut}: ${all}`);
    drawBars(bars, {
      buckets: buckets.map((bucket, index) => ({
        short: shortLabel(bucket, this.#cut),
        known: points[index] != null,
        parts: points[index] ? [{ colour: "rx", value: points[index].rx_bytes }, { colour: "tx", value: points[index].tx_bytes }] : [],
      })),
      steps: axisSteps(),
      format: bytes,
      pointed: (index) => setText(pointed, index === null ? all : words(index)),
    });
  }
}

/** A name as the rules' language reads it. */
function named(name) {
  return /^[\w./@+-]*[\w./@+]$/.test(name) ? name : quote(name);
}
