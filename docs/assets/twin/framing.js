// A photo's pixels -> what the network sees, as train/images/preprocessing.py does it; and whether it shows anything.
import { BOX, resize } from "./resize.js";

const LONGEST = 4; // times the short side; what is beyond does not survive the crop
const SIDE = 16;
// As train/images/blank.py explains.
const NOTHING = 1; // grey levels
const FINER = [32, 64];
const BLURRED = 0.1;
const ROUNDED = 0.32;
const ALIKE = 0.3;
const BY_CHANCE = 2;
const PATCH = 256;
const STEPS = [[0, 1], [1, 0], [1, 1], [0, 2], [2, 0]];

/** How many times smaller the app reads a JPEG of this size: libjpeg's 8, 4 or 2, or 1. */
export function readSmaller(width, height, framing) {
  const wanted = Math.max(framing.short, framing.size);
  if (wanted >= Math.min(width, height)) return 1;
  const times = Math.min(Math.floor(width / wanted), Math.floor(height / wanted));
  return [8, 4, 2].find((one) => times >= one) ?? 1;
}

/** A photo so many times smaller: each pixel the average of a square, as libjpeg makes them. */
export function averaged({ pixels, width, height }, times) {
  if (times === 1) return { pixels, width, height };
  const wide = Math.ceil(width / times);
  const high = Math.ceil(height / times);
  const made = new Uint8ClampedArray(wide * high * 3);
  for (let y = 0; y < high; y++) {
    const bottom = Math.min(height, (y + 1) * times);
    for (let x = 0; x < wide; x++) {
      const right = Math.min(width, (x + 1) * times);
      const sums = [0, 0, 0];
      for (let row = y * times; row < bottom; row++) {
        for (let at = (row * width + x * times) * 3; at < (row * width + right) * 3; at += 3) {
          sums[0] += pixels[at];
          sums[1] += pixels[at + 1];
          sums[2] += pixels[at + 2];
        }
      }
      const count = (bottom - y * times) * (right - x * times);
      made.set(sums.map((sum) => sum / count), (y * wide + x) * 3);
    }
  }
  return { pixels: made, width: wide, height: high };
}

/** The middle `wide` x `high` of a photo; black where it is smaller. */
export function centre({ pixels, width, height }, wide, high) {
  if (width === wide && height === high) return { pixels, width, height };
  const left = Math.floor((width - wide) / 2);
  const top = Math.floor((height - high) / 2);
  const made = new Uint8ClampedArray(wide * high * 3);
  const from = Math.max(0, left);
  const until = Math.min(width, left + wide);
  for (let y = Math.max(0, top); y < Math.min(height, top + high); y++) {
    made.set(pixels.subarray((y * width + from) * 3, (y * width + until) * 3), ((y - top) * wide + from - left) * 3);
  }
  return { pixels: made, width: wide, height: high };
}

/** The square that the network looks at. `framing`: {size, short, resample}. */
export function framed(photo, { size, short, resample }) {
  if (!short) return resize(photo, size, size, resample);
  const most = LONGEST * Math.min(photo.width, photo.height);
  const cut = centre(photo, Math.min(photo.width, most), Math.min(photo.height, most));
  const { width, height } = cut;
  const [wide, high] = width > height
    ? [Math.trunc((short * width) / height), short] : [short, Math.trunc((short * height) / width)];
  return centre(resize(cut, wide, high, resample), size, size);
}

/** (3, size, size) float32 of a square. `framing`: {scale, mean, std}. */
export function tensor({ pixels }, { scale, mean, std }) {
  const count = pixels.length / 3;
  const made = new Float32Array(pixels.length);
  const factor = Math.fround(scale);
  for (let plane = 0; plane < 3; plane++) {
    const middle = Math.fround(mean[plane]);
    const unit = Math.fround(std[plane]);
    for (let at = 0; at < count; at++) {
      // As numpy computes in float32: rounded after each step.
      const lit = Math.fround(Math.fround(pixels[at * 3 + plane] * factor) - middle);
      made[plane * count + at] = lit / unit;
    }
  }
  return made;
}

