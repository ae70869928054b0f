// What the browser remembers of a person's choices. A browser that remembers nothing still shows everything.

/** The choice of this name, or `otherwise`. */
export function recall(name, otherwise) {
  try {
    return localStorage.getItem(`bwusage.${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Remembers a choice. */
export function remember(name, value) {
  try {
    localStorage.setItem(`bwusage.${name}`, value);
  } catch {
    // Then it holds as long as the page is open.
  }
}
