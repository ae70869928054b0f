// A question for a table: which rows, in which order, filtered how. Pure.

/** Rows at first, and so many more at a time. */
export const ROWS = 200;

export class Query {
  #defaults;
  #values;
  #limit = ROWS;

  /** `defaults` are the server's parameters where nothing else is said. */
  constructor(defaults) {
    this.#defaults = { filter: "", ...defaults };
    this.#values = { ...this.#defaults };
  }

  /** Changes some of the parameters. */
  change(values) {
    Object.assign(this.#values, values);
    this.#limit = ROWS;
  }

  /** One of the parameters. */
  get(name) {
    return this.#values[name];
  }

  /** Sorts by `key`, or the other way round when it is sorted by it already. */
  sortBy(key) {
    this.change({ sort: this.#values.sort === key ? `-${key}` : key });
  }

  /** Asks for some more rows. */
  askForMore() {
    this.#limit += ROWS;
  }

  /** The query string for the server. */
  get parameters() {
    return new URLSearchParams({ ...this.#values, limit: this.#limit });
  }

  /** What differs from the defaults, as it is written in the address; the rest is empty. */
  get written() {
    const entries = Object.entries(this.#values);
    return Object.fromEntries(entries.map(([name, value]) => [name, value === this.#defaults[name] ? "" : String(value)]));
  }

  /** Takes what the address says, and whether that was anything new. */
  read(get) {
    const before = String(this.parameters);
    for (const [name, usual] of Object.entries(this.#defaults)) {
      const text = get(name);
      this.#values[name] = text === "" ? usual : typeof usual === "boolean" ? text === "true" : text;
    }
    return String(this.parameters) !== before;
  }
}

/** `word` as filter text that looks for exactly these characters. */
export function quote(word) {
  return `"${word.replace(/["\\]/g, "\\$&")}"`;
}
