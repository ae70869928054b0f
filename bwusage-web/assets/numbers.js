// What a chart shows, as a table: for those who cannot see it, and for those who want the numbers.

import { axisTime, setText } from "./format.js";
import { condensed } from "./series.js";

/** More rows than this nobody reads. */
const ROWS = 40;

const find = (id) => document.getElementById(id);

/** Opens the table of `columns` over `times` within `span`; `heads` names the columns, `format` writes a value. */
export function showNumbers(title, heads, times, columns, span, format) {
  const rows = condensed(times, columns, span, ROWS);
  const length = span[1] - span[0];
  const words = rows.map(({ at, values }) => [axisTime(at, Math.min(length, 172_800_000)), ...values.map((value) => (value == null ? "not known" : format(value)))]);
  showRows(title, ["Time", ...heads], words.reverse());
}

/** Opens a table of texts. */
export function showRows(title, heads, rows) {
  setText(find("numbers-title"), title);
  const cells = (tag, texts) => texts.map((text, index) => {
    const cell = document.createElement(index === 0 && tag === "td" ? "th" : tag);
    if (cell.tagName === "TH") cell.scope = tag === "th" ? "col" : "row";
    cell.textContent = text;
    return cell;
  });
  const line = (tag, texts) => {
    const row = document.createElement("tr");
    row.append(...cells(tag, texts));
    return row;
  };
  const table = find("numbers").querySelector("table");
  table.tHead.replaceChildren(line("th", heads));
  table.tBodies[0].replaceChildren(...rows.map((texts) => line("td", texts)));
  find("numbers").showModal();
}
