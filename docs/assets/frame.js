// Where a flat thing lies in what the camera sees: four straight edges that close. Pure functions of pixels; the longer
// side is 200 pixels or so, and one look takes some milliseconds.

const ANGLES = 90; // steps of a half turn
const STEP = Math.PI / ANGLES;
const TURNS = 4; // steps that an edge votes for on either side of its own
const LINES = 16; // the longest ones are looked at
const SHORTEST = 0.3; // of the shorter side, in votes
const EDGES = 0.14; // share of the pixels that may be edges
const LEAST_EDGE = 26; // Sobel's sum, of grey values 0 to 255: less is noise of a camera in the dark
const NEAR = 1.6; // pixels between an edge and its line
const SAME_WAY = Math.cos((20 * Math.PI) / 180);
const PARALLEL = (48 * Math.PI) / 180; // sides across from each other, seen from an angle
const UPRIGHT = (48 * Math.PI) / 180; // sides beside each other: at least so far from parallel
const LEAST_AREA = 0.08; // of what is seen
const SLIMMEST = 0.3; // width by height or the other way round: a bar of a frame or the edge of a door is slimmer
const LEAST_SIDE = 0.56; // share of a side that lies on edges
const LEAST_SIDES = 0.74; // the same of all four
const BEYOND = 0.02; // of the picture, so far a corner may be outside

/** Grey values (n,) of pixels {data, width, height}. */
export function greyOf({ data, width, height }) {
  const grey = new Float32Array(width * height);
  for (let at = 0; at < grey.length; at++) grey[at] = 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2];
  return grey;
}

/** The corners of a flat thing in pixels {data, width, height}: top left, top right, bottom right, bottom left, each
 * [x, y] as shares of the picture; null where there is none. */
export function frameIn(pixels) {
  const { width, height } = pixels;
  const edges = edgesIn(softened(greyOf(pixels), width, height), width, height);
  const lines = linesIn(edges);
  let best = null;
  const pairs = parallel(lines);
  for (let one = 0; one < pairs.length; one++) {
    for (let other = one + 1; other < pairs.length; other++) {
      if (between(pairs[one][0].angle, pairs[other][0].angle) < UPRIGHT) continue;
      const corners = cornersOf(pairs[one], pairs[other], edges);
      const score = corners ? worth(corners, edges) : 0;
      if (score > (best?.score ?? 0)) best = { score, corners };
    }
  }
  return best ? best.corners.map(([x, y]) => [(x + 0.5) / width, (y + 0.5) / height]) : null;
}

// The mean of nine.
function softened(grey, width, height) {
  const soft = Float32Array.from(grey);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      let sum = 0;
      for (let row = y - 1; row <= y + 1; row++) for (let at = row * width + x - 1; at <= row * width + x + 1; at++) sum += grey[at];
      soft[y * width + x] = sum / 9;
    }
  }
  return soft;
}

// Edges one pixel wide, with the way that the grey changes: {width, height, at: [pixel], strong, dx, dy}.
function edgesIn(grey, width, height) {
  const dx = new Float32Array(grey.length);
  const dy = new Float32Array(grey.length);
  const strong = new Float32Array(grey.length);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const [above, below] = [at - width, at + width];
      const across = grey[above + 1] + 2 * grey[at + 1] + grey[below + 1] - grey[above - 1] - 2 * grey[at - 1] - grey[below - 1];
      const down = grey[below - 1] + 2 * grey[below] + grey[below + 1] - grey[above - 1] - 2 * grey[above] - grey[above + 1];
      strong[at] = Math.hypot(across, down);
      dx[at] = across / (strong[at] || 1);
      dy[at] = down / (strong[at] || 1);
    }
  }
  const sorted = Float32Array.from(strong).sort();
  const least = Math.max(LEAST_EDGE, sorted[Math.floor(sorted.length * (1 - EDGES))]);
  const found = [];
  const is = new Uint8Array(grey.length);
  for (let y = 2; y < height - 2; y++) {
    for (let x = 2; x < width - 2; x++) {
      const at = y * width + x;
      const step = Math.round(dy[at]) * width + Math.round(dx[at]);
      if (strong[at] < least || strong[at] < strong[at + step] || strong[at] <= strong[at - step]) continue;
      found.push(at);
      is[at] = 1;
    }
  }
  return { width, height, at: found, is, dx, dy };
}

