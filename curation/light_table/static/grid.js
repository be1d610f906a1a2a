// Everything under one label, the doubtful first: select many, give them one class.

import { keyRow } from "./header.js";
import { count, h, key } from "./dom.js";

export class Grid {
  constructor(table) {
    this.table = table;
    this.cells = [];
    this.chosen = new Set();
    this.ready = true;
    addEventListener("pointerup", () => (this.painting = null));
  }

  async open(classId) {
    try {
      await this.fetch(classId);
    } catch (problem) {
      this.table.stumble(problem);
      return;
    }
    this.table.view = this;
    this.table.show();
  }

  async fetch(classId) {
    this.answer = await this.table.server.grid(classId);
    this.cells = this.answer.cells;
    this.chosen.clear();
    this.last = null;
    this.drawn = false;
  }

  show() {
    if (!this.drawn) this.draw();
    this.showBar();
  }

  draw() {
    this.drawn = true;
    const tiles = this.cells.map((cell, place) => this.tile(cell, place));
    this.sheet = h("div", { class: "sheet-of-cells", role: "listbox", "aria-multiselectable": "true", "aria-label": "Photos" }, tiles);
    const rest = this.answer.total - this.cells.length;
    this.bar = h("div", { class: "grid-bar" });
    const none = !tiles.length && h("p", { class: "empty" }, "No photo wears this label any more.");
    this.table.body.replaceChildren(this.bar, this.sheet, none || "", rest > 0 ? h("p", { class: "soft more-cells" }, `${rest} more behind these.`) : "");
    this.table.body.scrollTop = 0;
    this.table.foot.replaceChildren(...keyRow(this.actions()), h("span", { class: "act last quiet" }, "sorted by doubt"));
  }

  tile(cell, place) {
    const suggested = cell.suggested && cell.suggested.id !== this.answer.labelled.id;
    const words = suggested ? `${cell.suggested.title}?` : this.answer.labelled.title;
    const tile = h("button", { class: "cell", role: "option", "aria-selected": "false", "data-place": place },
      h("img", { src: this.table.server.photo(cell.image_id, 320), alt: "", loading: "lazy", draggable: "false" }),
      h("span", { class: "foot-of-cell" }, h("span", { class: suggested ? "asked" : "" }, words),
        cell.doubt === null ? "" : h("span", {}, cell.doubt.toFixed(2))));
    tile.addEventListener("pointerdown", (event) => this.down(event, place));
    tile.addEventListener("pointerenter", () => this.painting !== null && this.painting !== undefined && this.set(place, this.painting));
    tile.addEventListener("click", (event) => this.click(event, place));
    return tile;
  }

  // A mouse paints; a finger scrolls and taps.
  down(event, place) {
    this.handled = false;
    if (event.pointerType === "touch" || event.button !== 0) return;
    event.preventDefault();
    this.handled = true;
    if (event.shiftKey && this.last !== null) this.range(this.last, place);
    else this.set(place, (this.painting = !this.chosen.has(place)));
    this.last = place;
  }

  click(event, place) {
    if (!this.handled) {
      this.set(place, !this.chosen.has(place));
      this.last = place;
    }
    this.handled = false;
  }

  range(from, to) {
    for (let place = Math.min(from, to); place <= Math.max(from, to); place++) this.set(place, true);
  }

  set(place, on) {
    this.chosen[on ? "add" : "delete"](place);
    this.sheet.children[place].setAttribute("aria-selected", String(on));
    this.showBar();
  }

  showBar() {
    const { labelled, choices } = this.answer;
    const likely = this.likely();
    const give = choices.map((choice, place) => h("button", { class: choice.id === likely ? "big small" : "ghost", disabled: !this.chosen.size,
      onclick: () => this.give(choice.id) }, `→ ${choice.title} `, key(String(place + 1))));
    const other = h("button", { class: "ghost", disabled: !this.chosen.size, onclick: () => this.other() }, "Other… ", key("c"));
    this.bar.replaceChildren(h("p", { class: "lab" }, "look-alikes labelled ", h("em", {}, labelled?.title ?? "")),
      h("span", { class: "picked", "aria-live": "polite" }, `${this.chosen.size} selected`), h("div", { class: "gives" }, give, other));
  }

  // The class that most of the selected photos are suspected to be.
  likely() {
    const votes = [...this.chosen].map((place) => this.cells[place].suggested?.id).filter(Boolean);
    const tally = (id) => votes.filter((vote) => vote === id).length;
    return votes.sort((one, other) => tally(other) - tally(one))[0];
  }

  actions() {
    return [
      ["x", "all", () => this.all()],
      ["Enter", "keep label", () => this.decide("keep"), "main"],
      ["n", "none of these", () => this.decide("none_of_these"), "main"],
      ["j", "junk", () => this.decide("junk")],
      ["u", "unsure", () => this.decide("unsure")],
      ["Backspace", "undo", () => this.takeBack(), "main"],
      ["g", "one photo", () => this.table.toSingle(), "main"],
      ["?", "all keys", () => this.table.help()],
    ];
  }

  keys(name) {
    const listed = this.actions().find(([known]) => known === name);
    if (listed) return listed[2];
    if (name === "Escape") return () => this.table.toSingle();
    if (name === "c" || name === "/") return () => this.other();
    if (name.startsWith("Arrow")) return () => this.walk(name);
    if (name === " ") return () => this.toggle();
    const choice = /^[1-9]$/.test(name) && this.answer.choices[name - 1];
    return choice ? () => this.give(choice.id) : null;
  }

  get place() {
    const cell = this.table.root.getRootNode().activeElement?.closest?.(".cell");
    return cell ? Number(cell.dataset.place) : -1;
  }

  walk(name) {
    const across = getComputedStyle(this.sheet).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[name];
    const to = this.place < 0 ? 0 : Math.max(0, Math.min(this.cells.length - 1, this.place + step));
    this.sheet.children[to]?.focus();
  }

  toggle() {
    const { place } = this;
    if (place >= 0) this.set(place, !this.chosen.has(place));
  }

  all() {
    const on = this.chosen.size < this.cells.length;
    this.cells.forEach((_, place) => this.set(place, on));
  }

  other() {
    if (this.chosen.size) this.table.search((classId, added) => this.give(classId, added));
    else this.table.tell("Select the photos first.");
  }

  give(classId, added = null) {
    this.decide("relabel", { label: classId }, added);
  }

  decide(action, more = {}, added = null) {
    const moves = [...this.chosen].sort((one, other) => one - other).map((place) => {
      const { image_id, key } = this.cells[place];
      return { do: action, image_id, ...(key ? { key } : {}), ...more };
    });
    if (!moves.length) {
      this.table.tell("Select the photos first.");
      return;
    }
    this.table.tell(`${count(moves.length, "photo", "photos")}. One ⌫ takes them all back.`);
    this.cells = this.cells.filter((_, place) => !this.chosen.has(place));
    this.answer.total -= moves.length;
    this.chosen.clear();
    this.last = null;
    this.draw();
    this.table.desk.together(moves, added);
  }

  async takeBack() {
    this.table.takeBack();
    const { outbox } = this.table.desk;
    while (outbox.waiting && !outbox.failures) await new Promise((done) => setTimeout(done, 30));
    await this.fetch(this.answer.labelled.id).catch(() => {});
    this.table.show();
  }
}
