// A finger on the grid: it scrolls and taps as everywhere; where it has rested for a moment it selects, and goes on selecting.

const RESTS = 350; // milliseconds
const STILL = 10; // pixels
const EDGE = 70; // pixels from the edge of what is visible, where the sheet begins to scroll along
const SPEED = 12;

export class Touch {
  constructor(grid) {
    this.grid = grid;
    this.on = null; // null: scrolling as usual; else whether what is touched is selected or let go
    const { sheet } = grid;
    sheet.addEventListener("touchstart", (event) => this.start(event), { passive: true });
    sheet.addEventListener("touchmove", (event) => this.move(event), { passive: false });
    for (const end of ["touchend", "touchcancel"]) sheet.addEventListener(end, (event) => this.end(event));
    sheet.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  start({ touches }) {
    clearTimeout(this.waiting);
    if (touches.length > 1) return;
    this.from = touches[0];
    this.waiting = setTimeout(() => this.rest(), RESTS);
  }

  rest() {
    const place = this.under(this.from);
    if (place === null) return;
    this.on = !this.grid.chosen.has(place);
    this.grid.set(place, this.on);
    this.grid.last = place;
    navigator.vibrate?.(12);
  }

  move(event) {
    const [finger] = event.touches;
    if (this.on === null) {
      const { from } = this;
      if (Math.hypot(finger.clientX - from.clientX, finger.clientY - from.clientY) > STILL) clearTimeout(this.waiting);
      return;
    }
    event.preventDefault();
    const place = this.under(finger);
    if (place !== null) this.grid.set(place, this.on);
    const { body } = this.grid.table;
    const { top, bottom } = body.getBoundingClientRect();
    if (finger.clientY < top + EDGE) body.scrollTop -= SPEED;
    if (finger.clientY > bottom - EDGE) body.scrollTop += SPEED;
  }

  end(event) {
    clearTimeout(this.waiting);
    // What was painted must not be tapped as well.
    if (this.on !== null && event.cancelable) event.preventDefault();
    this.on = null;
  }

  under({ clientX, clientY }) {
    const cell = this.grid.sheet.getRootNode().elementFromPoint(clientX, clientY)?.closest(".cell");
    return cell ? Number(cell.dataset.place) : null;
  }
}
