// Looking closer: a part of a graph, one program, the past, and all of it as files.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { WIDTHS, launch } from "./lib/browser.js";
import { rows } from "./lib/csv.js";
import { Dashboard } from "./lib/dashboard.js";
import { Stage } from "./lib/stage.js";

const MIB = 1024 * 1024;
/** Longer than any test lasts. */
const ALWAYS_S = "3600";
/** What a spreadsheet would calculate, and what a careless writer would take for two fields. */
const FORMULA = '=1+1,"x"';
/** Of a graph, so much is drawn over. */
const [FROM, TO] = [0.5, 0.9];

/** A name of its own: a daemon also sees the programs of other runs. */
const SENDER = `sender-${process.pid}`;

let stage, web, browser, sender;

before(async () => {
  stage = await Stage.withDaemon();
  web = await stage.startWeb({ words: ["--no-login", "--share-connections"] });
  browser = await launch();
  await stage.startTraffic("taker", ["serve-stream", stage.far(7000)], { far: true });
  sender = await stage.startTraffic(SENDER, ["stream", stage.far(7000), ALWAYS_S, String(2 * MIB)]);
  sender.work().catch(() => {});
  const once = await stage.startTraffic(FORMULA, ["stream", stage.far(7000), "1", String(MIB)]);
  await once.work();
  await web.until(async () => {
    const { series } = await (await web.get("/api/v1/history?by=app")).json();
    return series.some(({ name, key, app }) => [name, key, app].includes(SENDER));
  });
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** Draws over a part of the graph of a card. */
async function drawOver(dashboard, card) {
  const { x, y, width, height } = await dashboard.page.locator(`#${card} .u-over`).boundingBox();
  const { mouse } = dashboard.page;
  await mouse.move(x + width * FROM, y + height / 2);
  await mouse.down();
  await mouse.move(x + width * (FROM + TO) / 2, y + height / 2);
  await mouse.move(x + width * TO, y + height / 2);
  await mouse.up();
}

test("drawing over a graph looks closer in all of them, and a double click leads back", async () => {
  const dashboard = await Dashboard.open(browser, web);
  const { page } = dashboard;
  await page.locator("#network .range").filter({ hasText: " to " }).waitFor();
  const [network, cpu] = [await dashboard.picture("network"), await dashboard.picture("cpu")];
  await drawOver(dashboard, "network");
  await page.locator("#zoom-words").filter({ hasText: " – " }).waitFor();
  await dashboard.drawnAnew("network", network);
  await dashboard.drawnAnew("cpu", cpu);
  // It has an address: another browser that is given it shows the same.
  const address = new URL(page.url());
  assert.match(address.hash, /from=.*to=/);
  const other = await Dashboard.open(browser, web, { path: `/${address.hash}` });
  await other.page.locator("#zoom-words", { hasText: await page.locator("#zoom-words").textContent() }).waitFor();
  await other.close();

  await page.locator("#network .u-over").dblclick();
  await page.locator("#zoom").waitFor({ state: "hidden" });
  assert.doesNotMatch(page.url(), /from=/);
  dashboard.assertQuiet();
  await dashboard.close();
});

test("the crosshair of all graphs is at the same moment", async () => {
  const dashboard = await Dashboard.open(browser, web);
  const { page } = dashboard;
  await page.locator("#network .range").filter({ hasText: " to " }).waitFor();
  const { x, y, width, height } = await page.locator("#network .u-over").boundingBox();
  await page.mouse.move(x + width * 0.95, y + height / 2);
  await dashboard.until(() => {
    const moments = ["network", "cpu", "memory", "disk"].map((card) => /\d+:\d+:\d+/.exec(document.querySelector(`#${card} .range`).textContent)?.[0]);
    return moments[0] && moments.every((moment) => moment === moments[0]);
  });
  await dashboard.close();
});

for (const width of WIDTHS) {
  test(`${width} wide, a program has a drawer with what it is, does and did`, async () => {
    const dashboard = await Dashboard.open(browser, web, { width });
    const { page } = dashboard;
    await dashboard.row(SENDER).locator(".main").click();
    const drawer = page.getByRole("dialog", { name: SENDER });
    await drawer.waitFor();
    const fact = (name) => drawer.locator(`dt:text-is("${name}") + dd`);
    await fact("PID").filter({ hasText: String(sender.pid) }).waitFor();
    await fact("User").filter({ hasText: "nobody" }).waitFor();
    await drawer.locator("tbody tr", { hasText: stage.far(7000) }).first().waitFor();
    assert.equal(await drawer.locator("canvas").count(), 4, "network, processor, memory, disk");
    await drawer.getByText(/▲ \d.* MiB\/s/).first().waitFor();
    await dashboard.assertFits("the drawer");
    await dashboard.assertAccessible("the drawer");
    assert.match(page.url(), /row=/);
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "hidden" });
    await page.waitForURL((address) => !address.hash.includes("row="));
    dashboard.assertQuiet();
    await dashboard.close();
  });
}

