// The page: one stream from the server into cards and table, and the keys that work everywhere.

import { Cards } from "./cards.js";
import { Connections } from "./connections.js";
import { Engine } from "./engine.js";
import { UNITS, moment, setText, setUnits, visible } from "./format.js";
import { History } from "./history.js";
import { Attribution, Ledger, setReasons } from "./ledger.js";
import { Processes } from "./processes.js";
import { Stream } from "./stream.js";
import { VIEWS, Views } from "./views.js";

const find = (id) => document.getElementById(id);

const history = new History();
const cards = new Cards();
const attribution = new Attribution();
const connections = new Connections();
const engine = new Engine();
const ledger = new Ledger();
const processes = new Processes(() => {
  waitingTop = null;
  stream.open();
});

let connection = "connecting";
let paused = false;
let tick = null;
let waitingTop = null;

const stream = new Stream(() => {
  const parameters = processes.question;
  if (history.lastAt !== undefined) parameters.set("since", history.lastAt);
  return `api/v1/stream?${parameters}`;
}, {
  hello(hello) {
    history.configure(hello.window_points, hello.interval_ms);
    introduce(hello);
    setReasons(hello.reasons);
    processes.offer(hello);
    connections.offer(hello.connection_groupings);
    processes.settle();
  },
  backfill(points) {
    history.fill(points);
  },
  tick(now) {
    tick = now;
    history.push(now);
    setConnection("live", now.fault ? `Nothing is stored at present: ${now.fault}` : "");
    draw();
  },
  top(top) {
    waitingTop = top;
    if (!paused && !document.hidden) showTop();
  },
  down({ message, hints }) {
    setConnection("reconnecting", message, hints);
  },
  lost() {
    setConnection("reconnecting", "the connection to bwusage-web was lost", []);
  },
});

const views = new Views((view, parameters) => {
  if (view === "connections" && parameters.has("filter")) connections.look(parameters.get("filter"));
  draw();
});

function draw() {
  if (paused || document.hidden || !tick) return;
  cards.show(tick, history);
  attribution.show(tick.ledger);
  if (views.current === "connections") connections.refresh();
  if (views.current === "ledger") ledger.refresh();
}

function showTop() {
  if (waitingTop) processes.show(waitingTop);
  waitingTop = null;
}

function introduce({ host, coverage, estimate, daemon_version: version, started_at_unix_ms: startedAt }) {
  setText(find("host"), visible(`${host.hostname} · ${host.os}`));
  document.title = visible(`${host.hostname} – bwusage`);
  engine.show(coverage, estimate);
  for (const part of [processes, connections, ledger]) part.estimate(estimate);
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

function chooseUnits(name) {
  find("units").value = name;
  setUnits(name);
  if (tick) {
    cards.show(tick, history);
    attribution.show(tick.ledger);
  }
  processes.redraw();
  connections.redraw();
  ledger.redraw();
}

const KEYS = {
  "/": () => document.querySelector("main > section:not([hidden]) input[type=search]")?.focus(),
  p: () => setPaused(!paused),
  b: () => (views.current === "connections" ? connections : processes).nextGrouping(),
  u: () => chooseUnits(UNITS[(UNITS.indexOf(find("units").value) + 1) % UNITS.length]),
  "?": () => find("keys").showModal(),
  ...Object.fromEntries(VIEWS.map((view, index) => [index + 1, () => { location.hash = view; }])),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
  const action = KEYS[event.key];
  if (typing || !action || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  action();
});
document.addEventListener("visibilitychange", () => {
  draw();
  if (!paused && !document.hidden) showTop();
});
find("pause").addEventListener("click", () => setPaused(!paused));
find("help").addEventListener("click", () => find("keys").showModal());
find("close-help").addEventListener("click", () => find("keys").close());
find("units").addEventListener("change", (event) => chooseUnits(event.target.value));

chooseUnits(find("units").value);
stream.open();
