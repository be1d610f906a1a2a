// A page beside the photos: asks for its plain values, lays them out, and sends what its buttons do.
// A subclass lives in a file of the page's own name, is its default export, and has `lay(values)` -> elements.

import { h } from "../dom.js";
import { keyRow } from "../header.js";

export class Page {
  constructor(table, name, title) {
    this.table = table;
    this.name = name;
    this.title = title;
    this.ready = true;
    this.places = new Map(); // what of the page was looked at -> how far down
  }

  // Fetch, then take the screen. `asked`: what of the page is wanted, as text by name.
  async open(asked = {}) {
    if (this.table.view === this) this.places.set(this.asked, this.table.body.scrollTop);
    try {
      this.values = await this.table.server.page(this.name, asked);
    } catch (problem) {
      this.table.lost(problem);
      return;
    }
    this.drawn = false;
    this.asked = JSON.stringify(asked);
    this.query = asked;
    this.table.view = this;
    this.table.place(this.name, asked);
    this.table.show();
    this.table.body.scrollTop = this.places.get(this.asked) ?? 0;
  }

  // What a button does. The server's answer is the page as it is now; a refusal is told, and nothing has changed: false.
  // `waits()`: what to do instead where nobody answers; then null.
  async act(wanted, waits = null) {
    try {
      this.values = await this.table.server.usePage(this.name, wanted);
    } catch (problem) {
      if (waits && !problem.status) {
        waits();
        return null;
      }
      if (problem.status === 401) this.table.stumble(problem);
      else if (problem.status) this.table.tell(problem.message, true, this.holds(problem));
      else this.table.noAnswer("The light table isn't responding. Nothing was changed; try again.");
      return false;
    }
    this.drawn = false;
    if (this.table.view === this) this.show();
    return true;
  }

  // A picture that opens its photo.
  opens(imageId, words, image) {
    return h("button", { class: "opens", "aria-label": words, onclick: () => this.table.toPhoto(imageId) }, image);
  }

  // How long a refusal is true; a page may know better.
  holds() {
    return () => true;
  }

  show() {
    if (this.drawn) return;
    this.drawn = true;
    const at = this.table.body.scrollTop;
    const stood = this.standing();
    this.table.body.replaceChildren(h("section", { class: `page page-${this.name}`, "aria-label": this.title }, h("h1", {}, this.title), this.lay(this.values)));
    this.table.body.scrollTop = at;
    if (stood) [...this.table.body.querySelectorAll("button")].find((one) => nameOf(one) === stood)?.focus({ preventScroll: true });
    this.layFoot();
  }

  // The button that has the focus, by what it says: laid anew, it has it again.
  standing() {
    const { root, body } = this.table;
    const active = root.getRootNode().activeElement;
    return active?.matches("button:focus-visible") && body.contains(active) ? nameOf(active) : null;
  }

  // On a phone what is not under the thumb itself, and the way to the other pages, is a touch away.
  layFoot() {
    const actions = this.actions();
    const rest = actions.filter(([, , , place]) => place !== "main");
    const more = h("button", { class: "act more", onclick: () => this.table.more(rest) }, h("span", {}, "more…"));
    this.table.foot.replaceChildren(...keyRow(actions), more);
  }

  // [key, words, what it does, place]; a page's own come before the way back.
  actions() {
    // One step back: out of a part of the page first.
    const within = Object.keys(JSON.parse(this.asked ?? "{}")).length > 0;
    return [["Escape", within ? "back" : "back to the photos", () => (within ? this.table.toPage(this.name) : this.table.toSingle()), "main"]];
  }

  keys(name) {
    const action = this.actions().find(([key]) => key === name);
    return action?.[2] ?? null;
  }
}

function nameOf(button) {
  return button.getAttribute("aria-label") ?? button.textContent;
}
