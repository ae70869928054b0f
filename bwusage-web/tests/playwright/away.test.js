// What the page says when the daemon or the server is away, and how it comes back.

import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";

import { launch } from "./lib/browser.js";
import { Dashboard } from "./lib/dashboard.js";
import { Stage } from "./lib/stage.js";

/** A name of its own: a daemon also sees the programs of other runs. */
const SENDER = `sender-${process.pid}`;

let stage, web, browser, dashboard;

before(async () => {
  browser = await launch();
});

after(() => browser?.close());

beforeEach(async () => {
  stage = await Stage.withDaemon();
  web = await stage.startWeb({ words: ["--no-login"] });
  await stage.startTraffic("taker", ["serve-stream", stage.far(7000)], { far: true });
  const sender = await stage.startTraffic(SENDER, ["stream", stage.far(7000), "3600", "1000000"]);
  sender.work().catch(() => {});
  dashboard = await Dashboard.open(browser, web, { width: 390 });
  await dashboard.row(SENDER).waitFor();
});

afterEach(async () => {
  await dashboard?.close();
  await stage?.close();
});

test("a daemon that is killed is missed, and welcomed back with its numbers", async () => {
  // What the page was just asking for when the daemon died.
  dashboard.expect(/503/);
  await stage.killDaemon();
  await dashboard.says("reconnecting");
  await dashboard.page.locator("#banner").waitFor();
  await dashboard.page.locator("#banner-hints", { hasText: "sudo bwusaged" }).waitFor();
  assert.equal(await dashboard.row(SENDER).count(), 1, "the last rows stay");
  await dashboard.assertFits("the page without a daemon");
  await dashboard.assertAccessible("the page without a daemon");

  await stage.startDaemon();
  await dashboard.says("live");
  await dashboard.page.locator("#banner").waitFor({ state: "hidden" });
  // What it counts from now on is on the page again.
  await dashboard.row(SENDER).locator("td.tx.rate").filter({ hasText: /[KM]iB\/s/ }).waitFor();
  dashboard.assertQuiet();
});

test("a server that is killed is missed, and found again", async () => {
  // A connection is refused, reset or cut, wherever it was when the server died.
  dashboard.expect(/net::ERR_/);
  await web.kill();
  await dashboard.says("reconnecting");
  await web.restart();
  await dashboard.says("live");
  await dashboard.page.locator("#banner").waitFor({ state: "hidden" });
  dashboard.assertQuiet();
});
