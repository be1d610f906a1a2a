// Drafts of class cards: they survive a reload, are one person's, and end when the server has them.
import { emptyStorage, fullDisk } from "./page_without_browser.mjs";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

beforeEach(emptyStorage);

let loads = 0;
// As a reload does: the module anew, with what is stored.
const loaded = () => import(`../../curation/light_table/static/drafts.js?${loads++}`);

test("what was typed is there after a reload, and only for who typed it", async () => {
  (await loaded()).type("ann", "moon", "summary", "Pale");
  const { draftsOf } = await loaded();
  assert.deepEqual([...draftsOf("ann")], [["moon", { summary: "Pale" }]]);
  assert.deepEqual([...draftsOf("bob")], []);
});

test("fields of a card are kept beside each other", async () => {
  const { draftsOf, type } = await loaded();
  type("ann", "moon", "summary", "Pale");
  type("ann", "moon", "title", "Moon");
  type("ann", "moon", "summary", "Paler");
  assert.deepEqual(draftsOf("ann").get("moon"), { summary: "Paler", title: "Moon" });
});

for (const action of ["rename_class", "edit_card"]) {
  test(`${action}: a text that is on the disk is a draft no more`, async () => {
    const { draftsOf, keptTexts, type } = await loaded();
    type("ann", "moon", "summary", "Pale");
    keptTexts("ann", [{ do: action, label: "moon", texts: { summary: "Pale" } }]);
    assert.equal(draftsOf("ann").size, 0);
    assert.equal((await loaded()).draftsOf("ann").size, 0);
  });
}

test("what was typed since it was sent stays a draft", async () => {
  const { draftsOf, keptTexts, type } = await loaded();
  type("ann", "moon", "summary", "Paler still");
  type("ann", "moon", "title", "Moon");
  keptTexts("ann", [{ do: "edit_card", label: "moon", texts: { summary: "Pale", title: "Moon" } }]);
  assert.deepEqual(draftsOf("ann").get("moon"), { summary: "Paler still" });
});

for (const move of [{ do: "undo" }, { do: "relabel", label: "moon" }, { do: "edit_card", label: "sun", texts: { summary: "Pale" } }]) {
  test(`${JSON.stringify(move)} ends no draft of another`, async () => {
    const { draftsOf, keptTexts, type } = await loaded();
    type("ann", "moon", "summary", "Pale");
    keptTexts("ann", [move]);
    assert.deepEqual(draftsOf("ann").get("moon"), { summary: "Pale" });
  });
}

test("a damaged store is an empty one", async () => {
  (await loaded()).type("ann", "moon", "summary", "Pale");
  for (const name of Object.keys(localStorage)) localStorage.setItem(name, "{torn");
  assert.equal((await loaded()).draftsOf("ann").size, 0);
});

test("where nothing can be stored, drafts live as long as the page", async () => {
  fullDisk.is = true;
  const { draftsOf, type } = await loaded();
  type("ann", "moon", "summary", "Pale");
  assert.deepEqual(draftsOf("ann").get("moon"), { summary: "Pale" });
});
