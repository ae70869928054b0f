// Ranges of time, what the address says of them, and what is drawn over in a chart.

import assert from "node:assert/strict";
import { test } from "node:test";

import { format, parse } from "../../assets/address.js";
import { bucket, iso, neighbour, read, span, write, zoomed } from "../../assets/ranges.js";

const address = (text) => (name) => new URLSearchParams(text).get(name) ?? "";

test("a range is read as it was written, and the usual one is not written at all", () => {
  for (const range of [{ name: "6h" }, { name: "2m" }, { from: 1_795_000_000_000, to: 1_795_000_060_000 }]) {
    assert.deepEqual(read(address(new URLSearchParams(write(range)))), range);
  }
  assert.deepEqual(write({ name: "2m" }), { range: "", from: "", to: "" });
});

test("what makes no sense is the usual range", () => {
  for (const text of ["range=3y", "from=9&to=5", "from=x&to=y", "range=toString", ""]) assert.deepEqual(read(address(text)), { name: "2m" });
});

test("a range by name ends now, one with two ends stands still", () => {
  assert.deepEqual(span({ name: "10m" }, 1_000_000), [400_000, 1_000_000]);
  assert.deepEqual(span({ from: 5, to: 9 }, 1_000_000), [5, 9]);
});

test("drawing over a chart works both ways, and a twitch is no choice", () => {
  assert.deepEqual(zoomed(90_000.4, 30_000.2), { from: 30_000, to: 90_000 });
  assert.equal(zoomed(30_000, 34_000), null);
});

test("a wider range is the next that is longer, also from one that was drawn", () => {
  assert.deepEqual(neighbour({ name: "2m" }, 1), { name: "10m" });
  assert.deepEqual(neighbour({ from: 1, to: 300_001 }, 1), { name: "10m" });
  assert.deepEqual(neighbour({ from: 1, to: 300_001 }, -1), { name: "2m" });
  assert.equal(neighbour({ name: "2m" }, -1), null);
  assert.equal(neighbour({ name: "30d" }, 1), null);
});

test("a longer time is cut into larger buckets, never into thousands", () => {
  const hour = 3_600_000;
  const cuts = [[hour, "minute"], [24 * hour, "minute"], [7 * 24 * hour, "hour"], [30 * 24 * hour, "hour"], [400 * 24 * hour, "day"]];
  for (const [length, cut] of cuts) assert.equal(bucket(length), cut);
});

test("a moment goes to the server with its second and zone", () => {
  assert.equal(iso(1_795_000_000_123), "2026-11-18T11:06:40Z");
});

test("an address names a part of the page and its parameters, or a place in it", () => {
  const { view, parameters, explicit } = parse("#history?by=app&range=7d");
  assert.deepEqual([view, String(parameters), explicit], ["history", "by=app&range=7d", true]);
  assert.equal(parse("#content").view, undefined);
  assert.equal(parse("#programs").explicit, false);
  assert.equal(format("programs", new URLSearchParams({ filter: "a?b&c", sort: "" })), "#programs?filter=a%3Fb%26c");
  assert.equal(parse(format("programs", new URLSearchParams({ filter: "a?b&c" }))).parameters.get("filter"), "a?b&c");
});
