// Requests that change something: JSON there, JSON back, and a refusal as an error with the server's own words.

/** What the server refused: its `code` for programs, its words for people. */
export class Refusal extends Error {
  constructor(status, { code = "", message = "the server gave no reason", hints = [] }) {
    super(message);
    this.status = status;
    this.code = code;
    this.hints = hints;
  }
}

/**
 * Sends `body` as JSON to `path`, relative to the page, and returns the JSON of the answer.
 * @param {"GET"|"POST"|"PATCH"|"DELETE"} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 * @throws {Refusal} when the server says no, or cannot be reached.
 */
export async function send(method, path, body) {
  const request = { method, credentials: "same-origin", cache: "no-store" };
  if (method !== "GET") {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify(body ?? {});
  }
  let answer;
  try {
    answer = await fetch(path, request);
  } catch {
    throw new Refusal(0, { code: "unreachable", message: "The server cannot be reached." });
  }
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, json);
  return json;
}
