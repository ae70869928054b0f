// Alerts: what is active, the rules, and what happened. Whoever may change rules can; everybody sees why not.

import { Refused, ask, tell } from "./api.js";
import { notifying, setNotifying, showActive } from "./alert-bell.js";
import { RuleForm } from "./rule-form.js";
import { button, element } from "./dom.js";
import { duration, moment, setText, visible } from "./format.js";
import { explain, standing, trialWords } from "./rule-words.js";
import { may } from "./session.js";
import { toast } from "./toasts.js";

/** Asked again at most this often while somebody looks. */
const REFRESH_MS = 5_000;
const SNOOZES = [[3600, "1 hour"], [28_800, "8 hours"], [86_400, "1 day"], [0, "not any more"]];

/** Opens the page. */
export function open(address) {
  return new AlertsPage(address);
}

class AlertsPage {
  #address;
  #place = document.getElementById("alerts");
  #form;
  #list = element("ul", { className: "rules" });
  #log = element("ul", { className: "log" });
  #told = element("ul", { className: "facts" });
  #telling = element("section", { className: "card", hidden: true, attributes: { "aria-labelledby": "told-title" } },
    element("div", { className: "bar" }, element("h2", { id: "told-title", textContent: "Who else is told" })), this.#told);
  #count = element("p", { className: "count", attributes: { role: "status" } });
  #notify = element("input", { type: "checkbox", id: "notify" });
  #notifyNote = element("p", { className: "detail" });
  #empty = element("p", { className: "empty", hidden: true });
  #askedAt = -REFRESH_MS;
  #rules = [];
  #entries = new Map();
  #mayChange = false;
  #shown = "";

