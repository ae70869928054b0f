// What the page costs a browser: the processor time of its main thread while the page shows a machine with real traffic.
// `cargo xtask page-cost` starts it.
//
// The kernel counts it, so that what else the machine does is not the page's; what of it were scripts, layout and style, Chromium
// tells. Its own sum of all tasks, `TaskDuration`, is no measure here: it goes on while a task waits for a processor.

import { readFileSync } from "node:fs";

import { launch } from "./lib/browser.js";
import { Dashboard } from "./lib/dashboard.js";
import { Stage } from "./lib/stage.js";

const [SECONDS = "60", PROGRAMS = "64"] = process.argv.slice(2);
const ADMIN = { user: "alice", password: "twelve green bottles", role: "admin" };
const INTERVALS_MS = [2000, 500];
/** To open a page is another matter than to keep it open: after so many seconds everything that it loads is there. */
const OPENED_S = 10;
/** A program sends so much a second, each more than the one before: every row changes at every tick, and few their place. */
const PACE = 20_000;
const MORE = 2_000;

/** Counters of Chromium's, by name; times in seconds. */
async function counters(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/** Seconds for which the main threads of all pages had a processor. A process without a page, kept for the next one, adds nothing. */
async function mainThreads(system) {
  const { processInfo } = await system.send("SystemInfo.getProcessInfo");
  const pages = processInfo.filter(({ type }) => type === "renderer");
  // The first number is in nanoseconds: Documentation/scheduler/sched-stats.rst of the kernel.
  const times = pages.map(({ id }) => Number(readFileSync(`/proc/${id}/task/${id}/schedstat`, "utf8").split(" ")[0]) / 1e9);
  return times.reduce((sum, time) => sum + time, 0);
}

/** Lets so much time pass. The page itself says when it is over, by its own clock. */
function pass(dashboard, seconds) {
  return dashboard.page.evaluate((ms) => new Promise((resolve) => { setTimeout(resolve, ms); }), seconds * 1000);
}

async function measure(browser, web, interval) {
  const dashboard = await Dashboard.logIn(browser, web, { ...ADMIN, interval });
  await dashboard.until((rows) => document.querySelectorAll("#programs tbody tr").length >= rows, Number(PROGRAMS));
  await pass(dashboard, OPENED_S);
  const session = await dashboard.page.context().newCDPSession(dashboard.page);
  const system = await browser.newBrowserCDPSession();
  await session.send("Performance.setTimeDomain", { timeDomain: "threadTicks" });
  await session.send("Performance.enable");
  const [before, busyBefore] = [await counters(session), await mainThreads(system)];
  await pass(dashboard, Number(SECONDS));
  const [busy, after] = [await mainThreads(system) - busyBefore, await counters(session)];
  const grown = (name) => after[name] - before[name];
  const share = (time) => `${((time / grown("Timestamp")) * 100).toFixed(2)} %`;
  const parts = ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"].map((name) => share(grown(name)));
  console.log(`| ${interval / 1000} s | ${share(busy)} | ${parts.join(" | ")} | ${(after.JSHeapUsedSize / 1e6).toFixed(1)} MB |`);
  await dashboard.close();
}

const stage = await Stage.withDaemon({ interval: 1000 });
let browser;
try {
  const web = await stage.startWeb();
  await web.addUser(ADMIN);
  await stage.startTraffic("taker", ["serve-stream", stage.far(7000)], { far: true });
  for (let number = 0; number < Number(PROGRAMS); number += 1) {
    const sender = await stage.startTraffic(`program-${number}`, ["stream", stage.far(7000), "36000", String(PACE + number * MORE)]);
    sender.work().catch(() => {});
  }
  browser = await launch();
  console.log(`One page at 1440 × 900 with ${PROGRAMS} programs that all send, for ${SECONDS} s each; shares of one core:\n`);
  console.log("| updated every | main thread | of it scripts | layout | style | heap |\n|---|---|---|---|---|---|");
  for (const interval of INTERVALS_MS) await measure(browser, web, interval);
} finally {
  await browser?.close();
  await stage.close();
}
