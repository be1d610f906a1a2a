// The treasure hunt's checklist on a phone.
import { emptyStorage, fullDisk } from "./page_without_browser.mjs";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { beginHunt, caught, currentHunt, foundOf, leaveHunt, progress, tickOff } from "../../docs/assets/hunt.js";

beforeEach(emptyStorage);
const cards = ["a", "b", "c"].map((label) => ({ label, title: label }));

test("what is found is ticked off once, and counted among the things of today", () => {
  assert.equal(currentHunt(), null);
  beginHunt();
  for (const label of ["a", "gone", "a"]) tickOff(label);
  assert.deepEqual(currentHunt(), { found: ["a", "gone"] });
  assert.equal(foundOf(currentHunt(), cards), 1);
  assert.equal(progress(currentHunt(), cards), "You have found 1 of 3");
  for (const label of ["b", "c"]) tickOff(label);
  assert.equal(progress(currentHunt(), cards), "You have found them all!");
  leaveHunt();
  assert.equal(currentHunt(), null);
});

test("only a sure answer finds something, and twice is once", () => {
  const hunt = { found: ["b"] };
  const said = (answer, label) => caught({ answer, label }, hunt);
  assert.deepEqual([said("sure", "a"), said("sure", "b"), said("one_of", "a"), said("none", null)], ["found", "again", "no", "no"]);
});

test("nobody's text and a full disk are no hunt, and no trouble", () => {
  localStorage.setItem("vitrine.hunt", "{}");
  assert.equal(currentHunt(), null);
  fullDisk.is = true;
  beginHunt();
  tickOff("a");
  assert.equal(currentHunt(), null);
});
