// Very many photos on one sheet: only the tiles in sight exist, and what leaves at one end comes back at the other.

import { h } from "./dom.js";

const OVER = 2; // rows above and below what is seen
const STILL = 90; // milliseconds without scrolling, after which photos are fetched again
const FAST = 1.2; // screens between two frames: nobody sees a photo that goes by so fast

// How tiles lie: `least` pixels wide, with `foot` pixels of words below each photo.
export function geometry(width, least, gap, foot) {
  const across = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const side = (width - gap * (across - 1)) / across;
  return { across, side, gap, high: side + foot, step: side + foot + gap };
}

export function rowsOf(total, { across }) {
  return Math.ceil(total / across);
}

// The places [from, to) whose tiles are needed when the sheet is scrolled to `top`.
export function spanOf(top, height, total, { across, step }) {
  const first = Math.max(0, Math.floor(top / step) - OVER);
  const last = Math.ceil((top + height) / step) + OVER;
  return [Math.min(total, first * across), Math.min(total, last * across)];
}

// Where a tile lies: [left, top].
export function cornerOf(place, { across, side, gap, step }) {
  return [(place % across) * (side + gap), Math.floor(place / across) * step];
}

// The places that a rectangle touches.
export function placesWithin({ left, top, right, bottom }, total, { across, side, gap, high, step }) {
  const found = [];
  const column = (x) => Math.floor(x / (side + gap));
  const first = Math.max(0, Math.floor(top / step));
  const last = Math.min(rowsOf(total, { across }) - 1, Math.floor(bottom / step));
  for (let row = first; row <= last; row++) {
    if (row * step + high < top) continue;
    for (let x = Math.max(0, column(left)); x <= Math.min(across - 1, column(right)); x++) {
      const place = row * across + x;
      if (x * (side + gap) + side >= left && place < total) found.push(place);
    }
  }
  return found;
}

export class VirtualSheet {
  // `fill(tile, place)` writes on a tile; `need(from, to)` says which places are in sight.
  constructor({ scroller, least, gap, foot, fill, need }) {
    Object.assign(this, { scroller, least, gap, foot, fill, need });
    this.total = 0;
    this.tiles = new Map();
    this.free = [];
    this.sheet = h("div", { class: "long-sheet", role: "listbox", "aria-multiselectable": "true", "aria-label": "Photos" });
    this.hears = () => this.scrolled();
    scroller.addEventListener("scroll", this.hears, { passive: true });
    this.watch = new ResizeObserver(() => this.measure());
    this.watch.observe(this.sheet);
  }

  end() {
    this.scroller.removeEventListener("scroll", this.hears);
    this.watch.disconnect();
    clearTimeout(this.resting);
  }

  // Lay so many photos; what is on the tiles is written anew.
  lay(total) {
    this.total = total;
    this.measure(true);
  }

  measure(anew = false) {
    const width = this.sheet.clientWidth;
    if (!width) return;
    const before = this.geo;
    this.geo = geometry(width, this.least(), this.gap, this.foot);
    this.sheet.style.height = `${Math.max(0, rowsOf(this.total, this.geo) * this.geo.step - this.gap)}px`;
    if (anew || before?.side !== this.geo.side) this.clear();
    this.draw();
  }

  clear() {
    for (const tile of this.tiles.values()) {
      tile.hidden = true;
      this.free.push(tile);
    }
    this.tiles.clear();
  }

  scrolled() {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.draw();
    });
  }

  // How far the sheet's own top is above the top of what is seen.
  get top() {
    return this.scroller.getBoundingClientRect().top - this.sheet.getBoundingClientRect().top;
  }

  draw() {
    if (!this.geo) return;
    const { top } = this;
    const height = this.scroller.clientHeight;
    const [from, to] = spanOf(top, height, this.total, this.geo);
    this.isFast = Math.abs(top - (this.last ?? top)) > FAST * height;
    this.last = top;
    for (const [place, tile] of this.tiles) {
      if (place >= from && place < to) continue;
      this.tiles.delete(place);
      this.free.push(tile);
    }
    for (let place = from; place < to; place++) if (!this.tiles.has(place)) this.put(place);
    for (const tile of this.free) tile.hidden = true;
    clearTimeout(this.resting);
    if (this.isFast) this.resting = setTimeout(() => this.rest(), STILL);
    else this.need(from, to);
    this.span = [from, to];
  }

  rest() {
    this.isFast = false;
    this.last = this.top;
    this.need(...this.span);
    this.rewrite();
  }

  put(place) {
    const tile = this.free.pop() ?? this.made();
    const [left, top] = cornerOf(place, this.geo);
    tile.style.cssText = `width:${this.geo.side}px;height:${this.geo.high}px;transform:translate(${left}px,${top}px)`;
    tile.dataset.place = place;
    tile.hidden = false;
    this.tiles.set(place, tile);
    this.fill(tile, place);
  }

  made() {
    const tile = h("button", { class: "cell", role: "option", "aria-selected": "false", tabindex: "-1" },
      h("img", { alt: "", draggable: "false", decoding: "async" }), h("span", { class: "foot-of-cell" }));
    this.sheet.append(tile);
    return tile;
  }

  // Write again on every tile that is there: more is known, or something was selected.
  rewrite() {
    for (const [place, tile] of this.tiles) this.fill(tile, place);
  }

  within(left, top, right, bottom) {
    return placesWithin({ left, top, right, bottom }, this.total, this.geo);
  }

  reveal(place) {
    const [, top] = cornerOf(place, this.geo);
    const shift = this.scroller.scrollTop - this.top; // of the sheet within the scroller
    const above = this.scroller.querySelector(".sheet-bar")?.offsetHeight ?? 0;
    const { scrollTop, clientHeight } = this.scroller;
    if (top + shift < scrollTop + above) this.scroller.scrollTop = top + shift - above - this.gap;
    else if (top + shift + this.geo.high > scrollTop + clientHeight) this.scroller.scrollTop = top + shift + this.geo.high - clientHeight + this.gap;
    this.draw();
  }
}
