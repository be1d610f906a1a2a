// A flat thing seen from an angle, drawn straight.
import assert from "node:assert/strict";
import { test } from "node:test";
import { drawingOf, ontoCorners, straightened } from "../../docs/assets/straighten.js";

const through = ([a, b, c, d, e, f, g, h, i], u, v) => {
  const depth = g * u + h * v + i;
  return [(a * u + b * v + c) / depth, (d * u + e * v + f) / depth];
};
const near = (one, other) => one.every((value, at) => Math.abs(value - other[at]) < 1e-9);
const SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]];

test("the corners of the square go to the corners of the thing, its middle to where the diagonals meet", () => {
  const corners = [[0.2, 0.1], [0.9, 0.25], [0.8, 0.95], [0.1, 0.7]];
  const matrix = ontoCorners(corners);
  SQUARE.forEach(([u, v], at) => assert.ok(near(through(matrix, u, v), corners[at])));
  const [x, y] = through(matrix, 0.5, 0.5);
  const beside = ([px, py], [qx, qy]) => (x - px) * (qy - py) - (y - py) * (qx - px);
  assert.ok(Math.abs(beside(corners[0], corners[2])) < 1e-9 && Math.abs(beside(corners[1], corners[3])) < 1e-9);
});

function photoOf(width, height, colourAt) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set([...colourAt(x, y), 255], 4 * (y * width + x));
  return { data, width, height };
}

test("a photo of nothing but the thing stays as it is", () => {
  const photo = photoOf(8, 6, (x, y) => [20 * x, 30 * y, 7]);
  assert.deepEqual([...straightened(photo, SQUARE, 8, 6).data], [...photo.data]);
});

test("a quarter of the photo is drawn alone, turned where its corners are named in another order", () => {
  const photo = photoOf(40, 40, (x, y) => (x >= 20 && y < 20 ? [200, y * 10, 0] : [0, 0, 0]));
  const quarter = [[0.5, 0], [1, 0], [1, 0.5], [0.5, 0.5]];
  const drawn = straightened(photo, quarter, 10, 10).data;
  assert.equal(drawn[0], 200);
  assert.ok(drawn[1] < 20 && drawn[4 * 95 + 1] > 170);
  const turned = straightened(photo, [...quarter.slice(2), ...quarter.slice(0, 2)], 10, 10).data;
  assert.ok(turned[1] > 170 && turned[4 * 95 + 1] < 20);
});

test("what lies beyond the photo stays clear", () => {
  const photo = photoOf(10, 10, () => [9, 9, 9]);
  const drawn = straightened(photo, [[-1, 0], [1, 0], [1, 1], [-1, 1]], 20, 4).data;
  assert.equal(drawn[3], 0);
  assert.equal(drawn[4 * 19 + 3], 255);
});

test("a drawing has the shape of the picture and is no larger than a phone shows", () => {
  assert.deepEqual(drawingOf({ width: 3000, height: 1500 }), [640, 320]);
  assert.deepEqual(drawingOf({ width: 300, height: 200 }), [300, 200]);
});
