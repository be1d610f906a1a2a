// Everything under one label, what looks alike together: select many, give them one class.

import { Band } from "./drag_select.js";
import { keyRow } from "./header.js";
import { Touch } from "./touch_select.js";
import { count, h, key } from "./dom.js";

export class Grid {
  constructor(table) {
    this.table = table;
    this.cells = [];
    this.chosen = new Set();
    this.ready = true;
    this.band = new Band(this);
  }

  get session() {
    return this.table.session;
  }

  async open(classId, suggested = null) {
    try {
      await this.fetch(classId, suggested);
    } catch (problem) {
      this.table.lost(problem);
      return;
    }
    const { view } = this.table;
    if (view !== this) this.from = view.name ? { name: view.name, query: view.query } : null;
    this.table.view = this;
    this.table.place("grid", { class: classId, suggested });
    this.table.show();
  }

  // One step back: the selection first, then where the grid was opened from.
  back() {
    if (this.chosen.size) return this.choose(new Set());
    const { from } = this;
    return from ? this.table.toPage(from.name, from.query) : this.table.toSingle();
  }

  async fetch(classId, suggested = null) {
    this.answer = await this.table.server.grid(classId, suggested);
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
    this.touch = new Touch(this);
    this.bar = h("div", { class: "grid-bar" });
    this.table.body.replaceChildren(this.bar, tiles.length ? this.sheet : this.nothing(), this.rest() || "");
    this.table.body.scrollTop = 0;
    const more = h("button", { class: "act more", onclick: () => this.table.more(this.actions().filter(([, , , place]) => place !== "main")) }, h("span", {}, "more…"));
    const order = h("span", { class: "act last quiet" }, "look-alikes together; the number: how doubtful, of 1");
    this.table.foot.replaceChildren(...keyRow(this.actions()), order, more);
  }

  nothing() {
    const { labelled, suggested, everything } = this.answer;
    if (suggested && everything) {
      return h("div", { class: "empty" }, h("p", {}, "None of these is left."),
        h("button", { class: "big", onclick: () => this.open(labelled.id) }, "Show everything under this label"));
    }
    return h("div", { class: "empty" }, h("p", {}, "No photos have this label now."),
      h("button", { class: "big", onclick: () => this.table.toSingle() }, "Back to the photos"));
  }

  rest() {
    const rest = this.answer.total - this.cells.length;
    return rest > 0 && h("p", { class: "soft more-cells" }, `${count(rest, "more comes", "more come")} once these are decided.`);
  }

  tile(cell, place) {
    const suggested = cell.suggested && cell.suggested.id !== this.answer.labelled.id;
    const words = suggested ? `${cell.suggested.title}?` : this.answer.labelled.title;
    const tile = h("button", { class: "cell", role: "option", "aria-selected": "false", "data-place": place },
      h("img", { src: this.table.server.photo(cell.image_id, 320), alt: "", loading: "lazy", draggable: "false" }),
      h("span", { class: "foot-of-cell" }, h("span", { class: suggested ? "asked" : "" }, words),
        cell.doubt === null ? "" : h("span", {}, cell.doubt.toFixed(2))));
    tile.addEventListener("click", (event) => this.click(event, place));
    return tile;
  }

  // A click, or a tap; a drag of the mouse is band.js, a finger that rests touch.js.
  click(event, place) {
    if (event.detail && this.band.drawn) return;
    if (event.shiftKey && this.last !== null) this.range(this.last, place);
    else this.set(place, !this.chosen.has(place));
    this.last = place;
  }

  // The places that a rectangle on the sheet touches, and what is selected by it.
  within(left, top, right, bottom) {
    return this.cells.map((_, place) => place).filter((place) => {
      const { offsetLeft: x, offsetTop: y, offsetWidth: wide, offsetHeight: high } = this.sheet.children[place];
      return x < right && x + wide > left && y < bottom && y + high > top;
    });
  }

  choose(places) {
    this.cells.forEach((_, place) => this.set(place, places.has(place)));
  }

  range(from, to) {
    for (let place = Math.min(from, to); place <= Math.max(from, to); place++) this.set(place, true);
  }

