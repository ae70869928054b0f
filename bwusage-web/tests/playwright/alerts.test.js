// An alert from the rule that somebody types to the notification that somebody sees.

import assert from "node:assert/strict";
import { chmodSync, chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { launch } from "./lib/browser.js";
import { Dashboard } from "./lib/dashboard.js";
import { NOBODY, Stage } from "./lib/stage.js";

const VIEWER = { user: "victor", password: "one should fall down", role: "viewer" };
const OPERATOR = { user: "olga", password: "standing on the wall", role: "operator" };

/** A name of its own: a daemon also sees the programs of other runs. */
const SENDER = `sender-${process.pid}`;
const RULE = `app ${SENDER}: rate.tx > 100kB/s for 1s`;

let stage, web, browser;

before(async () => {
  stage = await Stage.withDaemon();
  web = await stage.startWeb();
  await web.addUser(OPERATOR);
  browser = await launch();
  await stage.startTraffic("taker", ["serve-stream", stage.far(7000)], { far: true });
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** Notes every notification that the page makes, and lets the browser make it. */
function noteNotifications() {
  window.notified = [];
  window.Notification = class extends Notification {
    constructor(title, options) {
      super(title, options);
      window.notified.push({ title, ...options });
    }
  };
}

test("a rule is typed, fires with a notification, is over, and is removed", async () => {
  const dashboard = await Dashboard.logIn(browser, web, { ...OPERATOR, permissions: ["notifications"] });
  const { page } = dashboard;
  await page.addInitScript(noteNotifications);
  await page.reload();
  await dashboard.says("live");
  await dashboard.show("alerts", "section");
  await page.getByLabel("Notifications of this browser").check();

  await page.getByLabel("Rule", { exact: true }).fill("app sender: rate.tx >");
  await page.locator("#alerts input.rule[aria-invalid=true]").waitFor();
  await page.getByLabel("Rule", { exact: true }).fill(RULE);
  await page.locator("#trial").filter({ hasText: /would not fire now/ }).waitFor();
  await page.getByRole("button", { name: "Add rule" }).click();
  const rule = page.locator("#alerts li[data-rule]", { hasText: "rate.tx" });
  await rule.waitFor();
  assert.deepEqual(await page.evaluate(() => window.notified), []);

  const sender = await stage.startTraffic(SENDER, ["stream", stage.far(7000), "3600", "2000000"]);
  sender.work().catch(() => {});
  // First: it goes away after a while.
  const toast = await page.locator("#toasts p", { hasText: SENDER }).textContent();
  await page.locator("#bell-count", { hasText: /^1$/ }).waitFor();
  await dashboard.until(() => window.notified.length === 1);
  const [{ title, body }] = await page.evaluate(() => window.notified);
  assert.match(title, /^bwusage: /);
  assert.ok(body.includes(SENDER), body);
  assert.equal(toast, body);
  await rule.locator(".badge", { hasText: "firing" }).waitFor();
  await dashboard.assertAccessible("an active alert");

  await sender.stop();
  await page.locator("#bell-count").waitFor({ state: "hidden" });
  await dashboard.until(() => window.notified.length === 2);

  await rule.getByRole("button", { name: "Remove" }).click();
  await rule.getByRole("button", { name: "Remove" }).click();
  await rule.waitFor({ state: "detached" });
  dashboard.expect(/400 \(Bad Request\)/);
  dashboard.assertQuiet();
  await dashboard.close();
});

test("who changes rules sees who else is told of them, and who only looks does not", async () => {
  const config = join(stage.folder("told"), "web.toml");
  writeFileSync(config, '[webhook.ops]\nurl = "https://hooks.example.org/secret"\nseverity = "warning"\n');
  chownSync(config, NOBODY, NOBODY);
  chmodSync(config, 0o600);
  const telling = await stage.startWeb({ words: ["--config", config], state: "telling" });
  for (const user of [OPERATOR, VIEWER]) await telling.addUser(user);

  const [operator, viewer] = [await Dashboard.logIn(browser, telling, OPERATOR), await Dashboard.logIn(browser, telling, VIEWER)];
  for (const dashboard of [operator, viewer]) await dashboard.show("alerts", "section");
  const told = operator.page.getByRole("region", { name: "Who else is told" });
  await told.getByText("webhook ops https://hooks.example.org is told when every rule of warning or more is firing or resolved · told 0 times").waitFor();
  assert.doesNotMatch(await told.textContent(), /secret/);
  await operator.assertAccessible("who else is told");
  await viewer.page.getByText(/by operators/).waitFor();
  assert.equal(await viewer.page.getByText("Who else is told").isVisible(), false);
  for (const dashboard of [operator, viewer]) {
    dashboard.assertQuiet();
    await dashboard.close();
  }
});
