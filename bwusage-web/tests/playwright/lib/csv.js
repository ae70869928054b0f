// Comma-separated values as RFC 4180 has them.

/** The rows of `text` below its heading, each as an object by the names of the heading. */
export function rows(text) {
  const [heading, ...lines] = records(text);
  return lines.map((line) => Object.fromEntries(heading.map((name, at) => [name, line[at]])));
}

function records(text) {
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/gy;
  const found = [[]];
  while (field.lastIndex < text.length) {
    const [, quoted, plain, end] = field.exec(text) ?? fail(text, field.lastIndex);
    found.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "\r\n" && field.lastIndex < text.length) found.push([]);
  }
  return found;
}

function fail(text, at) {
  throw new Error(`not comma-separated values: ${JSON.stringify(text.slice(at, at + 80))}`);
}