// The longest lines, each {angle of its normal, distance from the corner at the top left}; Hough's way, where an edge
// votes only for lines along it, and no more once one of them was found.
function linesIn(edges) {
  const { width, height, at, dx, dy } = edges;
  const reach = Math.ceil(Math.hypot(width, height));
  const rows = 2 * reach + 1;
  const votes = new Int16Array(ANGLES * rows);
  const vote = (pixel, by) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const middle = Math.round(Math.atan2(dy[pixel], dx[pixel]) / STEP);
    for (let turn = middle - TURNS; turn <= middle + TURNS; turn++) {
      const step = ((turn % ANGLES) + ANGLES) % ANGLES;
      const row = Math.round(x * Math.cos(step * STEP) + y * Math.sin(step * STEP)) + reach;
      votes[step * rows + row] += 2 * by;
      votes[step * rows + row - 1] += by;
      votes[step * rows + row + 1] += by;
    }
  };
  for (const pixel of at) vote(pixel, 1);
  const least = SHORTEST * Math.min(width, height);
  const lines = [];
  let left = at;
  while (lines.length < LINES) {
    const peak = highest(votes);
    if (votes[peak] < least) break;
    const rough = { angle: Math.floor(peak / rows) * STEP, distance: (peak % rows) - reach };
    const line = fitted(along(rough, left, edges, 2 * NEAR), width);
    const used = new Set(along(line ?? rough, left, edges, 2 * NEAR));
    if (line && used.size > SHORTEST * 0.3 * Math.min(width, height)) lines.push(line);
    if (!used.size) votes[peak] = 0;
    for (const pixel of used) vote(pixel, -1);
    left = left.filter((pixel) => !used.has(pixel));
  }
  return lines;
}

// The edges near a line that run its way.
function along({ angle, distance }, pixels, { width, dx, dy }, near) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return pixels.filter((pixel) => Math.abs((pixel % width) * cos + Math.floor(pixel / width) * sin - distance) <= near
    && Math.abs(dx[pixel] * cos + dy[pixel] * sin) >= SAME_WAY);
}

function highest(votes) {
  let best = 0;
  for (let at = 1; at < votes.length; at++) if (votes[at] > votes[best]) best = at;
  return best;
}

// The line through pixels, by least squares; null for too few.
function fitted(pixels, width) {
  const n = pixels.length;
  let [sx, sy, xx, xy, yy] = [0, 0, 0, 0, 0];
  if (n < 6) return null;
  for (const pixel of pixels) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    sx += x;
    sy += y;
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  const [a, b, c] = [xx - (sx * sx) / n, xy - (sx * sy) / n, yy - (sy * sy) / n];
  const angle = Math.atan2(2 * b, a - c) / 2 + Math.PI / 2;
  return { angle, distance: (sx * Math.cos(angle) + sy * Math.sin(angle)) / n };
}

// Between two lines, 0 to a quarter turn.
function between(one, other) {
  const apart = Math.abs(one - other) % Math.PI;
  return Math.min(apart, Math.PI - apart);
}

function parallel(lines) {
  const pairs = [];
  lines.forEach((one, at) => lines.slice(at + 1).forEach((other) => {
    if (between(one.angle, other.angle) < PARALLEL) pairs.push([one, other]);
  }));
  return pairs;
}

function meeting(one, other) {
  const [a, b] = [Math.cos(one.angle), Math.sin(one.angle)];
  const [c, d] = [Math.cos(other.angle), Math.sin(other.angle)];
  const turn = a * d - b * c;
  return [(one.distance * d - other.distance * b) / turn, (a * other.distance - c * one.distance) / turn];
}

// Four lines -> four corners in order; null where they do not close inside what is seen, or around too little of it.
function cornersOf([top, bottom], [left, right], { width, height }) {
  const four = [meeting(top, left), meeting(top, right), meeting(bottom, right), meeting(bottom, left)];
  const within = ([x, y]) => x > -BEYOND * width && x < (1 + BEYOND) * width && y > -BEYOND * height && y < (1 + BEYOND) * height;
  if (!four.every(within)) return null;
  const corners = inOrder(four);
  return areaOf(corners) >= LEAST_AREA * width * height && bulges(corners) && slimness(corners) >= SLIMMEST ? corners : null;
}

