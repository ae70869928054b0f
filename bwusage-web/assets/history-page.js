// How much was moved when: bars over hours, days or months, and who it was.

import { Refused, ask } from "./api.js";
import { drawBars, shortLabel } from "./bars.js";
import { element } from "./dom.js";
import { axisSteps, bytes, setText, share, visible } from "./format.js";
import { showRows } from "./numbers.js";
import { partColour, partName } from "./strip.js";

const TOP = 9;
/** For each way of cutting time: the ranges that there is room for, as the server reads them; the first is usual. */
const RANGES = {
  hour: { "24h": "24 hours", "48h": "48 hours", "7d": "7 days" },
  day: { "30d": "30 days", "7d": "7 days", "90d": "90 days" },
  month: { "12mo": "12 months", "24mo": "24 months" },
};
/** A usual way to look: what the controls say when the address says nothing. */
const USUAL = { bucket: "day", range: "", by: "app", compare: "" };
const SECOND = 1000;
/** Asked again at most this often while somebody looks: soon as long as there is nothing, then as the daemon stores it, by the minute. */
const [OFTEN_MS, SELDOM_MS] = [5_000, 60_000];

const find = (id) => document.getElementById(`history-${id}`);

/** The time before the one that begins and ends so, as long as it: what is compared with. Pure. */
export function before({ from_at: from, to_at: to }) {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  return [new Date(start - (end - start)), new Date(start - SECOND)].map((date) => date.toISOString().replace(/\.\d+/, ""));
}

