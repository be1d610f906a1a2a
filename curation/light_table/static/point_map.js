// Very many points on a canvas: where they are on the screen, and what a finger or a mouse means there.

const REACH = 32000; // places are whole numbers of -REACH..REACH
const EDGE = 24; // pixels around the whole map
const MOST = 400; // times larger than the whole map
// Told apart by people who see red and green alike too (Okabe and Ito 2008, and darker ones of the same).
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8f7a00", "#7b4ea3", "#5a6472", "#a0522d", "#2f6b4f", "#b4432a"];
const NOTHING = 0x80999999;

export function bytesOf(text) {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
}

// Names of so many bytes each, as hexadecimal digits.
export function hexOf(bytes, each) {
  const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
  const names = [];
  for (let start = 0; start < bytes.length; start += each) {
    let name = "";
    for (let at = start; at < start + each; at++) name += digits[bytes[at]];
    names.push(name);
  }
  return names;
}

export function shorts(text) {
  return new Int16Array(bytesOf(text).buffer);
}

// A colour as a pixel of ImageData: red in the lowest byte. `isDoubt`: from pale to red by tenths.
export function rgbaOf(code, isDoubt = false, isDim = false) {
  if (code < 0) return isDim ? 0x40999999 : NOTHING;
  const alpha = isDim ? 0x38 : 0xff;
  if (isDoubt) return pixel(200 - code * 3, 150 - code * 13, 130 - code * 10, alpha);
  const hex = Number.parseInt(COLOURS[code % COLOURS.length].slice(1), 16);
  return pixel(hex >> 16, (hex >> 8) & 255, hex & 255, alpha);
}

function pixel(red, green, blue, alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

// The point nearest to a spot on the canvas, within `reach` pixels; -1 for none.
export function inside(places, view, x, y, reach) {
  const [a, b] = view.from(x, y);
  let best = -1;
  let least = (reach / view.by) ** 2;
  for (let n = 0; 2 * n < places.length; n++) {
    const far = (places[2 * n] - a) ** 2 + (places[2 * n + 1] - b) ** 2;
    if (far < least) [best, least] = [n, far];
  }
  return best;
}

// The points within a closed path of spots on the canvas.
export function lassoed(places, view, path) {
  const found = [];
  if (path.length < 3) return found;
  const around = path.map(([x, y]) => view.from(x, y));
  const [xs, ys] = [around.map(([x]) => x), around.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  for (let n = 0; 2 * n < places.length; n++) {
    const [x, y] = [places[2 * n], places[2 * n + 1]];
    if (x >= left && x <= right && y >= top && y <= bottom && isWithin(around, x, y)) found.push(n);
  }
  return found;
}

// Even-odd: how often a ray to the right crosses the path.
export function isWithin(path, x, y) {
  let within = false;
  for (let one = 0, other = path.length - 1; one < path.length; other = one++) {
    const [ax, ay] = path[one];
    const [bx, by] = path[other];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}

// Points as squares of pixels, into `pixels` of an image `width` pixels wide: which of `some` points are in sight.
export function dots(pixels, width, places, tints, view, wide, some = null) {
  const { by } = view;
  const height = pixels.length / width;
  const seen = [];
  const shift = wide / 2 - 0.5; // rounded by cutting off what is behind the point
  const [x0, y0] = view.at(0, 0);
  const count = some ? some.length : tints.length;
  for (let place = 0; place < count; place++) {
    const n = some ? some[place] : place;
    const x = x0 + places[2 * n] * by;
    const y = y0 + places[2 * n + 1] * by;
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    seen.push(n);
    const left = Math.max(0, (x - shift) | 0);
    const top = Math.max(0, (y - shift) | 0);
    const right = Math.min(width, left + wide);
    const bottom = Math.min(height, top + wide);
    for (let row = top * width; row < bottom * width; row += width) for (let at = row + left; at < row + right; at++) pixels[at] = tints[n];
  }
  return seen;
}

export class View {
  // `draw()` draws; `lasso(path)`, `point(x, y)` and `hover(x, y)` in pixels of the canvas.
  constructor(canvas, hears) {
    Object.assign(this, { canvas, hears, scale: 1, x: 0, y: 0, lassoing: false, path: [], fingers: new Map() });
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.up(event));
  }

  fit(whole = false) {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth) return;
    this.canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(clientHeight * devicePixelRatio);
    if (whole || this.scale === 1) Object.assign(this, { scale: 1, x: 0, y: 0 });
    this.hears.draw();
  }

  get unit() {
    return (Math.min(this.canvas.width, this.canvas.height) / 2 - EDGE) / REACH;
  }

  // Pixels of the canvas for one step of a place.
  get by() {
    return this.unit * this.scale;
  }

  // Where a place is on the canvas, and what place is there.
  at(x, y) {
    const { by } = this;
    return [this.canvas.width / 2 + (x - this.x) * by, this.canvas.height / 2 + (y - this.y) * by];
  }

  from(x, y) {
    const { by } = this;
    return [(x - this.canvas.width / 2) / by + this.x, (y - this.canvas.height / 2) / by + this.y];
  }

  spot({ clientX, clientY }) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return [(clientX - left) * devicePixelRatio, (clientY - top) * devicePixelRatio];
  }

  later() {
    if (this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => {
      this.waits = false;
      this.hears.draw();
    });
  }

  // Larger or smaller around a spot that stays where it is.
  zoom(by, [x, y]) {
    const before = this.by;
    const scale = Math.max(1, Math.min(MOST, this.scale * by));
    const after = this.unit * scale;
    this.x += (x - this.canvas.width / 2) * (1 / before - 1 / after);
    this.y += (y - this.canvas.height / 2) * (1 / before - 1 / after);
    this.scale = scale;
    if (scale === 1) Object.assign(this, { x: 0, y: 0 });
    this.later();
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 300), this.spot(event));
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.spot(event));
    this.moved = false;
    this.draws = (this.lassoing || event.shiftKey) && this.fingers.size === 1;
    this.path = this.draws ? [this.spot(event)] : [];
  }

  move(event) {
    const before = this.fingers.get(event.pointerId);
    const now = this.spot(event);
    if (!before) {
      this.hears.hover(...now);
      return;
    }
    if (Math.hypot(now[0] - before[0], now[1] - before[1]) > 3) this.moved = true;
    if (this.draws) this.path.push(now);
    else if (this.fingers.size === 2) this.pinch(event.pointerId, before, now);
    else this.shift(before, now);
    this.fingers.set(event.pointerId, now);
    this.later();
  }

  shift(before, now) {
    const { by } = this;
    this.x -= (now[0] - before[0]) / by;
    this.y -= (now[1] - before[1]) / by;
  }

  pinch(id, before, now) {
    const [, other] = [...this.fingers].find(([name]) => name !== id);
    const far = (spot) => Math.hypot(spot[0] - other[0], spot[1] - other[1]);
    this.zoom(far(now) / Math.max(1, far(before)), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
  }

  up(event) {
    const last = this.fingers.get(event.pointerId);
    this.fingers.delete(event.pointerId);
    const { path } = this;
    this.path = [];
    if (this.draws && path.length > 2) this.hears.lasso(path);
    else if (last && !this.moved && event.type === "pointerup") this.hears.point(...last);
    this.draws = false;
    this.later();
  }

  drawLasso(context) {
    if (this.path.length < 2) return;
    context.beginPath();
    for (const [x, y] of this.path) context.lineTo(x, y);
    context.closePath();
    context.strokeStyle = "#b4432a";
    context.lineWidth = 2 * devicePixelRatio;
    context.stroke();
  }
}
