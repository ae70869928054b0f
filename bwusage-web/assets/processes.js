// The process table: its columns, its heading that sorts, its filter.

import { FilterField, Heading } from "./controls.js";
import { bytes, moment, percent, rate, setText, visible } from "./format.js";
import { countWords, groupingTitle, keyOf, nameOf } from "./grouping.js";
import { Query, Refused, ask, quote } from "./query.js";
import { Table } from "./table.js";

/** A column of amounts. */
const amount = (name, format) => ({ text: (row) => format(row[name]), zero: (row) => !row[name], falls: true });

/** Every column: the server's name for sorting where it sorts by it, the heading, the class, the text of a cell. */
const COLUMNS = [
  {
    sort: "name",
    head: "Name",
    style: "name",
    parts: [
      { style: "main", text: (row) => row.label, title: describe, href: talk },
      { style: "mark", text: (row) => (isHidden(row) ? "background" : ""), title: explainHidden },
      { style: "sub", text: application },
    ],
  },
  { sort: "pid", head: "PID", style: "pid number", text: processNumbers, title: allProcessNumbers },
  { head: "Category", style: "category", text: (row) => visible(row.category ?? "") },
  { sort: "user", head: "User", style: "user", text: (row) => visible(users(row).join(", ")) },
  { sort: "rx", head: "▼ rate", label: "receiving now", style: "rx rate number", ...amount("rx_bytes_per_s", rate), wire: true },
  { sort: "tx", head: "▲ rate", label: "sending now", style: "tx rate number", ...amount("tx_bytes_per_s", rate), wire: true },
  { sort: "rx_total", head: "▼ total", label: "received", style: "rx number", ...amount("rx_bytes_total", bytes), wire: true },
  { sort: "tx_total", head: "▲ total", label: "sent", style: "tx total number", ...amount("tx_bytes_total", bytes), wire: true },
  { sort: "cpu", head: "CPU", style: "cpu number", ...amount("cpu_percent", percent) },
  { sort: "mem", head: "Memory", style: "memory number", ...amount("rss_bytes", bytes) },
  { sort: "disk_read", head: "Disk R", label: "reading from disk", style: "read disk number", ...amount("disk_read_bytes_per_s", rate) },
  { sort: "disk_write", head: "Disk W", label: "writing to disk", style: "write disk number", ...amount("disk_write_bytes_per_s", rate) },
];

const find = (id) => document.getElementById(id);

export class Processes {
  #query = new Query({ by: "app", sort: "rx_total", category: "", all: false });
  #section = find("programs");
  #rows = new Table(this.#section.querySelector("tbody"), COLUMNS);
  #rest = new Table(this.#section.querySelector("tfoot"), COLUMNS);
  #top = null;
  #asking = null;
  #heading;
  #filter;
  #understood = this.#query.parameters;
  #asked;

  /** `asked` is called when the server has answered a new question, so that the stream can go on with it. */
  constructor(asked) {
    this.#asked = asked;
    this.#heading = new Heading(this.#section.querySelector("thead tr"), COLUMNS, (key) => {
      this.#query.sortBy(key);
      this.#ask();
    });
    find("by").addEventListener("change", (event) => this.#change({ by: event.target.value }));
    find("category").addEventListener("change", (event) => this.#change({ category: event.target.value }));
    find("idle").addEventListener("change", (event) => this.#change({ all: event.target.checked }));
    find("more").addEventListener("click", () => {
      this.#query.askForAll();
      this.#ask();
    });
    const changed = (filter) => this.#change({ filter });
    this.#filter = new FilterField(find("filter"), find("filter-error"), changed);
    this.#markControls();
  }

  /** The query string of the last question that the server understood. */
  get question() {
    return new URLSearchParams(this.#understood);
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
    this.#heading.estimate(estimate);
  }

  /** Asks again what could not be asked while the server was away. */
  settle() {
    if (String(this.#query.parameters) !== String(this.#understood)) this.#ask();
  }

  /** Shows the rows of `top`, the JSON of the server. */
  show(top) {
    this.#top = top;
    this.redraw();
  }

  /** Writes the rows again: the units have changed. */
  redraw() {
    const top = this.#top;
    if (!top) return;
    const rows = top.rows.map((row) => ({ ...row, label: nameOf(row, top.by) }));
    this.#rows.show(rows, (row) => keyOf(row, top.by), kindOf);
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
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const parameters = this.#query.parameters;
    try {
      const top = await ask("top", parameters, asking.signal);
      if (asking.signal.aborted) return;
      this.#understood = parameters;
      this.#filter.refuse("");
      if (top) this.show(top);
      this.#asked();
    } catch (error) {
      // What failed on the way is asked again when the stream is back.
      if (error instanceof Refused) this.#filter.refuse(error.message);
    }
  }

  #markControls() {
    find("by").value = this.#query.get("by");
    this.#heading.mark(this.#query.get("sort"));
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

function users({ users: names, user }) {
  return names ?? (user ? [user] : []);
}

function processNumbers({ pid, pids = [] }) {
  if (pid != null) return String(pid);
  return pids.length > 1 ? `${pids.length} running` : pids.join("");
}

function allProcessNumbers(row) {
  return row.pids?.length > 1 ? row.pids.join(" ") : "";
}

function describe({ exe, unit, parents = [] }) {
  const origin = parents.map(({ pid, name }) => `${name ?? "ended"} (${pid})`).join(" ← ");
  return visible([exe, unit, origin && `started by ${origin}`].filter(Boolean).join(" – "));
}

/** Where the connections of a row are shown. */
function talk({ pid, pids, app, user }) {
  const filter = pid != null ? `pid:${pid}` : !pids ? null : app != null ? `app:${quote(app)}` : user != null ? `user:${quote(user)}` : null;
  return filter && `#connections?${new URLSearchParams({ filter })}`;
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
  const since = row.first_seen_at ? `, the first on ${moment(row.first_seen_at)}` : "";
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
