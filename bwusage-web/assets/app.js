// The page: one stream from the server into its parts, and the keys that work everywhere.

import { Address, showView } from "./address.js";
import { AlertBell } from "./alert-bell.js";
import { Cards } from "./cards.js";
import { duration, moment, setText, visible } from "./format.js";
import { Past } from "./past.js";
import { placePopovers } from "./popovers.js";
import { Processes } from "./processes.js";
import { RangePicker } from "./range-picker.js";
import { checkSession, showSession } from "./session.js";
import { Settings } from "./settings.js";
import { Stream } from "./stream.js";
import { Strip } from "./strip.js";
import { Window } from "./window.js";

const find = (id) => document.getElementById(id);

let connection = "connecting";
let paused = false;
let frame = null;
let tick = null;
let waiting = false;
let hello = null;
/** Parts of the page that are loaded when somebody first goes there. */
const LATER = {
  connections: () => import("./connections.js"),
  ledger: () => import("./ledger.js"),
  history: () => import("./history-page.js"),
  alerts: () => import("./alerts-page.js"),
  drawer: () => import("./drawer.js"),
};
const loading = {};
const later = {};
let styles = null;

const address = new Address(look);
const range = new RangePicker(address, draw);
const seconds = new Window();
const past = new Past(draw);
const cards = new Cards({ zoomed: (from, to) => range.zoom(from, to), reset: () => range.reset() });
const settings = new Settings(rewrite, () => stream.open());
const processes = new Processes(address, () => stream.open());
const strip = new Strip((filter) => processes.toggleFilter(filter), draw);
const bell = new AlertBell(() => later.alerts?.refresh(tick, true));

const stream = new Stream(() => {
  const parameters = processes.question;
  parameters.set("interval_ms", settings.intervalMs);
  if (seconds.lastAt !== undefined) parameters.set("since", seconds.lastAt);
  return `api/v1/stream?${parameters}`;
}, {
  hello(now) {
    hello = now;
    seconds.configure(hello.window_points, hello.interval_ms);
    settings.offer(hello.interval_ms);
    introduce(hello);
    processes.offer(hello);
    for (const part of Object.values(later)) part.introduce(hello);
    processes.settle();
    bell.refresh();
  },
  backfill(points) {
    seconds.fill(points);
  },
  tick(now) {
    tick = now;
    seconds.push(now);
    setConnection("live", now.fault ? `Nothing is stored at present: ${now.fault}` : "");
    drawSoon();
  },
  top(top) {
    processes.take(top);
    waiting = true;
    drawSoon();
  },
  alert(event) {
    bell.tell(event);
  },
  alerts_missed() {
    bell.refresh();
  },
  down({ message, hints, retry_in_ms: retry }) {
    const when = retry == null ? "" : `next try in ${duration(Math.max(retry, 1000))}`;
    setConnection("reconnecting", message, [...hints, when].filter(Boolean));
  },
  lost(refused) {
    setConnection("reconnecting", "the connection to bwusage-web was lost", []);
    if (refused) checkSession();
  },
});

/** Somebody went elsewhere in the page. */
function look(view) {
  showView(view);
  if (view === "programs") {
    range.look();
    processes.look();
  }
  if (view in LATER) open(view);
  if (address.get("row") || later.drawer) open("drawer");
  if (view === "admin" && !find("admin").childElementCount) import("./admin.js");
  draw();
}

/** How those parts look, loaded with the first of them. */
function loadStyles() {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "assets/parts.css" });
  document.head.append(link);
  return new Promise((resolve) => {
    for (const end of ["load", "error"]) link.addEventListener(end, resolve);
  });
}

/** Goes to a part of the page. One that is there already takes the address at once, before it asks for what it had there before. */
async function open(name) {
  if (!later[name]) {
    loading[name] ??= LATER[name]();
    styles ??= loadStyles();
    const [module] = await Promise.all([loading[name], styles]);
    if (!later[name]) {
      later[name] = module.open(address, processes);
      if (hello) later[name].introduce(hello);
    }
  }
  if (name === "drawer" || address.view === name) later[name].look();
}

function draw() {
  if (paused || document.hidden || !tick) return;
  const attributed = tick.ledger?.attributed_percent;
  setText(find("attributed-now"), attributed == null ? "–" : `${attributed} %`);
  if (address.view === "programs") {
    // A page that stands still at a moment of the past is drawn with the time of the last tick, not of the clock.
    const shown = range.span(seconds.lastAt);
    cards.show(tick, seconds, { ...past.show(shown, seconds, range.isLive), span: shown });
    strip.show(shown, range.isLive, processes.filter);
    cards.draw();
  }
  later[address.view]?.refresh(tick);
  later.drawer?.refresh(tick);
}

/** Graphs and table of one tick come one after the other, and are drawn in one frame. */
function drawSoon() {
  frame ??= requestAnimationFrame(() => {
    frame = null;
    if (!paused && !document.hidden) showTop();
    draw();
  });
}

function showTop() {
  if (waiting && address.view === "programs") processes.redraw();
  waiting = false;
}

function introduce({ host, coverage, estimate, daemon_version: version, started_at_unix_ms: startedAt }) {
  setText(find("host"), visible(`${host.hostname} · ${host.os}`));
  document.title = visible(`${host.hostname} – bwusage`);
  const label = find("quality");
  setText(label.firstElementChild, visible(coverage.quality));
  label.hidden = coverage.quality === "exact";
  label.title = estimate ? estimate.how : "";
  processes.estimate(estimate);
  const counted = visible(`Counted by ${coverage.engine} (${coverage.quality}), bwusaged ${version}.`);
  setText(find("about"), `${counted} Totals are bytes on the wire since ${moment(startedAt)}.`);
}

/** The state of the connection, and why it is not what it should be. */
function setConnection(state, message = "", hints = []) {
  connection = state;
  setText(find("banner-message"), visible(message));
  setText(find("banner-hints"), hints.map(visible).join("\n"));
  find("banner").hidden = message === "";
  showState();
}

function showState() {
  const state = connection === "live" && paused ? "paused" : connection;
  document.body.dataset.state = state;
  setText(find("pill"), state);
}

function setPaused(now) {
  paused = now;
  find("pause").setAttribute("aria-pressed", String(paused));
  setText(find("pause"), paused ? "Resume" : "Pause");
  showState();
  draw();
  if (!paused) showTop();
}

/** Everything is written again: amounts are called otherwise now. */
function rewrite() {
  draw();
  strip.redraw();
  processes.redraw();
  for (const part of Object.values(later)) part.redraw();
}

const KEYS = {
  "/": () => document.querySelector("main section:not([hidden]) input[type=search]")?.focus(),
  p: () => setPaused(!paused),
  b: () => (later[address.view] ?? processes).nextGrouping?.(),
  u: () => settings.nextUnits(),
  "[": () => range.step(-1),
  "]": () => range.step(1),
  0: () => range.reset(),
  "?": () => find("keys").showModal(),
  ...Object.fromEntries(["programs", "connections", "ledger", "history", "alerts"].map((view, index) => [index + 1, () => { location.hash = view; }])),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog, [popover]");
  const action = KEYS[event.key];
  if (typing || !action || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  action();
});
document.addEventListener("visibilitychange", () => {
  draw();
  if (!paused && !document.hidden) showTop();
});
find("quality").addEventListener("click", () => { find("engine").open = true; });
find("pause").addEventListener("click", () => setPaused(!paused));
find("help").addEventListener("click", () => find("keys").showModal());
for (const button of document.querySelectorAll("dialog [data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

placePopovers();
showSession();
address.look();
stream.open();
