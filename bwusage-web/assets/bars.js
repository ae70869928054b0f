// Bars over days or months: a column for each, a part for each of those who moved something. Unknown is hatched.

import { setText } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
/** The height of the drawing in its own units. */
const HEIGHT = 1000;
/** A column takes this part of its place. */
const FILLED = 0.78;
const MARKS = 4;
/** Labels are not nearer to each other. */
const LABEL_PIXELS = 84;

function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Where marks go on an axis up to `most`, out of the distances that they may have. Pure. */
export function marksOf(most, steps) {
  const step = steps.find((each) => most / each <= MARKS) ?? most;
  return Array.from({ length: Math.floor(most / step) }, (_, index) => (index + 1) * step);
}

/** The columns as rectangles: their beginning, width, bottom and height in parts of the whole. Pure. */
export function layout(buckets, most) {
  const place = 1 / Math.max(buckets.length, 1);
  return buckets.map(({ parts, known, before }, index) => {
    const [x, width] = [(index + (1 - FILLED) / 2) * place, place * FILLED];
    let bottom = 0;
    const shown = parts.map(({ value, colour }) => {
      const part = { colour, bottom, height: value / most };
      bottom += part.height;
      return part;
    });
    return { x, width, known, parts: shown, before: before == null ? null : before / most };
  });
}

function hatch() {
  const line = shape("path", { d: "M0 8L8 0", stroke: "currentColor", "stroke-opacity": 0.3 });
  return shape("defs", {}, shape("pattern", { id: "unknown", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "scale(.6 6)" }, line));
}

/**
 * Draws `buckets` into `element`: each has a `label`, `parts` of a `value` and a `colour`, whether it is `known`, and the
 * sum `before` that it is compared with. `steps` are the distances of marks, `format` writes one; `pointed` is called
 * with the index of the column under the mouse, or null.
 */
export function drawBars(element, { buckets, steps, format, pointed }) {
  const sums = buckets.map(({ parts, before }) => Math.max(parts.reduce((sum, { value }) => sum + value, 0), before ?? 0));
  const most = Math.max(1, ...sums) * 1.05;
  const svg = shape("svg", { viewBox: `0 0 ${HEIGHT} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, hatch());
  const y = (part) => HEIGHT * (1 - part);
  const marks = marksOf(most, steps);
  for (const mark of [0, ...marks]) svg.append(shape("line", { class: "grid", x1: 0, x2: HEIGHT, y1: y(mark / most), y2: y(mark / most) }));
  layout(buckets, most).forEach(({ x, width, known, parts, before }, index) => {
    const [left, wide] = [x * HEIGHT, width * HEIGHT];
    const column = shape("g", { class: "column" });
    // The whole place answers to the mouse, also above a low column.
    column.append(shape("rect", { x: (index / buckets.length) * HEIGHT, width: HEIGHT / buckets.length, y: 0, height: HEIGHT, "fill-opacity": 0 }));
    if (!known) column.append(shape("rect", { class: "unknown", x: (index / buckets.length) * HEIGHT, width: HEIGHT / buckets.length, y: 0, height: HEIGHT }));
    for (const { colour, bottom, height } of parts) {
      const part = shape("rect", { x: left, width: wide, y: y(bottom + height), height: height * HEIGHT });
      part.style.setProperty("--own", `var(--${colour})`);
      column.append(part);
    }
    if (before) column.append(shape("path", { class: "before", d: `M${left} ${HEIGHT}V${y(before)}H${left + wide}V${HEIGHT}` }));
    column.addEventListener("pointerenter", () => pointed?.(index));
    svg.append(column);
  });
  svg.addEventListener("pointerleave", () => pointed?.(null));
  element.replaceChildren(svg, ...marks.map((mark) => label("mark-y", format(mark), { bottom: `calc(22px + (100% - 22px) * ${mark / most})` })));
  const every = Math.max(1, Math.ceil((buckets.length * LABEL_PIXELS) / Math.max(element.clientWidth, 1)));
  buckets.forEach((bucket, index) => {
    if (index % every || (index + 0.5) / buckets.length > 0.97 && every > 1) return;
    element.append(label("mark-x", bucket.short, { left: `${((index + 0.5) / buckets.length) * 100}%` }));
  });
}

function label(style, text, place) {
  const made = document.createElement("span");
  made.className = style;
  setText(made, text);
  Object.assign(made.style, place);
  return made;
}

/** `2026-11-22 Sun` as the axis has room for it: `22 Nov`. */
export function shortLabel({ start_at: start }, cut) {
  const date = new Date(start);
  if (cut === "month") return date.toLocaleDateString([], { month: "short", year: "2-digit" });
  if (cut === "hour") return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  return date.toLocaleDateString([], { day: "numeric", month: "short" });
}
