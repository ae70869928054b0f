// Where the programs are that the tests start, and what to type where one is missing.

import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join, resolve } from "node:path";

/** The workspace. */
export const ROOT = resolve(import.meta.dirname, "../../../..");

/** Programs from outside, and the Debian packages that bring them. */
const PACKAGES = {
  ip: "iproute2",
  nsenter: "util-linux",
  setpriv: "util-linux",
  unshare: "util-linux",
  chromium: "chromium",
  nginx: "nginx",
  openssl: "openssl",
};

/** `cargo xtask test` names the folder into which it has built; else it is the usual one. */
const BUILT = process.env.BWUSAGE_PROGRAMS ?? join(ROOT, "target/debug");

/** Where the program `name` is that was built here. */
export function built(name) {
  const path = join(BUILT, name);
  if (isProgram(path)) return path;
  throw new Error(`${path} is missing: run  cargo build -p bwusaged -p bwusage-web -p bwusage-ctl -p xtask`);
}

/** Where the program `name` from outside is. */
export function installed(name) {
  const folders = `${process.env.PATH}:/usr/sbin:/sbin`.split(":");
  const path = folders.map((folder) => join(folder, name)).find(isProgram);
  if (path) return path;
  throw new Error(`${name} is missing: run  sudo apt-get install --no-install-recommends ${PACKAGES[name]}`);
}

/** Throws unless everything that the tests start is there, and they may start it. */
export function demandEverything() {
  if (process.getuid?.() !== 0) throw new Error("network namespaces and BPF programs need root: run  sudo cargo xtask test --only browser");
  Object.keys(PACKAGES).forEach(installed);
}

/** Runs a program to its end and returns what it printed. */
export function output(program, words) {
  return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
