// The dashboard as a person uses it: its parts by what they are called, and how to wait for what it shows.

import { Watched } from "./browser.js";

/** The parts that every visitor has, by their address after the #. */
export const VIEWS = ["programs", "connections", "ledger", "history", "alerts"];

/** What shows that a part has its content. */
const CONTENT = ":is(tbody tr, article, .rule)";
/** As often as the page can be told, so that tests need not wait long for what comes next. */
const INTERVAL_MS = 500;

/** A page on the dashboard. */
export class Dashboard extends Watched {
  /** Opens the page of `web` as a browser that has these settings, and waits until it is live. */
  static async open(browser, web, { path = "/", theme = "dark", interval = INTERVAL_MS, ...options } = {}) {
    const dashboard = await this.blank(browser, web.origin, options);
    await dashboard.remember({ theme, interval });
    await dashboard.page.goto(`${web.url}${path}`);
    await dashboard.says("live");
    return dashboard;
  }

  /** Opens the login of `web`, logs in, and waits until the dashboard is live. */
  static async logIn(browser, web, { user, password, theme = "dark", interval = INTERVAL_MS, ...options }) {
    const dashboard = await this.blank(browser, web.origin, options);
    await dashboard.remember({ theme, interval });
    await dashboard.page.goto(`${web.url}/`);
    await dashboard.fill({ User: user, Password: password }, "Log in");
    await dashboard.says("live");
    return dashboard;
  }

  /** Fills in a form, by the labels of its fields, and sends it by the button of this name. */
  async fill(fields, button) {
    for (const [label, value] of Object.entries(fields)) await this.page.getByLabel(label, { exact: true }).fill(value);
    await this.page.getByRole("button", { name: button, exact: true }).click();
  }

  /** Makes the browser remember these settings from before. */
  remember(settings) {
    return this.page.addInitScript((settings) => {
      for (const [name, value] of Object.entries(settings)) {
        if (localStorage.getItem(`bwusage.${name}`) === null) localStorage.setItem(`bwusage.${name}`, value);
      }
    }, settings);
  }

  /** Waits until the pill says so. */
  says(state) {
    return this.page.locator("#pill", { hasText: new RegExp(`^${state}$`) }).waitFor();
  }

  /** Goes to a part of the page and waits until it has content. */
  async show(view, content = CONTENT) {
    await this.page.locator(`nav a[href="#${view}"]`).click();
    await this.page.locator(`#${view} ${content}`).first().waitFor();
  }

  /** The row of the program that is called `name`. */
  row(name) {
    return this.page.locator("#programs tbody tr", { has: this.page.getByText(name, { exact: true }) });
  }

  /** The names of the rows, from the top. */
  names() {
    return this.page.locator("#programs tbody .main").allTextContents();
  }

  /** Waits until `expression`, a function of the page, holds: it is looked at whenever the page draws. */
  until(expression, argument) {
    return this.page.waitForFunction(expression, argument);
  }

  /** What is drawn in the chart of a card: a text that differs where the picture does. */
  picture(card) {
    return this.page.locator(`#${card} canvas`).first().evaluate((canvas) => canvas.toDataURL());
  }

  /** Waits until something else than `before` is drawn in the chart of a card. */
  drawnAnew(card, before) {
    return this.until(([card, before]) => document.querySelector(`#${card} canvas`).toDataURL() !== before, [card, before]);
  }

  /** Clicks on a link to a file, and returns the text of the file. */
  async download(link) {
    const [download] = await Promise.all([this.page.waitForEvent("download"), link.click()]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    return { name: download.suggestedFilename(), text: Buffer.concat(chunks).toString("utf8") };
  }
}
