// All photos: the whole collection as a contact sheet, with filters that combine; every move of the grid works here.

import { put } from "../address.js";
import { Band } from "../drag_select.js";
import { count, h, key } from "../dom.js";
import { keyRow } from "../header.js";
import { Touch } from "../touch_select.js";
import { VirtualSheet } from "../virtual_sheet.js";
import { open } from "../dialogs.js";
import { Page } from "./page.js";

const WINDOW = 120; // cells fetched together
const MOST = 2000; // photos that one step may decide
const FEW = 8; // values of a filter before the others are asked for
const OPEN = ["class", "status", "finding"];
const TYPED = 180; // milliseconds without a key, after which a search begins
const GAP = 10;
const FOOT = 28;

export default class Sheet extends Page {
  constructor(table, name, title) {
    super(table, name, title);
    this.layout = "sheet";
    this.chosen = new Set();
    this.cells = [];
    this.shown = new Set(OPEN);
    this.long = new Set();
    this.band = new Band(this);
  }

  get session() {
    return this.table.session;
  }

  async open(asked = {}) {
    const same = JSON.stringify(asked) === JSON.stringify(this.query ?? null);
    const top = same ? this.scrolledTo : 0;
    this.query = { ...asked };
    if (!(await this.fetch())) return;
    this.table.view = this;
    this.drawn = false;
    this.table.show();
    put(this.name, this.query);
    this.table.body.scrollTop = top ?? 0;
    this.virtual.draw();
  }

  async fetch(from = 0) {
    try {
      this.take(await this.table.server.page(this.name, { ...this.query, from, count: WINDOW }));
    } catch (problem) {
      this.table.lost(problem);
      return false;
    }
    return true;
  }

  take(values) {
    this.values = values;
    this.version = values.version;
    this.cells = new Array(values.total);
    this.asking = new Set();
    this.keep(values);
    this.chosen.clear();
    this.at = null;
    this.last = null;
  }

  keep({ from, cells }) {
    cells.forEach((cell, place) => {
      this.cells[from + place] = cell;
    });
  }

  show() {
    if (this.drawn) return;
    this.drawn = true;
    this.virtual?.end();
    this.virtual = new VirtualSheet({ scroller: this.table.body, gap: GAP, foot: FOOT,
      least: () => (matchMedia("(max-width: 760px)").matches ? 100 : 148),
      fill: (tile, place) => this.fill(tile, place), need: (from, to) => this.need(from, to) });
    this.sheet = this.virtual.sheet;
    this.touch = new Touch(this);
    this.sheet.addEventListener("click", (event) => this.click(event));
    this.sheet.addEventListener("dblclick", (event) => this.openPhoto(this.placeOf(event)));
    this.bar = h("div", { class: "sheet-bar" });
    this.rail = h("aside", { class: "rail", "aria-label": "Filters" });
    this.main = h("section", { class: "sheet-main", "aria-label": this.title });
    this.table.body.replaceChildren(this.rail, this.main);
    this.layBar();
    this.layRail();
    this.laySheet();
    this.layFoot();
  }

  laySheet() {
    const told = [this.values.problem, this.values.held].filter(Boolean).join(" ");
    this.note = h("p", { class: "soft held" }, told);
    this.main.replaceChildren(this.bar, ...(told ? [this.note] : []), this.values.total ? this.sheet : this.nothing());
    this.virtual.lay(this.values.total);
    this.showBar();
  }

  nothing() {
    const asked = Object.keys(this.query).some((name) => name !== "sort");
    return h("div", { class: "empty" }, h("h2", {}, asked ? "No photo fits all of that" : "There are no photos yet"),
      this.query.q && h("p", { class: "soft" }, "Search looks in file names, cards and notes. Searching what photos show would need a scan with a CLIP or SigLIP backbone; this one has none."),
      asked && h("button", { class: "big", onclick: () => this.ask({}) }, "Show all photos"));
  }

  // Above the photos: how many, words to search, the order; below, what the selected ones may be given.
  layBar() {
    const search = h("input", { class: "field", type: "search", placeholder: this.values.sees ? "Search what photos show" : "Search names, cards, notes", "aria-label": "Search", value: this.query.q ?? "",
      oninput: () => this.typing(search.value), onkeydown: (event) => event.key === "Escape" && this.leaveSearch(event) });
    this.search = search;
    const order = h("select", { class: "field", "aria-label": "Order", onchange: () => this.narrow("sort", order.value) },
      this.values.sorts.map((sort) => h("option", { value: sort.id, selected: sort.id === this.values.sort }, sort.title)));
    this.many = h("h1", { class: "lab", "aria-live": "polite" });
    this.gives = h("div", { class: "gives", role: "group", "aria-label": "What they are", tabindex: "0" });
    const narrow = h("button", { class: "ghost to-filters", onclick: () => this.filterDialog() }, "Filter");
    this.bar.replaceChildren(h("div", { class: "sheet-top" }, this.many, search, order, narrow), this.gives);
  }

