// Who talks to whom: connections that are open, and what closed ones moved, one by one or added up.

import { NotForYou, Refused, ask } from "./api.js";
import { FilterField, Heading } from "./controls.js";
import { bytes, duration, moment, setText, visible } from "./format.js";
import { Query } from "./query.js";
import { Table } from "./table.js";

/** The server is asked at most this often. */
const REFRESH_MS = 1000;

/** What a row is, by the server's name of the grouping: the heading, and one and many of them. */
const GROUPINGS = {
  connection: ["Remote", "connection", "connections"],
  remote: ["Remote host", "remote host", "remote hosts"],
  port: ["Service", "service", "services"],
  interface: ["Interface", "interface", "interfaces"],
  process: ["Process", "process", "processes"],
  app: ["App", "app", "apps"],
};

const amount = (name) => ({
  text: (row) => bytes(row[name]),
  title: (row) => `${row[name]} bytes`,
  zero: (row) => !row[name],
  falls: true,
});

const COLUMNS = [
  {
    sort: "remote",
    head: "Remote",
    style: "name",
    parts: [
      { style: "main", text: (row) => row.label, title: ends },
      { style: "sub", text: address },
    ],
  },
  {
    sort: "name",
    head: "Program",
    style: "program",
    parts: [
      { style: "main", text: program },
      { style: "sub", text: (row) => (row.pid == null ? "" : String(row.pid)) },
    ],
  },
  { sort: "port", head: "Service", style: "service", text: service },
  { sort: "iface", head: "Interface", style: "interface", text: (row) => visible(row.interface ?? "") },
  { sort: "state", head: "State", style: "state", text: state, title: direction },
  { sort: "age", head: "Age", style: "age number", text: age, title: moments, falls: true },
  { sort: "rx", head: "▼ bytes", label: "received", style: "rx number", ...amount("rx_bytes_total"), wire: true },
  { sort: "tx", head: "▲ bytes", label: "sent", style: "tx number", ...amount("tx_bytes_total"), wire: true },
];

const find = (id) => document.getElementById(id);

/** Opens this part of the page. */
export function open(address) {
  return new Connections(address);
}

class Connections {
  #query = new Query({ by: "connection", sort: "total", closed: false });
  #section = find("connections");
  #rows = new Table(this.#section.querySelector("tbody"), COLUMNS);
  #heading;
  #filter;
  #asking = null;
  #askedAt = -REFRESH_MS;
  #refused = null;
  #answer = null;
  #address;

