// What the page asks the server for: which rows, in which order, filtered how.

const FIRST_ROWS = 100;
const ALL_ROWS = 100_000;

export class Query {
  by = "app";
  sort = "rx_total";
  filter = "";
  idle = false;
  everything = false;

  /** Sorts by `key`, or the other way round when it is sorted by it already. */
  sortBy(key) {
    this.sort = this.sort === key ? `-${key}` : key;
  }

  /** The query string for the server. */
  get parameters() {
    return new URLSearchParams({
      by: this.by,
      sort: this.sort,
      filter: this.filter,
      all: String(this.idle),
      limit: String(this.everything ? ALL_ROWS : FIRST_ROWS),
    });
  }
}

/** A question that the server refused, in words for the person who asked. */
export class Refused extends Error {}

/** Asks for the table once; null while the daemon is away. */
export async function ask(parameters, signal) {
  const response = await fetch(`api/v1/top?${parameters}`, { signal });
  const answer = await response.json();
  if (response.status === 400) throw new Refused(answer.message);
  return response.ok ? answer : null;
}
