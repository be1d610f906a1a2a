// The page's own words: complete in every language, and chosen as the visitor asks.
import { emptyStorage } from "./page_without_browser.mjs";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { TEXTS } from "../../docs/assets/texts.js";
import { TEXT, among, chooseLanguage, inOwnWords, keepLanguage, language, percent, speakOf, things } from "../../docs/assets/words.js";

globalThis.document.documentElement = {};
globalThis.dispatchEvent = () => {};

beforeEach(() => {
  emptyStorage();
  speakOf({});
});

test("every language has every text, of the same kind", () => {
  const { en } = TEXTS;
  for (const [name, texts] of Object.entries(TEXTS)) {
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(en).sort(), name);
    for (const [key, text] of Object.entries(texts)) {
      assert.equal(typeof text, typeof en[key], `${name}.${key}`);
      if (typeof text === "function") assert.equal(text.length, en[key].length, `${name}.${key}`);
      if (typeof text === "string") assert.ok(text.trim(), `${name}.${key}`);
    }
    assert.deepEqual(Object.keys(texts.fates), Object.keys(en.fates), name);
  }
});

test("no German text was left in English", () => {
  const same = Object.keys(TEXTS.en).filter((key) => TEXTS.en[key] === TEXTS.de[key]);
  assert.deepEqual(same, []);
});

test("the first language that somebody asks for and that is there", () => {
  assert.equal(among(["de-AT", "en"], ["en", "de"], "en"), "de");
  assert.equal(among(["fr", "pt-BR"], ["en", "pt-br"], "en"), "pt-br");
  assert.equal(among(["fr"], ["en", "de"], "en"), "en");
  assert.equal(among([], ["de"], "de"), "de");
});

test("the browser's language is spoken until a switch says otherwise, which is kept", () => {
  chooseLanguage(["de-DE"]);
  assert.deepEqual([language(), TEXT.next, document.documentElement.lang], ["de", "Weiter", "de"]);
  keepLanguage("en");
  assert.equal(TEXT.next, "Next");
  chooseLanguage(["de-DE"]);
  assert.equal(language(), "en");
});

test("a card speaks the visitor's language where it has it, and says which it speaks", () => {
  const card = { title: "Ebb", summary: "Out.", translations: { de: { title: "Ebbe" }, fr: { title: "Reflux" } } };
  chooseLanguage(["fr", "de"]);
  assert.deepEqual([inOwnWords(card).title, inOwnWords(card).lang], ["Reflux", "fr"]);
  chooseLanguage(["de"]);
  assert.deepEqual([inOwnWords(card).title, inOwnWords(card).summary], ["Ebbe", "Out."]);
  chooseLanguage(["it"]);
  assert.deepEqual([inOwnWords(card, "en").title, inOwnWords(card, "en").lang], ["Ebb", "en"]);
});

test("things are called what the collection calls them, in the language of now", () => {
  const room = { language: "en", noun: "work", nouns: "works", translations: { de: { noun: "Werk", nouns: "Werke" } } };
  chooseLanguage(["en"]);
  speakOf(room);
  assert.deepEqual([things(1), things(14)], ["1 work", "14 works"]);
  chooseLanguage(["de"]);
  speakOf(room);
  assert.deepEqual([things(1), things(14)], ["1 Werk", "14 Werke"]);
  speakOf({ language: "en", noun: "work" });
  assert.equal(things(14), "14 Dinge");
});

test("a share is never all or nothing", () => {
  chooseLanguage(["en"]);
  assert.deepEqual([percent(1), percent(0), percent(0.5)], ["over 99 %", "under 1 %", "50 %"]);
});
