// What lies before an annotator: counters that only go forward, and photos that were looked for.
import { emptyStorage } from "./page_without_browser.mjs";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Session } from "../../curation/light_table/static/session.js";

beforeEach(emptyStorage);

const settled = () => new Promise((done) => setImmediate(done));
const item = (n) => ({ key: `labels/${n}`, image_id: String(n), choices: [] });

// A server that keeps decisions when it is told to, and counts them.
function served(count) {
  let kept = 0;
  const waiting = [];
  const look = () => ({ who: "ann", place: "p", title: "t", pile: "labels", undo: kept, sending: {}, model: null, proposal: null, left: null,
    piles: [{ pile: "labels", done: kept, total: count, left: count - kept }], items: Array.from({ length: count - kept }, (_, n) => item(kept + n)).slice(0, 8) });
  const moves = (groups) => new Promise((done) => waiting.push(() => {
    kept += groups.length;
    done({ ...look(), outcomes: groups.map(() => ({ ok: true, back: [] })) });
  }));
  return { look, moves, answer: () => waiting.shift()?.() };
}

test("however fast the keys, what is done never becomes less", async () => {
  const server = served(20);
  const seen = [];
  const session = new Session(server, server.look(), () => seen.push(session?.done ?? 0), () => {});
  for (let n = 0; n < 12; n++) {
    session.decide("keep");
    seen.push(session.done);
    if (n % 3 === 2) {
      server.answer();
      await settled();
      await settled();
      seen.push(session.done);
    }
  }
  for (let n = 0; n < 6; n++) {
    server.answer();
    await settled();
    await settled();
    seen.push(session.done);
  }
  assert.deepEqual(seen, [...seen].sort((one, other) => one - other));
  assert.equal(session.done, 12);
});

test("a photo that was looked for comes first, stays while news come, and is gone again", () => {
  const server = served(3);
  const session = new Session(server, server.look(), () => {}, () => {});
  session.visit({ key: "photo/x", image_id: "x", choices: [] });
  session.take(server.look());
  assert.equal(session.item.image_id, "x");
  session.leave();
  assert.equal(session.item.image_id, "0");
});
