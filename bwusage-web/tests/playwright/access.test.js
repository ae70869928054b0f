// Who comes in, and what they are shown.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { WIDTHS, launch } from "./lib/browser.js";
import { Dashboard } from "./lib/dashboard.js";
import { Stage } from "./lib/stage.js";

const ADMIN = { user: "alice", password: "twelve green bottles", role: "admin" };
const OPERATOR = { user: "olga", password: "standing on the wall", role: "operator" };
const VIEWER = { user: "victor", password: "one should fall down", role: "viewer" };

/** A name of its own: a daemon also sees the programs of other runs. */
const SENDER = `sender-${process.pid}`;

let stage, web, browser;

before(async () => {
  stage = await Stage.withDaemon();
  web = await stage.startWeb();
  for (const user of [ADMIN, OPERATOR, VIEWER]) await web.addUser(user);
  browser = await launch();
  await stage.startTraffic("taker", ["serve-stream", stage.far(7000)], { far: true });
  const sender = await stage.startTraffic(SENDER, ["stream", stage.far(7000), "3600", "1000000"]);
  sender.work().catch(() => {});
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** A page that is not logged in, at this path. */
async function stranger(server, path, options) {
  const dashboard = await Dashboard.blank(browser, server.origin, options);
  await dashboard.page.goto(`${server.url}${path}`);
  return dashboard;
}

/** The session of one login, for many pages: an address may log in ten times a minute. */
async function session() {
  if (!session.cookies) {
    const dashboard = await Dashboard.logIn(browser, web, ADMIN);
    session.cookies = await dashboard.page.context().cookies();
    await dashboard.close();
  }
  return { cookies: session.cookies, origins: [] };
}

test("the first admin is made with the link that is printed, once", async () => {
  const fresh = await stage.startWeb({ state: "fresh" });
  const [link] = await fresh.line(/https?:\/\/\S+setup\?token=\S+/);

  const lost = await stranger(fresh, "/");
  await lost.page.getByText(/printed a link/).waitFor();
  assert.equal(await lost.page.getByLabel("Password", { exact: true }).isVisible(), false);
  lost.assertQuiet();
  await lost.close();

  const dashboard = await Dashboard.blank(browser, fresh.origin);
  await dashboard.page.goto(link);
  await dashboard.page.getByLabel("User").waitFor();
  assert.doesNotMatch(dashboard.page.url(), /token/, "the token is not kept in the address");
  const { user, password } = ADMIN;
  await dashboard.fill({ User: user, Password: password, "Password again": `${password}!` }, "Make the first admin");
  await dashboard.page.getByText("The two passwords are not the same.").waitFor();
  await dashboard.fill({ "Password again": password }, "Make the first admin");
  await dashboard.says("live");
  await dashboard.page.locator('nav a[href="#admin"]').waitFor();
  dashboard.assertQuiet();
  await dashboard.close();

  const second = await Dashboard.blank(browser, fresh.origin);
  second.expect(/40\d/);
  await second.page.goto(link);
  if (await second.page.getByLabel("User").isVisible()) {
    await second.fill({ User: "mallory", Password: password, "Password again": password }, "Make the first admin");
    await second.page.getByRole("alert").filter({ hasText: /./ }).waitFor();
  }
  assert.equal((await fresh.get("/api/v1/top")).status, 401);
  assert.equal((await fresh.post("/api/v1/login", { user: "mallory", password })).status, 401);
  await second.close();
});

test("a login is refused with a wrong password, and leads to the page with the right one", async () => {
  const dashboard = await stranger(web, "/#ledger");
  dashboard.expect(/401/);
  await dashboard.page.waitForURL(/\/login/);
  await dashboard.fill({ User: VIEWER.user, Password: "not that password" }, "Log in");
  await dashboard.page.getByRole("alert").filter({ hasText: /./ }).waitFor();
  const refused = await dashboard.page.getByRole("alert").textContent();
  // The words of the first refusal are there until the second one comes.
  const answered = dashboard.page.waitForResponse(/api\/v1\/login/);
  await dashboard.fill({ User: "nobody-there", Password: "not that password" }, "Log in");
  await answered;
  await dashboard.page.getByRole("alert").filter({ hasText: /./ }).waitFor();
  assert.equal(await dashboard.page.getByRole("alert").textContent(), refused, "nobody learns which users there are");
  await dashboard.fill({ User: VIEWER.user, Password: VIEWER.password }, "Log in");
  await dashboard.says("live");
  dashboard.assertQuiet();

  const [cookie, ...others] = await dashboard.page.context().cookies();
  assert.deepEqual(others, []);
  const { httpOnly, sameSite, secure, path } = cookie;
  assert.deepEqual({ httpOnly, sameSite, secure, path }, { httpOnly: true, sameSite: "Strict", secure: false, path: "/" });
  assert.doesNotMatch(await dashboard.page.evaluate(() => document.cookie + JSON.stringify(localStorage)), new RegExp(cookie.value));
  await dashboard.close();
});

test("who logs out is out, in every tab", async () => {
  const dashboard = await Dashboard.logIn(browser, web, VIEWER);
  const other = await dashboard.page.context().newPage();
  await other.goto(`${web.url}/`);
  await other.locator("#pill", { hasText: /^live$/ }).waitFor();
  dashboard.expect(/401/);
  await dashboard.page.getByRole("button", { name: "Settings" }).click();
  await dashboard.page.getByRole("button", { name: "Log out" }).click();
  await dashboard.page.waitForURL(/\/login/);
  const status = (path) => dashboard.page.evaluate(async (path) => (await fetch(path)).status, path);
  assert.equal(await status("api/v1/top"), 401);
  // The stream of the other tab is ended by the server.
  await other.locator("#pill").filter({ hasNotText: /^live$/ }).or(other.getByLabel("Password")).first().waitFor();
  await dashboard.page.goto(`${web.url}/`);
  await dashboard.page.waitForURL(/\/login/);
  dashboard.assertQuiet();
  await dashboard.close();
});

test("a viewer sees neither command lines nor with whom programs talk, and can change nothing", async () => {
  const [admin, viewer] = [await web.session(ADMIN), await web.session(VIEWER)];
  const ask = async (path, headers) => {
    const answer = await web.get(path, headers);
    return { status: answer.status, text: await answer.text() };
  };
  const shown = await ask("/api/v1/connections", admin);
  assert.ok(shown.status === 200 && shown.text.includes(stage.far(7000).split(":")[0]), shown.text);
  const { rows } = JSON.parse((await ask("/api/v1/top?by=pid", admin)).text);
  const { pid } = rows.find(({ name }) => name === SENDER);
  assert.match((await ask(`/api/v1/process/${pid}`, admin)).text, /bench-generate/);

  for (const path of ["/api/v1/top?by=pid", "/api/v1/top.csv", "/api/v1/status", "/api/v1/ledger", "/api/v1/connections", "/api/v1/connections.csv", `/api/v1/process/${pid}`, "/api/v1/history?by=remote", "/api/v1/alerts", "/api/v1/alerts/log"]) {
    const { text } = await ask(path, viewer);
    assert.doesNotMatch(text, /bench-generate|3600|10\.78\.0\.2/, path);
  }
  for (const path of ["/api/v1/connections", "/api/v1/users", "/api/v1/sessions", "/api/v1/tokens", "/api/v1/audit"]) {
    assert.equal((await ask(path, viewer)).status, 403, path);
  }
  const rule = { rule: "rx > 1GiB / 1d" };
  assert.equal((await web.post("/api/v1/alerts", rule, viewer)).status, 403);
  assert.equal((await web.post("/api/v1/alerts", rule, await web.session(OPERATOR))).status, 201);
});

test("the page of a viewer offers nothing that it may not, and that of an admin everything", async () => {
  const [viewer, admin] = [await Dashboard.logIn(browser, web, VIEWER), await Dashboard.logIn(browser, web, ADMIN)];
  await admin.page.locator('nav a[href="#admin"]').waitFor();
  await viewer.row(SENDER).waitFor();
  assert.equal(await viewer.page.locator('nav a[href="#admin"]').isVisible(), false);
  for (const dashboard of [viewer, admin]) await dashboard.show("alerts", "section");
  await admin.page.locator("#alerts input.rule").waitFor();
  await viewer.page.getByText(/by operators/).waitFor();
  assert.equal(await viewer.page.locator("#alerts input.rule").isVisible(), false);

  viewer.expect(/403/);
  await admin.page.locator('nav a[href="#connections"]').click();
  await admin.page.locator("#connections tbody tr", { hasText: stage.far(7000) }).first().waitFor();
  await viewer.page.locator('nav a[href="#connections"]').click();
  await viewer.page.locator("#hidden").filter({ hasText: /./ }).waitFor();
  assert.equal(await viewer.page.locator("#connections tbody tr").count(), 0);

  await admin.page.locator('nav a[href="#admin"]').click();
  await admin.page.locator("#admin").getByText(VIEWER.user).first().waitFor();
  for (const dashboard of [viewer, admin]) {
    dashboard.assertQuiet();
    await dashboard.close();
  }
});

test("an admin ties a user to one of the machine, unties them, and gives them another role", async () => {
  const guest = { user: "gerda", password: "hanging on the line", role: "viewer" };
  await web.addUser(guest);
  const dashboard = await Dashboard.open(browser, web, { storageState: await session() });
  const { page } = dashboard;
  await page.locator('nav a[href="#admin"]').click();
  const row = page.locator("#admin li", { has: page.getByText(guest.user, { exact: true }) }).first();
  const known = () => page.evaluate(async (user) => (await (await fetch("api/v1/users")).json()).users.find(({ name }) => name === user), guest.user);

  dashboard.expect(/422/);
  await row.getByLabel(/whose sight gerda has/).fill("no-such-user-here");
  await row.getByRole("button", { name: /^Tie gerda/ }).click();
  await page.locator("#toasts", { hasText: "no such user on this machine" }).waitFor();
  assert.equal((await known()).os_user, null);

  await row.getByLabel(/whose sight gerda has/).fill("nobody");
  await row.getByRole("button", { name: /^Tie gerda/ }).click();
  await row.getByText("sees what nobody sees").waitFor();
  assert.equal((await known()).os_user, "nobody");

  await row.getByRole("button", { name: /^Untie gerda/ }).click();
  assert.equal((await known()).os_user, "nobody", "the first click asks");
  await row.getByRole("button", { name: /^Untie gerda/ }).click();
  await row.getByText("sees what nobody sees").waitFor({ state: "detached" });
  assert.equal((await known()).os_user, null);

  await row.getByLabel("Role of gerda").selectOption("operator");
  await page.locator("#toasts", { hasText: "gerda is operator now" }).waitFor();
  assert.equal((await known()).role, "operator");
  dashboard.assertQuiet();
  await dashboard.close();
});

test("the administration says how the daemon is, how long it keeps what, and under which licences all this is", async () => {
  const dashboard = await Dashboard.open(browser, web, { storageState: await session() });
  const { page } = dashboard;
  await page.locator('nav a[href="#admin"]').click();
  const part = (name) => page.locator("#admin").getByRole("region", { name, exact: true });
  await part("Daemon").getByText(/^exact by /).waitFor();
  const daemon = await part("Daemon").textContent();
  for (const said of [/\d+ of \d+ hooks attached/, /[\d.]+ % of the traffic has a process/, /slots \d+ of \d+/]) assert.match(daemon, said);
  const history = await part("History").textContent();
  assert.match(history, /by the minute for 2 d · by the hour for 90 d · by the day for ever/);
  const answer = await page.evaluate(async (address) => (await fetch(address)).text(), await part("Licences").getByRole("link").getAttribute("href"));
  assert.match(answer, /Permission is hereby granted/);
  dashboard.assertQuiet();
  await dashboard.close();
});

for (const width of WIDTHS) {
  test(`${width} wide, login, set-up and administration are no wider than their window and accessible`, async () => {
    const fresh = await stage.startWeb({ state: `fresh-${width}` });
    const [, token] = await fresh.line(/setup\?token=(\S+)/);
    for (const [server, path] of [[web, "/login"], [fresh, "/setup"], [fresh, `/setup?token=${token}`]]) {
      const dashboard = await stranger(server, path, { width });
      await dashboard.page.locator("h2").first().waitFor();
      await dashboard.assertFits(path);
      await dashboard.assertAccessible(path);
      dashboard.assertQuiet();
      await dashboard.close();
    }
    for (const theme of ["dark", "light"]) {
      const dashboard = await Dashboard.open(browser, web, { storageState: await session(), theme, width });
      await dashboard.page.locator('nav a[href="#admin"]').click();
      await dashboard.page.locator("#admin").getByText(VIEWER.user).first().waitFor();
      await dashboard.assertFits("administration");
      await dashboard.assertAccessible("administration");
      dashboard.assertQuiet();
      await dashboard.close();
    }
  });
}
