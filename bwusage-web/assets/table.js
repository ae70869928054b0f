// A table that is kept up to date in place: a row lives as long as what it stands for, and only cells that changed are
// written. So focus, selection and the place in the page survive every tick.

import { setText } from "./format.js";

export class Table {
  #body;
  #columns;
  #rows = new Map();

  /** `columns` give each cell its class, its text, its title, and whether it is zero, out of a row. */
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
    let place = this.#body.firstElementChild;
    for (const element of this.#rows.values()) {
      if (element === place) place = place.nextElementSibling;
      else this.#body.insertBefore(element, place);
    }
  }

  #create() {
    const element = document.createElement("tr");
    for (const { style } of this.#columns) {
      const cell = document.createElement("td");
      cell.className = style;
      element.append(cell);
    }
    return element;
  }

  #fill(cell, { text, title, zero }, row) {
    setText(cell, text(row));
    const hint = title?.(row) ?? "";
    if (cell.title !== hint) cell.title = hint;
    cell.classList.toggle("zero", Boolean(zero?.(row)));
  }
}
