// The light table: one annotator, one question at a time, everything by keyboard or by thumb.
// State lives on the server (and, for seconds, in the outbox); this page can go away at any moment.

import * as address from "./address.js";
import { Session } from "./session.js";
import { Grid } from "./grid_view.js";
import { Header } from "./header.js";
import { help, more, searchClass } from "./dialogs.js";
import { h } from "./dom.js";
import { Server } from "./server.js";
import { signIn } from "./sign_in.js";
import { Single } from "./photo_view.js";

const BASE = new URL("../", import.meta.url);
const HEARTBEAT = 45000;
const SOON = 8000;
const WARM = 400;
const SHORT = 1800; // ms that a notice stays
const LONG = 8000; // one that has to be read
const READ = 700; // ms after which whoever goes on has seen it

export function mount(host) {
  if (host && !host.shadowRoot) new LightTable(host);
}

// Keys that belong to a search once a slash was pressed, beside characters.
const IN_A_SEARCH = ["Enter", "ArrowDown", "ArrowUp", "Backspace", "Escape"];

// What a key does to a search field that was not there yet when it was pressed.
function typeInto(field, name) {
  if (name.length > 1 && name !== "Backspace") {
    field.dispatchEvent(new KeyboardEvent("keydown", { key: name, cancelable: true }));
    return;
  }
  field.value = name === "Backspace" ? field.value.slice(0, -1) : field.value + name;
  field.dispatchEvent(new Event("input"));
}

class LightTable {
  constructor(host) {
    this.host = host;
    this.server = new Server(BASE, () => this.holds?.() === false && this.hush());
    this.typed = [];
    this.build(host.attachShadow({ mode: "open" }));
    this.followTheme();
    this.header = new Header(this);
    this.single = new Single(this);
    this.grid = new Grid(this);
    addEventListener("keydown", (event) => this.press(event));
    addEventListener("resize", () => this.fit());
    for (const moved of ["popstate", "hashchange"]) addEventListener(moved, () => this.follow());
    addEventListener("online", () => this.session?.outbox.post());
    addEventListener("beforeunload", (event) => this.session?.outbox.waiting && event.preventDefault());
    new IntersectionObserver(() => this.appear()).observe(host);
    setInterval(() => this.beat(), HEARTBEAT);
    setInterval(() => this.session?.model && this.beat(), SOON); // until there is a model, news come by the minute
    setInterval(() => this.session && this.visible && this.header.show(), 5000);
  }

  build(shadow) {
    const style = h("link", { rel: "stylesheet", href: new URL("static/light_table.css", BASE).href });
    this.notice = h("div", { class: "notice", role: "status", "aria-live": "polite" });
    this.body = h("main", { class: "body" });
    this.head = h("header", { class: "head" });
    this.foot = h("footer", { class: "foot" });
    this.root = h("div", { class: "table", tabindex: "-1", hidden: true }, this.head, this.body, this.foot, this.notice);
    style.addEventListener("load", () => {
      this.root.hidden = false;
      this.fit();
    });
    // A mouse must not leave the focus on a button: the next Enter is meant for the photo.
    this.root.addEventListener("click", (event) => event.detail && this.takeFocus());
    this.root.addEventListener("click", () => this.goesOn(), { capture: true });
    shadow.append(style, this.root);
  }

  followTheme() {
    const follow = () => {
      const marked = [document.documentElement, document.body].some((element) => element.classList.contains("dark"));
      this.root.classList.toggle("dark", marked);
    };
    const watch = new MutationObserver(follow);
    for (const element of [document.documentElement, document.body]) {
      watch.observe(element, { attributes: true, attributeFilter: ["class"] });
    }
    follow();
  }

  get visible() {
    return this.host.getClientRects().length > 0 && document.visibilityState === "visible";
  }

  fit() {
    const top = this.host.getBoundingClientRect().top + scrollY;
    this.root.style.setProperty("--above", `${Math.max(0, Math.round(top))}px`);
  }

  async appear() {
    if (!this.host.getClientRects().length) return;
    this.fit();
    if (!this.session && !this.opening) await this.open();
  }

