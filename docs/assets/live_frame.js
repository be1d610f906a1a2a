// While the camera is open: where a flat thing lies in what it sees, drawn over it.
import { frameIn, shownOf, steadied } from "./frame.js";
import { svg } from "./elements.js";

export const SIDE = 200; // pixels of the longer side that is looked at
const PAUSE = 120; // ms between two looks: five to eight a second
const MOST = 0.5; // share of the time that looking may take on a slow phone

export class LiveFrame {
  #look;
  #changed;
  #shape = svg("polygon", { points: "" });
  #steady = null;
  #timer = 0;

  /** `look()`: the pixels {data, width, height} of now, or null; `changed(is there one)`. */
  constructor(look, changed = () => {}) {
    this.#look = look;
    this.#changed = changed;
    this.element = svg("svg", { class: "found", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" }, this.#shape);
  }

  begin() {
    this.end();
    const step = () => {
      const began = performance.now();
      const pixels = this.#look();
      this.#show(steadied(this.#steady, pixels && frameIn(pixels)));
      const took = performance.now() - began;
      this.#timer = setTimeout(step, Math.max(PAUSE, took * (1 / MOST - 1)));
    };
    this.#timer = setTimeout(step, PAUSE);
  }

  end() {
    clearTimeout(this.#timer);
    this.#show(null);
  }

  #show(steady) {
    const before = shownOf(this.#steady) !== null;
    this.#steady = steady;
    const corners = shownOf(steady);
    this.#shape.setAttribute("points", (corners ?? []).map((corner) => corner.join(",")).join(" "));
    if (before !== (corners !== null)) this.#changed(corners !== null);
  }
}
