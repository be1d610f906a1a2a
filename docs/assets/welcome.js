// Before the first photo: what hangs on the wall, and what a wide screen says beside it.
import { button, element, picture } from "./elements.js";
import { heading } from "./placard.js";
import { TEXT, things } from "./words.js";

const SHELF = 8;
const HANGING = [6, 4, 2, 1]; // so many hang well on a wall

/** A few pictures of what can be named, from all over the list. */
export function hung(cards) {
  const all = cards.filter((about) => about.picture);
  const count = HANGING.find((some) => some <= all.length) ?? 0;
  const chosen = Array.from({ length: count }, (_, place) => all[Math.floor((place * all.length) / count)]);
  return chosen.map((about) => element("span", {}, picture(about.picture, "")));
}

/** `room` is null while it is not known yet; `names()` shows everything that can be named, `open(label)` one. */
export function welcome(room, cards, names, open) {
  const shelf = cards.slice(0, SHELF).map((about) =>
    element("li", {}, element("button.plain", { type: "button", onclick: () => open(about.label) },
      element("span.thumb", {}, about.picture ? picture(about.picture, "") : null),
      element("small", { lang: about.lang }, about.title))));
  return element(
    "article.placard.welcome",
    {},
    element("p.kick", { lang: room?.lang }, room?.title ?? "Vitrine"),
    heading(TEXT.show),
    element("p.summary", {}, TEXT.welcome),
    shelf.length ? element("h3", {}, TEXT.know(things(cards.length))) : null,
    shelf.length ? element("ul.names", {}, shelf) : null,
    cards.length > SHELF ? button("quiet", TEXT.seeAll, names) : null,
  );
}