  async open() {
    this.opening = true;
    try {
      const first = await this.server.look();
      this.session = new Session(this.server, first, () => this.show(), (sentence) => this.refuse(sentence));
      this.session.heard = (group, outcome) => {
        for (const page of Object.values(this.opened ?? {})) page.heard?.(group, outcome);
      };
      this.view = this.single;
      this.pages = await this.server.pages();
      this.at = "";
      if (!(await this.goTo(address.read(location.hash)))) this.show();
      this.takeFocus();
      // What the sheet of all photos needs is worked out while somebody looks at the first photo.
      setTimeout(() => this.session && Promise.all([import("./pages/sheet.js"), this.server.page("sheet", { count: 1, only: "cells" })]).catch(() => {}), WARM);
    } catch (problem) {
      await this.stumble(problem);
    }
    this.opening = false;
  }

  async stumble(problem) {
    if (problem.status === 401 || problem.status === 403) {
      const waiting = this.session?.outbox.waiting ?? 0;
      this.session = null;
      await signIn(this, waiting);
      return;
    }
    this.body.replaceChildren(
      h("div", { class: "empty" }, h("h1", {}, "The light table isn't responding"),
        h("p", {}, "Nothing is lost. We'll try again in a few seconds.")),
    );
    setTimeout(() => this.open(), 4000);
  }

  // A place that is not there, or nobody answers.
  lost(problem) {
    if (!problem.status || [401, 403].includes(problem.status)) return this.stumble(problem);
    this.tell(problem.message, true);
    return this.toSingle();
  }

  async beat() {
    if (!this.session || !this.visible || this.session.outbox.waiting) return;
    await this.session.refresh(this.session.pile).catch((problem) => problem.status === 401 && this.stumble(problem));
  }

  show() {
    if (!this.session) return;
    if (this.session.outbox.refused) {
      this.stumble(this.session.outbox.refused);
      return;
    }
    this.root.dataset.view = this.view === this.grid ? "grid" : this.view === this.single ? "single" : (this.view.layout ?? "page");
    this.header.show();
    this.view.show();
    this.catchUp();
    if (this.holds?.() === false) this.hush();
  }

  takeFocus() {
    if (!this.root.querySelector("dialog[open]") && !this.root.querySelector("form")) {
      this.root.focus({ preventScroll: true });
    }
  }

  // A notice goes after a while, and at once when it is no longer true: when `holds()` says so, or when somebody goes on.
  tell(sentence, stays = false, holds = () => true) {
    clearTimeout(this.telling);
    this.holds = holds;
    this.toldAt = Date.now();
    this.notice.textContent = sentence;
    this.notice.classList.toggle("shown", Boolean(sentence));
    this.telling = setTimeout(() => this.hush(), stays ? LONG : SHORT);
  }

  hush() {
    clearTimeout(this.telling);
    this.notice.classList.remove("shown");
  }

  // Whoever goes on has read it; a light second key is no reading.
  goesOn() {
    if (Date.now() - this.toldAt > READ) this.hush();
  }

  // Nobody answered; true until somebody does.
  noAnswer(sentence) {
    this.tell(sentence, true, () => this.server.isAway);
  }

  // A key that could do nothing: why, and a light shake of what it was meant for.
  refuse(sentence) {
    this.tell(sentence, true);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.body.animate([0, -4, 4, -2, 0].map((x) => ({ translate: `${x}px` })), 140);
  }

