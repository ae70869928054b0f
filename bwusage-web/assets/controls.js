// What both tables have: a heading that sorts, and a filter that is typed, refused and cleared.

import { setText, visible } from "./format.js";

/** Typing rests this long before the server is asked. */
const TYPING_MS = 150;

/** The heading of a table. */
export class Heading {
  #row;
  #columns;
  #falling;

  /** A cell for each of `columns`, of which some begin with the largest; `sortBy` is called with the server's name of the one that was clicked. */
  constructor(row, columns, sortBy) {
    [this.#row, this.#columns] = [row, columns];
    this.#falling = new Set(columns.filter(({ falls }) => falls).map(({ sort }) => sort));
    for (const column of columns) row.append(headingCell(column, sortBy));
  }

  /** Marks the column that the rows are sorted by: `sort` as the server is asked, with a minus the other way round. */
  mark(sort) {
    const key = sort.replace(/^-/, "");
    const falls = this.#falling.has(key) !== sort.startsWith("-");
    for (const cell of this.#row.cells) {
      if (cell.dataset.sort === key) cell.setAttribute("aria-sort", falls ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
  }

  /** Marks the columns of wire bytes where these are an estimate, and says how they come about; null where they are counted. */
  estimate(estimate) {
    this.#columns.forEach((column, index) => {
      if (!column.wire) return;
      const button = this.#row.cells[index].firstElementChild;
      button.textContent = estimate ? column.head.replace(" ", " ~") : column.head;
      button.title = estimate ? `${sortWords(column)} – ${visible(estimate.word)}: ${estimate.how}` : sortWords(column);
    });
  }
}

function sortWords({ label, head }) {
  return `Sort by ${label ?? head}`;
}

function headingCell(column, sortBy) {
  const { sort, head, style } = column;
  const cell = document.createElement("th");
  [cell.scope, cell.role] = ["col", "columnheader"];
  cell.className = style;
  if (!sort) {
    cell.textContent = head;
    return cell;
  }
  cell.dataset.sort = sort;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head;
  button.title = sortWords(column);
  button.addEventListener("click", () => sortBy(sort));
  cell.append(button);
  return cell;
}

/** A field for a filter, and the words beside it when the server refuses what was typed. */
export class FilterField {
  #input;
  #error;
  #changed;
  #typing = null;

  /** `changed` is called with the text when typing rests. */
  constructor(input, error, changed) {
    [this.#input, this.#error, this.#changed] = [input, error, changed];
    input.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => changed(input.value.trim()), TYPING_MS);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#clear();
    });
  }

  /** Writes `text` as if it had been typed, without asking. */
  set text(text) {
    clearTimeout(this.#typing);
    this.#input.value = text;
  }

  /** Says why the filter was refused; nothing when it was not. */
  refuse(message) {
    setText(this.#error, message);
    this.#error.hidden = message === "";
    this.#input.setAttribute("aria-invalid", String(message !== ""));
  }

  #clear() {
    if (this.#input.value === "") this.#input.blur();
    this.text = "";
    this.#changed("");
  }
}
