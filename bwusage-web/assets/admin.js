// Administration: who may log in, what programs may read, what was done, and how the daemon is. Loaded when an admin goes there.

import { ask, tell } from "./api.js";
import { button, element } from "./dom.js";
import { bytes, duration, moment, setText, visible } from "./format.js";
import { toast } from "./toasts.js";

const ROLES = { viewer: "viewer: looks", operator: "operator: changes alerts, too", admin: "admin: changes users, too" };
const SCOPES = { metrics: "metrics: reads /metrics", read: "read: reads what a viewer may" };
const LIVES = { 30: "30 days", 90: "90 days", 365: "a year", "": "until it is removed" };
const LINES = 50;

const place = document.getElementById("admin");

/** A heading with what belongs under it. */
function part(id, title, ...children) {
  const heading = element("h2", { id: `${id}-title`, textContent: title });
  return element("section", { className: "admin-part", attributes: { "aria-labelledby": heading.id } }, heading, ...children);
}

/** A list of people or things; `replaceChildren` gives it its rows. */
function list() {
  return element("ul", { className: "things" });
}

/** One row: what it is, what is known of it, and what can be done. */
function row(name, facts, ...actions) {
  return element("li", {},
    element("span", { className: "thing", textContent: visible(name) }),
    element("span", { className: "about", textContent: facts.filter(Boolean).map(visible).join(" · ") }),
    element("span", { className: "actions" }, ...actions));
}

function select(id, options, chosen) {
  const made = element("select", { id });
  for (const [value, textContent] of Object.entries(options)) {
    // The default, so that emptying the form comes back to it.
    made.append(element("option", { value, textContent, defaultSelected: value === chosen }));
  }
  return made;
}

function input(id, properties = {}) {
  return element("input", { id, name: id, required: true, ...properties });
}

/** A form of labelled fields; `send` is called with it, and what it refuses is said below. */
function form(fields, action, send) {
  const message = element("p", { className: "refusal", hidden: true, attributes: { role: "alert" } });
  const submit = element("button", { type: "submit", textContent: action });
  const labelled = Object.entries(fields).map(([label, field]) =>
    element("div", { className: "field" }, element("label", { htmlFor: field.id, textContent: label }), field));
  const made = element("form", { className: "add", method: "post" }, ...labelled, submit, message);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    message.hidden = true;
    try {
      await send();
      made.reset();
    } catch (refusal) {
      setText(message, visible([refusal.message, ...(refusal.hints ?? [])].join("\n")));
      message.hidden = false;
    } finally {
      submit.disabled = false;
    }
  });
  return made;
}

/** Does something about one row, says what came of it, and shows everything anew. */
async function act(done, ...request) {
  try {
    await tell(...request);
    toast(done, "good");
  } catch (refusal) {
    toast(visible(refusal.message), "alert");
  }
  await refresh();
}

/** A button that asks once more before it acts. */
function dangerous(text, label, action) {
  const made = button(text, () => {
    if (made.dataset.sure) action();
    made.dataset.sure = "yes";
    setText(made, "Really?");
  }, { attributes: { "aria-label": label } });
  made.addEventListener("blur", () => {
    delete made.dataset.sure;
    setText(made, text);
  });
  return made;
}

const when = (unixMs, otherwise) => (unixMs === null ? otherwise : moment(unixMs));
const of = (kind, id) => `${kind}/${encodeURIComponent(id)}`;

// users

const users = list();
const user = {
  name: input("new-user", { autocomplete: "off", maxLength: 64, pattern: "[A-Za-z0-9][A-Za-z0-9._@\\-]*" }),
  password: input("new-user-password", { type: "password", autocomplete: "new-password", minLength: 12, maxLength: 1024 }),
  role: select("new-user-role", ROLES, "viewer"),
  osUser: input("new-user-os", { required: false, autocomplete: "off", placeholder: "nobody", maxLength: 64 }),
};
const addUser = form(
  { Name: user.name, Password: user.password, Role: user.role, "Sees what this user of the machine sees": user.osUser },
  "Add user",
  async () => {
    const body = { user: user.name.value, password: user.password.value, role: user.role.value };
    if (user.osUser.value) body.os_user = user.osUser.value;
    await tell("POST", "users", body);
    toast(`${body.user} can log in now`, "good");
    await refresh();
  },
);

/** Ties a user to one of the machine, whose sight they then have, and unties them. */
function tieOf({ name, os_user: tied }) {
  const field = element("input", {
    value: tied ?? "",
    placeholder: "nobody",
    maxLength: 64,
    required: true,
    autocomplete: "off",
    attributes: { "aria-label": `User of the machine whose sight ${name} has` },
  });
  const submit = element("button", { type: "submit", textContent: "Tie", attributes: { "aria-label": `Tie ${name} to that user` } });
  const made = element("form", { className: "tie", method: "post" }, field, submit);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    act(`${name} sees what ${visible(field.value)} sees now`, "PATCH", of("users", name), { os_user: field.value.trim() });
  });
  // Who is untied sees more: that is asked once more.
  const untie = () => act(`${name} sees what the role may now`, "PATCH", of("users", name), { os_user: "" });
  return tied ? [made, dangerous("Untie", `Untie ${name} from ${visible(tied)}`, untie)] : [made];
}

function showUsers({ users: known }) {
  users.replaceChildren(...known.map((one) => {
    const role = select(`role-of-${one.name}`, Object.fromEntries(Object.keys(ROLES).map((name) => [name, name])), one.role);
    role.setAttribute("aria-label", `Role of ${one.name}`);
    role.addEventListener("change", () => act(`${one.name} is ${role.value} now`, "PATCH", of("users", one.name), { role: role.value }));
    return row(one.name, [
      one.os_user && `sees what ${one.os_user} sees`,
      `last login ${when(one.login_at_unix_ms, "never")}`,
      one.sessions > 0 && `logged in ${one.sessions}×`,
    ], role, ...tieOf(one), dangerous("Remove", `Remove ${one.name}`, () => act(`${one.name} was removed`, "DELETE", of("users", one.name))));
  }));
}

