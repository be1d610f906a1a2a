// The frame of a flat thing is found in what a camera sees, and nothing is found where there is none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { areaOf, frameIn, inOrder, shownOf, steadied } from "../../docs/assets/frame.js";
import { mayBe } from "../../docs/assets/straighten.js";

// The same numbers each time, 0 to 1.
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

const inside = (corners, x, y) => corners.every(([cx, cy], at) => {
  const [nx, ny] = corners[(at + 1) % 4];
  return (nx - cx) * (y - cy) - (ny - cy) * (x - cx) > 0;
});

function seen(width, height, greyAt, { noise = 6, seed = 1 } = {}) {
  const next = numbers(seed);
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const grey = greyAt((x + 0.5) / width, (y + 0.5) / height) + noise * (next() + next() - 1);
      data.set([grey, grey, grey, 255], 4 * (y * width + x));
    }
  }
  return { data, width, height };
}

const HUNG = [
  ["straight", [[0.3, 0.2], [0.7, 0.2], [0.7, 0.8], [0.3, 0.8]]],
  ["seen from the left", [[0.25, 0.3], [0.75, 0.15], [0.75, 0.85], [0.25, 0.7]]],
  ["seen from below", [[0.32, 0.15], [0.68, 0.15], [0.8, 0.85], [0.2, 0.85]]],
  ["turned a little", [[0.35, 0.15], [0.8, 0.25], [0.7, 0.85], [0.25, 0.75]]],
  ["small", [[0.4, 0.35], [0.68, 0.36], [0.67, 0.72], [0.39, 0.7]]],
  ["almost as large as the picture", [[0.03, 0.04], [0.96, 0.03], [0.97, 0.95], [0.04, 0.97]]],
];
const near = (found, corners, most = 0.025) => {
  assert.ok(found, "nothing found");
  found.forEach(([x, y], at) => assert.ok(Math.hypot(x - corners[at][0], y - corners[at][1]) < most,
    `${JSON.stringify(found)} is not ${JSON.stringify(corners)}`));
};

for (const [name, corners] of HUNG) {
  for (const [width, height] of [[200, 150], [150, 200]]) {
    test(`a dark picture on a light wall, ${name}, ${width} x ${height}`, () => {
      near(frameIn(seen(width, height, (x, y) => (inside(corners, x, y) ? 70 : 190 + 20 * x))), corners);
    });
  }
  test(`a light picture on a dark wall in little light, ${name}`, () => {
    near(frameIn(seen(200, 150, (x, y) => (inside(corners, x, y) ? 62 : 34), { noise: 4 })), corners);
  });
}

test("what is painted inside does not hide the frame around it", () => {
  const corners = HUNG[1][1];
  const painted = (x, y) => 110 + 60 * Math.sin(30 * x + 12 * y) + 40 * Math.sin(50 * y);
  near(frameIn(seen(200, 150, (x, y) => (inside(corners, x, y) ? painted(x, y) : 225))), corners);
});

test("one side may be half hidden", () => {
  const corners = HUNG[0][1];
  const hand = (x, y) => Math.hypot(x - 0.5, (y - 0.85) * 0.75) < 0.08;
  near(frameIn(seen(200, 150, (x, y) => (hand(x, y) ? 128 : inside(corners, x, y) ? 60 : 200))), corners);
});

const NOTHING = [
  ["one colour", () => 120],
  ["a slope of light", (x, y) => 60 + 100 * x + 40 * y],
  ["a round thing", (x, y) => (Math.hypot(x - 0.5, 0.75 * (y - 0.5)) < 0.25 ? 60 : 200)],
  ["a three-cornered thing", (x, y) => (y < 0.85 && y > 0.15 + 1.7 * Math.abs(x - 0.5) ? 60 : 200)],
  ["the edge of a wall", (x) => (x < 0.5 ? 90 : 190)],
  ["a corner of a room", (x, y) => (x < 0.4 ? 90 : y < 0.6 ? 190 : 140)],
  ["stripes", (x) => (Math.floor(12 * x) % 2 ? 90 : 190)],
  ["the bar of a frame", (x, y) => (inside([[0.5, 0.05], [0.64, 0.05], [0.64, 0.95], [0.5, 0.95]], x, y) ? 60 : 200)],
  ["a stamp far away", (x, y) => (inside([[0.45, 0.45], [0.55, 0.45], [0.55, 0.57], [0.45, 0.57]], x, y) ? 60 : 200)],
  ["a picture that goes on outside", (x, y) => (inside([[-0.2, 0.2], [0.6, 0.2], [0.6, 0.8], [-0.2, 0.8]], x, y) ? 60 : 200)],
];
for (const [name, greyAt] of NOTHING) {
  test(`nothing is found in ${name}`, () => assert.equal(frameIn(seen(200, 150, greyAt)), null));
}

test("nothing is found in noise, however it falls", () => {
  for (let seed = 1; seed < 12; seed++) assert.equal(frameIn(seen(200, 150, () => 128, { noise: 120, seed })), null);
});

test("a picture of one pixel or a strip is looked at without harm", () => {
  for (const [width, height] of [[1, 1], [200, 1], [1, 200], [3, 3]]) assert.equal(frameIn(seen(width, height, () => 9)), null);
});

test("corners come clockwise from the top left, in whatever order they were met", () => {
  const [a, b, c, d] = HUNG[1][1];
  for (const four of [[a, b, c, d], [c, a, d, b], [b, a, c, d]]) assert.deepEqual(inOrder(four), [a, b, c, d]);
  assert.ok(Math.abs(areaOf([[0, 0], [1, 0], [1, 1], [0, 1]]) - 1) < 1e-12);
});

test("it is shown when two looks agree, follows a hand that shakes, and goes when it is not there", () => {
  const corners = HUNG[0][1];
  const moved = corners.map(([x, y]) => [x + 0.02, y]);
  const first = steadied(null, corners);
  assert.equal(shownOf(first), null);
  const second = steadied(first, moved);
  assert.ok(Math.abs(shownOf(second)[0][0] - 0.31) < 1e-9);
  let later = second;
  for (let look = 0; look < 3; look++) later = steadied(later, null);
  assert.notEqual(shownOf(later), null);
  assert.equal(steadied(later, null), null);
});

test("a look that finds something else does not make it jump, and another thing takes its place in the end", () => {
  const [one, other] = [HUNG[0][1], HUNG[4][1]];
  let steady = steadied(steadied(null, one), one);
  steady = steadied(steady, other);
  assert.deepEqual(shownOf(steady), one);
  for (let look = 0; look < 5; look++) steady = steadied(steady, other);
  assert.deepEqual(shownOf(steady), other);
});

test("corners of another shape than the picture are not taken for its own", () => {
  const photo = { width: 400, height: 300 };
  const upright = HUNG[0][1]; // 160 x 180 pixels
  assert.ok(mayBe(upright, photo, { width: 80, height: 100 }));
  assert.ok(!mayBe(upright, photo, { width: 300, height: 100 }));
  assert.ok(!mayBe(upright, photo, { width: 100, height: 300 }));
});
