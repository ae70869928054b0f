// How it is counted: every way there is and what became of it, the hooks, and what cannot be seen.

import { resize, setText, visible } from "./format.js";

const STATES = { in_use: "in use", refused: "refused", not_tried: "not tried" };

const find = (id) => document.getElementById(id);

/** Shows what the daemon says of its engine; `estimate` where wire bytes are not the count of each packet, else null. */
export function showEngine({ engine, quality, rungs, hooks, blind_spots: blindSpots }, estimate) {
  setText(find("engine-name"), visible(`${engine} (${quality})`));
  setText(find("engine-how"), estimate ? `~ ${visible(estimate.word)}: ${estimate.how}` : "");
  find("engine-how").hidden = !estimate;
  list("rungs", rungs.map(rungWords));
  list("hooks", hooks.map(hookWords));
  list("blind-spots", blindSpots.map((spot) => ({ name: "", state: "", about: spot, why: "" })));
}

function rungWords({ name, state, quality, about, detail, remedy }) {
  const why = [detail, remedy && `what would change that: ${remedy}`].filter(Boolean).join(" – ");
  return { name, state: `${STATES[state] ?? state}, ${quality}`, kind: state, about, why };
}

function hookWords({ name, purpose, attached, detail }) {
  const state = attached ? "attached" : "not attached";
  return { name, state, kind: attached ? "in_use" : "refused", about: purpose, why: detail ?? "" };
}

/** Fills the list of this id; without entries, it and its heading go. */
function list(id, entries) {
  const element = find(id);
  element.parentElement.hidden = entries.length === 0;
  resize(element, entries.length, createEntry);
  entries.forEach((entry, index) => {
    const line = element.children[index];
    line.dataset.state = entry.kind ?? "";
    ["name", "state", "about", "why"].forEach((part, at) => setText(line.children[at], visible(entry[part])));
  });
}

function createEntry() {
  const line = document.createElement("li");
  for (const [tag, style] of [["code", "name"], ["span", "state"], ["span", "about"], ["span", "why"]]) {
    const part = document.createElement(tag);
    part.className = style;
    line.append(part);
  }
  return line;
}