  showBar() {
    const { total, photos, recent } = this.values;
    this.many.textContent = total === photos ? count(photos, "photo", "photos") : `${total} of ${count(photos, "photo", "photos")}`;
    const none = !this.chosen.size;
    const give = recent.map((one, place) => h("button", { class: "ghost", disabled: none, onclick: () => this.give(one.id) }, one.title, " ", key(String(place + 1))));
    this.gives.replaceChildren(h("span", { class: "picked", "aria-live": "polite" }, `${this.chosen.size} selected`), ...give,
      h("button", { class: "ghost", disabled: none, onclick: () => this.other() }, "Other… ", key("c")));
  }

  layRail() {
    const chips = this.values.filters.flatMap((filter) => filter.values.filter((value) => value.on).map((value) => this.chip(filter, value)));
    for (const [name, words] of [["like", "like"], ["unlike", "not like"]]) chips.push(...this.values[name].map((id) => this.likeChip(name, words, id)));
    if (this.query.pick) chips.push(h("button", { class: "pile", "aria-pressed": "true", onclick: () => this.narrow("pick", "") }, "a selection", h("span", { class: "left" }, "×")));
    const clear = chips.length > 0 && h("button", { class: "link", onclick: () => this.ask(this.query.sort ? { sort: this.query.sort } : {}) }, "clear all");
    this.rail.replaceChildren(h("div", { class: "chips" }, chips, clear), ...this.values.filters.map((filter) => this.filter(filter)));
  }

  chip(filter, value) {
    return h("button", { class: "pile", "aria-pressed": "true", "aria-label": `Without ${filter.title} ${value.title}`,
      onclick: () => this.toggleValue(filter, value) }, value.title, h("span", { class: "left" }, "×"));
  }

  likeChip(name, words, id) {
    const rest = this.values[name].filter((one) => one !== id).join("|");
    return h("button", { class: "pile like", "aria-label": `Without ${words} this photo`, onclick: () => this.narrow(name, rest) }, words,
      h("img", { src: this.table.server.photo(id, 160), alt: "" }), h("span", { class: "left" }, "×"));
  }

  // Photos like those that are selected, or not like them: each time the order is made anew.
  async moreLike(isNot = false) {
    const places = this.chosen.size ? [...this.chosen] : this.at === null ? [] : [this.at];
    if (!places.length) return this.table.refuse("Select a photo first.");
    if (isNot && !this.values.like.length) return this.table.refuse("First say what they should be like (m).");
    if (!(await this.ensure(places))) return;
    const ids = places.slice(0, 20).map((place) => this.cells[place].image_id);
    const name = isNot ? "unlike" : "like";
    const both = [...new Set([...(isNot ? this.values.unlike : []), ...ids])].join("|");
    const query = { ...this.query, [name]: both };
    delete query.sort;
    if (!isNot) delete query.unlike;
    return this.ask(query);
  }

  filter(filter) {
    const isOpen = this.shown.has(filter.id) || filter.values.some((value) => value.on);
    const every = this.long.has(filter.id) ? filter.values : filter.values.filter((value, place) => value.on || place < FEW);
    const rest = filter.values.length - every.length;
    const more = rest > 0 && h("button", { class: "link", onclick: () => { this.long.add(filter.id); this.layRail(); } }, `${rest} more`);
    const block = h("details", { class: "facet", open: isOpen }, h("summary", {}, filter.title), every.map((value) => this.value(filter, value)), more);
    block.addEventListener("toggle", () => this.shown[block.open ? "add" : "delete"](filter.id));
    return block;
  }

  value(filter, value) {
    return h("button", { class: "facet-value", role: "checkbox", "aria-checked": String(value.on), onclick: () => this.toggleValue(filter, value) },
      h("span", {}, value.title), h("span", { class: "left" }, String(value.count)));
  }

  toggleValue(filter, value) {
    const on = filter.values.filter((one) => one.on !== (one.id === value.id)).map((one) => one.id);
    this.narrow(filter.id, on.join("|"));
  }

  narrow(name, value) {
    const query = { ...this.query, [name]: value };
    if (!value || (name === "sort" && value === "stored")) delete query[name];
    return this.ask(query);
  }

  // Another question on the same sheet: what stands around the photos stays.
  async ask(query, quietly = false) {
    this.query = query;
    const asked = JSON.stringify(query);
    if (!(await this.fetch()) || JSON.stringify(this.query) !== asked) return;
    put(this.name, query, quietly);
    if (this.table.view !== this) return;
    this.table.body.scrollTop = 0;
    if (this.search.value.trim() !== (query.q ?? "")) this.search.value = query.q ?? "";
    this.layRail();
    this.laySheet();
    this.layFoot();
  }

