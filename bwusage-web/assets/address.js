// The state of the page in its address, after the #: which part is shown, and how. So it can be linked, and "back" goes back.

/** The parts, each with a section of this id. */
export const VIEWS = ["programs", "connections", "ledger", "history", "alerts", "admin"];

/** `#history?by=app` as a view and its parameters; the view is undefined where the name is a place in the page. */
export function parse(hash) {
  const [name, text = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  return { view: VIEWS.find((view) => view === name), parameters: new URLSearchParams(text), explicit: text !== "" };
}

/** The address of `view` with `parameters`, of which empty ones are left out. */
export function format(view, parameters) {
  const given = new URLSearchParams([...parameters].filter(([, value]) => value !== ""));
  const text = String(given);
  return `#${view}${text && `?${text}`}`;
}

export class Address {
  #changed;
  #kept = new Map();
  view = VIEWS[0];

  /** `changed` is called whenever somebody goes elsewhere; not for {@link set}. */
  constructor(changed) {
    this.#changed = changed;
    addEventListener("hashchange", () => this.look());
  }

  /** A parameter of the present view; empty where it has none. */
  get(name) {
    return this.#parameters.get(name) ?? "";
  }

  /** Changes parameters of the present view. With `step`, "back" undoes it. */
  set(values, step = false) {
    for (const [name, value] of Object.entries(values)) this.#parameters.set(name, value ?? "");
    const address = format(this.view, this.#parameters);
    if (address === (location.hash || `#${VIEWS[0]}`)) return;
    history[step ? "pushState" : "replaceState"](null, "", address);
  }

  /** Reads the address. A view that is come back to without parameters is as it was left. */
  look() {
    const { view, parameters, explicit } = parse(location.hash);
    if (view) this.view = view;
    if (explicit || !this.#kept.has(this.view)) this.#kept.set(this.view, parameters);
    // What was open over it stays closed.
    else if (view) this.set({ row: "" });
    this.#changed(this.view);
  }

  get #parameters() {
    if (!this.#kept.has(this.view)) this.#kept.set(this.view, new URLSearchParams());
    return this.#kept.get(this.view);
  }
}

/** Shows the section of `current`, and marks its link. */
export function showView(current) {
  for (const view of VIEWS) {
    for (const part of document.querySelectorAll(`[data-view=${view}]`)) part.hidden = view !== current;
    const link = document.querySelector(`nav a[href="#${view}"]`);
    if (view === current) link?.setAttribute("aria-current", "page");
    else link?.removeAttribute("aria-current");
  }
}
