// The process table: its rows, its heading that sorts, its filter, and which columns are shown.

import { NotForYou, Refused, ask } from "./api.js";
import { COLUMNS, USUAL, fitting } from "./columns.js";
import { FilterField, Heading } from "./controls.js";
import { bytes, moment, setText, visible } from "./format.js";
import { countWords, groupingTitle, keyOf, nameOf } from "./grouping.js";
import { Query } from "./query.js";
import { Samples, createSpark, drawSpark, pastOf } from "./sparkline.js";
import { Table } from "./table.js";

/** What the small charts of rows begin with: as far as the daemon keeps seconds of them. */
const PAST = { range: "2m", bucket: "second", top: 100 };
/** Rows that were not shown for so long are forgotten. */
const FORGOTTEN_MS = 300_000;

const find = (id) => document.getElementById(id);

export class Processes {
  #query = new Query({ by: "app", sort: "rx_total", category: "", all: false });
  #section = find("programs");
  #address;
  #samples = new Samples();
  #begun = new Set();
  #rows;
  #rest;
  #shownColumns = [];
  #chosen = USUAL;
  #top = null;
  #asking = null;
  #heading;
  #filter;
  #understood;
  #asked;
  #estimate = null;

  /** `asked` is called when the server has answered a new question, so that the stream can go on with it. */
  constructor(address, asked) {
    [this.#address, this.#asked] = [address, asked];
    this.#query.read((name) => address.get(name));
    this.#understood = this.#query.parameters;
    find("by").addEventListener("change", (event) => this.#change({ by: event.target.value }));
    find("category").addEventListener("change", (event) => this.#change({ category: event.target.value }));
    find("idle").addEventListener("change", (event) => this.#change({ all: event.target.checked }));
    find("more").addEventListener("click", () => {
      this.#query.askForMore();
      this.#ask();
    });
    const changed = (filter) => this.#change({ filter });
    this.#filter = new FilterField(find("filter"), find("filter-error"), changed);
    this.#offerColumns();
    this.#takeColumns();
    this.#markControls();
    new ResizeObserver(() => this.#fit()).observe(this.#section);
  }

  /** The query string of the last question that the server understood. */
  get question() {
    return new URLSearchParams(this.#understood);
  }

  /** What is known of the row of this key, for charts. */
  samples(key) {
    return this.#samples.of(key);
  }

  /** Offers what the server knows. */
  offer({ groupings, categories }) {
    const [by, category] = [this.#query.get("by"), this.#query.get("category")];
    find("by").replaceChildren(...groupings.map((name) => new Option(groupingTitle(name), name, false, name === by)));
    const one = categories.map((name) => new Option(name, name, false, name === category));
    find("category").replaceChildren(new Option("every", ""), ...one);
    find("category").value = category;
  }

  /** Says whether wire bytes are an estimate. */
  estimate(estimate) {
    this.#estimate = estimate;
    this.#heading.estimate(estimate);
  }

  /** Asks again what could not be asked while the server was away. */
  settle() {
    if (String(this.#query.parameters) !== String(this.#understood)) this.#ask();
  }

  /** Takes what the address says. */
  look() {
    this.#takeColumns();
    this.#fit();
    if (this.#query.read((name) => this.#address.get(name))) this.#ask();
    this.#markControls();
  }

  /** Looks for `filter` only, or for everything when that is what it looks for already. */
  toggleFilter(filter) {
    this.#change({ filter: this.#query.get("filter") === filter ? "" : filter });
  }

  /** What is looked for. */
  get filter() {
    return this.#query.get("filter");
  }

  /** Takes the rows of `top`, the JSON of the server: they are part of the small charts also while nobody looks. */
  take(top) {
    this.#top = top;
    const at = Date.parse(top.taken_at);
    for (const row of top.rows) this.#samples.add(keyOf(row, top.by), at, row);
    this.#samples.forget(at - FORGOTTEN_MS);
    if (["app", "user"].includes(top.by) && !this.#begun.has(top.by)) this.#begin(top.by, top.window_ms);
  }

  /** Fills the small charts with what was before the page was opened. */
  async #begin(by, stepMs) {
    this.#begun.add(by);
    const report = await ask("history", new URLSearchParams({ ...PAST, by })).catch(() => null);
    if (!report) return;
    for (const [key, past] of pastOf(report, stepMs, (name) => keyOf({ [by]: name }, by))) this.#samples.begin(key, past);
  }

  /** Writes the rows: there are new ones, or the units have changed. */
  redraw() {
    const top = this.#top;
    if (!top) return;
    const rows = top.rows.map((row) => {
      const key = keyOf(row, top.by);
      return { ...row, key, label: nameOf(row, top.by) };
    });
    this.#rows.show(rows, (row) => row.key, kindOf);
    this.#rest.show(restRows(top), (row) => row.label, () => "");
    this.#showCount(top);
  }

  /** From apps to processes, and so on. */
  nextGrouping() {
    const { options, selectedIndex } = find("by");
    this.#change({ by: options[(selectedIndex + 1) % options.length].value });
  }

  #change(values) {
    this.#query.change(values);
    this.#ask();
  }

  /** Asks the server; only a question that it understands replaces the one before. */
  async #ask() {
    this.#markControls();
    if (this.#address.view === "programs") this.#address.set(this.#query.written);
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const parameters = this.#query.parameters;
    try {
      const top = await ask("top", parameters, asking.signal);
      if (asking.signal.aborted) return;
      this.#understood = parameters;
      this.#filter.refuse("");
      if (top) {
        this.take(top);
        this.redraw();
      }
      this.#asked();
    } catch (error) {
      // What failed on the way is asked again when the stream is back.
      if (error instanceof Refused && !(error instanceof NotForYou)) this.#filter.refuse(error.message);
    }
  }

  #markControls() {
    find("by").value = this.#query.get("by");
    find("category").value = this.#query.get("category");
    find("idle").checked = this.#query.get("all");
    if (document.activeElement !== find("filter")) this.#filter.text = this.#query.get("filter");
    this.#heading?.mark(this.#query.get("sort"));
    find("top-csv").href = `api/v1/top.csv?${this.#query.parameters}`;
    find("top-json").href = `api/v1/top?${this.#query.parameters}`;
  }

  #offerColumns() {
    const choices = COLUMNS.slice(1).map(({ id, head, label }) => {
      const [choice, box] = [document.createElement("label"), document.createElement("input")];
      [box.type, box.value] = ["checkbox", id];
      choice.className = "check";
      choice.append(box, ` ${label ?? head}`);
      return choice;
    });
    find("columns-list").replaceChildren(...choices);
    find("columns-list").addEventListener("change", () => {
      const boxes = [...find("columns-list").querySelectorAll("input")];
      const chosen = ["name", ...boxes.filter(({ checked }) => checked).map(({ value }) => value)];
      const usual = chosen.length === USUAL.length && chosen.every((id) => USUAL.includes(id));
      this.#address.set({ columns: usual ? "" : chosen.join(" ") });
      this.#takeColumns();
      this.#fit();
    });
  }

  #takeColumns() {
    const text = this.#address.get("columns");
    this.#chosen = text ? text.split(" ") : USUAL;
    for (const box of find("columns-list").querySelectorAll("input")) box.checked = this.#chosen.includes(box.value);
    if (!this.#rows) this.#fit();
  }

  /** Builds the table anew where other columns are to be shown, or there is room for others. */
  #fit() {
    const style = getComputedStyle(this.#section);
    const room = this.#section.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (room <= 0 && this.#rows) return;
    const columns = fitting(COLUMNS, this.#chosen, room);
    const names = columns.map(({ id }) => id).join(" ");
    if (names === this.#shownColumns) return;
    this.#shownColumns = names;
    const parts = columns.map((column) => this.#withParts(column));
    const [head, body, foot] = ["thead tr", "tbody", "tfoot"].map((part) => this.#section.querySelector(part));
    for (const part of [head, body, foot]) part.replaceChildren();
    body.parentElement.style.setProperty("--columns", columns.map(({ id, width }) => (id === "name" ? "minmax(0, 1fr)" : `${width}px`)).join(" "));
    this.#heading = new Heading(head, parts, (key) => {
      this.#query.sortBy(key);
      this.#ask();
    });
    this.#heading.estimate(this.#estimate);
    this.#heading.mark(this.#query.get("sort"));
    [this.#rows, this.#rest] = [new Table(body, parts), new Table(foot, parts)];
    this.redraw();
  }

  #withParts(column) {
    if (column.id === "name") {
      return {
        ...column,
        parts: [
          { style: "main", text: (row) => row.label, title: describe, href: (row) => row.key && `#programs?${this.#with({ row: row.key })}` },
          { style: "mark", text: (row) => (isHidden(row) ? "background" : ""), title: explainHidden },
          { style: "sub", text: application },
        ],
      };
    }
    if (!column.spark) return column;
    return { ...column, create: createSpark, draw: (svg, { key }) => drawSpark(svg, key ? this.#samples.paths(key) : ["", ""]) };
  }

  /** The address of this table with something more. */
  #with(values) {
    const given = Object.entries({ ...this.#query.written, columns: this.#address.get("columns"), ...values });
    return new URLSearchParams(given.filter(([, value]) => value !== ""));
  }

  #showCount({ rows, truncated, by }) {
    const words = countWords(rows.length, by);
    setText(find("count"), truncated ? `first ${words}` : words);
    find("more").hidden = !truncated;
    const empty = find("empty");
    empty.hidden = rows.length > 0;
    const [filter, category] = [this.#query.get("filter"), this.#query.get("category")];
    if (!filter && category) setText(empty, `no ${category} program has used the network yet`);
    else setText(empty, filter ? `nothing matches “${visible(filter)}” – Esc in the filter clears it` : "no program has used the network yet");
  }
}

function describe({ exe, unit, parents = [] }) {
  const origin = parents.map(({ pid, name }) => `${name ?? "ended"} (${pid})`).join(" ← ");
  return visible([exe, unit, origin && `started by ${origin}`].filter(Boolean).join(" – "));
}

/** The application, where it is not the name already. */
function application(row) {
  const names = [row.title, row.app].filter((name) => name != null).map(visible);
  return names.find((name) => name !== row.label) ?? "";
}

/** Nobody sees it run, but it moved data. */
function isHidden({ category, rx_bytes_total: rx, tx_bytes_total: tx }) {
  return category === "background" && rx + tx > 0;
}

function explainHidden(row) {
  if (!isHidden(row)) return "";
  const since = row.first_seen_at ? `, the first on ${moment(Date.parse(row.first_seen_at))}` : "";
  return `no window, no terminal, no service, no container: nobody sees it run, but it moved data${since}`;
}

function kindOf(row) {
  const idle = !row.rx_bytes_per_s && !row.tx_bytes_per_s;
  return [idle && "idle", row.exited_at && "exited"].filter(Boolean).join(" ");
}

/** What has no row of its own, so that the columns add up to what the machine moved. */
function restRows({ unattributed, retired }) {
  const reasons = unattributed.by_reason.map(({ reason, rx_bytes_total: rx, tx_bytes_total: tx }) => {
    return `${reason.replaceAll("_", " ")}: ▼ ${bytes(rx)} ▲ ${bytes(tx)}`;
  });
  const rows = [{ ...unattributed, label: "(no program)", exe: reasons.join(", ") }];
  if (retired?.processes) {
    rows.unshift({ ...retired, label: `(${retired.processes} ended)`, exe: "processes that ended a while ago" });
  }
  return rows;
}
