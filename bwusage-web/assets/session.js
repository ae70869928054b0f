// Who is logged in, and what may be done: asked once. Without a login the server answers for the user who asks.

import { ask, tell } from "./api.js";
import { setText, visible } from "./format.js";

const ROLES = ["viewer", "operator", "admin"];

const find = (id) => document.getElementById(id);

const asked = ask("me").catch(() => null);

/** Whether whoever is here may do what this role may. A server that knows no roles decides by itself, at each request. */
export async function may(role) {
  const me = await asked;
  return me === null || ROLES.indexOf(me.role) >= ROLES.indexOf(role);
}

/** Whether the session is over: then the way leads to the login. */
export function checkSession() {
  return ask("me").catch(() => null);
}

/** Shows who is logged in, and the parts of the page that are for them. */
export async function showSession() {
  const me = await asked;
  document.querySelector("nav a[href='#admin']").hidden = me?.role !== "admin";
  find("user").hidden = !me?.user;
  find("logout").hidden = me?.can_log_out === false;
  if (!me?.user) return;
  setText(find("user-name"), visible(`${me.user} (${me.role})`));
  find("logout").addEventListener("click", async () => {
    await tell("POST", "logout").catch(() => null);
    location.assign("login");
  });
}
