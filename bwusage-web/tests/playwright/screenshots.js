// Draws the pictures of the README: the dashboard before a daemon that plays the recording of an invented machine, with an
// invented past. `cargo xtask screenshots` starts it.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

import { launch } from "./lib/browser.js";
import { Dashboard } from "./lib/dashboard.js";
import { ROOT, built, output } from "./lib/programs.js";
import { NOBODY, Stage } from "./lib/stage.js";

const RECORDING = join(ROOT, "bwusaged/tests/data/demo.jsonl");
const OUT = resolve(process.argv[2] ?? join(ROOT, "bwusage-web/screenshots"));
/** So many seconds of the recording have been played, of the minute and a half that it lasts, when the first picture is drawn. */
const PLAYED_S = 60;
/** The users of the invented machine. */
const USERS = { root: 0, "systemd-resolve": 101, _chrony: 107, postgres: 114, shop: 998, alice: 1000, nobody: NOBODY };
const OPERATOR = { user: "olga", password: "standing on the wall", role: "operator" };
const RULES = ["app nightly.py: tx > 50GiB / 30d", "total > 80%, 90%, 100% of 900GB / month", "mem > 90%"];

/** Every picture: its name, its size, and what is done on the page before it is drawn. */
const PICTURES = [
  { name: "dark", width: 1440, height: 1060 },
  { name: "light", width: 1440, height: 1060, theme: "light" },
  { name: "phone", width: 390, height: 844 },
  { name: "drawer", width: 1440, height: 1060, prepare: openDrawer },
  { name: "history", width: 1440, height: 900, prepare: openHistory },
  { name: "alerts", width: 1440, height: 900, prepare: openAlerts },
];

/** Waits until what is asked for beside the live numbers is there, and two more ticks have been drawn. */
async function settle(dashboard) {
  for (const part of ["#bell-count", "#strip-list li"]) await dashboard.page.locator(part).first().waitFor();
  for (const _tick of [1, 2]) await dashboard.drawnAnew("network", await dashboard.picture("network"));
}

async function openDrawer({ page }) {
  await page.locator("#programs .main", { hasText: "Firefox" }).first().click();
  const drawer = page.getByRole("dialog");
  await drawer.locator("canvas").nth(3).waitFor();
  await drawer.locator("tbody tr").first().waitFor();
}

async function openHistory(dashboard) {
  await dashboard.show("history");
}

async function openAlerts(dashboard) {
  await dashboard.show("alerts", "li[data-rule]");
}

/** Draws one picture. */
async function draw(browser, web, { name, width, height, theme, prepare }) {
  const dashboard = await Dashboard.logIn(browser, web, {
    ...OPERATOR,
    ...{ theme, width, height, reducedMotion: "reduce", timezoneId: "Europe/Berlin", locale: "en-GB" },
  });
  await settle(dashboard);
  await prepare?.(dashboard);
  await dashboard.page.screenshot({ path: join(OUT, `${name}.png`), caret: "hide", animations: "disabled" });
  dashboard.assertQuiet();
  await dashboard.close();
  console.log(join(OUT, `${name}.png`));
}

const stage = Stage.prepared();
let browser;
try {
  output(built("examples/demo_history"), [join(stage.folder("state"), "history.sqlite3")]);
  await stage.startDaemon(["--engine", `replay:${RECORDING}`]);
  const web = await stage.startWeb({ user: USERS.alice, users: USERS });
  await web.addUser(OPERATOR);
  const session = await web.session(OPERATOR);
  for (const rule of RULES) await web.post("/api/v1/alerts", { rule }, session);
  browser = await launch();
  mkdirSync(OUT, { recursive: true });
  const waiting = await Dashboard.logIn(browser, web, OPERATOR);
  await waiting.page.evaluate((points) => new Promise((resolve) => {
    const stream = new EventSource("api/v1/stream");
    let seen = 0;
    const count = (more) => {
      seen += more;
      if (seen < points) return;
      stream.close();
      resolve();
    };
    stream.addEventListener("backfill", ({ data }) => count(JSON.parse(data).at_unix_ms.length));
    stream.addEventListener("tick", () => count(1));
  }), PLAYED_S);
  await waiting.close();
  for (const picture of PICTURES) await draw(browser, web, picture);
} finally {
  await browser?.close();
  await stage.close();
}
