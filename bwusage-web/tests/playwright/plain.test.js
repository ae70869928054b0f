// The page for a browser without scripts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { WIDTHS, Watched, launch } from "./lib/browser.js";
import { BASE, NAME, Nginx } from "./lib/nginx.js";
import { Stage } from "./lib/stage.js";

const VIEWER = { user: "victor", password: "one should fall down", role: "viewer" };
const OPERATOR = { user: "olga", password: "standing on the wall", role: "operator" };
/** A name of its own, which would act on a page that believed it; the kernel keeps 15 characters of it. */
const SENDER = `<b>${process.pid % 1e6}&\u202e`;
const SHOWN = SENDER.replace("\u202e", "\\u{202e}");

let stage, web, nginx, browser;

before(async () => {
  stage = await Stage.withDaemon();
  web = await stage.startWeb();
  for (const user of [VIEWER, OPERATOR]) await web.addUser(user);
  const proxied = await stage.startWeb({ words: ["--base-path", BASE, "--allow-host", NAME, "--trusted-proxy", "127.0.0.1"], state: "below" });
  await proxied.addUser(VIEWER);
  nginx = await Nginx.start(stage, proxied.origin);
  browser = await launch({ names: { [NAME]: nginx.address } });
  await stage.startTraffic("taker", ["serve-stream", stage.far(7000)], { far: true });
  const sender = await stage.startTraffic(SENDER, ["stream", stage.far(7000), "3600", "1000000"]);
  sender.work().catch(() => {});
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** A page that was logged in by the form at `url`, and has no scripts. */
async function logIn({ user, password }, url = web.url, options = {}) {
  const watched = await Watched.blank(browser, new URL(url).origin, { javaScriptEnabled: false, ...options });
  await watched.page.goto(`${url}/`);
  await fill(watched.page, { user, password });
  await watched.page.waitForURL(`${url}/?plain=1`);
  return watched;
}

async function fill(page, { user, password }) {
  await page.getByLabel("User").fill(user);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** The row of the program that makes the traffic. */
function sender(page) {
  return page.locator("#programs tbody tr", { has: page.locator("bdi", { hasText: SHOWN }) });
}

/** Loads the page again until it has that row: the program may be younger than the last tick. */
async function seen(page) {
  await page.goto(`${page.url()}&refresh=2`);
  await sender(page).waitFor();
}

test("without scripts one logs in, sees what moves, sorts, filters, and logs out", async () => {
  const watched = await logIn(VIEWER);
  const { page } = watched;
  await seen(page);
  assert.match(await page.locator("header").textContent(), /\S+ · .*exact.*[\d.]+ % attributed/s);
  assert.match(await page.locator("#ledger").textContent(), /received by the interfaces that lead out: processes [\d.]+ [KMG]?i?B/);

  await page.getByRole("link", { name: "Name" }).click();
  await page.waitForURL(/sort=name/);
  assert.equal(await page.locator("th[aria-sort=ascending]").textContent(), "Name");
  await page.getByLabel("By").selectOption("pid");
  await page.getByLabel("Filter").fill(`tx>1 ${SENDER.slice(0, 3)}`);
  await page.getByLabel("Anew").selectOption("when asked");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/by=pid/);
  assert.equal(await page.locator("#programs tbody tr").count(), 1);
  assert.match(page.url(), /sort=name/, "what was chosen before stays");
  assert.match(await sender(page).textContent(), new RegExp(`${process.pid % 1e6}`));
  assert.equal(await page.locator("#programs b").count(), 0, "a name is no markup");

  await page.getByLabel("Filter").fill("/[/");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
  assert.equal(await page.getByLabel("Filter").inputValue(), "/[/");

  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL(/\/login\?plain=1$/);
  await page.goto(`${web.url}/?plain=1&by=user`);
  await page.waitForURL(/\/login\?plain=1&by=user$/);
  watched.expect(/40[01]/);
  await fill(page, { ...VIEWER, password: "not that password" });
  await page.getByRole("alert").filter({ hasText: "wrong" }).waitFor();
  await fill(page, VIEWER);
  await page.waitForURL(`${web.url}/?plain=1&by=user`);
  watched.assertQuiet();
  await watched.close();
});

test("it comes anew by itself as often as was chosen, and its numbers go on", async () => {
  const watched = await logIn(VIEWER);
  const { page } = watched;
  await seen(page);
  const total = () => sender(page).locator("td.tx").last().textContent();
  const first = await total();
  // Nobody asks: the page does.
  await page.waitForEvent("response", (response) => response.url().includes("refresh=2"));
  await page.locator("#programs tbody td.tx", { hasText: /./ }).first().waitFor();
  while (await total() === first) await page.waitForEvent("load");
  watched.assertQuiet();
  await watched.close();
});

test("a viewer is shown no command line on it either", async () => {
  const [operator, viewer] = [await logIn(OPERATOR), await logIn(VIEWER)];
  for (const { page } of [operator, viewer]) {
    await page.goto(`${web.url}/?plain=1&by=pid&refresh=2`);
    await sender(page).waitFor();
  }
  assert.match(await sender(operator.page).textContent(), /bench-generate stream/);
  assert.doesNotMatch(await viewer.page.content(), /bench-generate/);
  for (const watched of [operator, viewer]) {
    watched.assertQuiet();
    await watched.close();
  }
});

test("below the path of a proxy everything of it stays below that path", async () => {
  const watched = await logIn(VIEWER, nginx.url, { ignoreHTTPSErrors: true });
  const { page } = watched;
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(`${nginx.url}/?plain=1&by=app**`);
  await page.getByRole("link", { name: "Memory" }).click();
  await page.waitForURL(`${nginx.url}/?plain=1**sort=mem`);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL(`${nginx.url}/login?plain=1`);
  assert.deepEqual(watched.requests.filter((address) => !address.startsWith(`${nginx.url}/`)), []);
  watched.assertQuiet();
  await watched.close();
});

test("whoever has scripts logs in to it, too, and the page with graphs is one link away", async () => {
  const watched = await Watched.blank(browser, web.origin);
  const { page } = watched;
  await page.goto(`${web.url}/?plain=1&by=unit`);
  await fill(page, VIEWER);
  await page.waitForURL(`${web.url}/?plain=1&by=unit`);
  await page.getByRole("link", { name: "With graphs" }).click();
  await page.locator("#pill", { hasText: /^live$/ }).waitFor();
  watched.assertQuiet();
  await watched.close();
});

test("at every width it is no wider than its window, and accessible", async () => {
  const { cookie } = await web.session(OPERATOR);
  const [name, value] = cookie.split("=");
  for (const width of WIDTHS) {
    for (const colorScheme of ["dark", "light"]) {
      const watched = await Watched.blank(browser, web.origin, { width, colorScheme });
      await watched.page.context().addCookies([{ name, value, url: `${web.url}/` }]);
      for (const query of ["by=pid&all=true", "filter=nothing-has-this-name", "filter=%2F%5B%2F"]) {
        if (query.endsWith("%2F")) watched.expect(/400/);
        await watched.page.goto(`${web.url}/?plain=1&${query}`);
        await watched.assertFits(`${query} at ${width}`);
        await watched.assertAccessible(`${query} at ${width}, ${colorScheme}`);
      }
      watched.assertQuiet();
      await watched.close();
    }
  }
});
