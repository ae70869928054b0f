// One's own password: the old one and a new one to the server, and back to the page.

import { send } from "./send.js";

const form = document.querySelector("form");
const message = document.getElementById("message");
const button = form.querySelector("button");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { old, password, again } = form.elements;
  if (password.value !== again.value) {
    say("The two new passwords are not the same.");
    again.select();
    return;
  }
  message.hidden = true;
  button.disabled = true;
  try {
    await send("POST", "api/v1/password", { old: old.value, new: password.value });
    location.replace("./");
  } catch (refusal) {
    say([refusal.message, ...(refusal.hints ?? [])].join("\n"));
  } finally {
    button.disabled = false;
  }
});

function say(text) {
  message.textContent = text;
  message.hidden = false;
}
