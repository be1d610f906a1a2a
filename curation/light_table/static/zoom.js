// A photo that can be looked into: wheel, pinch, click or `z` magnify, a drag moves, always about the point that is meant.

const STEP = 3; // what a click or `z` magnifies by, at least
const SIDES = [2048, 4096, 8192];
const STILL = 6; // pixels: a finger that moved less has tapped

export class Zoom {
  // `fetch(side)`: the address of a print with that many pixels on its longer side; `width`, `height`: of the photo, if known.
  constructor(mat, image, fetch, photo = {}) {
    Object.assign(this, { mat, image, fetch, longest: Math.max(photo.width ?? 4000, photo.height ?? 4000) });
    this.fingers = new Map();
    this.twins = []; // others that show the same part: two photos are compared at the same place
    this.side = 0;
    this.reset();
    mat.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    mat.addEventListener("pointerdown", (event) => this.down(event));
    mat.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) mat.addEventListener(end, (event) => this.up(event));
  }

  reset() {
    this.scale = 1;
    this.x = this.y = 0;
    this.draw();
  }

  // One step in, and back out.
  toggle(at = null) {
    if (this.scale > 1) this.reset();
    else this.to(Math.max(STEP, this.longest / this.fitted), at);
  }

  get fitted() {
    return Math.max(1, Math.min(this.longest, Math.max(this.mat.clientWidth, this.mat.clientHeight)));
  }

  get most() {
    return Math.max(8, (2 * this.longest) / this.fitted);
  }

  // Magnify to `scale` so that the point `at` (in the mat's pixels) stays where it is.
  to(scale, at = null) {
    const { clientWidth: width, clientHeight: height } = this.mat;
    const [atX, atY] = at ?? [width / 2, height / 2];
    const next = Math.min(this.most, Math.max(1, scale));
    this.x = atX - ((atX - this.x) * next) / this.scale;
    this.y = atY - ((atY - this.y) * next) / this.scale;
    this.scale = next;
    this.draw();
  }

  draw(leads = true) {
    const { clientWidth: width, clientHeight: height } = this.mat;
    this.x = Math.min(0, Math.max(width * (1 - this.scale), this.x));
    this.y = Math.min(0, Math.max(height * (1 - this.scale), this.y));
    this.image.style.transform = this.scale > 1 ? `translate(${this.x}px, ${this.y}px) scale(${this.scale})` : "";
    this.mat.classList.toggle("zoomed", this.scale > 1);
    if (this.scale > 1) this.refine();
    if (leads) for (const twin of this.twins) Object.assign(twin, { scale: this.scale, x: this.x, y: this.y }).draw(false);
  }

  // More pixels when they would be seen, as far as the photo has them.
  refine() {
    const wanted = Math.min(this.longest, this.scale * this.fitted * devicePixelRatio);
    const side = SIDES.find((offered) => offered >= wanted) ?? SIDES.at(-1);
    if (side <= this.side) return;
    this.side = side;
    const fine = new Image();
    fine.src = this.fetch(side);
    const show = () => {
      if (this.side === side) this.image.src = fine.src;
    };
    fine.decode().then(show, () => {});
  }

  at(event) {
    const box = this.mat.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  wheel(event) {
    if (this.scale === 1 && event.deltaY > 0) return;
    event.preventDefault();
    this.to(this.scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), this.at(event));
  }

  down(event) {
    if (event.button > 0) return;
    this.moved = this.fingers.size > 0;
    this.from = this.at(event);
    this.fingers.set(event.pointerId, this.from);
    if (this.scale > 1 || this.fingers.size > 1) this.mat.setPointerCapture(event.pointerId);
  }

  move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const here = this.at(event);
    if (distance(this.from, here) > STILL) this.moved = true;
    const other = [...this.fingers].find(([name]) => name !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, here);
    if (other) this.to((this.scale * distance(here, other)) / Math.max(1, distance(before, other)), middle(here, other));
    else if (this.scale === 1 || !this.moved) return;
    this.x += (here[0] - before[0]) / (other ? 2 : 1);
    this.y += (here[1] - before[1]) / (other ? 2 : 1);
    this.draw();
  }

  up(event) {
    if (!this.fingers.delete(event.pointerId) || this.fingers.size || this.moved || event.type === "pointercancel") return;
    this.toggle(this.at(event));
  }
}

function distance(one, other) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}

function middle(one, other) {
  return [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
}
