// Where the bytes of the interfaces went: the attributed share of all of them, and every interface for itself.

import { showEngine } from "./engine.js";
import { bytes, moment, resize, setText, share, visible } from "./format.js";

/** The server is asked at most this often. */
const REFRESH_MS = 1000;

/** Why bytes are in an interface's counter: the server's names and their titles, in the order of lines. */
let reasons = [];

/** The lines of one direction: the reasons that have bytes. */
function linesOf(side) {
  return reasons.map(({ name, title }) => ({ reason: name, title, count: side[`${name}_bytes`] })).filter(({ count }) => count);
}

const find = (id) => document.getElementById(id);

function make(tag, style, parent) {
  const element = document.createElement(tag);
  element.className = style;
  parent.append(element);
  return element;
}

/** One direction: what was counted, a bar with a part for each reason, and the reasons in words. */
class Side {
  #sign;
  #word;
  #counter;
  #bar;
  #lines;

  constructor(parent, direction) {
    [this.#sign, this.#word] = direction === "rx" ? ["▼", "received"] : ["▲", "sent"];
    const side = make("div", "side", parent);
    this.#counter = make("p", `counter ${direction}`, side);
    this.#bar = make("div", "stack", side);
    this.#bar.setAttribute("role", "img");
    this.#lines = make("ul", "lines", side);
  }

  show(side) {
    const [counter, before] = [side.counter_bytes, side.before_start_bytes];
    const since = counter - before;
    const lines = linesOf(side).filter(({ reason }) => reason !== "before_start");
    setText(this.#counter, `${this.#sign} ${bytes(since)} ${this.#word}`);
    this.#counter.title = `the interfaces count ${counter} bytes, ${before} of them from before the daemon started`;
    this.#showBar(lines.filter(({ count }) => count > 0));
    resize(this.#lines, lines.length, createLine);
    lines.forEach(({ reason, title, count }, index) => {
      const line = this.#lines.children[index];
      line.dataset.reason = reason;
      setText(line.children[0], title);
      setText(line.children[1], share(count, since));
      setText(line.children[2], bytes(count));
      line.children[2].title = `${count} bytes`;
    });
  }

  #showBar(parts) {
    const all = parts.reduce((sum, { count }) => sum + count, 0);
    resize(this.#bar, parts.length, () => document.createElement("i"));
    parts.forEach(({ reason, title, count }, index) => {
      const part = this.#bar.children[index];
      part.dataset.reason = reason;
      part.style.setProperty("--part", count / all);
      part.title = `${title}: ${bytes(count)}`;
    });
    const words = parts.map(({ title, count }) => `${title} ${share(count, all)}`).join(", ");
    this.#bar.setAttribute("aria-label", `${this.#word}: ${words || "nothing"}`);
  }
}

function createLine() {
  const line = document.createElement("li");
  for (const style of ["title", "share", "bytes"]) make("span", style, line);
  return line;
}

/** The attributed share, and what it is made of. */
class Attribution {
  #card = find("attribution");
  #sides = ["rx", "tx"].map((direction) => new Side(this.#card.querySelector(".sides"), direction));

  /** Shows the summary that a tick brings; null where nothing tells. */
  show(ledger) {
    const percent = ledger?.attributed_percent;
    setText(find("attributed-share"), percent == null ? "–" : `${percent} %`);
    this.#card.hidden = !ledger;
    if (!ledger) return;
    this.#sides[0].show(ledger.rx);
    this.#sides[1].show(ledger.tx);
  }
}

/** One interface. */
class Interface {
  element = document.createElement("article");
  #name = make("h3", "", this.element);
  #sum = make("p", "detail", this.element);
  #sides;

  constructor() {
    const sides = make("div", "sides", this.element);
    this.#sides = ["rx", "tx"].map((direction) => new Side(sides, direction));
  }

  show({ interface: name, kind, attributed_percent: percent, rx, tx }) {
    setText(this.#name, `${visible(name)} · ${kind}`);
    const unnamed = Math.abs(rx.unnamed_bytes) + Math.abs(tx.unnamed_bytes);
    const attributed = percent == null ? "no traffic of its own" : `${percent} % attributed`;
    setText(this.#sum, `${attributed} · ${unnamed ? `${unnamed} bytes have no name` : "every byte has a name"}`);
    this.#sides[0].show(rx);
    this.#sides[1].show(tx);
  }
}

/** Opens this part of the page. */
export function open() {
  return new Ledger();
}

/** The section with every interface. */
class Ledger {
  #attribution = new Attribution();
  #interfaces = [];
  #report = null;
  #askedAt = -REFRESH_MS;
  #asking = false;
  #withoutLedger = "";
  #summary = null;

  /** Where there are reasons, this is what the server calls them; without a ledger, what one would take. */
  introduce({ reasons: named, coverage, estimate }) {
    reasons = named;
    this.#withoutLedger = estimate?.without_ledger ?? "";
    showEngine(coverage, estimate);
  }

  /** Somebody came here. */
  look() {
    this.#askedAt = -REFRESH_MS;
  }

  /** Asks for the newest numbers, unless that was done a moment ago. */
  async refresh(tick) {
    this.#summary = tick.ledger;
    this.#attribution.show(tick.ledger);
    if (this.#asking || performance.now() - this.#askedAt < REFRESH_MS) return;
    [this.#asking, this.#askedAt] = [true, performance.now()];
    try {
      const response = await fetch("api/v1/ledger");
      const answer = await response.json();
      if (response.ok) this.#show(answer);
      else this.#note(answer.message);
    } catch {
      // The banner says that the server is away; the next tick asks again.
    } finally {
      this.#asking = false;
    }
  }

  /** Writes the numbers again: the units have changed. */
  redraw() {
    if (this.#summary) this.#attribution.show(this.#summary);
    if (this.#report) this.#show(this.#report);
  }

  #show(report) {
    this.#report = report;
    const { interfaces, carriers, losses, missing } = report;
    this.#note(missing == null ? "" : [`There is no ledger: ${missing}`, this.#withoutLedger].filter(Boolean).join("\n"));
    setText(find("ledger-since"), `since ${moment(Date.parse(report.started_at))}`);
    const place = find("interfaces");
    while (this.#interfaces.length > interfaces.length) this.#interfaces.pop().element.remove();
    while (this.#interfaces.length < interfaces.length) {
      const added = new Interface();
      this.#interfaces.push(added);
      place.append(added.element);
    }
    interfaces.forEach((one, index) => this.#interfaces[index].show(one));
    list(find("carriers"), carriers.map(carrierWords));
    list(find("losses"), losses.map(({ what, events }) => `${visible(what)}: ${events} times`));
  }

  #note(text) {
    setText(find("ledger-note"), text.split("\n").map(visible).join("\n"));
    find("ledger-note").hidden = text === "";
  }
}

function carrierWords({ interface: name, pid, name: program }) {
  const who = program == null ? "a program that ended" : `${visible(program)} (${pid})`;
  return `${who} carries the tunnel ${visible(name)}: what goes through the tunnel is in its row once more`;
}

function list(element, texts) {
  resize(element, texts.length, () => document.createElement("li"));
  texts.forEach((text, index) => setText(element.children[index], text));
  element.hidden = texts.length === 0;
}
