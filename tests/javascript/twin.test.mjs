// The release in the browser sees and decides what Python sees and decides: to the pixel, and to the last digits.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { answerOf, chancesOf, foreignness, nearest, ranked } from "../../docs/assets/twin/decision.js";
import { averaged, framed, readSmaller, showsNothing, tensor } from "../../docs/assets/twin/framing.js";
import { resize } from "../../docs/assets/twin/resize.js";
import { arraysIn, fromHalf, unpacked, weightsIn } from "../../docs/assets/twin/unpacking.js";
import { megabytes, TEXT, TEXTS } from "../../docs/assets/twin/words.js";

const golden = JSON.parse(readFileSync(new URL("golden/twin.json", import.meta.url)));

const buffer = (text) => Uint8Array.from(Buffer.from(text, "base64")).buffer;
const photo = ({ width, height, pixels }) => ({ width, height, pixels: new Uint8ClampedArray(buffer(pixels)) });
const close = (a, b, most = 1e-5) => assert.ok(Math.abs(a - b) <= most * Math.max(1, Math.abs(b)), `${a} and ${b}`);

for (const { photo: given, by, made } of golden.resized) {
  const name = `filter ${by} from ${given.width} x ${given.height} to ${made.width} x ${made.height}`;
  test(`a photo is resized as by Pillow to the pixel: ${name}`, () => {
    assert.deepEqual(resize(photo(given), made.width, made.height, by), photo(made));
  });
}

test("a filter that nobody knows is said, and the same size changes nothing", () => {
  const same = photo(golden.resized[0].photo);
  assert.equal(resize(same, same.width, same.height, 3), same);
  assert.throws(() => resize(same, 2, 2, 9), RangeError);
});

for (const { photo: given, framing, made, tensor: numbers } of golden.framed) {
  test(`the square is the same to the pixel: ${given.width} x ${given.height} to ${framing.size}`, () => {
    const square = framed(photo(given), framing);
    assert.deepEqual(square, photo(made));
    assert.deepEqual(tensor(square, framing), new Float32Array(buffer(numbers)));
  });
}

test("what shows nothing is told from what shows a little", () => {
  const expected = [true, true, true, true, false, false];
  assert.deepEqual(golden.blank.map(({ photo: given }) => showsNothing(photo(given))), expected);
  assert.deepEqual(golden.blank.map(({ nothing }) => nothing), expected);
});

test("a large JPEG is read as much smaller as the app reads it", () => {
  const framing = { size: 224, short: 256 };
  const sizes = [[1600, 1200], [1024, 1024], [600, 512], [511, 900], [200, 300], [9000, 6000], [4000, 260]];
  assert.deepEqual(sizes.map(([width, height]) => readSmaller(width, height, framing)), [4, 4, 2, 1, 1, 8, 1]);
});

test("each pixel of a smaller photo is the average of a square, at the edges of what there is", () => {
  const grey = (values, width) => ({ pixels: Uint8ClampedArray.from(values.flatMap((one) => [one, one, one])), width,
    height: values.length / width });
  assert.deepEqual(averaged(grey([0, 10, 50, 20, 30, 70], 3), 2), grey([15, 60], 2));
  const same = grey([1, 2], 2);
  assert.deepEqual(averaged(same, 1), same);
});

for (const { packed, layout, weights } of golden.weights) {
  test(`weights of ${layout.steps} steps are read as they were packed`, () => {
    assert.deepEqual(weightsIn(buffer(packed), layout), new Float32Array(buffer(weights)));
  });
}

test("half precision is read to the bit: normal, small, negative, not finite", () => {
  const halves = Uint16Array.from([0x3c00, 0xc000, 0x0001, 0x03ff, 0x7bff, 0x8000, 0x7c00, 0xfc00, 0x3555]);
  assert.deepEqual([...fromHalf(halves.buffer)], [1, -2, 2 ** -24, 1023 * 2 ** -24, 65504, -0, Infinity, -Infinity,
    0.333251953125]);
});

test("a file is unpacked once, whether the server has done so already or not", async () => {
  const text = (data) => new TextDecoder().decode(data);
  const packed = Uint8Array.from(gzipSync("a release"));
  assert.equal(text(await unpacked(packed.buffer)), "a release");
  assert.equal(text(await unpacked(await unpacked(packed.buffer))), "a release");
  assert.equal((await unpacked(new ArrayBuffer(0))).byteLength, 0);
});

