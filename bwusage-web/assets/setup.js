// The first admin: the token of the link, a name and a password to the server.

import { send } from "./send.js";

const form = document.querySelector("form");
const message = document.getElementById("message");
const button = form.querySelector("button");

const token = new URLSearchParams(location.search).get("token");
// Out of the address bar, the history and whatever else keeps addresses.
history.replaceState(null, "", location.pathname);

form.hidden = !token;
document.getElementById("no-token").hidden = Boolean(token);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { user, password, again } = form.elements;
  if (password.value !== again.value) {
    say("The two passwords are not the same.");
    again.select();
    return;
  }
  message.hidden = true;
  button.disabled = true;
  try {
    await send("POST", "api/v1/setup", { token, user: user.value.trim(), password: password.value });
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
