// Traffic whose size is known: the generator of the benchmarks, `xtask/src/bench/generate.rs`.

/** A process that makes or takes traffic, and counts its own bytes. */
export class Generator {
  #running;

  constructor(running) {
    this.#running = running;
  }

  /** Resolves when it is ready. */
  static async started(running) {
    await running.line(/^ready$/);
    return new Generator(running);
  }

  /** The number of the process. */
  get pid() {
    return this.#running.pid;
  }

  /** Lets it work once. Resolves to what it has moved since it is there, when it has: `sent_bytes`, `received_bytes`. */
  async work() {
    const outcome = this.#running.line(/^\{.*\}$/, { fresh: true });
    this.#running.tell("go");
    const [line] = await outcome;
    return JSON.parse(line);
  }

  /** Ends it. */
  stop() {
    return this.#running.stop();
  }
}
