// Which part of the page is shown. It is in the address after the #, so that it can be linked, and "back" goes back.

/** The parts, each with a section of this id. */
export const VIEWS = ["programs", "connections", "ledger"];

export class Views {
  #changed;
  current = VIEWS[0];

  /** `changed` is called with the view's name and the parameters in the address, now and whenever they change. */
  constructor(changed) {
    this.#changed = changed;
    addEventListener("hashchange", () => this.#look());
    this.#look();
  }

  #look() {
    const [name, parameters] = location.hash.slice(1).split("?", 2);
    // Any other name after the # is a place in the page, not a part of it.
    if (VIEWS.includes(name)) this.current = name;
    for (const view of VIEWS) {
      document.getElementById(view).hidden = view !== this.current;
      const link = document.querySelector(`nav a[href="#${view}"]`);
      if (view === this.current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.#changed(this.current, new URLSearchParams(parameters));
  }
}
