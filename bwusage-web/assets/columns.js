// The columns of the process table: what a cell says, how wide it is, and which ones there is room for.

import { bytes, moment, percent, rate, visible } from "./format.js";
import { containerName } from "./grouping.js";

/** A column of amounts. */
const amount = (name, format) => ({ text: (row) => format(row[name]), zero: (row) => !row[name], falls: true });

/**
 * Every column: the server's name for sorting where it sorts by it, the heading, the class, the text of a cell; the width in
 * pixels, and its rank: the first ones stay when there is little room. `extra` ones are shown only when chosen.
 */
export const COLUMNS = [
  { id: "name", sort: "name", head: "Name", style: "name", width: 118, rank: 0 },
  { id: "pid", sort: "pid", head: "PID", style: "pid number", width: 96, rank: 10, text: processNumbers, title: allProcessNumbers },
  { id: "category", head: "Category", style: "category", width: 100, rank: 11, text: (row) => visible(row.category ?? "") },
  { id: "user", sort: "user", head: "User", style: "user", width: 96, rank: 8, text: (row) => visible(users(row).join(", ")) },
  { id: "unit", head: "Unit", style: "unit", width: 150, rank: 14, extra: true, text: (row) => visible(row.unit ?? "") },
  { id: "container", head: "Container", style: "container", width: 130, rank: 15, extra: true, text: (row) => (row.container?.id ? containerName(row.container) : "") },
  { id: "started", head: "Started", style: "started", width: 150, rank: 16, extra: true, text: (row) => (row.started_at ? moment(Date.parse(row.started_at)) : "") },
  { id: "rx", sort: "rx", head: "▼ rate", label: "receiving now", style: "rx rate number", width: 94, rank: 1, ...amount("rx_bytes_per_s", rate), wire: true },
  { id: "tx", sort: "tx", head: "▲ rate", label: "sending now", style: "tx rate number", width: 94, rank: 2, ...amount("tx_bytes_per_s", rate), wire: true },
  { id: "graph", head: "Graph", style: "graph", width: 104, rank: 6, spark: true },
  { id: "rx_total", sort: "rx_total", head: "▼ total", label: "received", style: "rx number", width: 90, rank: 4, ...amount("rx_bytes_total", bytes), wire: true },
  { id: "tx_total", sort: "tx_total", head: "▲ total", label: "sent", style: "tx number", width: 90, rank: 5, ...amount("tx_bytes_total", bytes), wire: true },
  { id: "cpu", sort: "cpu", head: "CPU", style: "cpu number", width: 66, rank: 3, ...amount("cpu_percent", percent) },
  { id: "mem", sort: "mem", head: "Memory", style: "memory number", width: 90, rank: 7, ...amount("rss_bytes", bytes) },
  { id: "disk_read", sort: "disk_read", head: "Disk R", label: "reading from disk", style: "read number", width: 94, rank: 12, ...amount("disk_read_bytes_per_s", rate) },
  { id: "disk_write", sort: "disk_write", head: "Disk W", label: "writing to disk", style: "write number", width: 94, rank: 13, ...amount("disk_write_bytes_per_s", rate) },
];

/** The columns that are shown where nobody chose. */
export const USUAL = COLUMNS.filter(({ extra }) => !extra).map(({ id }) => id);
/** The name has at least this much beside its share; below the other width everything is drawn closer together. */
const NAME_WIDTH = 190;
const NARROW = 480;

/** Those of `columns` that `chosen` names and that fit into so many pixels, in their order. The names always do. */
export function fitting(columns, chosen, pixels) {
  const narrow = pixels < NARROW;
  let room = pixels - (narrow ? columns[0].width : NAME_WIDTH);
  const wanted = columns.filter(({ id, rank }) => rank > 0 && chosen.includes(id)).sort((a, b) => a.rank - b.rank);
  const kept = new Set([columns[0].id]);
  for (const { id, width } of wanted) {
    room -= narrow ? width - 12 : width;
    if (room < 0) break;
    kept.add(id);
  }
  return columns.filter(({ id }) => kept.has(id));
}

/** Login names of a row. */
export function users({ users: names, user }) {
  return names ?? (user ? [user] : []);
}

function processNumbers({ pid, pids = [] }) {
  if (pid != null) return String(pid);
  return pids.length > 1 ? `${pids.length} running` : pids.join("");
}

function allProcessNumbers(row) {
  return row.pids?.length > 1 ? row.pids.join(" ") : "";
}