  typing(text) {
    clearTimeout(this.waiting);
    const query = { ...this.query, q: text.trim() };
    if (!query.q) delete query.q;
    this.waiting = setTimeout(() => this.ask(query, true), TYPED);
  }

  leaveSearch(event) {
    event.preventDefault();
    event.stopPropagation();
    this.search.blur();
    this.table.takeFocus();
  }

  filterDialog() {
    const done = h("button", { class: "big", onclick: () => dialog.close() }, "Show the photos");
    const dialog = h("dialog", { class: "sheet filter-sheet", "aria-label": "Filters", tabindex: "-1" }, this.rail, done);
    dialog.addEventListener("close", () => this.table.body.prepend(this.rail));
    open(this.table, dialog);
  }

  // The windows of the order that are in sight and not here yet.
  need(from, to) {
    for (let window = Math.floor(from / WINDOW); window <= Math.floor(Math.max(from, to - 1) / WINDOW); window++) this.fetchWindow(window);
  }

  async fetchWindow(window) {
    const from = window * WINDOW;
    if (from >= this.values.total || this.cells[from] && this.cells[Math.min(from + WINDOW, this.values.total) - 1] || this.asking.has(window)) return;
    const { asking, version } = this;
    asking.add(window);
    let answer;
    try {
      answer = await this.table.server.page(this.name, { ...this.query, from, count: WINDOW, only: "cells" });
    } catch (problem) {
      asking.delete(window);
      if (problem.status === 401) this.table.stumble(problem);
      return;
    }
    if (asking !== this.asking) return; // another question by now
    if (answer.version !== version) {
      this.again();
      return;
    }
    this.keep(answer);
    this.virtual.rewrite();
  }

  fill(tile, place) {
    const cell = this.cells[place];
    const image = tile.firstChild;
    const foot = tile.lastChild;
    tile.setAttribute("aria-selected", String(this.chosen.has(place)));
    tile.classList.toggle("here", this.at === place);
    tile.setAttribute("aria-posinset", place + 1);
    tile.setAttribute("aria-setsize", this.values.total);
    const source = cell && !this.virtual.isFast ? this.table.server.photo(cell.image_id, 320) : null;
    if (image.dataset.of !== (cell?.image_id ?? "")) {
      image.removeAttribute("src");
      image.dataset.of = cell?.image_id ?? "";
    }
    if (source && image.getAttribute("src") !== source) image.src = source;
    const words = cell ? nameOf(cell) : "";
    foot.replaceChildren(h("span", { class: cell?.labelled ? "" : "soft" }, words), cell?.sealed ? h("span", {}, "test") : cell?.doubt ? h("span", {}, cell.doubt.toFixed(2)) : "");
    tile.setAttribute("aria-label", `${words || "A photo"}, ${place + 1} of ${this.values.total}`);
  }

  placeOf(event) {
    const tile = event.composedPath()[0].closest?.(".cell");
    return tile ? Number(tile.dataset.place) : null;
  }

  click(event) {
    const place = this.placeOf(event);
    if (place === null || (event.detail && this.band.drawn)) return;
    if (event.shiftKey && this.last !== null) this.range(this.last, place);
    else this.set(place, !this.chosen.has(place));
    this.last = place;
    this.at = place;
    this.virtual.rewrite();
  }

  range(from, to) {
    for (let place = Math.min(from, to); place <= Math.max(from, to); place++) this.chosen.add(place);
    this.changed();
  }

  set(place, on) {
    this.chosen[on ? "add" : "delete"](place);
    this.changed();
  }

  // For a frame that is drawn, and for a finger.
  choose(places) {
    this.chosen = places;
    this.changed();
  }

  within(...sides) {
    return this.virtual.within(...sides);
  }

  changed() {
    if (this.stale) return;
    this.stale = true;
    queueMicrotask(() => {
      this.stale = false;
      if (this.table.view !== this) return;
      this.virtual.rewrite();
      this.showBar();
    });
  }

  actions() {
    return [
      ["x", "all", () => this.all()],
      ["Enter", "keep label", () => this.decide("keep"), "main"],
      ["n", "none of these", () => this.decide("none_of_these"), "main"],
      ["j", "junk", () => this.decide("junk")],
      ["u", "unsure", () => this.decide("unsure")],
      ["o", "open", () => this.openPhoto(this.at ?? [...this.chosen][0] ?? null)],
      ["m", "more like this", () => this.moreLike()],
      ...(this.values?.like.length ? [["M", "not like that", () => this.moreLike(true)]] : []),
      ["f", "search", () => this.search.focus()],
      ["Backspace", "undo", () => this.takeBack(), "main"],
      ["Escape", "back", () => this.back(), "main"],
      ["?", "all keys", () => this.table.help()],
    ];
  }

