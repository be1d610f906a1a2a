// An answer of the API, drawn: the placard, the shelf of candidates, the closest photos. No state, no network.
import { element, picture } from "./elements.js";
import { KICK, TEXT, percent, score } from "./words.js";

/** `room`: {subject, classes}; `cards`: class id -> card; `choose(label)`: a candidate was picked. */
export function placard(answer, room, cards, choose) {
  if (answer.answer === "sure") return [sure(answer, room), closest(answer, cards)];
  if (answer.answer === "one_of" && answer.lead && room.subject !== "people") return probably(answer, cards, choose);
  if (answer.answer === "one_of") return [oneOf(answer, room, cards, choose)];
  return [unknown(room), closest(answer, cards)];
}

function sure(answer, room) {
  const people = room.subject === "people";
  // Never a fact about a person: what somebody wears is like something, more or less.
  return card("sure", people ? KICK.people(answer) : KICK.sure(answer), [
    people ? element("p.lead", {}, TEXT.people) : null,
    heading(answer.title),
    ...story(answer.card ?? {}),
  ]);
}

/** The story of one thing, as its placard tells it. */
export function story(about) {
  const facts = (about.facts ?? []).filter((fact) => fact.value);
  const text = [about.source, about.licence].filter(Boolean).join(", ");
  return [
    about.summary ? element("p.summary", {}, about.summary) : null,
    facts.length ? element("dl.facts", {}, facts.map(fact)) : null,
    text ? element("p.source", {}, `Text: ${text}`) : null,
  ];
}

/** The visitor chose one of the candidates: its story, under their own authority. */
export function chosen(title, about) {
  return card("sure", TEXT.chosen, [heading(title), ...story(about ?? {})]);
}

/** The candidates worth a look: at least two, and none that the model gives next to nothing. */
export const plausible = (candidates) => candidates.filter((one, rank) => rank < 2 || one.confidence >= 0.05);

// The first is far ahead: its placard, and below it what else it may be.
function probably(answer, cards, choose) {
  const others = plausible(answer.candidates).slice(1);
  return [
    card("maybe", KICK.probably(answer), [heading(answer.title), ...story(answer.card ?? {})]),
    others.length ? element("section.closest", {}, element("h3", {}, TEXT.orIsIt), shelfOf(others, cards, choose)) : null,
  ];
}

function oneOf(answer, room, cards, choose) {
  const candidates = plausible(answer.candidates);
  return card("maybe", KICK.one_of({ candidates }), [
    heading(room.subject === "people" ? TEXT.whichPeople : TEXT.which),
    shelfOf(candidates, cards, choose),
  ]);
}

function shelfOf(candidates, cards, choose) {
  return element("div.shelf", {}, candidates.map((candidate) => {
    const about = cards.get(candidate.label);
    return element(
      "button.candidate",
      { type: "button", onclick: () => choose(candidate) },
      element("span.thumb", {}, about?.picture ? picture(about.picture, "") : null),
      element(
        "span.named",
        {},
        element("strong", {}, candidate.title),
        element("small", {}, [percent(candidate.confidence), lookFor(about)].filter(Boolean).join(" · ")),
      ),
    );
  }));
}

function unknown(room) {
  return card("none", KICK.none(), [
    element("div.empty", {}, element("span.frame", { "aria-hidden": "true" }), element(
      "div", {}, heading(TEXT.unknownTitle), element("p.lead", {}, TEXT.unknown(room.classes)))),
    element("p.summary", {}, TEXT.unknownMore),
  ]);
}

/** The labelled photos that look most like it. How much is a number beside what was named only: for something that is
 * not here, ".95" would say the opposite of the words above it. */
export function closest(answer, cards) {
  const shown = (answer.similar ?? []).slice(0, 3);
  if (!shown.length) return null;
  const numbered = answer.answer !== "none";
  const title = (one) => one.title ?? cards.get(one.label)?.title ?? one.label;
  return element(
    "section.closest",
    {},
    element("h3", {}, TEXT.closest),
    element("ul", {}, shown.map((one) =>
      element("li", {}, picture(one.url, title(one)),
        element("small", {}, element("span", {}, title(one)), numbered ? element("b", {}, score(one.score)) : null)))),
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

export const heading = (text) => element("h2", { tabindex: "-1" }, text);

const fact = (one) => [element("dt", {}, one.name), element("dd", {}, one.value)];

/** What tells one candidate from another, in a few words. */
function lookFor(about) {
  const told = (about?.facts ?? []).find((fact) => /look for|recogni|sign/i.test(fact.name))?.value;
  return told ?? about?.summary?.split(/(?<=[.;!?])\s/)[0]?.replace(/[.;]$/, "");
}