/** Corners clockwise from the top left. */
export function inOrder(corners) {
  const [mx, my] = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / 4);
  const round = [...corners].sort((one, other) => Math.atan2(one[1] - my, one[0] - mx) - Math.atan2(other[1] - my, other[0] - mx));
  const first = round.reduce((best, [x, y], at) => (x + y < round[best][0] + round[best][1] ? at : best), 0);
  return [...round.slice(first), ...round.slice(0, first)];
}

/** The area of a shape with these corners. */
export function areaOf(corners) {
  return Math.abs(corners.reduce((sum, [x, y], at) => {
    const [nx, ny] = corners[(at + 1) % corners.length];
    return sum + x * ny - nx * y;
  }, 0)) / 2;
}

// Its shorter sides by its longer ones.
function slimness(corners) {
  const [top, right, low, left] = corners.map(([x, y], at) => Math.hypot(corners[(at + 1) % 4][0] - x, corners[(at + 1) % 4][1] - y));
  return Math.min(top + low, left + right) / Math.max(top + low, left + right);
}

function bulges(corners) {
  return corners.every(([x, y], at) => {
    const [[px, py], [nx, ny]] = [corners[(at + 3) % 4], corners[(at + 1) % 4]];
    const turn = (x - px) * (ny - y) - (y - py) * (nx - x);
    return turn > 0.3 * Math.hypot(x - px, y - py) * Math.hypot(nx - x, ny - y); // no corner flatter than 17 degrees
  });
}

// How well four sides lie on edges, more for a larger shape: of a picture and its frame, the frame. 0 for none.
function worth(corners, edges) {
  const sides = corners.map((corner, at) => covered(corner, corners[(at + 1) % 4], edges));
  const all = sides.reduce((sum, side) => sum + side, 0) / 4;
  if (Math.min(...sides) < LEAST_SIDE || all < LEAST_SIDES) return 0;
  return all * (0.7 + 0.3 * Math.sqrt(areaOf(corners) / (edges.width * edges.height)));
}

function covered([x0, y0], [x1, y1], { width, height, is, dx, dy }) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const [nx, ny] = [(y0 - y1) / length, (x1 - x0) / length];
  const points = Math.max(8, Math.round(length / 2));
  let on = 0;
  for (let point = 0; point < points; point++) {
    const share = (point + 0.5) / points;
    const [x, y] = [x0 + share * (x1 - x0), y0 + share * (y1 - y0)];
    for (let off = -2; off <= 2; off++) {
      const [px, py] = [Math.round(x + off * nx), Math.round(y + off * ny)];
      if (px < 0 || py < 0 || px >= width || py >= height) continue;
      const at = py * width + px;
      if (!is[at] || Math.abs(dx[at] * nx + dy[at] * ny) < SAME_WAY) continue;
      on += 1;
      break;
    }
  }
  return on / points;
}

const STILL = 0.06; // of the picture: corners that moved less are of the same thing
const LOOKS = 2; // that have to agree before it is shown
const MISSES = 4; // before it is gone

/** What is shown of one look after the other: `before` is what this returned last (null at first), `found` the corners
 * that were just found or null. {corners, seen, missed}; `corners` are shown once `seen` is enough, see `shownOf`. */
export function steadied(before, found) {
  if (!found) return before && before.missed + 1 < MISSES ? { ...before, missed: before.missed + 1 } : null;
  const moved = before ? Math.max(...found.map(([x, y], at) => Math.hypot(x - before.corners[at][0], y - before.corners[at][1]))) : 1;
  if (moved > STILL) return before && before.missed + 1 < MISSES && before.seen >= LOOKS
    ? { ...before, missed: before.missed + 1 } : { corners: found, seen: 1, missed: 0 };
  const corners = found.map(([x, y], at) => [(x + before.corners[at][0]) / 2, (y + before.corners[at][1]) / 2]);
  return { corners, seen: before.seen + 1, missed: 0 };
}

/** The corners to be shown; null for none. */
export const shownOf = (steady) => (steady && steady.seen >= LOOKS ? steady.corners : null);
