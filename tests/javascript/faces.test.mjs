// The network that looks for faces: what its file holds, and what it finds in nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { arraysOf, facesIn } from "../../docs/assets/faces/network.js";

const bytes = new Uint8Array(readFileSync(new URL("../../docs/assets/vendor/tiny-face-detector.bin", import.meta.url)));

test("the file holds the arrays that are named, and another file is refused", () => {
  const arrays = arraysOf(bytes);
  assert.equal(arrays["conv0/filters"].length, 3 * 3 * 3 * 16);
  assert.equal(arrays["conv8/bias"].length, 25);
  assert.ok(Object.values(arrays).every((one) => one.every(Number.isFinite)));
  assert.throws(() => arraysOf(bytes.subarray(1)), RangeError);
});

test("nothing is found where nothing is", () => {
  const arrays = arraysOf(bytes);
  const grey = new Uint8ClampedArray(4 * 96 * 96).fill(128);
  assert.deepEqual(facesIn(grey, arrays, 96), []);
});
