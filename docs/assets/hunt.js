// A treasure hunt: a checklist on this phone, and how often each thing was found, without knowing by whom.
import { button, element, picture } from "./elements.js";
import { card, heading } from "./placard.js";
import { sheet } from "./sheets.js";
import { TEXT } from "./words.js";

const KEPT = "vitrine.hunt";

/** The hunt on this phone: {found: [class id]}; null while there is none. */
export function currentHunt() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return Array.isArray(kept?.found) ? kept : null;
  } catch {
    return null; // no leave to store, or somebody else's text under our name
  }
}

export function beginHunt() {
  store({ found: [] });
}

export function leaveHunt() {
  try {
    localStorage.removeItem(KEPT);
  } catch {
    // It was never stored, then.
  }
}

function store(hunt) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(hunt));
  } catch {
    // No leave to store: what is found is told, and not ticked off.
  }
}

/** What an answer comes to on a hunt: "found", "again", or "no" for everything that is not sure. */
export function caught(answer, hunt) {
  if (answer.answer !== "sure") return "no";
  return hunt.found.includes(answer.label) ? "again" : "found";
}

/** Tick a thing off. */
export function tickOff(label) {
  const hunt = currentHunt() ?? { found: [] };
  store({ ...hunt, found: [...new Set([...hunt.found, label])] });
}

/** How many of the things of today are found. */
export const foundOf = (hunt, cards) => cards.filter((about) => hunt.found.includes(about.label)).length;

/** "You have found 5 of 14". */
export function progress(hunt, cards) {
  const n = foundOf(hunt, cards);
  return n && n === cards.length ? TEXT.foundAll : TEXT.found(n, cards.length);
}

/** What a hunter is told instead of a placard: the thing, or nothing. */
export function huntCard(what, about, line) {
  if (what === "no") return card("none", TEXT.notFound, [heading(TEXT.notFound), element("p.summary", {}, TEXT.notFoundMore), element("p.lead", {}, line)]);
  return card("sure", TEXT.foundOne, [heading(about.title, about.lang),
    element("p.summary", {}, what === "again" ? TEXT.foundAlready : line)]);
}

/** The checklist; before a hunt, how it goes and the way in. `change()`: it began, or ended. */
export function huntSheet({ cards, change }) {
  const hunt = currentHunt();
  const then = (does) => () => {
    does();
    made.close();
    change();
  };
  const made = hunt
    ? sheet(TEXT.huntList, element("p.lead", { role: "status" }, progress(hunt, cards)),
        element("div.body", {}, element("ul.rows", {}, cards.map((about) => tick(about, hunt)))),
        element("footer.two", {}, button("ghost", TEXT.huntLeave, then(leaveHunt)), button("ghost", TEXT.huntAgain, then(beginHunt))))
    : sheet(TEXT.hunt, element("div.body", {}, element("p.summary", {}, TEXT.huntHow)),
        element("footer", {}, button("main", TEXT.huntStart, then(beginHunt))));
  return made;
}

// What is not found yet is named, as on the paper, and not shown.
function tick(about, hunt) {
  const is = hunt.found.includes(about.label);
  return element("li.row", { "data-found": is }, element("span.tick", { "aria-hidden": "true" }, is ? "✓" : ""),
    element("span.named", { lang: about.lang }, element("strong", {}, about.title),
      is ? element("small", {}, TEXT.foundOne) : null),
    is && about.picture ? element("span.thumb", {}, picture(about.picture, "", { loading: "lazy" })) : null);
}

/** For the organiser: how often each thing was found. `counts()` -> {class id: number}. */
export function countsSheet({ cards, counts }) {
  const list = element("ul.rows", {});
  const said = element("p.lead", { role: "status" });
  counts().then((found) => {
    const all = Object.values(found).reduce((sum, n) => sum + n, 0);
    said.textContent = TEXT.finds(all);
    list.replaceChildren(...cards.map((about) => element("li.row", {},
      element("span.named", { lang: about.lang }, element("strong", {}, about.title)),
      element("b.many", {}, TEXT.finds(found[about.label] ?? 0)))));
  }, (trouble) => {
    said.textContent = trouble.message;
  });
  return sheet(TEXT.organiser, element("p.lead", {}, TEXT.organiserMore), said, element("div.body", {}, list));
}