  constructor(address) {
    this.#address = address;
    this.#heading = new Heading(this.#section.querySelector("thead tr"), COLUMNS, (key) => {
      this.#query.sortBy(key);
      this.#ask();
    });
    find("talk-by").addEventListener("change", (event) => this.#change({ by: event.target.value }));
    find("closed").addEventListener("change", (event) => this.#change({ closed: event.target.checked }));
    find("talk-more").addEventListener("click", () => {
      this.#query.askForMore();
      this.#ask();
    });
    const changed = (filter) => this.#change({ filter });
    this.#filter = new FilterField(find("talk-filter"), find("talk-error"), changed);
    this.#heading.mark(this.#query.get("sort"));
  }

  /** Offers what the server knows. */
  introduce({ connection_groupings: groupings, estimate }) {
    this.#heading.estimate(estimate);
    const by = this.#query.get("by");
    const options = groupings.map((name) => new Option(words(name)[1], name, false, name === by));
    find("talk-by").replaceChildren(...options);
  }

  /** Takes what the address says. */
  look() {
    const isNew = this.#query.read((name) => this.#address.get(name));
    this.#filter.text = this.#query.get("filter");
    find("closed").checked = this.#query.get("closed");
    if (isNew || !this.#answer) this.#ask();
  }

  /** The next grouping. */
  nextGrouping() {
    const { options, selectedIndex } = find("talk-by");
    this.#change({ by: options[(selectedIndex + 1) % options.length].value });
  }

  /** Asks for the newest numbers, unless that was done a moment ago. */
  refresh() {
    const resting = this.#asking || this.#refused === String(this.#query.parameters);
    if (!resting && performance.now() - this.#askedAt >= REFRESH_MS) this.#ask();
  }

  /** Writes the rows again: the units have changed. */
  redraw() {
    if (this.#answer) this.#show(this.#answer);
  }

  #change(values) {
    this.#query.change(values);
    this.#ask();
  }

  async #ask() {
    if (this.#address.view === "connections") this.#address.set(this.#query.written);
    find("talk-csv").href = `api/v1/connections.csv?${this.#query.parameters}`;
    find("talk-json").href = `api/v1/connections?${this.#query.parameters}`;
    this.#heading.mark(this.#query.get("sort"));
    find("talk-by").value = this.#query.get("by");
    this.#asking?.abort();
    const asking = new AbortController();
    [this.#asking, this.#askedAt] = [asking, performance.now()];
    const parameters = this.#query.parameters;
    try {
      const answer = await ask("connections", parameters, asking.signal);
      if (asking.signal.aborted) return;
      this.#refused = null;
      this.#filter.refuse("");
      if (answer) this.#show(answer);
    } catch (error) {
      // What failed on the way is asked again at the next tick; what makes no sense or is not for us is not.
      if (error instanceof NotForYou) this.#note(error.words);
      else if (error instanceof Refused) this.#filter.refuse(error.message);
      else return;
      this.#refused = String(parameters);
    } finally {
      if (this.#asking === asking) this.#asking = null;
    }
  }

  #show(answer) {
    this.#answer = answer;
    const { rows, by, truncated, hidden } = answer;
    const takenAt = Date.parse(answer.taken_at);
    setText(this.#section.querySelector("th.name button"), words(by)[0]);
    this.#rows.show(rows.map((row) => ({ ...row, label: talkName(row, by), takenAt })), keyOf, (row) => row.kind);
    const [, one, many] = words(by);
    const count = `${rows.length} ${rows.length === 1 ? one : many}`;
    setText(find("talk-count"), truncated ? `first ${count}` : count);
    find("talk-more").hidden = !truncated;
    this.#note(hidden ? `${hidden} more are hidden: they belong to others, and the user who runs bwusage-web may not see them` : "");
    find("talk-empty").hidden = rows.length > 0;
    setText(find("talk-empty"), this.#query.get("filter") ? "nothing matches – Esc in the filter clears it" : "nobody talks to anybody");
  }

  /** What is not shown, and why. */
  #note(text) {
    setText(find("hidden"), text);
    find("hidden").hidden = text === "";
  }
}

function words(by) {
  return GROUPINGS[by] ?? [by, "row", "rows"];
}

/** What a row is called. */
export function talkName({ kind, group, remote_name: name, remote_address: address, remote_port: port }, by) {
  if (kind === "group") return group == null ? `(no ${words(by)[1]})` : visible(group);
  if (kind === "not_itemised") return "(not itemised)";
  if (address == null) return "*";
  return withPort(name == null ? address : visible(name), port);
}

function withPort(host, port) {
  if (port == null) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Everything about a row that does not change. */
function keyOf({ label, kind, pid, name, app, user, protocol, port, inbound, interface: passed, ...row }) {
  return JSON.stringify([label, kind, pid, name, app, user, protocol, port, inbound, passed, ends(row)]);
}

/** Both ends of a connection. */
function ends({ local_address: local, local_port: localPort, remote_address: remote, remote_port: remotePort }) {
  const ours = local == null ? "" : withPort(local, localPort);
  return remote == null || ours === "" ? ours : `${ours} – ${withPort(remote, remotePort)}`;
}

/** The address where the name is shown; our own where nobody else's is known. */
function address(row) {
  if (row.label === "*") return ends(row);
  return row.remote_name == null || row.remote_address == null ? "" : row.remote_address;
}

function program({ name, app, processes }) {
  if (name != null) return visible(name);
  if (app != null) return visible(app);
  return processes > 1 ? `${processes} processes` : "";
}

/** The port of the side that was called, and what it is for. */
export function service({ port, protocol, service: name }) {
  const number = [port || null, protocol].filter((part) => part != null).join("/");
  return name ? `${number} ${name}` : number;
}

/** What a socket is doing, or how many there are. */
export function state({ state: one, open, closed }) {
  if (one != null) return one.replaceAll("_", " ");
  return [open && `${open} open`, closed && `${closed} closed`].filter(Boolean).join(", ");
}

function direction({ inbound }) {
  if (inbound == null) return "";
  return inbound ? "the other side began" : "this side began";
}

function age({ opened_at: opened, last_at: last, takenAt }) {
  const passed = (since) => duration(Math.max(takenAt - Date.parse(since), 0));
  if (opened != null) return passed(opened);
  return last == null ? "" : `${passed(last)} ago`;
}

/** The moments behind an age. */
function moments({ opened_at: opened, last_at: last }) {
  if (opened != null) return `since ${moment(Date.parse(opened))}`;
  return last == null ? "" : `last used on ${moment(Date.parse(last))}`;
}
