import assert from "node:assert/strict";
import { test } from "node:test";

import { cornerOf, geometry, placesWithin, rowsOf, spanOf } from "../../curation/light_table/static/virtual_sheet.js";
import { read, write } from "../../curation/light_table/static/address.js";
import { dots, hexOf, inside, isWithin, lassoed } from "../../curation/light_table/static/point_map.js";

const FIVE = geometry(790, 150, 10, 28); // five tiles of 150 pixels, rows of 188

test("as many tiles stand in a row as fit, and they fill it", () => {
  assert.equal(FIVE.across, 5);
  assert.equal(FIVE.side, 150);
  assert.equal(geometry(90, 150, 10, 28).across, 1);
});

test("of a hundred thousand photos a few rows are needed", () => {
  const [from, to] = spanOf(1_000_000, 800, 100_000, FIVE);
  assert.ok(to - from <= 5 * 10 && from <= 5 * Math.floor(1_000_000 / FIVE.step));
  assert.deepEqual(spanOf(0, 800, 7, FIVE), [0, 7]);
  assert.deepEqual(spanOf(9_999_999, 800, 7, FIVE), [7, 7]);
});

test("rows are counted to the last photo", () => {
  assert.equal(rowsOf(11, FIVE), 3);
  assert.deepEqual(cornerOf(6, FIVE), [160, 188]);
});

test("a frame touches what it overlaps and nothing beside the last photo", () => {
  assert.deepEqual(placesWithin({ left: 155, top: 0, right: 400, bottom: 100 }, 100, FIVE), [1, 2]);
  assert.deepEqual(placesWithin({ left: 151, top: 0, right: 159, bottom: 100 }, 100, FIVE), []);
  assert.deepEqual(placesWithin({ left: 0, top: 180, right: 790, bottom: 186 }, 100, FIVE), []);
  assert.deepEqual(placesWithin({ left: 0, top: 190, right: 790, bottom: 400 }, 7, FIVE), [5, 6]);
});

test("an address comes back as it was written", () => {
  for (const [view, asked] of [["", {}], ["sheet", {}], ["sheet", { q: "a & b|c", class: "mug|jug" }], ["photo", { id: "9f" }]]) {
    assert.deepEqual(read(write(view, asked)), { view, asked });
  }
  assert.deepEqual(read("#about"), { view: "", asked: {} });
  assert.deepEqual(read("#/light-tables/x"), { view: "", asked: {} });
  assert.equal(write("sheet", { q: "", sort: null }), "#/light-table/sheet");
});

test("a lasso takes what lies within it, however it was drawn", () => {
  const square = [[0, 0], [10, 0], [10, 10], [0, 10]];
  assert.ok(isWithin(square, 5, 5) && isWithin([...square].reverse(), 5, 5));
  assert.ok(!isWithin(square, 15, 5) && !isWithin(square, -1, 5));
  const view = { from: (x, y) => [x, y], by: 1 };
  assert.deepEqual(lassoed([5, 5, 20, 20, 1, 9], view, square), [0, 2]);
  assert.deepEqual(lassoed([5, 5], view, square.slice(0, 2)), []);
  assert.equal(inside([5, 5, 20, 20], view, 19, 19, 4), 1);
  assert.equal(inside([5, 5, 20, 20], view, 50, 50, 4), -1);
});

test("points are squares of pixels in their own colours, and only those in sight are told", () => {
  const view = { at: (x, y) => [x + 1, y + 1], by: 1 };
  const pixels = new Uint32Array(16);
  assert.deepEqual(dots(pixels, 4, [0, 0, 2, 2, 9, 9], [7, 8, 9], view, 1), [0, 1]);
  assert.deepEqual([...pixels.entries()].filter(([, colour]) => colour), [[5, 7], [15, 8]]);
  assert.deepEqual(dots(pixels, 4, [0, 0, 2, 2], [7, 8], view, 2, [1]), [1]);
  assert.equal(pixels[15], 8);
});

test("names of photos come as bytes", () => {
  assert.deepEqual(hexOf(new Uint8Array([0, 255, 16, 1]), 2), ["00ff", "1001"]);
});
