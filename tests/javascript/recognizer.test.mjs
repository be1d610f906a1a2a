// Who answers: the app first, the release in this browser where the app can't, and nobody twice.
import { emptyStorage } from "./page_without_browser.mjs";
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { Trouble } from "../../docs/assets/app_client.js";
import { Recognizer } from "../../docs/assets/recognizer.js";

emptyStorage();
afterEach(() => mock.timers.reset());

const gone = () => Promise.reject(new Trouble("gone", "unreachable"));
const never = () => new Promise(() => {});

function both({ app = {}, twin = {} } = {}) {
  const asked = [];
  const note = (who, what, does) => (...given) => {
    asked.push(`${who} ${what}`);
    return does(...given);
  };
  const client = app && {
    isThere: note("app", "isThere", app.isThere ?? (async () => true)),
    room: note("app", "room", app.room ?? (async () => ({ title: "App" }))),
    classes: note("app", "classes", app.classes ?? (async () => ["app"])),
    predict: note("app", "predict", app.predict ?? (async () => ({ label: "a" }))),
    suggest: note("app", "suggest", async () => ({ receipt: "r" })),
  };
  const own = twin && {
    about: async () => ("about" in twin ? twin.about : { bytes: 27e6, room: { title: "Twin" } }),
    toFetch: async () => ("toFetch" in twin ? twin.toFetch : { bytes: 27e6 }),
    isReady: async () => twin.ready ?? false,
    room: async () => ({ title: "Twin" }),
    classes: async () => ["twin"],
    ask: note("twin", "ask", twin.ask ?? (async () => ({ label: "t" }))),
  };
  return { asked, recognizer: new Recognizer("", [], { client, own: own && { now: async () => own } }) };
}

const told = [];
const ask = (recognizer) => recognizer.predict("photo", (said) => told.push(said));

test("the app answers where it can, and the answer says so", async () => {
  const { recognizer, asked } = both({ twin: { ready: true } });
  assert.deepEqual(await ask(recognizer), { label: "a", by: "app" });
  assert.deepEqual(asked, ["app predict"]);
});

for (const code of ["unreachable", "not_ready", "no_model", "too_many"]) {
  test(`the release in the browser answers where the app is ${code}`, async () => {
    const { recognizer } = both({ app: { predict: () => Promise.reject(new Trouble("x", code)) }, twin: { ready: true } });
    assert.deepEqual(await ask(recognizer), { label: "t", by: "device" });
  });
}

test("a photo that the app refuses is refused, whoever else could answer", async () => {
  const { recognizer, asked } = both({ app: { predict: () => Promise.reject(new Trouble("No photo.", "bad_photo")) },
    twin: { ready: true } });
  await assert.rejects(ask(recognizer), { code: "bad_photo" });
  assert.deepEqual(asked, ["app predict"]);
});

test("what is not fetched yet is offered, with its size, where the app is gone", async () => {
  const { recognizer } = both({ app: { predict: gone } });
  await assert.rejects(ask(recognizer), { code: "offer", offer: 27e6 });
});

test("without an app it is offered at once, and without anything to fetch the trouble is told", async () => {
  await assert.rejects(ask(both({ app: null }).recognizer), { code: "offer" });
  await assert.rejects(ask(both({ app: { predict: gone }, twin: { toFetch: null } }).recognizer), { code: "unreachable" });
  await assert.rejects(ask(both({ app: { predict: gone }, twin: null }).recognizer), { code: "unreachable" });
});

test("an app that was away is not asked again for half a minute", async () => {
  const { recognizer, asked } = both({ app: { predict: gone }, twin: { ready: true } });
  await ask(recognizer);
  await ask(recognizer);
  assert.deepEqual(asked, ["app predict", "twin ask", "twin ask"]);
});

test("an app that takes too long is not waited for where the browser can answer", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { recognizer } = both({ app: { predict: never }, twin: { ready: true } });
  const answer = ask(recognizer);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  mock.timers.tick(8000);
  assert.deepEqual(await answer, { label: "t", by: "device" });
});

test("without a signal the app is not asked at all", async () => {
  Object.defineProperty(globalThis, "navigator", { value: { onLine: false }, configurable: true });
  try {
    const { recognizer, asked } = both({ twin: { ready: true } });
    assert.deepEqual(await ask(recognizer), { label: "t", by: "device" });
    assert.deepEqual(await recognizer.room(), { title: "Twin" });
    assert.deepEqual(asked, ["twin ask"]);
  } finally {
    delete globalThis.navigator;
  }
});

test("the room and the classes come from whoever is there", async () => {
  const here = both({ twin: { ready: true } }).recognizer;
  assert.deepEqual([await here.room(), await here.classes()], [{ title: "App" }, ["app"]]);
  const away = both({ app: { isThere: async () => false }, twin: { ready: true } }).recognizer;
  assert.deepEqual([await away.room(), await away.classes()], [{ title: "Twin" }, ["twin"]]);
  const alone = both({ twin: null }).recognizer;
  assert.deepEqual([await alone.room(), await alone.classes()], [{ title: "App" }, ["app"]]);
});

test("an app whose first model is still to come tells so itself", async () => {
  const room = () => Promise.reject(new Trouble("No model yet.", "no_model_yet"));
  await assert.rejects(both({ app: { room } }).recognizer.room(), { code: "no_model_yet" });
});

test("suggestions go to the app, and a page without one says that it takes none", async () => {
  assert.deepEqual(await both().recognizer.suggest("id", "a", true), { receipt: "r" });
  assert.throws(() => both({ app: null }).recognizer.suggest("id", "a", true), { code: "no_app" });
});
