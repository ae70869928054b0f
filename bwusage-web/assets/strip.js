// Who used the network in the range that is shown: a bar with a part for each, and a button for each to look at it alone.

import { ask } from "./api.js";
import { colourOf } from "./colours.js";
import { bytes, duration, resize, setText, share, visible } from "./format.js";
import { quote } from "./query.js";
import { iso } from "./ranges.js";

const SHOWN = 8;
/** A range that ends now is asked for again when a fortieth of it has passed, within these. */
const [OFTEN_MS, SELDOM_MS] = [5_000, 60_000];
/** For so long the daemon keeps every second; what is longer ago is known by the minute, and stored as late as that. */
const SECONDS_MS = 600_000;

const find = (id) => document.getElementById(id);

/** The parts of the answer: who, how much, and what is beyond the first. Pure. */
export function partsOf({ series }) {
  const parts = series.map(({ kind, name, rx_bytes: rx, tx_bytes: tx }) => ({ kind, name, rx, tx, all: rx + tx }));
  return parts.filter(({ all }) => all > 0);
}

/** What a part is called. */
export function partName({ kind, name }) {
  if (kind === "other") return "other";
  if (kind === "other_users") return "other users";
  if (kind === "residual") return `(${name.replaceAll("_", " ")})`;
  if (kind === "imported") return `${visible(name)} (imported)`;
  if (name === "") return "(no name)";
  return name == null ? "(unknown)" : visible(name);
}

/** The style variable of its colour: what is no one's own is grey. */
export function partColour({ kind, name }) {
  return kind === "other" || kind === "other_users" || kind === "residual" ? "rest" : colourOf(`${kind} ${name}`);
}

export class Strip {
  #chosen;
  #changed;
  #key = "";
  #askedAt = 0;
  #parts = null;
  #filter = "";
  #lengthMs = 0;
  #answered = false;

  /** `chosen` is called with the filter that looks at one of them alone, `changed` when the server has answered for another range. */
  constructor(chosen, changed) {
    [this.#chosen, this.#changed] = [chosen, changed];
    find("strip").addEventListener("click", ({ target }) => {
      const part = target.closest("[data-part]");
      const found = this.#parts?.[part?.dataset.part];
      if (found?.kind === "app") this.#chosen(`app:${quote(found.name)}`);
    });
  }

  /** Shows the range `[from, to]`; `filter` is what the table looks for. */
  show([from, to], isLive, filter) {
    this.#filter = filter;
    const key = isLive ? String(to - from) : `${from} ${to}`;
    const pause = Math.min(Math.max((to - from) / 40, OFTEN_MS), SELDOM_MS);
    const again = key !== this.#key || (isLive && performance.now() - this.#askedAt > pause);
    if (again) this.#ask(key, from, to);
    else this.redraw();
  }

  async #ask(key, from, to) {
    const isOther = key !== this.#key;
    [this.#key, this.#askedAt] = [key, performance.now()];
    const bucket = from > Date.now() - SECONDS_MS - OFTEN_MS ? "second" : "whole";
    const parameters = new URLSearchParams({ by: "app", bucket, top: SHOWN, from: iso(from), to: iso(to) });
    const report = await ask("history", parameters).catch(() => null);
    if (this.#key !== key) return;
    this.#parts = report && partsOf(report);
    this.#answered = true;
    this.#lengthMs = to - from;
    // The same range, a little later, is drawn with the next tick: a frame for the strip alone would be half as dear as one for all.
    if (isOther) this.#changed();
  }

  /** Writes it again: the units or the filter have changed. */
  redraw() {
    const parts = this.#parts ?? [];
    // It has its place from the beginning, so that nothing below moves away from under the mouse.
    find("strip").hidden = this.#answered && this.#parts === null;
    setText(find("strip-range"), `the past ${duration(this.#lengthMs)}`);
    const sum = parts.reduce((total, { all }) => total + all, 0);
    setText(find("strip-sum"), sum ? bytes(sum) : this.#answered ? "nobody" : "…");
    const [bar, list] = [find("strip-bar"), find("strip-list")];
    resize(bar, parts.length, () => document.createElement("i"));
    resize(list, parts.length, createChip);
    parts.forEach((part, index) => {
      const [segment, chip] = [bar.children[index], list.children[index].firstElementChild];
      const name = partName(part);
      const words = `${name}: ${bytes(part.all)}, ▼ ${bytes(part.rx)} ▲ ${bytes(part.tx)}`;
      for (const element of [segment, chip]) {
        element.dataset.part = index;
        element.style.setProperty("--own", `var(--${partColour(part)})`);
        if (element.title !== words) element.title = words;
      }
      segment.style.setProperty("--part", (part.all / sum).toFixed(4));
      chip.disabled = part.kind !== "app";
      chip.setAttribute("aria-pressed", String(part.kind === "app" && this.#filter === `app:${quote(part.name)}`));
      [name, bytes(part.all), share(part.all, sum)].forEach((text, at) => setText(chip.children[at], text));
    });
  }
}

function createChip() {
  const [entry, chip] = [document.createElement("li"), document.createElement("button")];
  chip.type = "button";
  for (const style of ["chip-name", "chip-bytes", "chip-share"]) {
    const part = document.createElement("span");
    part.className = style;
    chip.append(part);
  }
  entry.append(chip);
  return entry;
}
