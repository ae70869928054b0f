// The dashboard below a path of a name that nginx has the certificate of.

import assert from "node:assert/strict";
import { request } from "node:https";
import { after, before, test } from "node:test";

import { launch } from "./lib/browser.js";
import { Dashboard } from "./lib/dashboard.js";
import { BASE, NAME, Nginx } from "./lib/nginx.js";
import { Stage } from "./lib/stage.js";

const ADMIN = { user: "alice", password: "twelve green bottles", role: "admin" };
/** Ticks that are told so far apart: what a proxy holds back until more comes is held back for as long. */
const APART_MS = 5000;

let stage, web, nginx, browser;

before(async () => {
  stage = await Stage.withDaemon();
  web = await stage.startWeb({ words: ["--base-path", BASE, "--allow-host", NAME, "--trusted-proxy", "127.0.0.1"] });
  nginx = await Nginx.start(stage, web.origin);
  browser = await launch({ names: { [NAME]: nginx.address } });
});

after(async () => {
  await browser?.close();
  await stage?.close();
});

/** The answer of nginx at `server`, as a stream, to a request as a page below its name would send it. */
function ask(server, path, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const asking = request({
      host: server.address,
      port: server.port,
      servername: NAME,
      rejectUnauthorized: false,
      method,
      path,
      headers: { host: `${NAME}:${server.port}`, origin: server.origin, "content-type": "application/json", ...headers },
    }, resolve);
    asking.once("error", reject);
    asking.end(body && JSON.stringify(body));
  });
}

async function text(answer) {
  let text = "";
  for await (const part of answer.setEncoding("utf8")) text += part;
  return text;
}

test("the first admin is made through nginx, and everything stays below the path", async () => {
  const [, token] = await web.line(/\/bw\/setup\?token=(\S+)/);
  const dashboard = await Dashboard.blank(browser, nginx.origin, { ignoreHTTPSErrors: true });
  const { page } = dashboard;
  await page.goto(`${nginx.url}/setup?token=${token}`);
  const { user, password } = ADMIN;
  await dashboard.fill({ User: user, Password: password, "Password again": password }, "Make the first admin");
  await dashboard.says("live");
  assert.equal(page.url().replace(/#.*/, ""), `${nginx.url}/`);
  await dashboard.show("ledger");
  await dashboard.show("history", "select");

  const [{ name, path, secure, httpOnly, sameSite }] = await page.context().cookies();
  assert.deepEqual({ path, secure, httpOnly, sameSite }, { path: `${BASE}/`, secure: true, httpOnly: true, sameSite: "Strict" }, name);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL(`${nginx.url}/login`);
  assert.deepEqual(await page.context().cookies(), []);
  await dashboard.fill({ User: user, Password: password }, "Log in");
  await dashboard.says("live");
  const outside = dashboard.requests.filter((address) => !address.startsWith(`${nginx.url}/`));
  assert.deepEqual(outside, []);
  dashboard.assertQuiet();
  await dashboard.close();
});

test("the path without its slash leads to the page, and what is beside it is somebody else's", async () => {
  const answer = await ask(nginx, BASE);
  assert.ok([301, 302, 307, 308].includes(answer.statusCode), `${answer.statusCode}`);
  assert.equal(new URL(answer.headers.location, `${nginx.origin}${BASE}`).href, `${nginx.url}/`);
  assert.equal(await text(await ask(nginx, "/")), "something else\n");
  assert.equal((await web.get("/")).status, 404, "the server itself has nothing above its path");
});

test("nginx passes every event on as it comes", async () => {
  const cookie = await logIn(nginx);
  const stream = await ask(nginx, `${BASE}/api/v1/stream?interval_ms=${APART_MS}`, { headers: { cookie } });
  let heard = "";
  const count = (pattern) => [...heard.matchAll(pattern)].length;
  // Another tick may come right after the first one, which is told at once; the third one does not come right after the second.
  for await (const part of stream.setEncoding("utf8")) {
    heard += part;
    assert.ok(count(/^event: tick$/gm) <= 2, "the end of the second tick's table was held back until the third tick");
    if (count(/^event: top\ndata: .*\n\n/gm) === 2) return;
  }
  assert.fail("the stream ended");
});

test("what a proxy says is believed of one that is trusted, and of no other", async () => {
  const logsIn = (words, state) => async () => {
    const server = await stage.startWeb({ words: ["--base-path", BASE, "--allow-host", NAME, ...words], state });
    await server.addUser(ADMIN);
    const proxy = await Nginx.start(stage, server.origin);
    return (await cookiesOf(proxy))[0];
  };
  const [trusted, untrusted] = [logsIn(["--trusted-proxy", "127.0.0.1"], "trusting"), logsIn([], "distrusting")];
  assert.match(await trusted(), /; Secure/i);
  assert.doesNotMatch(await untrusted(), /; Secure/i);
});

async function cookiesOf(server) {
  const { user, password } = ADMIN;
  const answer = await ask(server, `${BASE}/api/v1/login`, { method: "POST", body: { user, password } });
  assert.equal(answer.statusCode, 200, await text(answer));
  return answer.headers["set-cookie"];
}

async function logIn(server) {
  return (await cookiesOf(server)).map((cookie) => cookie.split(";")[0]).join("; ");
}