  press(event) {
    if (!this.session || !this.visible || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (this.root.querySelector("dialog[open]") || !this.isOurs(event)) return;
    const searching = this.typed.includes("/"); // what is typed behind a slash that waits is a name, and no decision
    const name = event.shiftKey && /^(Arrow|Enter|Backspace)/.test(event.key) ? `Shift+${event.key}` : event.key;
    if (!(searching ? event.key.length === 1 || IN_A_SEARCH.includes(event.key) : this.view.keys(name))) return;
    event.preventDefault();
    if (event.repeat && !searching) return;
    this.goesOn();
    this.typed.push(name);
    this.catchUp();
  }

  // A key counts for the photo on screen: while that is still coming, keys wait their turn.
  catchUp() {
    while (this.typed.length && this.view.ready) {
      const does = this.view.keys(this.typed.shift());
      if (does) does();
      const field = this.root.querySelector("dialog[open] input");
      if (!field) continue;
      for (const name of this.typed.splice(0)) typeInto(field, name);
    }
  }

  isOurs(event) {
    const target = event.composedPath()[0];
    if (!(target instanceof Element)) return true;
    if (target.closest("input, textarea, select, [contenteditable=true]")) return false;
    const control = target.closest("button, a, [role=tab]");
    if (!control || control.getRootNode() !== this.root.getRootNode()) {
      // The button of our own tab keeps the focus when the tab is opened with it.
      return !control || control.getAttribute("aria-selected") === "true";
    }
    return !(control.matches(":focus-visible") && ["Enter", " "].includes(event.key));
  }

  toGrid() {
    if (["duplicates", "alike"].includes(this.session.item?.pile)) return this.toPage("copies");
    const labelled = this.session.item?.labelled;
    if (this.session.item?.sealed) this.refuse("Photos of the sealed test are decided one by one.");
    else if (!labelled) this.refuse("The grid lays out photos that share a label; this one has none.");
    else this.grid.open(labelled.id);
  }

  // A page's screen is fetched when it is first wanted.
  async toPage(name, asked) {
    this.opened ??= {};
    try {
      if (!this.opened[name]) {
        const { default: Screen } = await import(`./pages/${name}.js`);
        this.opened[name] = new Screen(this, name, this.pages.find((page) => page.name === name)?.title ?? "");
      }
    } catch {
      this.noAnswer("The light table isn't responding. Try again.");
      return;
    }
    await this.opened[name].open(asked);
    if (this.view === this.opened[name]) this.place(name, asked);
    this.takeFocus();
  }

  toSingle() {
    this.session.leave();
    this.view = this.single;
    this.single.shown = null;
    this.place("");
    this.show();
  }

  // One photo of the collection, flagged or not, as a question of its own; decided, one is back where one came from.
  async toPhoto(imageId) {
    let item;
    try {
      item = await this.server.item(imageId);
    } catch (problem) {
      if (problem.status) this.tell(problem.message, true);
      else this.noAnswer("The light table isn't responding. Try again.");
      return;
    }
    this.cameFrom = this.view === this.single ? this.cameFrom : this.view;
    this.session.visit(item);
    this.view = this.single;
    this.single.shown = null;
    this.place("photo", { id: imageId });
    this.show();
  }

  // Back from a photo that was opened by itself.
  back() {
    const from = this.cameFrom;
    this.cameFrom = null;
    if (from?.name && from !== this.single) return this.toPage(from.name, from.query);
    return this.toSingle();
  }

  // What the address says, and what a step back or forward in the browser means.
  place(name, asked) {
    this.at = address.write(name, asked);
    address.put(name, asked);
  }

  follow() {
    if (this.session && address.write(...Object.values(address.read(location.hash))) !== this.at) this.goTo(address.read(location.hash));
  }

  // Whether there is such a place.
  async goTo({ view, asked }) {
    if (view === "photo" && asked.id) {
      await this.toPhoto(asked.id);
      return this.view === this.single && Boolean(this.session.item?.visited);
    }
    if (view === "grid" && asked.class) {
      await this.grid.open(asked.class, asked.suggested ?? null);
      return this.view === this.grid;
    }
    if (this.pages.some((page) => page.name === view)) {
      await this.toPage(view, asked);
      return true;
    }
    if (this.view !== this.single) this.toSingle();
    return false;
  }

  takeBack() {
    this.classes = null; // a class that was added may go with it
    if (this.session.takeBack()) this.tell("Taken back.");
  }

  search(chosen, adds = false) {
    searchClass(this, chosen, adds);
  }

  help() {
    help(this);
  }

  more(actions) {
    more(this, actions);
  }

  async signOut() {
    await this.server.signOut();
    this.session = null;
    await this.open();
  }
}
