// A rule that is written: while somebody types, the daemon says what it would say now and how often it would have fired.

import { NotForYou, Refused, tell } from "./api.js";
import { button, element } from "./dom.js";
import { setText, visible } from "./format.js";
import { dryWords, trialWords } from "./rule-words.js";

/** Typing rests this long before the daemon is asked. */
const TYPING_MS = 350;
const EXAMPLES = [
  "total > 80%, 100% of 50GB / month",
  "app firefox: rx > 2GB / day",
  "rate.tx > 10MB/s for 5m",
  "app rsync: cpu > 90% for 60s",
  "new application",
  "background application moves data",
];

export class RuleForm {
  #rule = element("input", { className: "rule", required: true, autocomplete: "off", spellcheck: false, maxLength: 500, placeholder: EXAMPLES[1], attributes: { list: "rule-examples", "aria-describedby": "trial" } });
  #note = element("input", { maxLength: 200, autocomplete: "off" });
  #severity = element("select", {}, ...["info", "warning", "critical"].map((name) => new Option(name, name, name === "warning", name === "warning")));
  #trial = element("p", { className: "trial", id: "trial", attributes: { role: "status" } });
  #save = element("button", { className: "primary", textContent: "Add rule" });
  #cancel = button("Cancel", () => this.#reset(), { hidden: true });
  #refusal = element("p", { className: "detail", textContent: "Rules are added and changed by operators.", hidden: true });
  #title = element("h2", { id: "form-title", textContent: "A new rule" });
  #saved;
  #form;
  #typing;
  #asking = 0;
  #edited = null;

  /** What is put into the page. */
  element;

  /** `saved` is called when the daemon keeps another rule. */
  constructor(saved) {
    this.#saved = saved;
    const field = (label, input, style = "") => element("label", { className: style }, label, input);
    this.#form = element("form", { className: "alert-form" },
      field("Rule", this.#rule, "wide"),
      element("datalist", { id: "rule-examples" }, ...EXAMPLES.map((text) => new Option(text))),
      this.#wide(this.#trial),
      field("Note", this.#note), field("Severity", this.#severity),
      element("div", { className: "actions" }, this.#save, this.#cancel));
    this.element = element("section", { className: "card", attributes: { "aria-labelledby": "form-title" } },
      element("div", { className: "bar" }, this.#title), this.#refusal, this.#form);
    this.#rule.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#try(), TYPING_MS);
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Shows it only to those who may use it. */
  allow(allowed) {
    this.#form.hidden = !allowed;
    this.#refusal.hidden = allowed;
  }

  /** Begins with this text. */
  begin(text) {
    this.#reset();
    this.#rule.value = text;
    this.#rule.focus();
    this.element.scrollIntoView({ block: "center" });
    this.#try();
  }

  /** Changes a rule: it is kept as a new one, and then the old one is forgotten. */
  edit(rule) {
    this.begin(rule.text);
    this.#edited = rule;
    this.#note.value = rule.note ?? "";
    this.#severity.value = rule.severity;
    setText(this.#title, `Change rule ${rule.rule}`);
    setText(this.#save, "Save");
    this.#cancel.hidden = false;
  }

  #wide(part) {
    part.classList.add("wide");
    return part;
  }

  #reset() {
    this.#edited = null;
    for (const field of [this.#rule, this.#note]) field.value = "";
    this.#severity.value = "warning";
    setText(this.#title, "A new rule");
    setText(this.#save, "Add rule");
    this.#cancel.hidden = true;
    this.#say("");
  }

  #say(text, isBad = false) {
    setText(this.#trial, visible(text));
    this.#trial.classList.toggle("bad", isBad);
    this.#rule.setAttribute("aria-invalid", String(isBad));
  }

  /** What the rule would say now, and would have said. */
  async #try() {
    const rule = this.#rule.value.trim();
    this.#asking += 1;
    const asking = this.#asking;
    if (!rule) {
      this.#say("");
      return;
    }
    let words = "";
    const say = (text) => {
      if (this.#asking !== asking) return;
      words = [words, text].filter(Boolean).join(" – ");
      this.#say(words);
    };
    try {
      const [now, past] = [tell("POST", "alerts/test", { rule }), tell("POST", "alerts/dry_run", { rule })];
      past.catch(() => null);
      const trial = await now;
      if (trial) say(trialWords(trial));
      const run = await past.catch((error) => ({ fired: null, unknown: error.message }));
      if (run) say(dryWords(run));
    } catch (error) {
      if (this.#asking === asking && error instanceof Refused && !(error instanceof NotForYou)) this.#say(error.message, true);
    }
  }

  async #submit() {
    const body = { rule: this.#rule.value.trim(), severity: this.#severity.value };
    if (this.#note.value.trim()) body.note = this.#note.value.trim();
    if (this.#edited) Object.assign(body, { cooldown_s: this.#edited.cooldown_s, enabled: this.#edited.enabled });
    try {
      await tell("POST", "alerts", body);
      if (this.#edited) await tell("DELETE", `alerts/${this.#edited.rule}`);
      this.#reset();
    } catch (error) {
      this.#say([error.message, ...(error.hints ?? [])].join("\n"), true);
    }
    this.#saved();
  }
}
