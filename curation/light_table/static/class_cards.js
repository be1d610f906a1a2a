// What classes are: the reference picture and the whole card, so that somebody who never saw one can decide.

import { closesWith, known, open } from "./dialogs.js";
import { h } from "./dom.js";

const LARGE = 640;

export async function cards(table, classIds) {
  let all;
  try {
    all = await known(table);
  } catch {
    table.noAnswer("The light table isn't responding. Try again.");
    return;
  }
  const wanted = [...new Set(classIds)].map((id) => all.find((info) => info.id === id)).filter(Boolean);
  if (!wanted.length) {
    table.tell("No class is suggested here. Search one with /.", true);
    return;
  }
  const dialog = h("dialog", { class: "cards", "aria-label": "What the classes are", tabindex: "-1" },
    h("div", { class: "cards-row" }, wanted.map((info) => card(table, info))),
    h("button", { class: "big", onclick: () => dialog.close() }, "Back to the photo"));
  closesWith(dialog, "i");
  open(table, dialog);
}

function card(table, info) {
  return h("article", { class: "class-card" },
    info.reference && h("img", { src: table.server.reference(info.id, LARGE), alt: `Reference picture of ${info.title}` }),
    h("h2", {}, info.title),
    info.summary ? h("p", {}, info.summary) : h("p", { class: "soft" }, "Nobody has written a card for this class yet."),
    info.facts.length > 0 && h("dl", {}, info.facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    info.aliases.length > 0 && h("p", { class: "lab" }, `also called ${info.aliases.join(", ")}`),
    info.source && h("p", { class: "lab" }, `Text: ${info.source}`));
}