  set(place, on) {
    if (this.chosen.has(place) === on) return;
    this.chosen[on ? "add" : "delete"](place);
    this.sheet.children[place].setAttribute("aria-selected", String(on));
    if (this.stale) return;
    this.stale = true;
    queueMicrotask(() => {
      this.stale = false;
      if (this.table.view === this) this.showBar();
    });
  }

  showBar() {
    const { labelled, choices } = this.answer;
    const likely = this.likely();
    const give = choices.map((choice, place) => h("button", { class: choice.id === likely ? "big small" : "ghost", disabled: !this.chosen.size,
      onclick: () => this.give(choice.id) }, `→ ${choice.title} `, key(String(place + 1))));
    const other = h("button", { class: "ghost", disabled: !this.chosen.size, onclick: () => this.other() }, "Other… ", key("c"));
    this.bar.replaceChildren(h("h1", { class: "lab" }, "look-alikes labelled ", h("em", {}, labelled?.title ?? "")), this.filters() || "",
      h("div", { class: "gives", role: "group", "aria-label": "What they are", tabindex: "0" }, h("span", { class: "picked", "aria-live": "polite" }, `${this.chosen.size} selected`), give, other));
  }

  // Everything under the label, or only what is suspected to be one other class.
  filters() {
    const { choices, everything, suggested, labelled } = this.answer;
    const filter = (words, number, id) => h("button", { class: "pile", "aria-pressed": String(suggested === id), onclick: () => this.open(labelled.id, id) },
      words, h("span", { class: "left" }, String(number)));
    return choices.length > 0 && h("nav", { class: "filters", "aria-label": "Which of them" }, filter("all", everything, null),
      choices.map((choice) => filter(`${choice.title}?`, choice.count, choice.id)));
  }

  nextFilter() {
    const { choices, suggested, labelled } = this.answer;
    const ids = [null, ...choices.map((choice) => choice.id)];
    return this.open(labelled.id, ids[(ids.indexOf(suggested) + 1) % ids.length]);
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
      ["f", "filter", () => this.nextFilter()],
      ["Backspace", "undo", () => this.takeBack(), "main"],
      ["g", "one photo", () => this.table.toSingle(), "main"],
      ["?", "all keys", () => this.table.help()],
    ];
  }

  keys(name) {
    const listed = this.actions().find(([known]) => known === name);
    if (listed) return listed[2];
    if (name === "Escape") return () => this.back();
    if (name === "c" || name === "/") return () => this.other();
    if (name.includes("Arrow")) return () => this.walk(name.replace("Shift+", ""), name.startsWith("Shift+"));
    if (name === " ") return () => this.toggle();
    const choice = /^[1-9]$/.test(name) && this.answer.choices[name - 1];
    return choice ? () => this.give(choice.id) : null;
  }

  get place() {
    const cell = this.table.root.getRootNode().activeElement?.closest?.(".cell");
    return cell ? Number(cell.dataset.place) : -1;
  }

  walk(name, selects = false) {
    const across = getComputedStyle(this.sheet).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[name];
    const from = this.place;
    const to = from < 0 ? 0 : Math.max(0, Math.min(this.cells.length - 1, from + step));
    if (selects && from >= 0) this.range(from, to);
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
    else this.table.refuse("Select the photos first.");
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
      this.table.refuse("Select the photos first.");
      return;
    }
    this.table.tell(`${count(moves.length, "photo", "photos")}. One ⌫ takes them all back.`);
    this.cells = this.cells.filter((_, place) => !this.chosen.has(place));
    this.answer.total -= moves.length;
    this.chosen.clear();
    this.last = null;
    this.draw();
    this.session.together(moves, added);
    if (!this.cells.length && this.answer.total > 0) this.again();
  }

  async takeBack() {
    this.table.takeBack();
    await this.again();
  }

  // The same once more, as the server has it now.
  async again() {
    await this.session.kept();
    await this.fetch(this.answer.labelled.id, this.answer.suggested).catch(() => {});
    if (this.table.view === this) this.table.show();
  }
}
