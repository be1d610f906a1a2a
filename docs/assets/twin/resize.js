// Pillow's `resize`, to the pixel: the same filters, the same 22 bits of fixed point, rounded after each direction. What
// the app sees of a photo and what this browser sees would differ otherwise, and with it the confidence.

const BITS = 22;
const HALF = 2 ** (BITS - 1);
const NEAREST = 0;

const sinc = (x) => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

function hamming(x) {
  const away = Math.abs(x);
  if (away === 0) return 1;
  if (away >= 1) return 0;
  const angle = away * Math.PI;
  return (Math.sin(angle) / angle) * (0.54 + 0.46 * Math.cos(angle));
}

function bicubic(x) {
  const a = -0.5;
  const away = Math.abs(x);
  if (away < 1) return ((a + 2) * away - (a + 3)) * away * away + 1;
  return away < 2 ? (((away - 5) * away + 8) * away - 4) * a : 0;
}

// By the numbers that a preprocessor_config.json has for them.
const FILTERS = new Map([
  [1, { reach: 3, weight: (x) => (-3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0) }],
  [2, { reach: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) }],
  [3, { reach: 2, weight: bicubic }],
  [4, { reach: 0.5, weight: (x) => (-0.5 < x && x <= 0.5 ? 1 : 0) }],
  [5, { reach: 1, weight: hamming }],
]);

export const BOX = 4;

/** For each pixel of a row of `made` from one of `given` pixels: the first that counts, and how much each does. */
function parts(given, made, { reach, weight }) {
  const scale = given / made;
  const stretch = Math.max(1, scale);
  const support = reach * stretch;
  return Array.from({ length: made }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(given, Math.trunc(centre + support + 0.5)) - first;
    const weights = Float64Array.from({ length: count }, (_, x) => weight((x + first - centre + 0.5) * (1 / stretch)));
    const sum = weights.reduce((total, one) => total + one, 0);
    const shares = weights.map((one) => Math.trunc((sum ? one / sum : one) * 2 ** BITS + (one < 0 ? -0.5 : 0.5)));
    return { first, shares };
  });
}

/** One direction: `lines` rows or columns, each of pixels `step` bytes apart. */
function along(pixels, target, table, lines, between, step, made, every) {
  for (let line = 0; line < lines; line++) {
    for (let place = 0; place < table.length; place++) {
      const { first, shares } = table[place];
      const start = line * between + first * step;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let x = 0; x < shares.length; x++) {
        const at = start + x * step;
        red += pixels[at] * shares[x];
        green += pixels[at + 1] * shares[x];
        blue += pixels[at + 2] * shares[x];
      }
      const to = line * made + place * every;
      target[to] = red >> BITS; // clamped by the array
      target[to + 1] = green >> BITS;
      target[to + 2] = blue >> BITS;
    }
  }
}

function nearest({ pixels, width, height }, wide, high) {
  const made = new Uint8ClampedArray(wide * high * 3);
  for (let y = 0; y < high; y++) {
    const row = Math.min(height - 1, Math.floor((y + 0.5) * (height / high)));
    for (let x = 0; x < wide; x++) {
      const from = (row * width + Math.min(width - 1, Math.floor((x + 0.5) * (width / wide)))) * 3;
      made.set(pixels.subarray(from, from + 3), (y * wide + x) * 3);
    }
  }
  return { pixels: made, width: wide, height: high };
}

/** `photo`: {pixels, width, height} with three bytes a pixel -> the same at `wide` x `high`, through filter number `by`. */
export function resize(photo, wide, high, by) {
  if (photo.width === wide && photo.height === high) return photo;
  if (by === NEAREST) return nearest(photo, wide, high);
  const filter = FILTERS.get(by);
  if (!filter) throw new RangeError(`There is no filter ${by}.`);
  let { pixels, width, height } = photo;
  if (width !== wide) {
    const made = new Uint8ClampedArray(wide * height * 3);
    along(pixels, made, parts(width, wide, filter), height, width * 3, 3, wide * 3, 3);
    pixels = made;
    width = wide;
  }
  if (height !== high) {
    const made = new Uint8ClampedArray(wide * high * 3);
    along(pixels, made, parts(height, high, filter), width, 3, width * 3, 3, width * 3);
    pixels = made;
    height = high;
  }
  return { pixels, width, height };
}
