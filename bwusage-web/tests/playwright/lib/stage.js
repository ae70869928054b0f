// A machine for a test: the real daemon as root, real traffic, the real web server as user nobody.

import { chmodSync, chownSync, copyFileSync, existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Network } from "./network.js";
import { built, demandEverything } from "./programs.js";
import { Running } from "./running.js";
import { Generator } from "./traffic.js";
import { Web } from "./web.js";

/** User and group of who has no rights. */
export const NOBODY = 65534;
/** Short, so that tests need not wait long for the next tick. */
const INTERVAL_MS = 250;

export class Stage {
  #folder;
  #network;
  #daemon = null;
  #running = new Set();

  /** A folder, and nothing that runs. */
  static prepared() {
    return new Stage();
  }

  /** A daemon that counts in a network of its own, every `interval` milliseconds. */
  static async withDaemon({ interval = INTERVAL_MS } = {}) {
    demandEverything();
    const stage = new Stage();
    try {
      stage.#network = new Network();
      await stage.startDaemon(["--interval", String(interval)]);
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), "bwusage-web-"));
    chmodSync(this.#folder, 0o755);
  }

  /** The daemon's socket. */
  get socket() {
    return join(this.#folder, "run/bwusage.sock");
  }

  /** Starts the daemon, or another one in the place of one that was killed, and resolves when it is ready. */
  async startDaemon(words = ["--interval", String(INTERVAL_MS)]) {
    // Not `ip netns exec`: that hides the control groups.
    const mount = 'mount -t sysfs none /sys && mount -t cgroup2 none /sys/fs/cgroup && exec "$0" "$@"';
    const entered = this.#network ? [...this.#network.near.entered, "unshare", "--mount", "sh", "-c", mount] : [];
    const serve = [built("bwusaged"), "--socket", this.socket, "--state-dir", this.folder("state"), ...words];
    const [program, ...rest] = [...entered, ...serve];
    this.#daemon = this.run(program, rest, { NO_COLOR: "1" });
    await this.#daemon.line(/\bready\b/);
  }

  /** Ends the daemon as a crash would. */
  async killDaemon() {
    await this.#daemon.stop();
  }

  /**
   * Starts the web server as `user` with these further words and its database in the folder `state`, and resolves when it
   * listens. With `users`, numbers by name, it knows these instead of the machine's.
   */
  async startWeb({ user = NOBODY, words = [], state = "web", users } = {}) {
    const folder = this.folder(state);
    chownSync(folder, user, user);
    const program = this.program("bwusage-web", "bwusage-web");
    const become = ["--pdeathsig", "KILL", "--reuid", user, "--regid", user, "--clear-groups", program].map(String);
    return Web.start(this, [...this.#knowing(users), "setpriv", ...become], ["--socket", this.socket, ...words], folder);
  }

  /** What to say before a command so that these are the users of the machine for it. */
  #knowing(users) {
    if (!users) return [];
    const file = join(this.#folder, "passwd");
    writeFileSync(file, Object.entries(users).map(([name, number]) => `${name}:x:${number}:${number}::/nonexistent:/bin/false\n`).join(""));
    return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/passwd && exec "$@"', file];
  }

  /** Starts a program called `name` that makes or takes traffic as `user`, here or at the `far` end of the cable. */
  async startTraffic(name, words, { user = NOBODY, far = false } = {}) {
    const namespace = far ? this.#network.far : this.#network.near;
    const program = this.program("xtask", name);
    const become = ["setpriv", "--pdeathsig", "KILL", "--reuid", user, "--regid", user, "--clear-groups", program].map(String);
    const [first, ...rest] = [...namespace.entered, ...become, "bench-generate", ...words];
    return Generator.started(this.run(first, rest));
  }

  /** An address at the far end of the cable. */
  far(port) {
    return `${this.#network.far.address}:${port}`;
  }

  /** An address at the daemon's end of the cable. */
  near(port) {
    return `${this.#network.near.address}:${port}`;
  }

  /** A folder of this stage's own. */
  folder(name) {
    const path = join(this.#folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** The program `name` that was built here, under another name and at a place where every user may start it. */
  program(name, as) {
    const path = join(this.folder("bin"), as);
    if (!existsSync(path)) {
      try {
        linkSync(built(name), path);
      } catch {
        // The build folder is on another file system, or not ours.
        copyFileSync(built(name), path);
      }
    }
    return path;
  }

  /** Starts a program that ends with this stage. */
  run(program, words, environment = {}) {
    const running = new Running(program, words, { environment });
    this.#running.add(running);
    return running;
  }

  /** Ends everything that was started here, the newest first, and removes what it left. */
  async close() {
    for (const running of [...this.#running].reverse()) await running.stop();
    this.#network?.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
