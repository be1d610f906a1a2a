// The sheets that slide up: what a sheet is, everything that can be named, and one thing with its story.
import { button, element, picture } from "./elements.js";
import { story } from "./placard.js";
import { aloud, shared } from "./actions.js";
import { TEXT, things } from "./words.js";

const SEARCH_FROM = 9;

/** A dialog with a title and a way out; it leaves the page when it is closed. */
export function sheet(title, ...children) {
  const dialog = element(
    "dialog.sheet",
    { "aria-label": title },
    element("header", {}, element("h2", {}, title),
      button("close", "×", () => dialog.close(), { "aria-label": TEXT.close })),
    children,
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  return dialog;
}

/** A small picture beside a name. */
export const row = (about) => [
  element("span.thumb", {}, about.picture ? picture(about.picture, "", { loading: "lazy" }) : null),
  element("span.named", { lang: about.lang }, element("strong", {}, about.title),
    about.summary ? element("small", {}, about.summary) : null),
];

// The text of a card is Markdown; here it is only read.
const unmarked = (text) => text.replace(/(\*\*|__)(.+?)\1/gs, "$2").replace(/\[([^\]]+)\]\([^)]+\)/g, "$1");

/** A field that shows what of `cards` bears a name in `list`; null where there is little to search. */
export function search(cards, list, show) {
  if (cards.length < SEARCH_FROM) return null;
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const field = element("input.search", { type: "search", placeholder: TEXT.search, "aria-label": TEXT.searchName });
  field.addEventListener("input", () => {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    const names = (card) => folded([card.title, ...(card.aliases ?? [])].join(" "));
    list.replaceChildren(...show(cards.filter((card) => words.every((word) => names(card).includes(word)))));
  });
  return field;
}

/** Everything that can be named; `open(label)` shows one. `missing`: an address named something else. */
export function namesSheet({ room, cards, open, missing = false }) {
  const show = (some) => some.map((about) =>
    element("li", {}, element("button.row", { type: "button", onclick: () => open(about.label) }, row(about))));
  const list = element("ul.rows", {}, show(cards));
  return sheet(TEXT.know(things(cards.length)),
    missing ? element("p.lead", { role: "status" }, TEXT.noSuchThing) : null,
    search(cards, list, show),
    element("div.body", {}, list, room.description ? element("p.lead", { lang: room.lang }, unmarked(room.description)) : null));
}

/** One thing: its picture and story. `itIsThis()`: what to do where an answer waits for a choice. */
export function thingSheet({ about, address, itIsThis = null }) {
  const large = about.picture?.includes("/reference/") ? `${about.picture}?side=640` : about.picture;
  const made = sheet(about.title, element("div.body", { lang: about.lang },
    large ? element("figure.hung", {}, picture(large, about.title)) : null,
    story(about)),
  element("footer.thing", {}, element("div.acts", {}, aloud(about), shared(about, address)),
    itIsThis ? button("main", TEXT.thisIsIt, () => {
      made.close();
      itIsThis();
    }) : null));
  made.querySelector("h2").lang = about.lang ?? "";
  return made;
}
