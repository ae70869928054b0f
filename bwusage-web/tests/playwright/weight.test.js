// What a first visit transfers.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./lib/browser.js";
import { Dashboard } from "./lib/dashboard.js";
import { Stage } from "./lib/stage.js";

/** Of everything that the page is made of, compressed. */
const MOST_BYTES = 60 * 1024;

let stage, web, browser;

before(async () => {
  stage = await Stage.withDaemon();
  web = await stage.startWeb({ words: ["--no-login"] });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

test("a first visit is light, and a second one nearly nothing", async (t) => {
  const dashboard = await Dashboard.blank(browser, web.origin);
  let files = [];
  dashboard.page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    // What is told of the machine comes on top, and goes on for ever.
    if (!pathname.startsWith("/api/")) files.push({ pathname, bytes: Number(response.headers()["content-length"] ?? 0) });
  });
  const visit = async () => {
    files = [];
    await dashboard.page.goto(`${web.origin}/`, { waitUntil: "load" });
    await dashboard.says("live");
    return files.reduce((sum, { bytes }) => sum + bytes, 0);
  };

  const first = await visit();
  for (const { pathname, bytes } of files) t.diagnostic(`${String(bytes).padStart(6)} ${pathname}`);
  t.diagnostic(`${String(first).padStart(6)} bytes in ${files.length} files`);
  assert.ok(files.filter(({ bytes }) => bytes > 0).length > 5, "every file says its length");
  assert.ok(first <= MOST_BYTES, `${first} bytes of at most ${MOST_BYTES}`);

  const second = await visit();
  assert.ok(second < first / 10, `${second} bytes of what the browser has already`);
  assert.ok(files.length > 5, "it asked whether there is something newer");
  await dashboard.close();
});
