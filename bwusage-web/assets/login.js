// The login: a name and a password to the server, and back to the page that was asked for.

import { send } from "./send.js";

const form = document.querySelector("form");
const message = document.getElementById("message");
const button = form.querySelector("button");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  message.hidden = true;
  button.disabled = true;
  try {
    const { user, password } = form.elements;
    await send("POST", "api/v1/login", { user: user.value.trim(), password: password.value });
    // What was being looked at is in the fragment, which no server sees; of the page without scripts, in the query.
    location.replace(`./${location.search}${location.hash}`);
  } catch (refusal) {
    message.textContent = [refusal.message, ...(refusal.hints ?? [])].join("\n");
    message.hidden = false;
    form.elements.password.select();
  } finally {
    button.disabled = false;
  }
});
