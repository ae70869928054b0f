// A table that is kept up to date in place: a row lives as long as what it stands for, and only cells that changed are
// written. So focus, selection and the place in the page survive every tick. Rows that nobody can see are written now and
// then, and at once when they come into sight: they are most of the work of a long table.

import { setText } from "./format.js";

/** Rows out of sight are written at every so many-th showing. */
const SELDOM = 8;
/** Rows this far above and below the window count as in sight, so that scrolling shows nothing that is old. */
const MARGIN = "10% 0px";

export class Table {
  #body;
  #columns;
  #rows = new Map();
  #told = new WeakMap();
  #stale = new WeakSet();
  #sight = new IntersectionObserver((entries) => this.#look(entries), { rootMargin: MARGIN });
  #seen = new WeakSet();
  #shown = 0;

  /**
   * `columns` give each cell its class, its text, its title, its link, and whether it is zero, out of a row. A column
   * of several `parts` gives these for each of them; one that has no text but a picture, how to `create` and to `draw` it.
   */
  constructor(body, columns) {
    this.#body = body;
    this.#columns = columns;
  }

  /** Shows `rows`, in this order. `keyOf` tells what a row stands for, `kindOf` gives its class. */
  show(rows, keyOf, kindOf) {
    const before = this.#rows;
    this.#rows = new Map();
    this.#shown += 1;
    const places = [...this.#body.children].map((element) => this.#seen.has(element));
    const [first, last] = [places.indexOf(true), places.lastIndexOf(true)];
    for (const [place, row] of rows.entries()) {
      const key = keyOf(row);
      const old = before.get(key);
      const element = old ?? this.#create();
      before.delete(key);
      this.#rows.set(key, element);
      this.#told.set(element, [row, kindOf(row)]);
      const isInSight = place >= first && place <= last;
      if (!old || isInSight || this.#shown % SELDOM === 0) this.#write(element);
      else this.#stale.add(element);
    }
    for (const gone of before.values()) {
      this.#sight.unobserve(gone);
      gone.remove();
    }
    this.#arrange([...this.#rows.values()]);
  }

  /** Takes note of which rows are in sight. */
  #look(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && this.#stale.has(target)) this.#write(target);
      this.#seen[isIntersecting ? "add" : "delete"](target);
    }
  }

  /** Writes what was told of a row last. */
  #write(element) {
    this.#stale.delete(element);
    const [row, kind] = this.#told.get(element);
    if (element.className !== kind) element.className = kind;
    this.#columns.forEach((column, index) => this.#fill(element.cells[index], column, row));
  }

  /** Puts the rows into this order. As few as can be are moved: each costs a layout of its own. */
  #arrange(wanted) {
    const focused = document.activeElement;
    const places = new Map([...this.#body.children].map((element, place) => [element, place]));
    const staying = new Set(longestRise(wanted.map((element) => places.get(element) ?? -1)).map((place) => this.#body.children[place]));
    let next = null;
    for (const element of wanted.reverse()) {
      if (!staying.has(element)) place(this.#body, element, next);
      next = element;
    }
    // A row that was put elsewhere has lost it, in browsers that cannot move one.
    if (document.activeElement !== focused && this.#body.contains(focused)) focused.focus({ preventScroll: true });
  }

  #create() {
    // Where rows are laid out one by one, nothing else tells that they are a table's.
    const element = document.createElement("tr");
    element.role = "row";
    for (const { style, create, parts = [] } of this.#columns) {
      const cell = document.createElement("td");
      [cell.className, cell.role] = [style, "cell"];
      if (create) cell.append(create());
      for (const part of parts) {
        const inner = document.createElement(part.href ? "a" : "span");
        inner.className = part.style;
        cell.append(inner);
      }
      element.append(cell);
    }
    this.#sight.observe(element);
    return element;
  }

  #fill(cell, column, row) {
    if (column.draw) column.draw(cell.firstElementChild, row);
    else if (!column.parts) fill(cell, column, row);
    else column.parts.forEach((part, index) => fill(cell.children[index], part, row));
  }
}

/** The most of `numbers` that rise from the first to the last; below zero is none of them. Pure. */
export function longestRise(numbers) {
  // For each length that a rise can have: where the one with the least end has its end. Before each number: what it continues.
  const ends = [];
  const before = [];
  numbers.forEach((number, index) => {
    if (number < 0) return;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[ends[middle]] < number) low = middle + 1;
      else high = middle;
    }
    before[index] = ends[low - 1];
    ends[low] = index;
  });
  const rise = [];
  for (let index = ends.at(-1); index !== undefined; index = before[index]) rise.unshift(numbers[index]);
  return rise;
}

/** Puts `element` before `next`. Where the browser can, it keeps its focus, and what was laid out, on the way. */
function place(body, element, next) {
  if (body.moveBefore && element.parentNode === body) body.moveBefore(element, next);
  else body.insertBefore(element, next);
}

function fill(element, { text, title, href, zero }, row) {
  setText(element, text(row));
  const hint = title?.(row) ?? "";
  if (element.title !== hint) element.title = hint;
  if (href) setLink(element, href(row));
  if (zero && element.classList.contains("zero") !== Boolean(zero(row))) element.classList.toggle("zero");
}

function setLink(element, address) {
  if (!address) element.removeAttribute("href");
  else if (element.getAttribute("href") !== address) element.setAttribute("href", address);
}
