// What rows have in common, and how that is called.

import { visible } from "./format.js";

/** The server's name of a grouping: what it is called, and one and many rows of it. */
const WORDS = {
  app: ["app", "apps"],
  pid: ["process", "processes"],
  user: ["user", "users"],
  unit: ["unit", "units"],
  container: ["container", "containers"],
  category: ["category", "categories"],
};

/** What a grouping is called. */
export function groupingTitle(by) {
  return WORDS[by]?.[0] ?? by;
}

/** `10 apps` */
export function countWords(count, by) {
  const [one, many] = WORDS[by] ?? ["row", "rows"];
  return `${count} ${count === 1 ? one : many}`;
}

/** What tells a row of `by` from every other one. */
export function keyOf(row, by) {
  return by === "pid" ? `pid ${row.pid} ${row.started_at}` : JSON.stringify([by, row[by]]);
}

/** The name of a row of `by`. */
export function nameOf(row, by) {
  switch (by) {
    case "pid":
      return named(row.name);
    case "app":
      return named(row.title ?? row.app);
    case "container":
      return row.container ? containerName(row.container) : "(no container)";
    default:
      return row[by] == null ? `(no ${groupingTitle(by)})` : visible(row[by]);
  }
}

/** A program can take its name away. */
function named(name) {
  return name === "" ? "(no name)" : visible(name);
}

/** As the runtime itself shows it. */
export function containerName({ runtime, id, name }) {
  return visible(`${runtime}:${name ?? id.slice(0, 12)}`);
}
