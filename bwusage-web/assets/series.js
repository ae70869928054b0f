// What can be said of columns of points: where nothing is known, what the least and the most is. Pure; unknown is null, never 0.

/**
 * The stretches within `[min, max]` in which no column has a value, as pairs of times. `step` is the usual distance of two
 * points; before the first and after the last one that much is missing before it counts.
 */
export function gaps(times, columns, [min, max], step) {
  const found = [];
  const add = (from, to) => {
    const [start, end] = [Math.max(from, min), Math.min(to, max)];
    const last = found.at(-1);
    if (end <= start) return;
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  };
  if (times.length === 0) return [[min, max]];
  if (times[0] - min > 2.5 * step) add(min, times[0]);
  times.forEach((at, index) => {
    if (columns.some((column) => column[index] != null)) return;
    add(times[index - 1] ?? min, times[index + 1] ?? max);
  });
  if (max - times.at(-1) > 2.5 * step) add(times.at(-1), max);
  return found;
}

/** At most `count` rows out of many points: the mean of what is known in each slice, null where nothing is. */
export function condensed(times, columns, [min, max], count) {
  const first = times.findIndex((at) => at >= min);
  const end = times.findLastIndex((at) => at <= max) + 1;
  if (first < 0 || end <= first) return [];
  const size = Math.ceil((end - first) / count);
  const rows = [];
  for (let at = first; at < end; at += size) {
    const values = columns.map((column) => mean(column.slice(at, Math.min(at + size, end))));
    rows.push({ at: times[at], values });
  }
  return rows;
}

/** The mean of the values that are known; null where none is. */
export function mean(values) {
  const known = values.filter((value) => value != null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

/** The smallest and the largest known value within `span`, or nulls. */
export function extremes(times, values, peaks, [min, max]) {
  let [least, most] = [null, null];
  for (let index = 0; index < times.length; index += 1) {
    const value = values[index];
    if (value == null || times[index] < min || times[index] > max) continue;
    const peak = peaks?.[index] ?? value;
    if (least === null || value < least) least = value;
    if (most === null || peak > most) most = peak;
  }
  return [least, most];
}