// sessions

const sessions = list();

function showSessions({ sessions: known }) {
  sessions.replaceChildren(...known.map((one) => row(one.user, [
    one.current && "this one",
    `seen ${moment(one.seen_at_unix_ms)}`,
    one.address,
    one.agent,
  ], dangerous("End", `End the session of ${one.user}`, () => act("The session is over", "DELETE", of("sessions", one.id))))));
}

// tokens

const tokens = list();
const secret = element("output", { className: "secret", hidden: true });
const token = {
  name: input("new-token", { autocomplete: "off", maxLength: 64 }),
  scope: select("new-token-scope", SCOPES, "metrics"),
  days: select("new-token-days", LIVES, "90"),
};
const addToken = form({ "For what": token.name, "May do": token.scope, "Good for": token.days }, "Make token", async () => {
  const body = { name: token.name.value, scope: token.scope.value };
  if (token.days.value) body.days = Number(token.days.value);
  const made = await tell("POST", "tokens", body);
  secret.replaceChildren("Copy it now, it is not shown again: ", element("code", { textContent: made.token }));
  secret.hidden = false;
  await refresh();
});

function showTokens({ tokens: known }) {
  tokens.replaceChildren(...known.map((one) => row(one.name, [
    one.scope,
    `of ${one.user}`,
    `until ${when(one.expires_at_unix_ms, "it is removed")}`,
    `used ${when(one.used_at_unix_ms, "never")}`,
  ], dangerous("Remove", `Remove the token ${one.name}`, () => act("The token is not good any more", "DELETE", of("tokens", one.id))))));
}

// the log

const log = list();
const older = button("Older", () => showLog(Number(older.dataset.before)));

async function showLog(before) {
  const answer = await ask("audit", new URLSearchParams(before ? { limit: LINES, before } : { limit: LINES }));
  if (!answer) return;
  const lines = answer.lines.map((line) => row(line.action.replaceAll("_", " "), [
    moment(line.at_unix_ms),
    line.actor && `by ${line.actor}`,
    line.subject,
    line.detail,
    line.address ? `from ${line.address}` : "on the machine itself",
  ]));
  if (before) log.append(...lines);
  else log.replaceChildren(...lines);
  older.hidden = answer.lines.length < LINES;
  older.dataset.before = answer.lines.at(-1)?.id ?? 0;
}

// the daemon

const daemon = list();
const past = list();

function showDaemon(status) {
  const { coverage, ledger, losses, history, retention, tables } = status;
  const attached = coverage.hooks.filter((hook) => hook.attached).length;
  const attributed = ledger?.attributed_percent;
  daemon.replaceChildren(
    row("Runs", [
      `bwusaged ${status.daemon_version}`,
      `up ${duration(status.uptime_ms)}`,
      status.self_rss_bytes === null ? "" : `uses ${bytes(status.self_rss_bytes)} of memory`,
      `${status.connections} clients`,
      `this server sees ${status.you_see}, other users ${status.visibility}`,
    ]),
    row("Counts", [
      `${coverage.quality} by ${coverage.engine}`,
      coverage.hooks.length && `${attached} of ${coverage.hooks.length} hooks attached`,
      attributed == null ? "" : `${attributed} % of the traffic has a process`,
      `${status.late_ticks} of ${status.ticks} ticks late`,
      ...coverage.blind_spots.map((what) => `cannot see ${what}`),
    ]),
    row("Lost", losses.length ? losses.map(({ what, events }) => `${what} (${events} times)`) : ["nothing"]),
    row("Tables in the kernel", tables?.length ? tables.map(({ table, entries, capacity }) => `${table} ${entries} of ${capacity}`) : ["not known"]),
  );
  past.replaceChildren(
    row("Stored", history ? [
      history.oldest_at ? `since ${moment(Date.parse(history.oldest_at))}` : "nothing yet",
      history.size_bytes === null ? "" : bytes(history.size_bytes),
      history.fault && `not stored at present: ${history.fault}`,
    ] : ["the past is not remembered"]),
    row("Kept", retention ? [
      `by the minute for ${span(retention.minutes_s)}`,
      `by the hour for ${span(retention.hours_s)}`,
      `by the day ${retention.days_s === null ? "for ever" : `for ${span(retention.days_s)}`}`,
      "the daemon's configuration changes it",
    ] : ["not known"]),
  );
}

function span(seconds) {
  return duration(seconds * 1000);
}

async function refresh() {
  const parts = { users: showUsers, sessions: showSessions, tokens: showTokens, status: showDaemon };
  await Promise.all(Object.entries(parts).map(async ([path, show]) => {
    const answer = await ask(path);
    if (answer) show(answer);
  }));
  await showLog();
}

document.head.append(element("link", { rel: "stylesheet", href: "assets/admin.css" }));
place.replaceChildren(
  part("users", "Users", users, addUser),
  part("sessions", "Sessions", sessions),
  part("tokens", "Tokens", element("p", { className: "about", textContent: "Programs send one as “Authorization: Bearer …”. It only ever reads." }), tokens, addToken, secret),
  part("audit", "What was done", log, older),
  part("daemon", "Daemon", daemon),
  part("retention", "History", past),
  part("licences", "Licences", element("p", { className: "about" },
    "bwusage is under the MIT licence or the Apache License 2.0, as you like. The charts are drawn by uPlot: ",
    element("a", { href: "assets/vendor/LICENSE.uPlot", textContent: "its licence" }), ".")),
);
refresh();
