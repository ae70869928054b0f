// A table that is kept up to date in place: a row lives as long as what it stands for, and only cells that changed are
// written. So focus, selection and the place in the page survive every tick.

import { setText } from "./format.js";

export class Table {
  #body;
  #columns;
  #rows = new Map();

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
    for (const row of rows) {
      const key = keyOf(row);
      const element = before.get(key) ?? this.#create();
      before.delete(key);
      this.#rows.set(key, element);
      const kind = kindOf(row);
      if (element.className !== kind) element.className = kind;
      this.#columns.forEach((column, index) => this.#fill(element.cells[index], column, row));
    }
    for (const gone of before.values()) gone.remove();
    this.#arrange([...this.#rows.values()]);
  }

  /** Puts the rows into this order. As few as can be are moved: each costs a layout of its own. */
  #arrange(wanted) {
    const places = new Map([...this.#body.children].map((element, place) => [element, place]));
    const staying = new Set(longestRise(wanted.map((element) => places.get(element) ?? -1)).map((place) => this.#body.children[place]));
    let next = null;
    for (const element of wanted.reverse()) {
      if (!staying.has(element)) place(this.#body, element, next);
      next = element;
    }
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

/** Puts `element` before `next`. Where the browser can, it keeps its focus on the way. */
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
