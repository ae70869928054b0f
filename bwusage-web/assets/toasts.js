// Short messages that come and go. They are read aloud when nothing else is.

const SHOWN_MS = 8_000;

/** Says `text`; `kind` is "alert", "good" or nothing. */
export function toast(text, kind = "") {
  const message = document.createElement("p");
  message.textContent = text;
  message.dataset.kind = kind;
  document.getElementById("toasts").append(message);
  setTimeout(() => message.remove(), SHOWN_MS);
}
