// What the page costs a browser: the time that its main thread works while the page shows a machine with real traffic.
// `cargo xtask page-cost` starts it.
//
// Chromium counts the time itself: `TaskDuration` of the Performance domain is everything that the main thread did, drawing and
// the measuring itself included.

import { launch } from "./lib/browser.js";
import { Dashboard } from "./lib/dashboard.js";
import { Stage } from "./lib/stage.js";

const [SECONDS = "60", PROGRAMS = "64"] = process.argv.slice(2);
const ADMIN = { user: "alice", password: "twelve green bottles", role: "admin" };
const INTERVALS_MS = [2000, 500];
/** A program sends so much a second, each more than the one before: every row changes at every tick, and few their place. */
const PACE = 20_000;
const MORE = 2_000;

/** Counters of Chromium's, by name; times in seconds. */
async function counters(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

async function measure(browser, web, interval) {
  const dashboard = await Dashboard.logIn(browser, web, { ...ADMIN, interval });
  await dashboard.until((rows) => document.querySelectorAll("#programs tbody tr").length >= rows, Number(PROGRAMS));
  const session = await dashboard.page.context().newCDPSession(dashboard.page);
  // Of the thread, not of the clock: what else the machine does is not the page's.
  await session.send("Performance.setTimeDomain", { timeDomain: "threadTicks" });
  await session.send("Performance.enable");
  const before = await counters(session);
  // The page itself says when the time is over, by its own clock.
  await dashboard.page.evaluate((ms) => new Promise((resolve) => { setTimeout(resolve, ms); }), Number(SECONDS) * 1000);
  const after = await counters(session);
  const grown = (name) => after[name] - before[name];
  const share = (name) => `${((grown(name) / grown("Timestamp")) * 100).toFixed(2)} %`;
  console.log(`| ${interval / 1000} s | ${share("TaskDuration")} | ${share("ScriptDuration")} | ${share("LayoutDuration")} | ${share("RecalcStyleDuration")} | ${(after.JSHeapUsedSize / 1e6).toFixed(1)} MB |`);
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
