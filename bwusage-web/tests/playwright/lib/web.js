// The web server, as a process of its own.

/** A running server. */
export class Web {
  #stage;
  #become;
  #words;
  #state;
  #running;
  /** Where it is: scheme, name and port. */
  origin;

  /** Starts it by `become`, the beginning of a command line, with `words` and its database in `state`, and resolves when it listens. */
  static async start(stage, become, words, state) {
    const web = new Web();
    [web.#stage, web.#become, web.#words, web.#state] = [stage, become, words, state];
    await web.#start("127.0.0.1:0");
    return web;
  }

  /** Where the page is, without the slash at the end. */
  get url() {
    return this.origin;
  }

  /** Adds a user by the command line, as an administrator of the machine would. */
  async addUser({ user, password, role }) {
    const words = ["user", "add", user, "--role", role, "--state", this.#state];
    const adding = this.#stage.run(...this.#command(words));
    adding.end(`${password}\n`);
    const status = await adding.ended;
    if (status !== 0) throw new Error(`no user ${user}: ${adding.said}`);
  }

  /** Logs in as a script would, and returns the headers that it then sends with everything. */
  async session({ user, password }) {
    const answer = await this.post("/api/v1/login", { user, password });
    if (!answer.ok) throw new Error(await answer.text());
    return { cookie: answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ") };
  }

  /** The answer to `POST path` with `body` as JSON, as a script of the page would send it. */
  post(path, body, headers = {}) {
    return fetch(`${this.origin}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: this.origin, ...headers },
      body: JSON.stringify(body),
      redirect: "manual",
    });
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

  /** Resolves when `holds` does, which is looked at now and at every tick of the daemon. */
  async until(holds, headers = {}) {
    if (await holds()) return;
    const stream = await this.get("/api/v1/stream", headers);
    for await (const text of stream.body.pipeThrough(new TextDecoderStream())) {
      if (text.includes("event: tick") && await holds()) return;
    }
    throw new Error(`the stream ended\n${this.said}`);
  }

  /** Resolves to a match of what it says. */
  line(pattern) {
    return this.#running.line(pattern);
  }

  #command(words) {
    const [program, ...rest] = this.#become;
    return [program, [...rest, ...words]];
  }

  async #start(address) {
    this.#running = this.#stage.run(...this.#command(["--listen", address, "--state", this.#state, ...this.#words]));
    const [, origin] = await this.#running.line(/open (https?:\/\/[^/\s]+)/i);
    this.origin = origin;
  }
}
