// A mouse on the grid: dragging draws a rectangle, and what it touches is selected. From a selected photo it lets go.

import { h } from "./dom.js";

const STILL = 4; // pixels: below, it was a click
const EDGE = 50; // pixels from the edge of what is visible, where the sheet begins to scroll along
const SPEED = 14; // pixels a frame

export class Band {
  constructor(grid) {
    this.grid = grid;
    this.from = null;
    this.box = h("div", { class: "band", "aria-hidden": "true" });
    grid.table.body.addEventListener("pointerdown", (event) => this.down(event));
    addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => this.up());
  }

  down(event) {
    const { grid } = this;
    this.drawn = false;
    const [target] = event.composedPath();
    const cell = target.closest(".cell");
    const free = cell || target === grid.sheet || target === grid.table.body || target.matches(".sheet-main");
    if (grid.table.view !== grid || event.pointerType === "touch" || event.button !== 0 || event.shiftKey || !free) return;
    event.preventDefault();
    this.from = this.at(event);
    this.on = !cell || !grid.chosen.has(Number(cell.dataset.place));
    this.before = new Set(grid.chosen);
  }

  // Where the pointer is on the sheet, however far that was scrolled.
  at({ clientX, clientY }) {
    const { left, top } = this.grid.sheet.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  move(event) {
    if (!this.from) return;
    this.pointer = event;
    const [x, y] = this.at(event);
    if (!this.drawn && Math.hypot(x - this.from[0], y - this.from[1]) < STILL) return;
    if (!this.drawn) {
      this.drawn = true;
      this.grid.sheet.append(this.box);
      this.scroll();
    }
    this.draw();
  }

  draw() {
    const [x, y] = this.at(this.pointer);
    const [left, right] = [Math.min(x, this.from[0]), Math.max(x, this.from[0])];
    const [top, bottom] = [Math.min(y, this.from[1]), Math.max(y, this.from[1])];
    Object.assign(this.box.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    const chosen = new Set(this.before);
    for (const place of this.grid.within(left, top, right, bottom)) {
      chosen[this.on ? "add" : "delete"](place);
      this.grid.last = place;
    }
    this.grid.choose(chosen);
  }

  // Near an edge the sheet moves along, also while the pointer rests there.
  scroll() {
    if (!this.from || !this.drawn) return;
    const { body } = this.grid.table;
    const { top, bottom } = body.getBoundingClientRect();
    const step = this.pointer.clientY < top + EDGE ? -SPEED : this.pointer.clientY > bottom - EDGE ? SPEED : 0;
    const at = body.scrollTop;
    body.scrollTop += step;
    if (body.scrollTop !== at) this.draw();
    requestAnimationFrame(() => this.scroll());
  }

  up() {
    this.from = null;
    this.box.remove();
  }
}