test("arrays may lie in half precision", () => {
  const { a, b } = arraysIn(new Uint16Array([0x3c00, 0xc000, 0x3800]).buffer, { a: 1, b: 2 }, true);
  assert.deepEqual([...a, ...b], [1, -2, 0.5]);
});

function releaseOf(one) {
  return {
    classes: one.logits.map((_, number) =>
      ({ label: `class ${number}`, title: `Class ${number}`, summary: "Of wood.", picture: "pictures/0.jpg" })),
    photos: one.photos,
    features: fromHalf(buffer(one.features)),
    model: { repo: "ann/tiny" },
    judgement: {
      temperature: one.temperature,
      rejection: { threshold: one.threshold, sure_at: one.sure_at, by_logits: false, sees: one.sees },
      score: arraysIn(buffer(one.numbers), one.counts),
    },
  };
}

for (const [number, one] of golden.judged.entries()) {
  test(`a photo is judged as in Python: ${number}, which is ${one.answer}`, () => {
    const release = releaseOf(one);
    chancesOf(one.logits, one.temperature).forEach((chance, at) => close(chance, one.chances[at]));
    close(foreignness(one.said, release.judgement.score), one.foreign, 1e-3);
    const blind = one.said.map(() => 1);
    const said = { logits: one.logits, embedding: one.said, early: one.sees === "early" ? one.said : blind };
    const answer = answerOf(said, release, false);
    assert.equal(answer.answer, one.answer);
    assert.deepEqual(answer.similar.map(({ image_id: name }) => name), one.similar.map(([name]) => name));
    answer.similar.forEach((alike, at) => close(alike.score, one.similar[at][1], 1e-3));
    close(answer.confidence, Math.max(...one.chances));
  });
}

test("what shows nothing has no answer, however sure the network is", () => {
  const one = golden.judged[3];
  const said = { logits: [99, 0, 0, 0], embedding: one.said, early: one.said };
  const answer = answerOf(said, releaseOf(one), true);
  assert.deepEqual([answer.answer, answer.label, answer.title, answer.card], ["none", null, null, {}]);
  assert.equal(answer.candidates.length, 3);
});

test("an answer has the fields of the app's, and the card neither label nor picture twice", () => {
  const one = golden.judged[3];
  const answer = answerOf({ logits: [9, 0, 0, 0], embedding: one.said, early: one.said }, releaseOf(one), false);
  assert.deepEqual(Object.keys(answer), ["answer", "label", "title", "confidence", "candidates", "card", "similar",
    "model", "prediction_id"]);
  assert.deepEqual(answer.card, { title: "Class 0", summary: "Of wood." });
});

test("the first far ahead leads, and leads only where it is one of some", () => {
  const one = golden.judged[3];
  const lead = (logits) => answerOf({ logits, embedding: one.said, early: one.said }, releaseOf(one), false).lead;
  assert.deepEqual([lead([0.5, 0, 0, -9]), lead([0.8, 0, -9, -9]), lead([9, 0, 0, 0])], [undefined, true, undefined]);
});

test("of equals the earlier comes first, and a score is never below 0 or above 1", () => {
  assert.deepEqual(ranked([0.5, 0.9, 0.5, 0.9]), [1, 3, 0, 2]);
  const features = Float32Array.from([1, 0, -1, 0, 1.0009, 0]);
  assert.deepEqual(nearest([2, 0], features, 3), [{ row: 2, score: 1 }, { row: 0, score: 1 }, { row: 1, score: 0 }]);
  assert.deepEqual(nearest([2, 0], features, 3, [1]), [{ row: 1, score: 0 }]);
});

test("a size is told in whole megabytes, and never as none", () => {
  assert.deepEqual([27_400_000, 999_999, 1000].map(megabytes), ["27 MB", "1 MB", "1 MB"]);
  assert.equal(TEXT.progress(1_999_999, 27_400_000), "1 of 27 MB");
});

test("every language says everything, and a function where the other has one", () => {
  const shape = (texts) => Object.keys(texts).map((name) =>
    `${name} ${typeof texts[name]}${typeof texts[name] === "function" ? texts[name].length : ""}`);
  assert.deepEqual(shape(TEXTS.de), shape(TEXTS.en));
});