  constructor(address) {
    this.#address = address;
    this.#form = new RuleForm(() => this.refresh(null, true));
    const notify = element("label", { className: "check" }, this.#notify, "Notifications of this browser");
    this.#notify.addEventListener("change", async () => {
      await setNotifying(this.#notify.checked);
      this.#showNotifying();
    });
    this.#place.replaceChildren(
      element("section", { className: "card", attributes: { "aria-labelledby": "rules-title" } },
        element("div", { className: "bar" }, element("h2", { id: "rules-title", textContent: "Alerts" }), this.#count, notify),
        this.#notifyNote, this.#list, this.#empty),
      this.#form.element,
      this.#telling,
      element("section", { className: "card", attributes: { "aria-labelledby": "log-title" } },
        element("div", { className: "bar" }, element("h2", { id: "log-title", textContent: "What happened" })), this.#log),
    );
    this.#showNotifying();
    may("operator").then((allowed) => {
      this.#mayChange = allowed;
      this.#form.allow(allowed);
      this.refresh(null, true);
    });
  }

  /** Takes what the address says: a rule to begin with. */
  look() {
    const rule = this.#address.get("rule");
    if (rule) {
      this.#form.begin(rule);
      this.#address.set({ rule: "" });
    }
    this.refresh(null, true);
  }

  /** Each answer says everything about itself. */
  introduce() {}

  /** Asks for the newest; without `now` only when that was not done a moment ago. */
  async refresh(_tick, now = false) {
    if (!now && performance.now() - this.#askedAt < REFRESH_MS) return;
    this.#askedAt = performance.now();
    const answer = (path, parameters) => ask(path, parameters).catch(() => null);
    const [list, log, deliveries] = await Promise.all([answer("alerts"), answer("alerts/log", "limit=50"), this.#mayChange && answer("deliveries")]);
    if (list) {
      this.#rules = list.rules;
      showActive(list.rules);
    }
    setText(this.#empty, list ? (list.rules.length ? list.fault ?? "" : "No rule yet. Add one below: the daemon watches it, also while no page is open.") : "Rules cannot be asked for at present.");
    this.#empty.hidden = this.#empty.textContent === "";
    this.#draw();
    if (log) this.#showLog(log.events);
    if (deliveries) this.#showTold(deliveries.channels);
  }

  /** Writes it again: the units have changed. */
  redraw() {
    this.#shown = "";
    this.#draw();
  }

  #draw() {
    const active = this.#rules.filter(({ state, enabled }) => enabled && state === "firing").length;
    setText(this.#count, `${active} active of ${this.#rules.length}`);
    const shown = JSON.stringify(this.#rules);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const order = (rule) => ["firing", "pending"].indexOf(standing(rule, Date.now())) >>> 0;
    const sorted = [...this.#rules].sort((a, b) => order(a) - order(b) || b.rule - a.rule);
    const before = this.#entries;
    this.#entries = new Map(sorted.map(({ rule }) => [rule, before.get(rule) ?? { element: createEntry(rule), actions: "" }]));
    for (const rule of sorted) this.#fill(this.#entries.get(rule.rule), rule);
    const elements = [...this.#entries.values()].map((entry) => entry.element);
    if (elements.length === this.#list.children.length && elements.every((each, at) => each === this.#list.children[at])) return;
    const focused = document.activeElement;
    this.#list.replaceChildren(...elements);
    if (this.#list.contains(focused)) focused.focus();
  }

  /** Writes a rule into its entry. What it measures changes all the time; its buttons stay, so that nobody loses the one under the finger. */
  #fill(entry, rule) {
    const state = standing(rule, Date.now());
    const [badge, text, words] = entry.element.children;
    badge.dataset.state = state;
    [state, rule.text, explain(rule)].forEach((said, at) => setText([badge, text, words][at], visible(said)));
    const { enabled, note, severity, cooldown_s: cooldown } = rule;
    const actions = JSON.stringify([this.#mayChange, enabled, rule.text, note, severity, cooldown]);
    if (actions === entry.actions) return;
    entry.actions = actions;
    const focused = entry.element.contains(document.activeElement) && document.activeElement.dataset.what;
    entry.element.querySelector(".actions")?.remove();
    if (this.#mayChange) entry.element.append(this.#actions(rule));
    if (focused) entry.element.querySelector(`[data-what="${focused}"]`)?.focus();
  }

  #actions(rule) {
    const act = (text, action, what) => button(text, action, { data: { what: `${what} ${rule.rule}` }, attributes: { "aria-label": `${text}: ${rule.text}` } });
    const snooze = element("select", { data: { what: `snooze ${rule.rule}` }, attributes: { "aria-label": `Silence: ${rule.text}` } }, new Option("Silence…", ""), ...SNOOZES.map(([seconds, words]) => new Option(words, seconds)));
    snooze.addEventListener("change", () => {
      this.#do("POST", `${rule.rule}/snooze`, { for_s: Number(snooze.value) });
      snooze.value = "";
    });
    return element("div", { className: "actions" },
      act(rule.enabled ? "Turn off" : "Turn on", () => this.#do("POST", `${rule.rule}/${rule.enabled ? "disable" : "enable"}`), "enable"),
      snooze,
      act("Test", () => this.#test(rule), "test"),
      act("Edit", () => this.#form.edit(rule), "edit"),
      act("Remove", (event) => this.#remove(rule, event.target), "remove"));
  }

  async #do(method, path, body = {}) {
    try {
      await tell(method, `alerts/${path}`, body);
    } catch (error) {
      toast([error.message, ...(error.hints ?? [])].join(" – "), "alert");
    }
    this.refresh(null, true);
  }

  async #test(rule) {
    try {
      const trial = await tell("POST", `alerts/${rule.rule}/test`);
      toast(`${trial.text}: ${trialWords(trial)}`, trial.holds ? "alert" : "");
    } catch (error) {
      if (error instanceof Refused) toast(error.message, "alert");
    }
  }

  /** The first click asks, the second one does it. */
  #remove(rule, clicked) {
    if (clicked.dataset.sure) {
      this.#do("DELETE", String(rule.rule));
      return;
    }
    clicked.dataset.sure = "yes";
    setText(clicked, "Really?");
    clicked.addEventListener("blur", () => {
      delete clicked.dataset.sure;
      setText(clicked, "Remove");
    }, { once: true });
  }

  #showLog(events) {
    this.#log.replaceChildren(...events.map(({ at, state, text, lasted_ms: lasted }) => element("li", {},
      element("time", { dateTime: at, textContent: moment(Date.parse(at)) }),
      element("span", {}, element("span", { className: "badge", textContent: state, data: { state } }), ` ${visible(text)}${lasted ? ` (${duration(lasted)})` : ""}`))));
    if (!events.length) this.#log.replaceChildren(element("li", { textContent: "Nothing yet." }));
  }

  /** The channels that the server's configuration names: only there they can be changed. */
  #showTold(channels) {
    this.#telling.hidden = !channels.length;
    this.#told.replaceChildren(...channels.map(({ channel, about, delivered, lost, last_delivered_at: last, fault }) => {
      const facts = [about, `told ${delivered} times`, last && `last ${moment(Date.parse(last))}`, lost && `${lost} not told`, fault && `at fault: ${fault}`];
      return element("li", {}, element("strong", { textContent: visible(channel) }), ` ${facts.filter(Boolean).map(visible).join(" · ")}`);
    }));
  }

  #showNotifying() {
    const state = notifying();
    this.#notify.checked = state === "on";
    this.#notify.disabled = state === "impossible";
    setText(this.#notifyNote, state === "refused" ? "The browser refuses notifications of this page: allow them in its settings." : state === "impossible" ? "This browser has no notifications here." : "");
    this.#notifyNote.hidden = this.#notifyNote.textContent === "";
  }
}

function createEntry(rule) {
  return element("li", { data: { rule } }, element("span", { className: "badge" }), element("code"), element("span", { className: "words" }));
}
