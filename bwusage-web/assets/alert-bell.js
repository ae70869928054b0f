// The bell: how many alerts are active, and what is said when one fires. Notifications only where somebody asked for them.

import { ask } from "./api.js";
import { setText, visible } from "./format.js";
import { recall, remember } from "./memory.js";
import { toast } from "./toasts.js";

const find = (id) => document.getElementById(id);

/** Whether this browser shows notifications of alerts: "on", "off", "refused", or "impossible". */
export function notifying() {
  if (!("Notification" in window)) return "impossible";
  if (Notification.permission === "denied") return "refused";
  return Notification.permission === "granted" && recall("notify", "off") === "on" ? "on" : "off";
}

/** Turns notifications on or off; the browser may ask. */
export async function setNotifying(on) {
  if (on && Notification.permission !== "granted") await Notification.requestPermission();
  remember("notify", on ? "on" : "off");
  return notifying();
}

export class AlertBell {
  #changed;

  /** `changed` is called when something happened to a rule. */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Counts the active ones. */
  async refresh() {
    const list = await ask("alerts").catch(() => null);
    const active = list?.rules.filter(({ state }) => state === "firing").length ?? 0;
    find("bell-count").hidden = active === 0;
    setText(find("bell-count"), String(active));
    const words = active === 0 ? "No alert is active" : active === 1 ? "1 alert is active" : `${active} alerts are active`;
    find("bell").setAttribute("aria-label", words);
    find("bell").title = words;
  }

  /** Tells what happened. */
  tell(event) {
    const text = visible(event.text);
    toast(text, event.state === "firing" ? "alert" : "good");
    if (notifying() === "on") {
      // The same event in several pages is one notification.
      const shown = new Notification(`bwusage: ${visible(event.host)}`, { body: text, tag: `${event.log} ${event.event}`, icon: "assets/icon.svg" });
      shown.addEventListener("click", () => {
        focus();
        location.hash = "alerts";
      });
    }
    this.refresh();
    this.#changed();
  }
}