/** `+12 %`, `−3.4 %`, `new`: how a sum changed. Pure. */
export function change(now, then) {
  if (then == null) return "";
  if (then === 0) return now ? "new" : "";
  const percent = (now / then - 1) * 100;
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(digits)} %`;
}

/** Opens the page. */
export function open(address) {
  return new HistoryPage(address);
}

class HistoryPage {
  #address;
  #report = null;
  #then = null;
  #asked = "";
  #askedAt = 0;
  #pointed = null;

  constructor(address) {
    this.#address = address;
    for (const name of ["bucket", "range", "by"]) {
      find(name).addEventListener("change", () => this.#choose({ [name]: find(name).value, ...(name === "bucket" && { range: "" }) }));
    }
    find("compare").addEventListener("change", () => this.#choose({ compare: find("compare").checked ? "true" : "" }));
    find("numbers").addEventListener("click", () => this.#showNumbers());
    new ResizeObserver(() => this.redraw()).observe(find("chart"));
  }

  /** Takes what the address says. */
  look() {
    const bucket = Object.hasOwn(RANGES, this.#get("bucket")) ? this.#get("bucket") : USUAL.bucket;
    const ranges = RANGES[bucket];
    const range = Object.hasOwn(ranges, this.#get("range")) ? this.#get("range") : Object.keys(ranges)[0];
    // A list that is open stays open while the numbers change.
    if (document.activeElement !== find("range")) find("range").replaceChildren(...Object.entries(ranges).map(([value, words]) => new Option(words, value, false, value === range)));
    find("range").value = range;
    find("bucket").value = bucket;
    find("by").value = this.#get("by");
    find("compare").checked = this.#get("compare") === "true";
    const tz = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const parameters = new URLSearchParams({ bucket, range, by: find("by").value, top: TOP, tz });
    find("csv").href = `api/v1/history.csv?${parameters}`;
    find("json").href = `api/v1/history?${parameters}`;
    this.#ask(parameters);
  }

  /** Each answer says everything about itself. */
  introduce() {}

  /** What is over does not change, but the newest bar does. */
  refresh() {
    const pause = this.#report?.series.length ? SELDOM_MS : OFTEN_MS;
    if (performance.now() - this.#askedAt > pause) this.look();
  }

  #get(name) {
    return this.#address.get(name) || USUAL[name];
  }

  #choose(values) {
    const written = Object.entries(values).map(([name, value]) => [name, value === USUAL[name] ? "" : value]);
    this.#address.set(Object.fromEntries(written), true);
    this.look();
  }

  async #ask(parameters) {
    const compare = find("compare").checked;
    const asked = `${parameters} ${compare}`;
    [this.#asked, this.#askedAt] = [asked, performance.now()];
    try {
      const report = await ask("history", parameters);
      let then = null;
      if (compare && report?.from_at) {
        const [from, to] = before(report);
        const earlier = new URLSearchParams([...parameters].filter(([name]) => name !== "range"));
        for (const [name, value] of Object.entries({ from, to, top: 1000 })) earlier.set(name, value);
        then = await ask("history", earlier);
      }
      if (this.#asked !== asked) return;
      [this.#report, this.#then] = [report, then];
      this.#note(report ? report.notes.join("\n") : "The past cannot be asked for at present.");
      this.redraw();
    } catch (error) {
      if (error instanceof Refused) this.#note([error.message, ...error.hints].join("\n"));
    }
  }

  #note(text) {
    setText(find("note"), visible(text));
  }

  /** Writes it again: there are new numbers, or the units have changed. */
  redraw() {
    const report = this.#report;
    if (!report) return;
    const { buckets, series, by } = report;
    const sum = (list, name) => list.reduce((all, each) => all + each[name], 0);
    const [rx, tx] = [sum(series, "rx_bytes"), sum(series, "tx_bytes")];
    setText(find("rx"), bytes(rx));
    setText(find("tx"), bytes(tx));
    const then = this.#then && sum(this.#then.series, "rx_bytes") + sum(this.#then.series, "tx_bytes");
    setText(find("before"), then == null ? "" : `${change(rx + tx, then)} to the time before: ${bytes(then)}`);
    const columns = buckets.map((bucket, index) => ({
      short: shortLabel(bucket, by),
      known: series.some(({ points }) => points[index] != null),
      parts: series.map(({ points, ...whose }) => ({ value: total(points[index]), colour: partColour(whose) })).filter(({ value }) => value > 0),
      before: this.#then && this.#then.series.reduce((all, { points }) => all + total(points[index]), 0),
    }));
    const idle = `${bytes(rx + tx)} from ${buckets[0]?.label ?? ""} to ${buckets.at(-1)?.label ?? ""}`;
    find("chart").setAttribute("aria-label", `History by ${by}: ${idle}`);
    const point = (index) => {
      this.#pointed = index;
      setText(find("pointed"), index === null ? idle : this.#words(index));
    };
    point(this.#pointed < buckets.length ? this.#pointed : null);
    drawBars(find("chart"), { buckets: columns, steps: axisSteps(), format: bytes, pointed: point });
    this.#showSeries(rx + tx);
  }

  #words(index) {
    const { buckets, series } = this.#report;
    const { label, covered_s: covered, length_s: length } = buckets[index];
    const known = series.filter(({ points }) => points[index]);
    if (!known.length) return `${label}: nobody counted`;
    const largest = [...known].sort((a, b) => total(b.points[index]) - total(a.points[index])).slice(0, 3);
    const who = largest.filter(({ points }) => total(points[index])).map((each) => `${partName(each)} ${bytes(total(each.points[index]))}`);
    const all = known.reduce((sum, { points }) => sum + total(points[index]), 0);
    const partly = covered < length * 0.98 ? `, counted for ${share(covered, length)} of it` : "";
    return `${label}: ${bytes(all)}${partly} · ${who.join(", ")}`;
  }

  #showSeries(all) {
    const earlier = new Map(this.#then?.series.map((each) => [partName(each), each.rx_bytes + each.tx_bytes]));
    const section = document.getElementById("history");
    const heads = ["Who", "▼", "▲", "Share", "", ...(this.#then ? ["Change"] : [])];
    section.querySelector("thead tr").replaceChildren(...heads.map((text, index) => (text === ""
      ? element("td", { className: "share-bar" })
      : element("th", { textContent: text, scope: "col", className: index ? "number" : "" }))));
    section.querySelector("tbody").replaceChildren(...this.#report.series.map((each) => {
      const dot = element("i", { className: "legend-dot" });
      const bar = element("i");
      const sum = each.rx_bytes + each.tx_bytes;
      for (const part of [dot, bar]) part.style.setProperty("--own", `var(--${partColour(each)})`);
      bar.style.setProperty("--part", (all ? sum / all : 0).toFixed(4));
      const name = element("td", { className: "name" }, dot, partName(each));
      const cells = [[bytes(each.rx_bytes), "rx"], [bytes(each.tx_bytes), "tx"], [share(sum, all), ""]].map(([text, style]) => element("td", { className: `${style} number`, textContent: text }));
      const changed = this.#then && element("td", { className: "number", textContent: change(sum, earlier.get(partName(each)) ?? 0) });
      return element("tr", {}, name, ...cells, element("td", { className: "share-bar" }, bar), changed);
    }));
  }

  #showNumbers() {
    if (!this.#report) return;
    const { buckets, series } = this.#report;
    const rows = buckets.map(({ label }, index) => [label, ...series.map(({ points }) => (points[index] ? bytes(total(points[index])) : "not known"))]);
    showRows("History", ["Time", ...series.map(partName)], rows.reverse());
  }
}

function total(amount) {
  return amount ? amount.rx_bytes + amount.tx_bytes : 0;
}
