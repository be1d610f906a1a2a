// Decisions on their way: in order, kept over a reload, sent again after trouble, never lost.
import { startClock, stopClock, tick } from "./clock.mjs";
import { emptyStorage, fullDisk } from "./page_without_browser.mjs";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Outbox } from "../../curation/light_table/static/outbox.js";

beforeEach(emptyStorage);

const step = (id, key = `label/${id}`, does = "keep") => [{ id, do: does, key }];
const ids = (groups) => groups.map((group) => group[0].id);
const settled = () => new Promise((done) => setImmediate(done));

// An outbox whose server answers as `answers` says, one call at a time; `sent`: what each call was given.
function outbox(answers, who = "ann") {
  const sent = [];
  const deliver = async (groups, done) => {
    sent.push(ids(groups));
    const answer = answers.shift() ?? {};
    if (answer instanceof Error) throw answer;
    done(groups.slice(0, answer.takes ?? groups.length));
    return { again: answer.again ?? false };
  };
  return { sent, box: new Outbox(who, deliver, () => {}) };
}

test("what was put is delivered, and then waits no more", async () => {
  const { sent, box } = outbox([]);
  box.put(step("1"));
  await settled();
  assert.deepEqual([sent, box.waiting, Object.keys(localStorage)], [[["1"]], 0, []]);
});

test("what is put while another is on its way follows it, in order", async () => {
  const { sent, box } = outbox([]);
  for (const id of ["1", "2", "3"]) box.put(step(id));
  await settled();
  assert.deepEqual([sent, box.waiting], [[["1"], ["2", "3"]], 0]);
});

test("a reload finds what was not delivered, in order, and only one's own", async () => {
  for (const id of ["2", "1"]) localStorage.setItem(`vitrine.light-table.ann.${id}`, JSON.stringify(step(id)));
  localStorage.setItem("vitrine.light-table.bob.3", JSON.stringify(step("3")));
  const { sent, box } = outbox([]);
  assert.deepEqual(ids(box.groups), ["1", "2"]);
  await box.post();
  assert.deepEqual([sent, Object.keys(localStorage)], [[["1", "2"]], ["vitrine.light-table.bob.3"]]);
});

test("without an answer it is sent again later, the longer the oftener it failed", async () => {
  stopClock();
  const { sent, box } = outbox([new Error("offline"), new Error("offline")]);
  box.put(step("1"));
  await settled();
  assert.deepEqual([sent.length, box.waiting, box.failures], [1, 1, 1]);
  tick(499);
  await settled();
  assert.equal(sent.length, 1);
  tick(1);
  await settled();
  assert.deepEqual([sent.length, box.failures], [2, 2]);
  tick(1000);
  await settled();
  assert.deepEqual([sent, box.waiting, box.failures], [[["1"], ["1"], ["1"]], 0, 0]);
  startClock();
});

for (const status of [401, 403]) {
  test(`${status}: nothing is sent any more, and nothing is lost`, async () => {
    const { sent, box } = outbox([Object.assign(new Error("signed out"), { status })]);
    box.put(step("1"));
    await settled();
    box.put(step("2"));
    await settled();
    assert.deepEqual([sent, box.waiting, box.refused.status], [[["1"]], 2, status]);
    assert.equal(Object.keys(localStorage).length, 2);
  });
}

test("what the server could not take yet stays in front", async () => {
  stopClock();
  for (const id of ["1", "2"]) localStorage.setItem(`vitrine.light-table.ann.${id}`, JSON.stringify(step(id)));
  const { sent, box } = outbox([{ takes: 1, again: true }]);
  await box.post();
  assert.deepEqual([ids(box.groups), box.failures], [["2"], 1]);
  tick(500);
  await settled();
  assert.deepEqual([sent, box.waiting], [[["1", "2"], ["2"]], 0]);
  startClock();
});

test("a question is held while its decision is on its way; an undo holds none", () => {
  const { box } = outbox([new Error("offline")]);
  box.busy = true;
  box.put(step("1", "label/a"));
  box.put(step("2", "label/b", "undo"));
  assert.deepEqual(["label/a", "label/b", "label/c"].map((key) => box.holds(key)), [true, false, false]);
});

test("a full disk of the browser loses nothing that this page still knows", async () => {
  fullDisk.is = true;
  const { sent, box } = outbox([]);
  box.put(step("1"));
  await settled();
  assert.deepEqual([sent, box.waiting], [[["1"]], 0]);
});

test("a damaged store opens an empty outbox", () => {
  localStorage.setItem("vitrine.light-table.ann.1", "{torn");
  assert.equal(outbox([]).box.waiting, 0);
});

test("a long pile goes in parts of 200", async () => {
  for (let n = 0; n < 450; n++) {
    const id = String(n).padStart(3, "0");
    localStorage.setItem(`vitrine.light-table.ann.${id}`, JSON.stringify(step(id)));
  }
  const { sent, box } = outbox([]);
  await box.post();
  await settled();
  assert.deepEqual([sent.map((part) => part.length), box.waiting], [[200, 200, 50], 0]);
});
