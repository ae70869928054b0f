// The colours of the theme, for what is painted rather than styled, and one for each name that needs its own.

const OWN = 10;

let known = new Map();
const given = new Map();

function resolve(value) {
  if (!known.has(value)) {
    const probe = document.createElement("i");
    probe.style.color = value;
    document.body.append(probe);
    known.set(value, getComputedStyle(probe).color);
    probe.remove();
  }
  return known.get(value);
}

/** The colour of this style variable as it is now: `rgb(…)`. */
export function colour(name) {
  return resolve(`var(--${name})`);
}

/** The same, so that what is below shows through; 1 is opaque. */
export function faded(name, alpha) {
  return colour(name).replace("rgb(", "rgba(").replace(")", `, ${alpha})`);
}

/** The style variable of the colour that this name has on all of the page. */
export function colourOf(name) {
  if (!given.has(name)) given.set(name, `c${given.size % OWN}`);
  return given.get(name);
}

/** Calls `changed` after the theme has. */
export function onTheme(changed) {
  document.addEventListener("themechange", changed);
}

/** The theme has changed. */
export function themeChanged() {
  known = new Map();
  document.dispatchEvent(new Event("themechange"));
}
