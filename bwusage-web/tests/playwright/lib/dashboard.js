// The dashboard as a person uses it: its parts by what they are called, and how to wait for what it shows.

import { Watched } from "./browser.js";

/** The parts that every visitor has, by their address after the #. */
export const VIEWS = ["programs", "connections", "ledger"];

/** A page on the dashboard. */
export class Dashboard extends Watched {
  /** Opens the page of `web` and waits until it is live. */
  static async open(browser, web, { path = "/", ...options } = {}) {
    const dashboard = await this.blank(browser, web.origin, options);
    await dashboard.page.goto(`${web.origin}${path}`);
    await dashboard.says("live");
    return dashboard;
  }

  /** Waits until the pill says so. */
  says(state) {
    return this.page.locator("#pill", { hasText: new RegExp(`^${state}$`) }).waitFor();
  }

  /** Goes to a part of the page and waits until it has content. */
  async show(view) {
    await this.page.locator(`nav a[href="#${view}"]`).click();
    await this.page.locator(`#${view} :is(tbody tr, article)`).first().waitFor();
  }

  /** The row of the program that is called `name`. */
  row(name) {
    return this.page.locator("#programs tbody tr", { has: this.page.getByText(name, { exact: true }) });
  }

  /** The names of the rows, from the top. */
  names(table = "#programs") {
    return this.page.locator(`${table} tbody .main`).allTextContents();
  }

  /** Waits until `expression`, a function of the page, holds: it is looked at whenever the page draws. */
  until(expression, argument) {
    return this.page.waitForFunction(expression, argument);
  }

  /** What is drawn in the chart of a card, as a number that differs where the picture does. */
  picture(card) {
    return this.page.locator(`#${card} canvas`).first().evaluate((canvas) => canvas.toDataURL());
  }
}
