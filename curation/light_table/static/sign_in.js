// The door of the light table. Who may pass is decided by the server, each time.

import { count, h } from "./dom.js";

// `waiting`: decisions of this window that are on no disk but its own yet.
export async function signIn(table, waiting = 0) {
  const { server } = table;
  const how = await server.howToSignIn().catch(() => ({ how: "password" }));
  table.root.dataset.view = "sign-in";
  table.body.replaceChildren(how.how === "hub" ? hubDoor(how, waiting) : passwordDoor(table, how, waiting));
  table.body.querySelector("input")?.focus({ preventScroll: true });
}

function words(how, waiting) {
  return [h("h1", {}, "The light table"), h("p", { class: "soft" }, "Check and correct labels, one photo at a time."),
    how.hint && h("p", { class: "soft" }, how.hint),
    waiting > 0 && h("p", {}, `${count(waiting, "decision waits", "decisions wait")} in this window. Sign in again and nothing is lost.`)];
}

function hubDoor(how, waiting) {
  const refused = how.name && h("p", { class: "problem" }, `You are signed in as ${how.name}, who is not among the annotators here.`);
  return h("div", { class: "door" }, words(how, waiting), refused, h("a", { class: "big", href: how.url, target: "_top" }, "Sign in with Hugging Face"));
}

function passwordDoor(table, how, waiting) {
  const name = h("input", { name: "username", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false" });
  const password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
  const problem = h("p", { class: "problem", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      await table.server.signIn(name.value, password.value);
      table.body.replaceChildren();
      await table.open();
    } catch (refusal) {
      problem.textContent = refusal.code === undefined ? "The light table isn't responding. Try again in a moment." : refusal.message;
      password.select();
    }
  };
  return h("form", { class: "door", onsubmit: submit }, words(how, waiting),
    h("label", {}, "Name", name), h("label", {}, "Password", password), problem, h("button", { class: "big" }, "Sign in"));
}
