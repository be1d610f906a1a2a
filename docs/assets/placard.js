// An answer of the API, drawn: the placard, the shelf of candidates, the closest photos. No state, no network.
import { element, picture } from "./elements.js";
import { TEXT, counted, percent, score, things } from "./words.js";

/** `room`: {subject, classes}; `cards`: class id -> card; `does`: {choose(candidate), open(label), acts(card)}. */
export function placard(answer, room, cards, does) {
  if (answer.answer === "sure") return [sure(answer, room, cards, does), closest(answer, cards, does)];
  if (answer.answer === "one_of" && answer.lead && room.subject !== "people") return probably(answer, cards, does);
  if (answer.answer === "one_of") return [oneOf(answer, room, cards, does)];
  return [unknown(room), closest(answer, cards, does)];
}

const cardOf = (one, cards) => cards.get(one.label) ?? { ...(one.card ?? {}), title: one.title };
const titleOf = (one, cards) => cards.get(one.label)?.title ?? one.title ?? one.label;

function sure(answer, room, cards, does) {
  const people = room.subject === "people";
  const about = cardOf(answer, cards);
  const share = percent(answer.confidence);
  // Never a fact about a person: what somebody wears is like something, more or less.
  return card("sure", people ? TEXT.nearest(share) : TEXT.sure(share), [
    people ? element("p.lead", {}, TEXT.people) : null,
    ...told(about, does),
  ]);
}

const told = (about, does) => [heading(about.title, about.lang), element("div", { lang: about.lang }, story(about)), does.acts?.(about)];

/** The story of one thing, as its placard tells it. */
export function story(about) {
  const facts = (about.facts ?? []).filter((fact) => fact.value);
  const text = [about.source, about.licence].filter(Boolean).join(", ");
  return [
    about.summary ? element("p.summary", {}, about.summary) : null,
    facts.length ? element("dl.facts", {}, facts.map(fact)) : null,
    about.location ? element("p", {}, onMap(about.location)) : null,
    text ? element("p.source", {}, TEXT.text(text)) : null,
  ];
}

/** Where a thing stands, as an address of OpenStreetMap. */
export const mapAddress = ([latitude, longitude]) => `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=15/${latitude}/${longitude}`;

// Nothing is asked of the map before somebody follows the link.
const onMap = (place) => element("a", { target: "_blank", rel: "noopener noreferrer", href: mapAddress(place) }, TEXT.onMap);

/** The visitor chose one of the candidates: its story, under their own authority. */
export function chosen(about, does = {}) {
  return card("sure", TEXT.chosen, told(about, does));
}

/** The candidates worth a look: at least two, and none that the model gives next to nothing; all where `several` are in the
 * photo. */
export const plausible = (candidates, several = false) => candidates.filter((one, rank) => several || rank < 2 || (rank < 3 && one.confidence >= 0.05));

// The first is far ahead: its placard, and below it what else it may be.
function probably(answer, cards, does) {
  const others = plausible(answer.candidates).slice(1);
  const about = cardOf(answer, cards);
  return [
    card("maybe", TEXT.probably(percent(answer.confidence)), told(about, does)),
    element("section.or", {}, element("h3", {}, TEXT.orIsIt), shelfOf(others, cards, does)),
  ];
}

function oneOf(answer, room, cards, does) {
  const candidates = plausible(answer.candidates, answer.several);
  const number = counted(candidates.length);
  const which = answer.several ? TEXT.whichOfSeveral : TEXT.which;
  return card("maybe", answer.several ? TEXT.several(number) : TEXT.oneOf(number), [
    heading(room.subject === "people" ? TEXT.whichPeople : which),
    answer.parent ? element("p.lead", {}, TEXT.part(answer.parent.title ?? answer.parent)) : null,
    shelfOf(candidates, cards, does),
    apart(candidates.map((one) => cardOf(one, cards))),
  ]);
}

function shelfOf(candidates, cards, does) {
  return element("div.shelf", {}, candidates.map((candidate) => {
    const about = cards.get(candidate.label);
    return element(
      "button.candidate",
      { type: "button", onclick: () => does.choose(candidate) },
      element("span.thumb", {}, about?.picture ? picture(about.picture, "") : null),
      element(
        "span.named",
        { lang: about?.lang },
        element("strong", {}, titleOf(candidate, cards)),
        element("small", {}, [percent(candidate.confidence), lookFor(about)].filter(Boolean).join(" · ")),
      ),
    );
  }));
}

/** The facts that two or more cards have, and that differ: [{name, values: one a card}]. */
export function differences(cards) {
  const factOf = (about, name) => (about.facts ?? []).find((fact) => fact.name === name)?.value ?? "";
  const names = [...new Set(cards.flatMap((about) => (about.facts ?? []).map((fact) => fact.name)))];
  return names
    .map((name) => ({ name, values: cards.map((about) => factOf(about, name)) }))
    .filter(({ values }) => values.every(Boolean) && new Set(values).size > 1);
}

function apart(cards) {
  const rows = differences(cards);
  if (!rows.length) return null;
  const cells = (values, tag) => values.map((value, at) => element(tag, { lang: cards[at].lang, ...(tag === "th" ? { scope: "col" } : {}) }, value));
  return element("details.apart", {}, element("summary", {}, TEXT.tellsApart),
    element("div.wide", { tabindex: "0", role: "region", "aria-label": TEXT.tellsApart }, element("table", {},
      element("thead", {}, element("tr", {}, element("td", {}), cells(cards.map((about) => about.title), "th"))),
      element("tbody", {}, rows.map(({ name, values }) =>
        element("tr", {}, element("th", { scope: "row", lang: cards[0].lang }, name), cells(values, "td")))))));
}

function unknown(room) {
  return card("none", TEXT.none, [
    element("div.empty", {}, element("span.frame", { "aria-hidden": "true" }), element(
      "div", {}, heading(TEXT.unknownTitle), room.classes ? element("p.lead", {}, TEXT.unknown(things(room.classes))) : null)),
    element("p.summary", {}, TEXT.unknownMore),
  ]);
}

/** The labelled photos that look most like it; a tap shows the thing. How much is a number beside what was named only:
 * for something that is not here, ".95" would say the opposite of the words above it. */
export function closest(answer, cards, does) {
  const shown = (answer.similar ?? []).slice(0, 3);
  if (!shown.length) return null;
  const numbered = answer.answer !== "none";
  const inside = (one) => [picture(one.url, ""),
    element("small", {}, element("span", { lang: cards.get(one.label)?.lang }, titleOf(one, cards)), numbered ? element("b", {}, score(one.score)) : null)];
  return element(
    "section.closest",
    {},
    element("h3", {}, TEXT.closest),
    element("ul", {}, shown.map((one) => element("li", {}, cards.has(one.label)
      ? element("button.plain", { type: "button", onclick: () => does.open(one.label) }, inside(one))
      : inside(one)))),
  );
}

/** A card with its state in words above it. */
export function card(state, kick, children) {
  return element(
    "article.placard",
    { "data-state": state },
    element("p.kick", {}, element("i", { "aria-hidden": "true" }), kick),
    children,
  );
}

export const heading = (text, lang = null) => element("h2", { tabindex: "-1", lang }, text);

const fact = (one) => [element("dt", {}, one.name), element("dd", {}, one.value)];

/** What tells one candidate from another, in a few words. */
function lookFor(about) {
  const told = (about?.facts ?? []).find((fact) => /look for|recogni|sign|merkmal|erkenn/i.test(fact.name))?.value;
  return told ?? about?.summary?.split(/(?<=[.;!?])\s/)[0]?.replace(/[.;]$/, "");
}
