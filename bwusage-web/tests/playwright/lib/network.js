// The network of one run: two namespaces with a cable between them. Every run has its own, and none touches the machine's.

import { existsSync } from "node:fs";

import { installed, output } from "./programs.js";

const PREFIX = "bwusage-web-";
/** The end that the daemon watches, and the rest of the world. */
const NEAR_ADDRESS = "10.78.0.1";
const FAR_ADDRESS = "10.78.0.2";
/** The cable, at both ends. */
export const INTERFACE = "eth0";

let number = 0;

/** Two hosts: `near` with the daemon, `far` with whom it talks. */
export class Network {
  near;
  far;

  constructor() {
    removeLeftovers();
    number += 1;
    this.near = new Namespace(`${PREFIX}${process.pid}-${number}-near`, NEAR_ADDRESS);
    this.far = new Namespace(`${PREFIX}${process.pid}-${number}-far`, FAR_ADDRESS);
    this.near.ip(`link add ${INTERFACE} type veth peer name ${INTERFACE} netns ${this.far.name}`);
    for (const end of [this.near, this.far]) end.plugIn();
  }

  /** Removes both, and with them the cable. */
  remove() {
    for (const end of [this.near, this.far]) end.remove();
  }
}

/** A host of its own, as far as the network goes. */
class Namespace {
  constructor(name, address) {
    [this.name, this.address] = [name, address];
    output(installed("ip"), ["netns", "add", name]);
    this.ip("link set lo up");
  }

  /** What to say before a command so that it runs here, and becomes that command. */
  get entered() {
    return ["nsenter", `--net=/run/netns/${this.name}`];
  }

  ip(words) {
    return output(installed("ip"), ["-n", this.name, ...words.split(" ")]);
  }

  plugIn() {
    // Nothing passes but what the tests send: no address of the interface's own choosing.
    this.ip(`link set ${INTERFACE} addrgenmode none`);
    this.ip(`address add ${this.address}/24 dev ${INTERFACE}`);
    this.ip(`link set ${INTERFACE} up`);
  }

  remove() {
    try {
      output(installed("ip"), ["netns", "delete", this.name]);
    } catch {
      // What cannot be removed now is removed by the next run.
    }
  }
}

/** A run that was killed could not remove its namespaces. */
function removeLeftovers() {
  for (const line of output(installed("ip"), ["netns", "list"]).split("\n")) {
    const [name] = line.split(" ");
    const [pid] = name.startsWith(PREFIX) ? name.slice(PREFIX.length).split("-") : [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      output(installed("ip"), ["netns", "delete", name]);
    } catch {
      // Another run may be removing it at this moment.
    }
  }
}
