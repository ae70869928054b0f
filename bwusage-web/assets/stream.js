// The connection to the server: one event stream, which comes back by itself and rests while nobody looks.

/** How long a hidden page keeps its stream: a browser has few connections for one server. */
const HIDDEN_MS = 60_000;
/** Pause before another try when the browser itself has given up (the server was full, or answered nonsense). */
const RETRY_MS = 2_000;
const EVENTS = ["hello", "backfill", "tick", "top", "alert", "alerts_missed", "down"];

export class Stream {
  #source = null;
  #timer = null;
  #address;
  #handlers;

  /**
   * `address` is asked for the stream's address at every connection; `handlers` has a function for each event, called
   * with its data, and `lost`, called when the server cannot be reached, with whether it answered something else.
   */
  constructor(address, handlers) {
    this.#address = address;
    this.#handlers = handlers;
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
  }

  /** Opens the stream, or opens it anew after the address has changed. */
  open() {
    this.#close();
    const source = new EventSource(this.#address());
    this.#source = source;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => this.#handlers[name](JSON.parse(event.data)));
    }
    source.addEventListener("error", () => {
      const refused = source.readyState === EventSource.CLOSED;
      this.#handlers.lost(refused);
      if (refused && !document.hidden) this.#after(RETRY_MS, () => this.open());
    });
  }

  #close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #after(ms, action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
  }

  #visibilityChanged() {
    if (document.hidden) {
      this.#after(HIDDEN_MS, () => this.#close());
    } else if (this.#source === null || this.#source.readyState === EventSource.CLOSED) {
      this.open();
    } else {
      clearTimeout(this.#timer);
    }
  }
}
