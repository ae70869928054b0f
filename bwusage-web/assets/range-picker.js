// Which time the page shows: a choice, two moments, or what was drawn over in a chart.

import { moment, setText } from "./format.js";
import { RANGES, neighbour, read, span, write, zoomed } from "./ranges.js";

const find = (id) => document.getElementById(id);

/** `20:03` of a field for dates, in local time. */
function local(unixMs) {
  const date = new Date(unixMs);
  return new Date(unixMs - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

export class RangePicker {
  #address;
  #changed;
  #range;

  /** `changed` is called after somebody chose another range. */
  constructor(address, changed) {
    [this.#address, this.#changed] = [address, changed];
    find("range").addEventListener("click", ({ target }) => {
      if (target.dataset.range) this.choose({ name: target.dataset.range });
    });
    find("live").addEventListener("click", () => this.reset());
    find("custom").addEventListener("submit", (event) => {
      event.preventDefault();
      const [from, to] = ["from", "to"].map((id) => Date.parse(find(id).value));
      find("custom-error").hidden = to > from;
      if (!(to > from)) return;
      find("custom").hidePopover();
      this.choose({ from, to });
    });
    find("custom").addEventListener("toggle", () => {
      const [from, to] = this.span(Date.now());
      [find("from").value, find("to").value] = [local(from), local(to)];
    });
    this.look();
  }

  /** Whether it ends now. */
  get isLive() {
    return Boolean(this.#range.name);
  }

  /** Its beginning and end, at `now`. */
  span(now) {
    return span(this.#range, now);
  }

  /** Takes the range that the address names. */
  look() {
    this.#range = read((name) => this.#address.get(name));
    this.#show();
  }

  /** Shows this range from now on. */
  choose(range) {
    if (!range) return;
    this.#range = range;
    this.#address.set(write(range), true);
    this.#show();
    this.#changed();
  }

  /** Looks closer at what was drawn over in a chart. */
  zoom(from, to) {
    this.choose(zoomed(from, to));
  }

  /** Back to what ends now. */
  reset() {
    if (this.isLive) return;
    this.choose({ name: this.#last });
  }

  /** A wider or a narrower one. */
  step(direction) {
    this.choose(neighbour(this.#range, direction));
  }

  #last;

  #show() {
    const { name, from, to } = this.#range;
    if (name) this.#last = name;
    this.#last ??= Object.keys(RANGES)[0];
    for (const button of find("range").querySelectorAll("[data-range]")) {
      button.setAttribute("aria-pressed", String(button.dataset.range === name));
    }
    find("zoom").hidden = this.isLive;
    setText(find("zoom-words"), this.isLive ? "" : `${moment(from)} – ${moment(to)}`);
  }
}
