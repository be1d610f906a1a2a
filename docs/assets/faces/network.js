// Where faces are in a picture: the tiny face detector of face-api (MIT), six small convolutions of 190,000 weights. Plain
// arithmetic, so that it needs no runtime; node takes 0.42 s for a look. Pure functions of numbers.

export const SIDE = 416; // pixels of the square that is looked at
const MEAN = [117.001, 114.697, 97.404];
const ANCHORS = [[1.603231, 2.094468], [6.041143, 7.080126], [2.882459, 3.518061], [4.266906, 5.178857], [9.041765, 10.66308]];
const LIKELY = 0.4; // face-api takes .5; a blurred picture on the wall is better than a face that is sent
// Each array of the file in order: its name, how many numbers, and the scale and least of its 8 bits.
const ARRAYS = [
  ["conv0/filters", 432, 0.009007044399485869, -1.2069439495311063],
  ["conv0/bias", 16, 0.005263455241334205, -0.9211046672334858],
  ["conv1/depthwise_filter", 144, 0.004001977630690033, -0.5042491814669441],
  ["conv1/pointwise_filter", 512, 0.013836609615999109, -1.411334180831909],
  ["conv1/bias", 32, 0.0015159862590771096, -0.30926119685173037],
  ["conv2/depthwise_filter", 288, 0.002666276225856706, -0.317286870876948],
  ["conv2/pointwise_filter", 2048, 0.015265831292844286, -1.6792414422128714],
  ["conv2/bias", 64, 0.0020280554598453, -0.37113414915168985],
  ["conv3/depthwise_filter", 576, 0.006100742489683862, -0.8907084034938438],
  ["conv3/pointwise_filter", 8192, 0.016276211832083907, -2.0508026908425725],
  ["conv3/bias", 128, 0.003394414279975143, -0.7637432129944072],
  ["conv4/depthwise_filter", 1152, 0.006716050119961009, -0.8059260143953211],
  ["conv4/pointwise_filter", 32768, 0.021875603993733724, -2.8875797271728514],
  ["conv4/bias", 256, 0.0041141652009066415, -0.8187188749804216],
  ["conv5/depthwise_filter", 2304, 0.008423839597141042, -0.9013508368940915],
  ["conv5/pointwise_filter", 131072, 0.030007277283014035, -3.8709387695088107],
  ["conv5/bias", 512, 0.008402082966823203, -1.4871686851277068],
  ["conv8/filters", 12800, 0.028336129469030042, -4.675461362389957],
  ["conv8/bias", 25, 0.002268134028303857, -0.41053225912299807],
];

/** The network's arrays by their names, from the file's bytes. Raises a RangeError for another file. */
export function arraysOf(bytes) {
  const whole = ARRAYS.reduce((sum, [, count]) => sum + count, 0);
  if (bytes.length !== whole) throw new RangeError("not the weights of the face detector");
  let start = 0;
  return Object.fromEntries(ARRAYS.map(([name, count, scale, least]) => {
    const part = Float32Array.from(bytes.subarray(start, start + count), (one) => one * scale + least);
    start += count;
    return [name, part];
  }));
}

/** Boxes [left, top, width, height] of faces, as shares of the square: from its pixels (RGBA), `side` x `side`. */
export function facesIn(pixels, arrays, side = SIDE) {
  let seen = pooled(bent(first(pixels, side, arrays)), 2);
  for (const layer of ["conv1", "conv2", "conv3", "conv4", "conv5"]) {
    const apart = alone(seen, arrays[`${layer}/depthwise_filter`]);
    seen = pooled(bent(mixed(apart, arrays[`${layer}/pointwise_filter`], arrays[`${layer}/bias`])), layer === "conv5" ? 1 : 2);
  }
  return boxesIn(mixed(seen, arrays["conv8/filters"], arrays["conv8/bias"]));
}

// Below, a layer is {data, side, depth}: side x side places, `depth` numbers each.

// 3 x 3 over three colours, without a margin.
function first(pixels, side, { "conv0/filters": filters, "conv0/bias": bias }) {
  const [depth, made] = [bias.length, side - 2];
  const data = new Float32Array(made * made * depth);
  for (let y = 0; y < made; y++) {
    for (let x = 0; x < made; x++) {
      const to = (y * made + x) * depth;
      for (let out = 0; out < depth; out++) data[to + out] = bias[out];
      for (let tap = 0; tap < 9; tap++) {
        const from = 4 * ((y + Math.floor(tap / 3)) * side + x + (tap % 3));
        for (let colour = 0; colour < 3; colour++) {
          const value = (pixels[from + colour] - MEAN[colour]) / 255;
          const row = (tap * 3 + colour) * depth;
          for (let out = 0; out < depth; out++) data[to + out] += value * filters[row + out];
        }
      }
    }
  }
  return { data, side: made, depth };
}

// 3 x 3 over each number alone, with a margin of zeros.
function alone({ data: from, side, depth }, filters) {
  const data = new Float32Array(from.length);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const to = (y * side + x) * depth;
      for (let tap = 0; tap < 9; tap++) {
        const [row, column] = [y + Math.floor(tap / 3) - 1, x + (tap % 3) - 1];
        if (row < 0 || column < 0 || row >= side || column >= side) continue;
        const at = (row * side + column) * depth;
        for (let n = 0; n < depth; n++) data[to + n] += from[at + n] * filters[tap * depth + n];
      }
    }
  }
  return { data, side, depth };
}

// All numbers of a place -> others of it.
function mixed({ data: from, side, depth }, filters, bias) {
  const wide = bias.length;
  const data = new Float32Array(side * side * wide);
  for (let place = 0; place < side * side; place++) {
    const to = place * wide;
    for (let out = 0; out < wide; out++) data[to + out] = bias[out];
    for (let n = 0; n < depth; n++) {
      const value = from[place * depth + n];
      if (value) for (let out = 0; out < wide; out++) data[to + out] += value * filters[n * wide + out];
    }
  }
  return { data, side, depth: wide };
}

function bent(layer) {
  for (let at = 0; at < layer.data.length; at++) if (layer.data[at] < 0) layer.data[at] *= 0.1;
  return layer;
}

// The largest of four neighbours, every `step` places.
function pooled({ data: from, side, depth }, step) {
  const made = Math.ceil(side / step);
  const data = new Float32Array(made * made * depth).fill(-Infinity);
  for (let y = 0; y < made; y++) {
    for (let x = 0; x < made; x++) {
      const to = (y * made + x) * depth;
      for (let row = step * y; row < Math.min(side, step * y + 2); row++) {
        for (let column = step * x; column < Math.min(side, step * x + 2); column++) {
          const at = (row * side + column) * depth;
          for (let n = 0; n < depth; n++) data[to + n] = Math.max(data[to + n], from[at + n]);
        }
      }
    }
  }
  return { data, side: made, depth };
}

const sigmoid = (value) => 1 / (1 + Math.exp(-value));

function boxesIn({ data, side, depth }) {
  const boxes = [];
  for (let place = 0; place < side * side; place++) {
    ANCHORS.forEach(([wide, high], anchor) => {
      const [x, y, w, h, likely] = data.subarray(place * depth + 5 * anchor, place * depth + 5 * anchor + 5);
      if (sigmoid(likely) < LIKELY) return;
      const [width, height] = [(Math.exp(w) * wide) / side, (Math.exp(h) * high) / side];
      const [mx, my] = [((place % side) + sigmoid(x)) / side, (Math.floor(place / side) + sigmoid(y)) / side];
      boxes.push([mx - width / 2, my - height / 2, width, height]);
    });
  }
  return boxes;
}
