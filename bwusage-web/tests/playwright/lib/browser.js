// Chromium, and pages that are watched: what they ask for, what they complain about, what they break.

import assert from "node:assert/strict";

import axe from "axe-core";
import { chromium } from "playwright-core";

import { installed } from "./programs.js";

/** Longest wait for anything; only a failing test ever waits as long. */
const DEADLINE_MS = 30_000;
const HEIGHT = 900;
/** The widths at which the page is looked at: a phone, a tablet, a desk. */
export const WIDTHS = [390, 768, 1440];

/** Starts Chromium without a window. It looks up `names` here, and nowhere else. */
export function launch({ names = {} } = {}) {
  const rules = Object.entries(names).map(([name, address]) => `MAP ${name} ${address}`);
  return chromium.launch({
    executablePath: installed("chromium"),
    // Its sandbox needs a user namespace of its own, which root and containers often have not; the only page opened is ours.
    chromiumSandbox: false,
    args: [
      ...["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"],
      `--host-resolver-rules=${rules.join(", ")}`,
    ],
  });
}

/** A page of its own, in a browser context of its own, that notes what should not be. */
export class Watched {
  /** Playwright's page. */
  page;
  #origin;
  #complaints = [];
  #requests = [];
  #expected = [];

  /** `page` is blank still; it is for the server at `origin`. */
  constructor(page, origin) {
    [this.page, this.#origin] = [page, origin];
    this.#watch();
  }

  /** A blank page for the server at `origin`; `options` are those of a browser context. */
  static async blank(browser, origin, { width = 1440, height = HEIGHT, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, ...options });
    context.setDefaultTimeout(DEADLINE_MS);
    return new this(await context.newPage(), origin);
  }

  /** The addresses of all requests so far. */
  get requests() {
    return this.#requests;
  }

  /** From now on a complaint that `pattern` matches is what the test is about. */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  /** Fails if the console says anything, or anything was asked of another origin. */
  assertQuiet() {
    const complaints = this.#complaints.filter((said) => !this.#expected.some((pattern) => pattern.test(said)));
    assert.deepEqual(complaints, [], "the console is empty");
    const foreign = this.#requests.filter((address) => new URL(address).origin !== this.#origin && !address.startsWith("data:"));
    assert.deepEqual(foreign, [], "everything comes from the own server");
  }

  /** Fails if something is wider than the window. */
  async assertFits(what) {
    const { content, width, wide } = await this.page.evaluate(() => {
      const { scrollWidth: content, clientWidth: width } = document.documentElement;
      // Of a box that its content leaves, the content counts.
      const right = (element) => element.getBoundingClientRect().left + Math.max(element.offsetWidth ?? 0, element.scrollWidth);
      const sticksOut = (element) => element.checkVisibility() && right(element) > width + 0.5;
      const name = ({ tagName, id, className }) => `${tagName.toLowerCase()}${id && `#${id}`}${className && `.${className}`}`;
      const wide = content > width ? [...document.querySelectorAll("body *")].filter(sticksOut).map(name) : [];
      return { content, width, wide };
    });
    assert.equal(content, width, `${what} is as wide as its window: ${wide.join(", ")}`);
  }

  /** Fails if axe finds a violation: of WCAG 2.2 AA, or of what it calls best practice. */
  async assertAccessible(what) {
    // Not a script of the page: its policy would refuse it.
    await this.page.evaluate(axe.source);
    const violations = await this.page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
      const words = ({ target, failureSummary }) => `${target}: ${failureSummary.replaceAll(/\s+/g, " ")}`;
      return violations.map(({ id, nodes }) => `${id} at ${nodes.length}, such as ${words(nodes[0])}`);
    });
    assert.deepEqual(violations, [], `${what} is accessible`);
  }

  /** Closes the page with its context. */
  close() {
    return this.page.context().close();
  }

  #watch() {
    this.page.on("request", (request) => this.#requests.push(request.url()));
    this.page.on("pageerror", (error) => this.#complaints.push(String(error)));
    this.page.on("console", (message) => {
      if (["error", "warning", "assert"].includes(message.type())) {
        this.#complaints.push(`${message.text()} (${message.location().url})`);
      }
    });
  }
}
