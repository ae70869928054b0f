// Programs that run beside a test. Each ends with the test, and whatever is left ends with this process.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Longest wait for what a program says; only a failing test ever waits as long. */
const DEADLINE_MS = 60_000;
/** What is kept of a program's words, for the message of a test that fails. */
const KEPT_LINES = 200;

const alive = new Set();

process.on("exit", () => alive.forEach((child) => child.kill("SIGKILL")));
for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143]]) process.on(signal, () => process.exit(status));

/** A program that was started. */
export class Running {
  #child;
  #ended;
  #lines = [];
  #waiting = new Set();

  /** Starts `program` with `words`, which becomes the process of this id: nothing forks in between. */
  constructor(program, words, { environment = {} } = {}) {
    // Ended with us also when we are killed, where it keeps its user: becoming another one makes the kernel forget this.
    this.#child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...words], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...environment },
    });
    alive.add(this.#child);
    this.#ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        alive.delete(this.#child);
        resolve(signal ?? code);
        for (const { refuse } of this.#waiting) refuse(`it ended (${signal ?? code})`);
      });
    });
    // Starting fails as ending does: whoever waits is told.
    this.#child.once("error", (error) => this.#hear(String(error)));
    // A program that has ended takes no more orders; whoever waits for its answer is told so.
    this.#child.stdin.on("error", () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.#hear(line));
    }
  }

  /** The number of the process. */
  get pid() {
    return this.#child.pid;
  }

  /** Resolves to how it ended. */
  get ended() {
    return this.#ended;
  }

  /** What it said last. */
  get said() {
    return this.#lines.join("\n");
  }

  /** Resolves to what `pattern` matches first in the lines from now on, or in those before unless `fresh`. */
  line(pattern, { fresh = false } = {}) {
    const before = fresh ? null : this.#lines.map((line) => pattern.exec(line)).find(Boolean);
    if (before) return Promise.resolve(before);
    return new Promise((resolve, reject) => {
      const end = (settle, value) => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
        settle(value);
      };
      const refuse = (why) => end(reject, new Error(`no line ${pattern}: ${why}\n${this.said}`));
      const waiting = { pattern, found: (match) => end(resolve, match), refuse };
      const timer = setTimeout(refuse, DEADLINE_MS, "not in time");
      this.#waiting.add(waiting);
    });
  }

  /** Gives it a line to read. */
  tell(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Gives it the last that it reads. */
  end(text) {
    this.#child.stdin.end(text);
  }

  /** Asks it to end by `signal`, and resolves when it has. */
  stop(signal = "SIGKILL") {
    this.#child.kill(signal);
    return this.#ended;
  }

  #hear(line) {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    for (const { pattern, found } of this.#waiting) {
      const match = pattern.exec(line);
      if (match) found(match);
    }
  }
}