test("an alert on a program begins in its drawer", async () => {
  const dashboard = await Dashboard.open(browser, web);
  await dashboard.row(SENDER).locator(".main").click();
  await dashboard.page.getByRole("dialog").getByRole("link", { name: "Alert on this" }).click();
  await dashboard.page.locator("#alerts input.rule").waitFor();
  assert.match(await dashboard.page.locator("#alerts input.rule").inputValue(), new RegExp(`^app "?${SENDER}"?: `));
  await dashboard.close();
});

test("the table is a file of comma-separated values that no spreadsheet calculates with", async () => {
  const dashboard = await Dashboard.open(browser, web);
  await dashboard.row(FORMULA).waitFor();
  const { name, text } = await dashboard.download(dashboard.page.locator("#top-csv"));
  assert.match(name, /^bwusage-top-.+\.csv$/);
  const table = rows(text);
  const row = (name) => table.find((row) => row.name === name || row.app === name);
  const { rows: told } = await (await web.get("/api/v1/top?by=app")).json();
  const once = told.find(({ app }) => app === FORMULA);
  assert.equal(row(`'${FORMULA}`)?.tx_bytes_total, String(once.tx_bytes_total));
  assert.ok(Number(row(SENDER).tx_bytes_total) > MIB);
  assert.equal(table.filter((row) => Object.values(row).some((value) => /^[=+@\t]/.test(value ?? ""))).length, 0);
  dashboard.assertQuiet();
  await dashboard.close();
});

test("connections, the ledger and the past are files too", async () => {
  const dashboard = await Dashboard.open(browser, web);
  await dashboard.show("connections");
  const connections = rows((await dashboard.download(dashboard.page.locator("#talk-csv"))).text);
  assert.ok(connections.some((row) => row.remote_address === stage.far(7000).split(":")[0] && row.remote_port === "7000"), JSON.stringify(connections[0]));
  await dashboard.show("ledger");
  const ledger = rows((await dashboard.download(dashboard.page.locator("#ledger").getByRole("link", { name: "CSV" }))).text);
  assert.ok(ledger.some((row) => Object.values(row).includes("eth0")), JSON.stringify(ledger[0]));
  await dashboard.show("history");
  const past = rows((await dashboard.download(dashboard.page.locator("#history-csv"))).text);
  assert.ok(past.some((row) => Object.values(row).includes(SENDER)), JSON.stringify(past[0]));
  dashboard.assertQuiet();
  await dashboard.close();
});

test("the past shows who moved how much", async () => {
  const dashboard = await Dashboard.open(browser, web);
  await dashboard.show("history");
  const row = dashboard.page.locator("#history tbody tr", { hasText: SENDER });
  await row.locator("td.tx").filter({ hasText: /MiB/ }).waitFor();
  await dashboard.page.getByLabel("Each").selectOption("hour");
  await dashboard.until(() => document.querySelector("#history-range").value === "24h");
  await row.waitFor();
  dashboard.assertQuiet();
  await dashboard.close();
});
