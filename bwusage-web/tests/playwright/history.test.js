// The past, while somebody looks.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./lib/browser.js";
import { Dashboard } from "./lib/dashboard.js";
import { Stage } from "./lib/stage.js";

const MINUTE_MS = 60_000;

let stage, web, browser;

before(async () => {
  stage = await Stage.withDaemon();
  web = await stage.startWeb({ words: ["--no-login"] });
  browser = await launch();
  await stage.startTraffic("taker", ["serve-stream", stage.far(7000)], { far: true });
  const sender = await stage.startTraffic("sender", ["stream", stage.far(7000), "3600", "1000000"]);
  sender.work().catch(() => {});
  await web.until(async () => (await (await web.get("/api/v1/history?by=app")).json()).series.length > 0);
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** Resolves after more ticks than it takes until the page draws. */
function ticks(page) {
  return page.evaluate(() => new Promise((resolve) => {
    const stream = new EventSource("api/v1/stream");
    let left = 5;
    stream.addEventListener("tick", () => {
      left -= 1;
      if (left) return;
      stream.close();
      resolve();
    });
  }));
}

test("the history comes anew while it is open, once a minute, and not while the page is paused", async () => {
  const dashboard = await Dashboard.blank(browser, web.origin);
  const { page } = dashboard;
  await page.clock.install();
  await dashboard.remember({ interval: 500 });
  await page.goto(`${web.url}/#history`);
  await dashboard.says("live");
  await page.locator("#history tbody tr").first().waitFor();
  const asked = () => dashboard.requests.filter((address) => address.includes("/api/v1/history?bucket=day")).length;
  const before = asked();

  await page.clock.fastForward(MINUTE_MS / 2);
  await ticks(page);
  assert.equal(asked(), before, "half a minute later there is nothing new");

  await Promise.all([page.waitForRequest(/history\?bucket=day/), page.clock.fastForward(MINUTE_MS)]);
  await ticks(page);
  assert.equal(asked(), before + 1);

  await page.getByRole("button", { name: "Pause" }).click();
  await page.clock.fastForward(10 * MINUTE_MS);
  await ticks(page);
  assert.equal(asked(), before + 1, "a page that stands still asks nothing");
  await Promise.all([page.waitForRequest(/history\?bucket=day/), page.getByRole("button", { name: "Resume" }).click()]);

  await page.locator('nav a[href="#programs"]').click();
  const there = asked();
  await page.clock.fastForward(10 * MINUTE_MS);
  await ticks(page);
  assert.equal(asked(), there, "nor does one that shows something else");
  dashboard.assertQuiet();
  await dashboard.close();
});