  layFoot() {
    const more = h("button", { class: "act more", onclick: () => this.table.more(this.actions().filter(([, , , place]) => place !== "main")) }, h("span", {}, "more…"));
    this.table.foot.replaceChildren(...keyRow(this.actions()), more);
  }

  keys(name) {
    const listed = this.actions().find(([known]) => known === name);
    if (listed) return listed[2];
    if (name === "b") return () => this.table.toSingle();
    if (name === "c" || name === "/") return () => (this.chosen.size || name === "c" ? this.other() : this.search.focus());
    if (name.includes("Arrow")) return () => this.walk(name.replace("Shift+", ""), name.startsWith("Shift+"));
    if (name === " ") return () => this.toggle();
    const choice = /^[1-9]$/.test(name) && this.values.recent[name - 1];
    return choice ? () => this.give(choice.id) : null;
  }

  // One step back: the selection first, then the page.
  back() {
    if (!this.chosen.size) return this.table.toSingle();
    this.chosen.clear();
    this.changed();
  }

  walk(name, selects) {
    const { across } = this.virtual.geo;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[name];
    const to = this.at === null ? 0 : Math.max(0, Math.min(this.values.total - 1, this.at + step));
    if (selects && this.at !== null) this.range(this.at, to);
    this.at = to;
    this.virtual.reveal(to);
    this.virtual.rewrite();
  }

  toggle() {
    if (this.at === null) return;
    this.set(this.at, !this.chosen.has(this.at));
    this.last = this.at;
  }

  all() {
    if (this.chosen.size === this.values.total) this.chosen.clear();
    else if (this.values.total > MOST) this.table.refuse(`One step decides at most ${MOST} photos. Narrow it down first.`);
    else for (let place = 0; place < this.values.total; place++) this.chosen.add(place);
    this.changed();
  }

  async openPhoto(place) {
    if (place === null) return this.table.refuse("Choose a photo first.");
    await this.ensure([place]);
    this.at = place;
    if (this.table.view === this) this.scrolledTo = this.table.body.scrollTop;
    return this.table.toPhoto(this.cells[place].image_id);
  }

  // From a photo that was opened to the one beside it in this order.
  async openBeside(imageId, step) {
    if (this.cells?.[this.at]?.image_id !== imageId) return;
    const next = this.at + step;
    if (next < 0 || next >= this.values.total) return this.table.refuse(step > 0 ? "This is the last photo." : "This is the first photo.");
    this.at = next;
    await this.openPhoto(next);
  }

  other() {
    if (this.chosen.size) this.table.search((classId, added) => this.give(classId, added));
    else this.table.refuse("Select the photos first.");
  }

  give(classId, added = null) {
    return this.decide("relabel", { label: classId }, added);
  }

  // The cells of places that may never have been in sight.
  async ensure(places) {
    const windows = new Set(places.filter((place) => !this.cells[place]).map((place) => Math.floor(place / WINDOW)));
    for (const window of windows) {
      this.asking.delete(window);
      await this.fetchWindow(window);
    }
    return places.every((place) => this.cells[place]);
  }

  async decide(action, more = {}, added = null) {
    const places = [...this.chosen].sort((one, other) => one - other);
    if (!places.length) return this.table.refuse("Select the photos first.");
    if (places.length > MOST) return this.table.refuse(`One step decides at most ${MOST} photos. Select fewer.`);
    if (!(await this.ensure(places))) return this.table.noAnswer("The light table isn't responding. Nothing was changed; try again.");
    const moves = places.map((place) => {
      const { image_id, key } = this.cells[place];
      return { do: action, image_id, key: key ?? "sheet", ...more };
    });
    this.table.tell(`${count(moves.length, "photo", "photos")}. One ⌫ takes ${moves.length === 1 ? "it" : "them all"} back.`);
    this.chosen.clear();
    this.session.together(moves, added);
    await this.again();
  }

  async takeBack() {
    this.table.takeBack();
    await this.again();
  }

  // The same question once more, as the server answers it now; the place stays.
  async again() {
    await this.session.kept();
    const { at } = this;
    const from = this.virtual?.span ? Math.floor(this.virtual.span[0] / WINDOW) * WINDOW : 0;
    if (!(await this.fetch(from)) || this.table.view !== this) return;
    this.at = at === null ? null : Math.min(at, this.values.total - 1);
    this.layRail();
    this.laySheet();
  }
}

function nameOf(cell) {
  const words = { none_of_these: "none of these", junk: "junk", unlabelled: "no label yet" };
  const title = cell.labelled?.title ?? words[cell.status] ?? "no label yet";
  return cell.status === "duplicate" ? `copy · ${title}` : title;
}
