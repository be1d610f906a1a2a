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
  let best = -1;
  let least = reach * reach;
  for (let n = 0; 2 * n < places.length; n++) {
    const [a, b] = view.at(places[2 * n], places[2 * n + 1]);
    const far = (a - x) ** 2 + (b - y) ** 2;
    if (far < least) [best, least] = [n, far];
  }
  return best;
}

// The points within a closed path of spots on the canvas.
export function lassoed(places, view, path) {
  const found = [];
  if (path.length < 3) return found;
  for (let n = 0; 2 * n < places.length; n++) if (isWithin(path, ...view.at(places[2 * n], places[2 * n + 1]))) found.push(n);
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

  at(x, y) {
    const by = this.unit * this.scale;
    return [this.canvas.width / 2 + (x - this.x) * by, this.canvas.height / 2 + (y - this.y) * by];
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
    const before = this.unit * this.scale;
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
    const by = this.unit * this.scale;
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
