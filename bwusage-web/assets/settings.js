// How a person wants it: units, how often, which theme. The browser remembers it.

import { themeChanged } from "./colours.js";
import { UNITS, setUnits } from "./format.js";
import { recall, remember } from "./memory.js";

const USUAL_INTERVAL_MS = "2000";

const find = (id) => document.getElementById(id);

/** The choices. */
export class Settings {
  /** `rewritten` is called when everything is to be written anew, `paced` when another interval was chosen. */
  constructor(rewritten, paced) {
    this.#bind("theme", "dark", (theme) => {
      document.documentElement.dataset.theme = theme;
      themeChanged();
    });
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", themeChanged);
    this.#bind("units", UNITS[0], (units) => {
      setUnits(units);
      rewritten();
    });
    this.#bind("interval", USUAL_INTERVAL_MS, paced);
    setUnits(find("units").value);
  }

  /** Milliseconds between two ticks of the page. */
  get intervalMs() {
    return Number(find("interval").value);
  }

  /** Nobody is told more often than the daemon counts. */
  offer(daemonIntervalMs) {
    for (const option of find("interval").options) {
      option.disabled = Number(option.value) < daemonIntervalMs && option.nextElementSibling !== null && Number(option.nextElementSibling.value) <= daemonIntervalMs;
    }
    find("interval-note").hidden = ![...find("interval").options].some(({ disabled }) => disabled);
  }

  /** The next unit. */
  nextUnits() {
    find("units").value = UNITS[(UNITS.indexOf(find("units").value) + 1) % UNITS.length];
    find("units").dispatchEvent(new Event("change"));
  }

  #bind(name, usual, changed) {
    const field = find(name);
    field.value = recall(name, usual);
    if (field.selectedIndex < 0) field.value = usual;
    field.addEventListener("change", () => {
      remember(name, field.value);
      changed(field.value);
    });
  }
}
