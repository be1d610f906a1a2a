// What is said to the visitor, in their language: the page's own words, and the collection's where it has them.
import { TEXTS } from "./texts.js";

const KEPT = "vitrine.language";
const spoken = { language: "en", asked: ["en"], nouns: {}, keeper: {} };

/** The page's own words in the language of now: TEXT.next. */
export const TEXT = new Proxy({}, { get: (_, name) => TEXTS[spoken.language][name] });

/** The first of the languages somebody asks for that is there ("de-AT" finds "de"); else `otherwise`. */
export function among(asked, there, otherwise) {
  for (const wanted of asked) {
    const found = [wanted.toLowerCase(), wanted.toLowerCase().split("-")[0]].find((name) => there.includes(name));
    if (found) return found;
  }
  return otherwise;
}

/** Speak as chosen here before, else as the browser asks for. */
export function chooseLanguage(browser = navigator.languages) {
  speak(kept() ? [kept()] : [...browser]);
}

/** A switch was turned: this language from now on, and on the next visit. */
export function keepLanguage(language) {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // No leave to store: it holds for this visit.
  }
  speak([language]);
  dispatchEvent(new Event("vitrine-language"));
}

export const language = () => spoken.language;

function speak(asked) {
  spoken.asked = asked;
  spoken.language = among(asked, Object.keys(TEXTS), "en");
  document.documentElement.lang = spoken.language;
}

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** What a collection calls its things, and whoever keeps them: {noun, nouns, keeper}, and by language. */
export function speakOf(room) {
  const one = inOwnWords(room);
  const own = one.lang === spoken.language;
  spoken.nouns = own ? one : {};
  spoken.keeper = own ? one.keeper : "";
}

/** A card (or a room) in the first language asked for that it has; `lang` says which. */
export function inOwnWords(card, otherwise = card.language ?? "en") {
  const there = card.translations ?? {};
  const lang = among(spoken.asked, [...Object.keys(there), otherwise], otherwise);
  return { ...card, ...(there[lang] ?? {}), lang };
}

export const counted = (n) => TEXT.counted(n);

/** "1 work", "14 works". */
export function things(n) {
  const { noun, nouns } = spoken.nouns;
  const [one, many] = noun ? [noun, nouns || `${noun}s`] : [TEXT.noun, TEXT.nouns];
  return `${n} ${n === 1 ? one : many}`;
}

export const keeper = () => spoken.keeper ?? "";

/** A share in words people trust: never a full 100 %, never 0. */
export function percent(share) {
  const whole = Math.round(share * 100);
  if (whole >= 100) return TEXT.over;
  return whole < 1 ? TEXT.under : `${whole} %`;
}

/** .91, as on the small cards; one digit more where it would read 1.00. */
export const score = (value) => (value >= 0.995 ? "1" : value.toFixed(2).replace(/^0/, ""));

/** A refusal of the app in the visitor's language, where the page has it. */
export const refusal = (sentence, code) => TEXT.codes[code] ?? sentence;
