// Numbers as people read them, names of decisions, and elements that never parse what strangers wrote.
import "./page_without_browser.mjs";
import assert from "node:assert/strict";
import { test } from "node:test";

import { clock, count, day, h, percent, share, ulid } from "../../curation/light_table/static/dom.js";
import { element } from "../../docs/assets/elements.js";
import { counted, percent as chance, score, things } from "../../docs/assets/words.js";

test("a chance is never quite nothing and never quite certain", () => {
  assert.deepEqual([0, 0.001, 0.0099, 0.01, 0.5, 0.99, 0.991, 0.9999, 1].map(percent),
    ["0 %", "< 1 %", "< 1 %", "1 %", "50 %", "99 %", "> 99 %", "> 99 %", "100 %"]);
});

test("visitors are never told 100 % or 0 %", () => {
  assert.deepEqual([0, 0.004, 0.006, 0.42, 0.994, 0.996, 1].map(chance),
    ["under 1 %", "under 1 %", "1 %", "42 %", "99 %", "over 99 %", "over 99 %"]);
});

test("one is one and all others are many", () => {
  assert.deepEqual([0, 1, 2, 1000].map((n) => count(n, "photo", "photos")),
    ["0 photos", "1 photo", "2 photos", "1000 photos"]);
  assert.deepEqual([things(1), things(7)], ["1 thing", "7 things"]);
  assert.deepEqual([counted(3), counted(10), counted(11)], ["three", "ten", "11"]);
});

test("a measured share has one decimal, and says so where nothing was measured", () => {
  assert.deepEqual([0.849, 0.84, 1, 0, null].map(share), ["84.9 %", "84.0 %", "100.0 %", "0.0 %", "not measured"]);
});

test("a day is written out, in the place that is asked for", () => {
  assert.equal(day("2026-03-03", "UTC"), "3 March 2026");
  assert.equal(day("2026-03-03T23:30:00Z", "Asia/Tokyo"), "4 March 2026");
  assert.match(clock("2026-03-03T09:15:00Z"), /^\d\d:\d\d$/);
});

test("a score has two digits, and reads 1 where it would round to it", () => {
  assert.deepEqual([0.914, 0.5, 0.994, 0.995, 1, 0].map(score), [".91", ".50", ".99", "1", "1", ".00"]);
});

test("names of decisions are ULIDs, each later than the one before, within one millisecond too", () => {
  const names = Array.from({ length: 500 }, ulid);
  for (const name of names) assert.match(name, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual([...names].sort(), names);
});

test("a ULID tells the time it was made", () => {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const before = Date.now();
  const told = [...ulid().slice(0, 10)].reduce((time, letter) => time * 32 + alphabet.indexOf(letter), 0);
  assert.ok(told >= before && told < before + 5000, `${told} is not about ${before}`);
});

for (const [name, make] of [["h", (text) => h("p", { class: "a b" }, text)], ["element", (text) => element("p.a.b", {}, text)]]) {
  test(`${name}: markup that somebody wrote stays text`, () => {
    const made = make("<img src=x onerror=alert(1)>");
    assert.deepEqual([made.tag, made.className], ["p", "a b"]);
    assert.deepEqual(made.children, ["<img src=x onerror=alert(1)>"]);
  });
}

test("both builders leave out what is not there, and keep the number 0", () => {
  const none = { title: null, alt: undefined, hidden: false, disabled: true };
  for (const made of [h("p", none, null, undefined, 0, ["a", ["b"]]), element("p", none, null, undefined, 0, ["a", ["b"]])]) {
    assert.deepEqual(made.attributes, { disabled: "" });
    assert.deepEqual(made.children, [0, "a", "b"]);
  }
});

test("what is called on… listens", () => {
  const press = () => {};
  assert.equal(h("button", { onclick: press }).listeners.click, press);
  assert.equal(element("button", { onclick: press }).listeners.click, press);
});
