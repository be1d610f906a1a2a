// A flat thing in a photo, seen from an angle, drawn as if it were looked at straight.

const LARGEST = 640; // pixels of the longer side

/** The matrix (nine numbers, row by row) that takes the unit square to `corners`: top left, top right, bottom right,
 * bottom left, each [x, y]. (Heckbert 1989) */
export function ontoCorners(corners) {
  const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = corners;
  const [dx, dy] = [x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
  const [ax, ay, bx, by] = [x1 - x2, y1 - y2, x3 - x2, y3 - y2];
  const area = ax * by - bx * ay;
  const g = (dx * by - bx * dy) / area;
  const h = (ax * dy - dx * ay) / area;
  return [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, 1];
}

/** Pixels {data, width, height} of what lies between `corners` (shares of the photo), `width` x `height`, from the
 * photo's pixels of the same kind. What lies beyond the photo stays clear. */
export function straightened(photo, corners, width, height) {
  const [a, b, c, d, e, f, g, h, i] = ontoCorners(corners);
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    const v = (y + 0.5) / height;
    for (let x = 0; x < width; x++) {
      const u = (x + 0.5) / width;
      const depth = g * u + h * v + i;
      const at = [((a * u + b * v + c) / depth) * photo.width - 0.5, ((d * u + e * v + f) / depth) * photo.height - 0.5];
      blend(photo, at, data, 4 * (y * width + x));
    }
  }
  return { data, width, height };
}

// The mean of the four pixels around a place, the nearer the more.
function blend(photo, [x, y], data, place) {
  if (!(x > -1 && y > -1 && x < photo.width && y < photo.height)) return;
  const left = Math.max(0, Math.floor(x));
  const top = Math.max(0, Math.floor(y));
  const right = Math.min(photo.width - 1, left + 1);
  const low = Math.min(photo.height - 1, top + 1);
  const across = Math.min(1, Math.max(0, x - left));
  const down = Math.min(1, Math.max(0, y - top));
  for (let channel = 0; channel < 4; channel++) {
    const one = (row, column) => photo.data[4 * (row * photo.width + column) + channel];
    const above = one(top, left) * (1 - across) + one(top, right) * across;
    const below = one(low, left) * (1 - across) + one(low, right) * across;
    data[place + channel] = above * (1 - down) + below * down;
  }
}

const ALIKE = 1.5; // a shape that is seen from an angle looks so much narrower at most

/** Whether four corners, shares of a photo {width, height}, may be those of a picture {width, height} seen from an angle:
 * whoever finds them knows edges, and not what is inside. */
export function mayBe(corners, photo, picture) {
  const at = corners.map(([x, y]) => [x * photo.width, y * photo.height]);
  const side = (one, other) => Math.hypot(at[one][0] - at[other][0], at[one][1] - at[other][1]);
  const shape = (side(0, 1) + side(3, 2)) / (side(0, 3) + side(1, 2));
  const apart = shape / (picture.width / picture.height);
  return apart < ALIKE && apart > 1 / ALIKE;
}

/** Width and height of a drawing of the same shape as a picture's, at most LARGEST. */
export function drawingOf({ width, height }) {
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/** A canvas with what lies between `corners` in `photo` (an img that has been loaded), in the shape of `picture`. */
export function drawStraight(photo, corners, picture) {
  const [width, height] = drawingOf({ width: picture.naturalWidth, height: picture.naturalHeight });
  const from = document.createElement("canvas");
  // Twice as large as what is drawn is enough, and a phone's memory is small.
  const scale = Math.min(1, (2 * LARGEST) / Math.max(photo.naturalWidth, photo.naturalHeight));
  from.width = Math.max(1, Math.round(photo.naturalWidth * scale));
  from.height = Math.max(1, Math.round(photo.naturalHeight * scale));
  const seen = from.getContext("2d", { willReadFrequently: true });
  seen.drawImage(photo, 0, 0, from.width, from.height);
  const { data } = straightened(seen.getImageData(0, 0, from.width, from.height), corners, width, height);
  const drawn = document.createElement("canvas");
  drawn.width = width;
  drawn.height = height;
  drawn.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
  return drawn;
}
