// Which of the releases for this browser is fetched first, which one answers, and that only one is kept.
import { emptyStorage } from "./page_without_browser.mjs";
import assert from "node:assert/strict";
import { test } from "node:test";

import { savesData, Twins } from "../../docs/assets/twin/twins.js";

emptyStorage();

function twin(name, { kept = null, about = { bytes: 1 } } = {}) {
  const made = { name, left: 0 };
  let here = kept;
  return Object.assign(made, {
    isReady: async () => here !== null,
    about: async () => about,
    kept: async () => here,
    fetch: async () => {
      here = about;
    },
    remove: async () => {
      here = null;
      made.left += 1;
    },
  });
}

const both = (whole, small) => {
  const all = [twin("whole", whole), twin("small", small)];
  return { twins: new Twins([], all), all };
};

async function over(connection, does) {
  Object.defineProperty(globalThis, "navigator", { value: { connection }, configurable: true });
  try {
    return await does();
  } finally {
    delete globalThis.navigator;
  }
}

test("less is better where data is saved or the connection is slow, and not where nothing is told of it", () => {
  for (const slow of [{ saveData: true, effectiveType: "4g" }, { effectiveType: "3g" }, { effectiveType: "2g" },
    { effectiveType: "slow-2g" }]) assert.equal(savesData(slow), true);
  for (const fast of [undefined, null, {}, { saveData: false }, { effectiveType: "4g" }]) assert.equal(savesData(fast), false);
});

test("the whole release comes first, and on a slow connection the small one", async () => {
  const { twins } = both();
  assert.equal((await twins.now()).name, "whole");
  assert.equal((await over({ saveData: true }, () => twins.now())).name, "small");
  const alone = new Twins([], [twin("whole")]);
  assert.equal((await over({ saveData: true }, () => alone.now())).name, "whole");
});

test("what is on the device answers, whatever the connection", async () => {
  assert.equal((await both({}, { kept: {} }).twins.now()).name, "small");
  const { twins } = both({ kept: {} });
  assert.equal((await over({ effectiveType: "2g" }, () => twins.now())).name, "whole");
});

test("the choices say what can be fetched, what is kept, and which one comes first", async () => {
  const rows = await both({}, { kept: { revision: "a" } }).twins.choices();
  assert.deepEqual(rows.map(({ twin: { name }, kept, first }) => [name, kept, first]),
    [["whole", null, false], ["small", { revision: "a" }, true]]);
  assert.deepEqual((await both({}, { about: null }).twins.choices()).map((row) => row.twin.name), ["whole"]);
});

test("one is fetched in place of the other, which stays while that fails", async () => {
  const { twins, all: [whole, small] } = both({ kept: {} });
  await twins.fetch(small);
  assert.deepEqual([await whole.kept(), await small.kept()], [null, { bytes: 1 }]);
  whole.fetch = () => Promise.reject(new Error("no signal"));
  await assert.rejects(twins.fetch(whole));
  assert.deepEqual(await small.kept(), { bytes: 1 });
});

test("all of it can be removed", async () => {
  const { twins, all } = both({ kept: {} }, { kept: {} });
  await twins.remove();
  assert.deepEqual(all.map(({ left }) => left), [1, 1]);
});
