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
    const focused = document.activeElement;
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
    let place = this.#body.firstElementChild;
    for (const element of this.#rows.values()) {
      if (element === place) place = place.nextElementSibling;
      else this.#body.insertBefore(element, place);
    }
    // A row that was put elsewhere has lost it.
    if (this.#body.contains(focused)) focused.focus({ preventScroll: true });
  }

  #create() {
    const element = document.createElement("tr");
    for (const { style, create, parts = [] } of this.#columns) {
      const cell = document.createElement("td");
      cell.className = style;
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
