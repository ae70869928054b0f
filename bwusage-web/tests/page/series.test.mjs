// Columns of points: gaps, the past and the present in one, small charts, bars.

import assert from "node:assert/strict";
import { test } from "node:test";

import { layout, marksOf } from "../../assets/bars.js";
import { columnsOf, joined } from "../../assets/past.js";
import { condensed, extremes, gaps, mean } from "../../assets/series.js";
import { Samples, pastOf } from "../../assets/sparkline.js";
import { COLUMNS, Window } from "../../assets/window.js";

const second = (count, from = 0) => Array.from({ length: count }, (_, index) => from + index * 1000);
const point = (at) => ({ at_unix_ms: at, ...Object.fromEntries(COLUMNS.map((name) => [name, at / 1000])) });

test("what nobody counted is a gap, before, between and after", () => {
  const times = [10_000, 11_000, 12_000, 20_000, 21_000];
  const column = [1, 2, null, 3, 4];
  assert.deepEqual(gaps(times, [column], [0, 30_000], 1000), [[0, 10_000], [11_000, 20_000], [21_000, 30_000]]);
});

test("a zero is no gap, and one known column is enough", () => {
  assert.deepEqual(gaps(second(4), [[0, 0, 0, 0]], [0, 3000], 1000), []);
  assert.deepEqual(gaps(second(3), [[1, null, 1], [1, 2, 1]], [0, 2000], 1000), []);
  assert.deepEqual(gaps([], [[]], [5, 9], 1), [[5, 9]]);
});

test("the window puts a gap where ticks are missing, and forgets what is too old", () => {
  const window = new Window();
  window.configure(5, 1000);
  for (const at of [1000, 2000, 9000]) window.push(point(at));
  assert.deepEqual(window.times, [9000], "older ones are beyond five intervals");
  window.push(point(12_000));
  assert.deepEqual([window.times, window.columns.cpu_percent], [[9000, 10_000, 12_000], [9, null, 12]]);
  window.push(point(12_000));
  window.fill({ at_unix_ms: [11_000, 13_000], ...Object.fromEntries(COLUMNS.map((name) => [name, [1, 13]])) });
  assert.deepEqual(window.times, [9000, 10_000, 12_000, 13_000], "a point comes once, and only newer ones come");
});

test("the value of a card is the mean of what came since it was last told", () => {
  const window = new Window();
  for (const at of second(6)) window.push(point(at));
  assert.equal(window.mean("cpu_percent", 3000), 4.5);
  assert.equal(window.mean("cpu_percent", 9000), null);
});

test("a mean leaves out what is not known, and of nothing there is none", () => {
  assert.equal(mean([1, null, 3]), 2);
  assert.equal(mean([null]), null);
});

test("extremes are those of what is shown, peaks included", () => {
  assert.deepEqual(extremes(second(4), [9, 1, 2, 7], undefined, [1000, 2000]), [1, 2]);
  assert.deepEqual(extremes(second(2), [1, 2], [null, 8], [0, 1000]), [1, 8]);
  assert.deepEqual(extremes([], [], undefined, [0, 1]), [null, null]);
});

test("a table of numbers has few rows, each the mean of a slice", () => {
  const rows = condensed(second(100), [second(100)], [0, 99_000], 10);
  assert.equal(rows.length, 10);
  assert.deepEqual(rows[0], { at: 0, values: [4500] });
});

const bucketed = (starts, machine, covered = 60) => ({
  buckets: starts.map((start) => ({ start_at: new Date(start).toISOString(), end_at: new Date(start + 60_000).toISOString(), covered_s: covered })),
  machine,
});

test("bytes of a bucket are a speed over the time that was counted, and a gap stays one", () => {
  const { times, columns, peaks } = columnsOf(bucketed([0, 60_000], [{ rx_bytes: 6000, tx_bytes: 0, processors_percent: 5, processors_peak_percent: 80 }, null], 30));
  assert.deepEqual(times, [30_000, 90_000]);
  assert.deepEqual(columns.rx_bytes_per_s, [200, null]);
  assert.deepEqual(columns.tx_bytes_per_s, [0, null]);
  assert.deepEqual(columns.disk_read_bytes_per_s, [null, null]);
  assert.deepEqual(peaks.cpu_percent, [80, null]);
});

test("the seconds go on where the stored minutes end", () => {
  const stored = columnsOf(bucketed([0, 60_000], [{}, {}]));
  const live = new Window();
  for (const at of second(10, 115_000)) live.push(point(at));
  const all = joined(stored, live, 60_000);
  assert.deepEqual(all.times.slice(0, 4), [30_000, 90_000, 121_000, 122_000]);
  assert.equal(all.columns.cpu_percent.length, all.times.length);
});

test("a small chart leans on the row's largest value, breaks at a gap, and is empty for nothing", () => {
  const samples = new Samples();
  for (const [at, rx] of [[1, 0], [2, 10], [3, null], [4, 5]]) samples.add("a", at, { rx_bytes_per_s: rx, tx_bytes_per_s: 0 });
  assert.match(samples.paths("a")[0], /^M\d+ 19L\d+ 1M\d+ 10$/);
  samples.add("b", 1, { rx_bytes_per_s: 0, tx_bytes_per_s: 0 });
  assert.deepEqual(samples.paths("b"), ["", ""]);
  samples.add("a", 4, { rx_bytes_per_s: 99 });
  assert.deepEqual(samples.of("a").columns.rx_bytes_per_s, [0, 10, null, 5], "one moment is one sample");
  samples.forget(2);
  assert.deepEqual([samples.of("a").times.length, samples.of("b").times.length], [4, 0]);
});

test("what the daemon remembers comes before what the page has seen", () => {
  const amount = (rx) => ({ rx_bytes: rx, tx_bytes: 0 });
  const report = {
    by: "second",
    per: "app",
    buckets: [0, 1000, 2000, 3000].map((start) => ({ start_at: new Date(start).toISOString() })),
    series: [{ kind: "app", name: "curl", points: [amount(2), amount(4), null, amount(6)] }, { kind: "other", name: null, points: [] }],
  };
  const past = pastOf(report, 2000, (name) => `app ${name}`);
  assert.deepEqual([...past], [["app curl", { times: [0, 2000], rx: [3, 6], tx: [0, 0] }]]);
  const samples = new Samples();
  samples.add("app curl", 2000, { rx_bytes_per_s: 9 });
  samples.begin("app curl", past.get("app curl"));
  assert.deepEqual([samples.of("app curl").times, samples.of("app curl").columns.cpu_percent], [[0, 2000], [null, null]]);
});

test("bars stand on each other, and marks are round", () => {
  const [first, gap] = layout([{ parts: [{ value: 30, colour: "c0" }, { value: 10, colour: "c1" }], known: true, before: 20 }, { parts: [], known: false }], 100);
  assert.deepEqual(first.parts.map(({ bottom, height }) => [bottom, height]), [[0, 0.3], [0.3, 0.1]].map(([bottom, height]) => [bottom, height]));
  assert.deepEqual([first.before, gap.known, gap.before], [0.2, false, null]);
  assert.deepEqual(marksOf(1000, [1, 256, 512]), [256, 512, 768]);
});
