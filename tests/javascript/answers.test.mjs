// What can be said instead of an answer, what tells candidates apart, and where a place in the page is.
import { emptyStorage } from "./page_without_browser.mjs";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { spokenStory } from "../../docs/assets/actions.js";
import { addressOf, enter, place, sharedAddress } from "../../docs/assets/addresses.js";
import { differences, mapAddress, plausible } from "../../docs/assets/placard.js";
import { darkness } from "../../docs/assets/closer.js";
import { dropReceipt, fateInWords, keepReceipt, keptReceipts } from "../../docs/assets/receipts.js";
import { choices } from "../../docs/assets/suggest.js";

beforeEach(emptyStorage);
const cards = ["a", "b", "c", "d"].map((label) => ({ label, title: label.toUpperCase() }));
const labels = (some) => some.map((one) => one.label);

test("an address that was sent to somebody leads to the thing inside the page", () => {
  const root = new URL("https://a.b/show/");
  assert.equal(sharedAddress("a b", root), "https://a.b/show/thing/a%20b/");
  const went = [];
  globalThis.history = { replaceState: (...how) => went.push(how[2]) };
  for (const pathname of ["/show/thing/ochre/", "/show/thing/ochre", "/show/", "/show/thing/", "/thing/ochre/"]) {
    enter({ pathname, search: "?x" }, root);
  }
  assert.deepEqual(went, ["/show/?x#/thing/ochre", "/show/?x#/thing/ochre"]);
});

test("the model's next guesses come first, and what was refused is gone", () => {
  const answer = { candidates: [{ label: "b" }, { label: "d" }, { label: "a" }, { label: "c" }] };
  const { guesses, others } = choices(answer, cards, ["b"]);
  assert.deepEqual(labels(guesses), ["d", "a"]);
  assert.deepEqual(labels(others), ["c"]);
});

test("a guess that is no thing of today is no guess", () => {
  const { guesses, others } = choices({ candidates: [{ label: "gone" }, { label: "c" }] }, cards, [null]);
  assert.deepEqual([labels(guesses), labels(others)], [["c"], ["a", "b", "d"]]);
  assert.deepEqual(labels(choices({}, cards, []).others), ["a", "b", "c", "d"]);
});

test("at most three candidates are worth a look, and two always", () => {
  const shares = (...all) => plausible(all.map((confidence) => ({ confidence }))).length;
  assert.deepEqual([shares(0.9, 0.01), shares(0.4, 0.3, 0.04), shares(0.4, 0.3, 0.2, 0.1)], [2, 2, 3]);
});

test("what tells two apart are the facts that both have and that differ", () => {
  const facts = (...pairs) => ({ facts: pairs.map(([name, value]) => ({ name, value })) });
  const one = facts(["Look for", "mud"], ["Painter", "Ilse"], ["Made", "1929"]);
  const other = facts(["Look for", "boats"], ["Painter", "Ilse"]);
  assert.deepEqual(differences([one, other]), [{ name: "Look for", values: ["mud", "boats"] }]);
  assert.deepEqual(differences([one, {}]), []);
});

test("a place is read from its address, and nobody's address is none", () => {
  assert.deepEqual(place(addressOf("thing", "a b/c")), ["thing", "a b/c"]);
  assert.deepEqual([place("#about"), place(""), place("#/%E0%A4%A")], [[], [], []]);
});

test("a receipt is kept once, the newest first, and can be dropped", () => {
  keepReceipt("A", "Red Grid");
  keepReceipt("B");
  keepReceipt("A", "Ochre");
  assert.deepEqual(keptReceipts(), [{ receipt: "A", about: "Ochre" }, { receipt: "B", about: "" }]);
  dropReceipt("A");
  assert.equal(keptReceipts().length, 1);
  localStorage.setItem("vitrine.receipts", "{no json");
  assert.deepEqual(keptReceipts(), []);
});

test("a fate without words here is told in the app's own", () => {
  assert.match(fateInWords({ fate: "accepted", sentence: "x", round: 7 }), /agrees with you.*round 7/);
  assert.equal(fateInWords({ fate: "lost", sentence: "It was lost." }), "It was lost.");
});

test("a card is read aloud as sentences", () => {
  const about = { title: "Ebb", summary: "The tide is out.", facts: [{ name: "Made", value: "1929" }, { name: "x", value: "" }] };
  assert.equal(spokenStory(about), "Ebb. The tide is out. Made: 1929.");
});

test("a place has an address on a map, south and west as well", () => {
  assert.equal(mapAddress([-33.8568, 151.2153]), "https://www.openstreetmap.org/?mlat=-33.8568&mlon=151.2153#map=15/-33.8568/151.2153");
});

test("the part that shows it best is clear, and a photo that shows it nowhere is not darkened", () => {
  assert.deepEqual(darkness([[0.5, 1], [0, 0.5]]), [[0.5, 0], [1, 0.5]]);
  assert.deepEqual(darkness([[0, 0]]), [[0, 0]]);
});
