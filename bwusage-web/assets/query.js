// What the page asks the server for: which rows, in which order, filtered how.

const FIRST_ROWS = 100;
const ALL_ROWS = 100_000;

/** A question for a table. */
export class Query {
  #values;

  /** `values` are the server's parameters to begin with. */
  constructor(values) {
    this.#values = { filter: "", limit: FIRST_ROWS, ...values };
  }

  /** Changes some of the parameters. */
  change(values) {
    Object.assign(this.#values, values);
  }

  /** One of the parameters. */
  get(name) {
    return this.#values[name];
  }

  /** Sorts by `key`, or the other way round when it is sorted by it already. */
  sortBy(key) {
    this.#values.sort = this.#values.sort === key ? `-${key}` : key;
  }

  /** Asks for every row there is. */
  askForAll() {
    this.#values.limit = ALL_ROWS;
  }

  /** The query string for the server. */
  get parameters() {
    return new URLSearchParams(this.#values);
  }
}

/** A question that the server refused, in words for the person who asked. */
export class Refused extends Error {}

/** An answer that is not for whoever asks. */
export class NotForYou extends Error {}

/** Asks for a table once; null while the daemon is away. */
export async function ask(path, parameters, signal) {
  const response = await fetch(`api/v1/${path}?${parameters}`, { signal });
  const answer = await response.json();
  if (response.status === 400) throw new Refused(answer.message);
  if (response.status === 403) throw new NotForYou([answer.message, ...answer.hints].join("\n"));
  return response.ok ? answer : null;
}

/** `word` as filter text that looks for exactly these characters. */
export function quote(word) {
  return `"${word.replace(/["\\]/g, "\\$&")}"`;
}
