// Asking the server, and telling it.

/** A question that the server refused, in words for the person who asked. */
export class Refused extends Error {
  constructor({ message, hints = [] }) {
    super(message);
    this.hints = hints;
  }
}

/** An answer that is not for whoever asks. */
export class NotForYou extends Refused {
  /** What and what to do, a line each. */
  get words() {
    return [this.message, ...this.hints].join("\n");
  }
}

/** The answer, or null while the daemon is away. */
async function answerOf(response) {
  if (response.status === 401) {
    location.assign("login");
    return null;
  }
  const text = await response.text();
  const answer = text && response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : null;
  if (response.ok) return answer;
  if (response.status === 403) throw new NotForYou(answer ?? { message: "this is not for you" });
  if (answer && response.status < 500) throw new Refused(answer);
  return null;
}

/** Asks `api/v1/PATH` once; null while the daemon is away or where there is no such thing. */
export async function ask(path, parameters = "", signal = undefined) {
  const response = await fetch(`api/v1/${path}?${parameters}`, { signal });
  return response.status === 404 ? null : answerOf(response);
}

/** Asks for something to be done: `body` goes as JSON. */
export async function tell(method, path, body = {}) {
  const response = await fetch(`api/v1/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await answerOf(response);
  if (!response.ok) throw new Refused({ message: `the server could not do this (${response.status})` });
  return answer;
}
