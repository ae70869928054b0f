// What the page shows while real programs move real bytes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { WIDTHS, launch } from "./lib/browser.js";
import { Dashboard, VIEWS } from "./lib/dashboard.js";
import { INTERFACE } from "./lib/network.js";
import { Stage } from "./lib/stage.js";

const MIB = 1024 * 1024;
/** How much the sender sends a second. */
const PACE = 2 * MIB;
/** Longer than any test lasts. */
const ALWAYS_S = "3600";

/** A program that is somebody else's. */
const DAEMON_USER = 1;
const HOSTILE = "<img src=x onerror='window.pwned=1'>";

/** A name of its own: a daemon also sees the programs of other runs. */
const SENDER = `sender-${process.pid}`;

let stage, web, browser;

before(async () => {
  stage = await Stage.withDaemon();
  web = await stage.startWeb({ words: ["--no-login", "--share-connections"] });
  browser = await launch();
  await stage.startTraffic("taker", ["serve-stream", stage.far(7000)], { far: true });
  const sender = await stage.startTraffic(SENDER, ["stream", stage.far(7000), ALWAYS_S, String(PACE)]);
  sender.work().catch(() => {});
  // Received here, from the other end; and by a program with a name that a page must not believe.
  await stage.startTraffic(HOSTILE, ["serve-stream", stage.near(7001)]);
  const giver = await stage.startTraffic("giver", ["stream", stage.near(7001), ALWAYS_S, String(PACE / 4)], { far: true });
  giver.work().catch(() => {});
  await stage.startTraffic("other-taker", ["serve-stream", stage.near(7002)], { user: DAEMON_USER });
  const other = await stage.startTraffic("other-giver", ["stream", stage.near(7002), ALWAYS_S, String(PACE / 8)], { far: true });
  other.work().catch(() => {});
  await web.until(async () => (await (await web.get("/api/v1/history?by=app")).json()).series.length > 0);
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** The JSON of the table, asked for as a script would. */
async function table(parameters = "by=pid") {
  return (await web.get(`/api/v1/top?${parameters}`)).json();
}

for (const [theme, width] of ["dark", "light"].flatMap((theme) => WIDTHS.map((width) => [theme, width]))) {
  test(`${theme} and ${width} wide, every part is live, quiet, no wider than its window and accessible`, async () => {
    const dashboard = await Dashboard.open(browser, web, { theme, width });
    await dashboard.row(SENDER).waitFor();
    for (const view of VIEWS) {
      await dashboard.show(view, view === "alerts" ? "section" : undefined);
      await dashboard.assertFits(view);
      await dashboard.assertAccessible(view);
    }
    dashboard.assertQuiet();
    await dashboard.close();
  });
}

test("the graph moves with the traffic that there is", async () => {
  const dashboard = await Dashboard.open(browser, web);
  const rate = dashboard.page.locator("#network [data-value=tx_bytes_per_s]");
  await rate.filter({ hasText: /^2\.\d+ MiB\/s$/ }).waitFor();
  const before = await dashboard.picture("network");
  await dashboard.drawnAnew("network", before);
  const label = await dashboard.page.locator("#network .chart").getAttribute("aria-label");
  assert.match(label, /^Network over the past .*, now .* received, .* sent$/);
  await dashboard.close();
});

test("what a program says that it sent is what the page says that it sent", async () => {
  const bytes = 8 * MIB;
  const once = await stage.startTraffic("once", ["stream", stage.far(7000), "1", String(bytes)]);
  const { sent_bytes: sent } = await once.work();
  assert.ok(sent > 0);
  const dashboard = await Dashboard.open(browser, web);
  const total = dashboard.row("once").locator("td.tx:not(.rate)");
  // Headers come on top, less than a twentieth.
  await total.filter({ hasText: /^8\.[0-4]\d? MiB$/ }).waitFor();
  const row = (await table()).rows.find(({ name }) => name === "once");
  assert.ok(row.tx_bytes_total >= sent && row.tx_bytes_total < sent * 1.05, `${row.tx_bytes_total} of ${sent}`);
  assert.equal(row.pid, once.pid);
  await once.stop();
  await dashboard.close();
});

test("a heading sorts, and sorts the other way round", async () => {
  const dashboard = await Dashboard.open(browser, web);
  await dashboard.row(SENDER).waitFor();
  const heading = dashboard.page.locator("#programs th.name");
  const sorted = (names) => [...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  for (const [direction, expected] of [["ascending", sorted], ["descending", (names) => sorted(names).reverse()]]) {
    await heading.getByRole("button").click();
    await dashboard.page.locator(`#programs th.name[aria-sort=${direction}]`).waitFor();
    await dashboard.until((falls) => {
      const names = [...document.querySelectorAll("#programs tbody .main")].map((name) => name.textContent.toLowerCase());
      return names.length > 2 && names.every((name, at) => at === 0 || (falls ? names[at - 1] >= name : names[at - 1] <= name));
    }, direction === "descending");
    const names = await dashboard.names();
    assert.deepEqual(names, expected(names));
  }
  await dashboard.page.locator("#programs th.rx").first().getByRole("button").click();
  await dashboard.page.locator('#programs th.name:not([aria-sort])').waitFor();
  await dashboard.close();
});

test("a filter finds, is refused where it makes no sense, and is cleared", async () => {
  const dashboard = await Dashboard.open(browser, web);
  await dashboard.row(SENDER).waitFor();
  await dashboard.page.keyboard.press("/");
  await dashboard.page.keyboard.type(`${SENDER} tx_total>1M`);
  await dashboard.until(() => document.querySelectorAll("#programs tbody tr").length === 1);
  assert.deepEqual(await dashboard.names(), [SENDER]);
  dashboard.expect(/400 \(Bad Request\)/);
  await dashboard.page.keyboard.type(" /[/");
  await dashboard.page.locator("#filter[aria-invalid=true]").waitFor();
  await dashboard.page.locator("#filter-error").filter({ hasText: /./ }).waitFor();
  assert.deepEqual(await dashboard.names(), [SENDER]);
  await dashboard.page.keyboard.press("Escape");
  await dashboard.until(() => document.querySelectorAll("#programs tbody tr").length > 2);
  dashboard.assertQuiet();
  await dashboard.close();
});

test("a connection has its two ends, and those of others are counted and not shown", async () => {
  const dashboard = await Dashboard.open(browser, web);
  await dashboard.show("connections");
  const row = dashboard.page.locator("#connections tbody tr").filter({ has: dashboard.page.getByText(SENDER, { exact: true }) });
  await row.waitFor();
  assert.equal(await row.locator("td.name .main").textContent(), stage.far(7000));
  await dashboard.page.locator("#hidden", { hasText: /more are hidden: they belong to others/ }).waitFor();
  assert.ok(!(await dashboard.page.locator("#connections table").textContent()).includes("other-taker"));
  await dashboard.close();
});

test("the ledger says what every byte of the cable was", async () => {
  const dashboard = await Dashboard.open(browser, web);
  await dashboard.show("ledger");
  // In one look: at another tick something may wait for its name.
  const found = await dashboard.until((name) => {
    const card = [...document.querySelectorAll("#interfaces article")].find(({ textContent }) => textContent.includes(name));
    return card?.textContent.includes("every byte has a name") && [...card.querySelectorAll(".side")].map((side) => {
      const [counted, before] = /count (\d+) bytes, (\d+) of/.exec(side.querySelector(".counter").title).slice(1).map(Number);
      const lines = [...side.querySelectorAll(".bytes")].map(({ title }) => parseInt(title, 10));
      return { counted: counted - before, named: lines.reduce((sum, bytes) => sum + bytes, 0) };
    });
  }, INTERFACE);
  const sums = await found.jsonValue();
  for (const { counted, named } of sums) assert.equal(named, counted);
  assert.ok(sums.some(({ counted }) => counted > MIB));
  await dashboard.close();
});

test("a hostile name is text", async () => {
  const dashboard = await Dashboard.open(browser, web);
  await dashboard.row(HOSTILE).waitFor();
  for (const view of VIEWS) await dashboard.show(view);
  assert.equal(await dashboard.page.evaluate(() => typeof window.pwned), "undefined");
  assert.equal(await dashboard.page.locator("main img").count(), 0);
  dashboard.assertQuiet();
  await dashboard.close();
});

test("a paused page stands still, and goes on where the machine is", async () => {
  const dashboard = await Dashboard.open(browser, web);
  await dashboard.row(SENDER).waitFor();
  await dashboard.page.keyboard.press("p");
  await dashboard.says("paused");
  const before = await dashboard.picture("network");
  // A second stream says when the page would have moved on.
  await dashboard.page.evaluate(() => new Promise((resolve) => {
    const stream = new EventSource("api/v1/stream");
    let ticks = 0;
    stream.addEventListener("tick", () => {
      ticks += 1;
      if (ticks < 4) return;
      stream.close();
      resolve();
    });
  }));
  assert.equal(await dashboard.picture("network"), before);
  await dashboard.page.keyboard.press("p");
  await dashboard.says("live");
  await dashboard.drawnAnew("network", before);
  await dashboard.close();
});