/** Whether a photo is one colour, one that changes smoothly, blurred until no edge is left, or noise. */
export function showsNothing(photo) {
  const remains = Math.max(...planes(resize(photo, SIDE, SIDE, BOX)).map(left));
  if (remains < NOTHING) return true;
  const edges = Math.max(...FINER.flatMap((side) => planes(resize(photo, side, side, BOX)).map((one) => edge(one, side))));
  const blurred = edges ** 2 < (BLURRED * remains) ** 2 + ROUNDED ** 2;
  return blurred || isNoise(photo, remains);
}

function planes({ pixels }) {
  return [0, 1, 2].map((plane) => Float32Array.from({ length: pixels.length / 3 }, (_, at) => pixels[at * 3 + plane]));
}

/** How much the cells of a plane differ from the mean of their four neighbours: root mean square. */
function edge(cells, side) {
  let sum = 0;
  for (let row = 1; row < side - 1; row++) {
    for (let at = row * side + 1; at < row * side + side - 1; at++) {
      const beside = (cells[at - side] + cells[at + side] + cells[at - 1] + cells[at + 1]) / 4;
      sum += (cells[at] - beside) ** 2;
    }
  }
  return Math.sqrt(sum) / (side - 2);
}

/** Whether cells of which so much remains come from pixels that chance drew. */
function isNoise(photo, remains) {
  const middle = centre(photo, Math.min(PATCH, photo.width), Math.min(PATCH, photo.height));
  const deviation = Math.max(...planes(middle).map((plane) => Math.sqrt(variance(plane))));
  if (remains > (BY_CHANCE * deviation * SIDE) / Math.sqrt(photo.width * photo.height)) return false;
  const [red, green, blue] = planes(middle);
  const grey = red.map((one, at) => 0.299 * one + 0.587 * green[at] + 0.114 * blue[at]);
  const usual = variance(grey);
  return STEPS.every((step) => Math.abs(covariance(grey, middle, step)) < ALIKE * usual);
}

function mean(values) {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}

function variance(values) {
  const usual = mean(values);
  return values.reduce((sum, one) => sum + (one - usual) ** 2, 0) / values.length;
}

/** Of pixels with those so many rows down and columns across. */
function covariance(values, { width, height }, [down, across]) {
  const usual = mean(values);
  let sum = 0;
  for (let row = 0; row < height - down; row++) {
    for (let at = row * width; at < row * width + width - across; at++) {
      sum += (values[at] - usual) * (values[at + down * width + across] - usual);
    }
  }
  return sum / ((height - down) * (width - across));
}

// An orthonormal base of light that falls off smoothly over the cells: 1, y, x, xy, y², x².
const LIGHT = (() => {
  const place = (at) => -1 + (2 * at) / (SIDE - 1);
  const cells = Array.from({ length: SIDE * SIDE }, (_, at) => [place(Math.floor(at / SIDE)), place(at % SIDE)]);
  const shapes = [() => 1, (y) => y, (_, x) => x, (y, x) => y * x, (y) => y * y, (_, x) => x * x];
  const base = [];
  for (const shape of shapes) {
    const column = cells.map(([y, x]) => shape(y, x));
    for (const other of base) takeAway(column, other);
    const length = Math.sqrt(dot(column, column));
    base.push(column.map((one) => one / length));
  }
  return base;
})();

function dot(a, b) {
  return a.reduce((sum, one, at) => sum + one * b[at], 0);
}

function takeAway(values, direction) {
  const share = dot(values, direction);
  for (let at = 0; at < values.length; at++) values[at] -= share * direction[at];
}

/** What is left of a plane of cells without smooth light: root mean square, in grey levels. */
function left(values) {
  for (const direction of LIGHT) takeAway(values, direction);
  return Math.sqrt(dot(values, values) / values.length);
}
