// Words and numbers for people, questions for the server, columns that fit.

import assert from "node:assert/strict";
import { test } from "node:test";

import { COLUMNS, USUAL, fitting } from "../../assets/columns.js";
import { readKey } from "../../assets/drawer.js";
import { axisTime, bytes, clock, duration, moment, rate, setUnits, share, visible } from "../../assets/format.js";
import { keyOf } from "../../assets/grouping.js";
import { before, change } from "../../assets/history-page.js";
import { Query, quote } from "../../assets/query.js";
import { dryWords, explain, standing, trialWords } from "../../assets/rule-words.js";
import { partColour, partName, partsOf } from "../../assets/strip.js";

test("amounts have three digits and their unit, and what is not known is no zero", () => {
  assert.deepEqual([bytes(0), bytes(1023), bytes(1_048_576), bytes(null)], ["0 B", "1023 B", "1.00 MiB", "–"]);
  setUnits("bits");
  assert.deepEqual([rate(125_000), bytes(1500)], ["1.00 Mbit/s", "1.50 kB"]);
  setUnits("iec");
  assert.deepEqual([share(999_999, 1_000_000), share(1, 100_000_000), share(1, 0)], ["99.99 %", "< 0.01 %", "–"]);
  assert.equal(duration(93_784_000), "1 d 2 h");
});

test("an axis says as much of a moment as its length needs", () => {
  const at = new Date(2026, 10, 22, 20, 3, 7).getTime();
  assert.match(axisTime(at, 120_000), /20:03:07/);
  assert.match(axisTime(at, 6 * 3_600_000), /^20:03$/);
  assert.match(axisTime(at, 30 * 86_400_000), /22/);
});

test("a moment that cannot be is not known, and nothing fails for it", () => {
  for (const at of [NaN, 9e15, Date.parse("nonsense")]) assert.deepEqual([moment(at), clock(at)], ["–", "–"]);
  assert.match(explain({ fired: 1, fired_at: null, owner: "root", severity: "info" }), /^fired once · info/);
});

test("nothing in a name hides or turns the text round", () => {
  assert.equal(visible("a\u202eb\nc\u200b"), "a\\u{202e}b\\x0ac\\u{200b}");
});

test("a question is written where it differs from the usual, and read back", () => {
  const query = new Query({ by: "app", sort: "rx_total", all: false });
  query.change({ by: "pid", all: true });
  query.sortBy("rx_total");
  assert.deepEqual(query.written, { filter: "", by: "pid", sort: "-rx_total", all: "true" });
  const other = new Query({ by: "app", sort: "rx_total", all: false });
  assert.equal(other.read((name) => query.written[name] ?? ""), true);
  assert.equal(String(other.parameters), String(query.parameters));
  assert.equal(other.read((name) => query.written[name] ?? ""), false, "nothing new");
  assert.equal(query.parameters.get("limit"), "200");
  query.askForMore();
  assert.equal(query.parameters.get("limit"), "400");
});

test("the key of a row leads back to it, whatever it is called", () => {
  const name = "Web \"x\" \\ ]";
  assert.deepEqual(readKey(keyOf({ app: name }, "app")), { by: "app", name, filter: `app:${quote(name)}` });
  assert.deepEqual(readKey(keyOf({ pid: 42, started_at: "t" }, "pid")), { by: "pid", name: "42", filter: "pid:42" });
  assert.equal(readKey(keyOf({ container: { runtime: "docker", id: "abc", name: "web" } }, "container")).filter, "ct:\"web\"");
  assert.equal(readKey("nonsense"), null);
});

test("columns go by their rank, names never, and extra ones are there only when chosen", () => {
  const ids = (pixels, chosen = USUAL) => fitting(COLUMNS, chosen, pixels).map(({ id }) => id);
  assert.deepEqual(ids(346), ["name", "rx", "tx", "cpu"]);
  assert.equal(ids(2000).length, USUAL.length);
  assert.ok(!ids(2000).includes("unit"));
  assert.deepEqual(ids(2000, ["name", "unit", "cpu"]), ["name", "unit", "cpu"]);
  assert.deepEqual(ids(0), ["name"]);
});

test("parts of the strip are called by what they are, and only names have a colour of their own", () => {
  const series = [["app", "curl", 5, 1], ["residual", "kernel_icmp", 1, 0], ["other", null, 0, 0]].map(([kind, name, rx, tx]) => ({ kind, name, rx_bytes: rx, tx_bytes: tx }));
  assert.deepEqual(partsOf({ series }).map(partName), ["curl", "(kernel icmp)"]);
  assert.equal(partColour({ kind: "other", name: null }), "rest");
  assert.equal(partColour({ kind: "app", name: "a" }), partColour({ kind: "app", name: "a" }));
  assert.notEqual(partColour({ kind: "app", name: "a" }), partColour({ kind: "app", name: "b" }));
});

test("the time before is as long and ends where this one begins", () => {
  assert.deepEqual(before({ from_at: "2026-11-10T00:00:00Z", to_at: "2026-11-12T00:00:00Z" }), ["2026-11-08T00:00:00Z", "2026-11-09T23:59:59Z"]);
  assert.deepEqual([change(112, 100), change(50, 100), change(1, 0), change(0, 0), change(1, null)], ["+12 %", "−50 %", "new", "", ""]);
});

test("a rule says where it stands", () => {
  assert.equal(standing({ enabled: false, state: "firing" }, 0), "off");
  assert.equal(standing({ enabled: true, state: "firing", snoozed_until_at: "2026-11-22T20:00:00Z" }, Date.parse("2026-11-22T19:00:00Z")), "snoozed");
  assert.equal(standing({ enabled: true, state: "firing", snoozed_until_at: "2026-11-22T20:00:00Z" }, Date.parse("2026-11-22T21:00:00Z")), "firing");
});

test("what is known of a rule is a sentence, and what is not known is said", () => {
  const words = explain({ measured: { unit: "bytes", value: 2048, threshold: 1024 }, fired: 1, fired_at: "2026-11-22T20:00:00Z", owner: "root", severity: "warning" });
  assert.match(words, /^2\.00 KiB of 1\.00 KiB · fired once, last on .* · warning · by root$/);
  assert.equal(trialWords({ holds: null, unknown: "no history yet" }), "cannot tell now: no history yet");
  assert.equal(trialWords({ holds: true, measured: { unit: "percent", value: 95, threshold: 90 } }), "would fire now: 95 % of 90 %");
  assert.match(dryWords({ fired: 2, from_at: "2026-11-01T00:00:00Z", firings: [{ at: "2026-11-02T00:00:00Z", subject: "curl" }] }), /fired 2 times, last on .* \(curl\)\.$/);
  assert.equal(dryWords({ fired: null, unknown: "nothing is stored" }), "The past cannot tell: nothing is stored");
});
