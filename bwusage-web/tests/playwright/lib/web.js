// The web server, as a process of its own.

/** A running server. */
export class Web {
  #stage;
  #become;
  #words;
  #running;
  /** Where the page is, without a slash at the end. */
  origin;

  /** Starts it by `become`, a command line of setpriv, with `words`, and resolves when it shows what the daemon says. */
  static async start(stage, become, words) {
    const web = new Web();
    [web.#stage, web.#become, web.#words] = [stage, become, words];
    await web.#start("127.0.0.1:0");
    return web;
  }

  /** What it has said. */
  get said() {
    return this.#running.said;
  }

  /** The port that it listens on. */
  get port() {
    return new URL(this.origin).port;
  }

  /** Ends it as a crash would. */
  async kill() {
    await this.#running.stop();
  }

  /** Starts it again at the same address. */
  async restart() {
    await this.#start(`127.0.0.1:${this.port}`);
  }

  /** The answer to `GET path`, with these further headers. */
  get(path, headers = {}) {
    return fetch(`${this.origin}${path}`, { headers, redirect: "manual" });
  }

  /** Resolves to a match of what it says. */
  line(pattern) {
    return this.#running.line(pattern);
  }

  async #start(address) {
    this.#running = this.#stage.run("setpriv", [...this.#become, "--listen", address, ...this.#words]);
    const [, origin] = await this.#running.line(/open (https?:\/\/[^/\s]+)/i);
    this.origin = origin;
  }
}
