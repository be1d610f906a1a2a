// One photo, large: what it is labelled, why it is here, what the keys do.

import { cards } from "./class_cards.js";
import { PILES, keyRow } from "./header.js";
import { Proposal } from "./proposal.js";
import { frameOn } from "./crop.js";
import { noteOn } from "./dialogs.js";
import { count, h, key, percent, told, ulid } from "./dom.js";
import { Zoom } from "./zoom.js";

const LARGE = 1280;
const SMALL = 320;

export class Single {
  constructor(table) {
    this.table = table;
    this.prints = new Map();
    this.fetched = new Set();
    this.shown = null;
    this.proposal = new Proposal(table);
  }

  get session() {
    return this.table.session;
  }

  // Ready for a key: a photo is painted, or there is none to wait for.
  get ready() {
    const { item } = this.session;
    if (!item) return !this.isComing;
    return item === this.shown && this.print(item.image_id).done;
  }

  get isComing() {
    return !this.session.item && (this.session.outbox.waiting > 0 || this.session.items === null);
  }

  show() {
    const { item } = this.session;
    for (const one of this.session.items ?? []) if (one.frame) this.table.server.framed.set(one.image_id, one.frame);
    this.prefetch();
    this.proposal.show();
    if (item && item === this.shown) return;
    this.shown = item;
    if (!item) this.showNothing();
    else this.showItem(item);
  }

  // The next photos are fetched and decoded before they are needed.
  prefetch() {
    const wanted = this.session.items.flatMap((item) => [item.image_id, item.pair?.image_id]).filter(Boolean);
    for (const imageId of wanted) this.print(imageId);
    this.prefetchShelves();
    if (this.prints.size > 60) for (const name of [...this.prints.keys()].slice(0, 20)) this.prints.delete(name);
  }

  // Small ones only behind the large photo that they belong to: what decides how soon the next one is here comes first.
  prefetchShelves() {
    const near = (this.session?.items ?? []).slice(1, 4).filter((item) => this.prints.get(item.image_id)?.done);
    const names = near.flatMap((item) => item.shelves).flatMap((shelf) => [shelf.reference && `reference/${shelf.id}`, ...shelf.photos]);
    for (const name of names.filter((one) => one && !this.fetched.has(one))) {
      this.fetched.add(name);
      this.small(name);
    }
    if (this.fetched.size > 600) this.fetched.clear();
  }

  print(imageId) {
    let print = this.prints.get(imageId);
    if (!print) {
      print = { image: h("img", { src: this.source(imageId, LARGE), alt: "", draggable: "false" }), done: false };
      this.prints.set(imageId, print);
      const settle = () => {
        print.done = true;
        this.table.catchUp();
        this.prefetchShelves();
      };
      print.image.decode().then(settle, () => {
        print.broken = true;
        settle();
        if (this.shown?.image_id === imageId) this.table.tell("This photo cannot be shown.", true);
      });
    }
    return print;
  }

  // A photo by its id, or the reference picture of a class as "reference/<class id>".
  source(name, side) {
    const [kind, classId] = name.split("/");
    return classId ? this.table.server.reference(classId, side) : this.table.server.photo(kind, side);
  }

  small(name) {
    return h("img", { src: this.source(name, SMALL), alt: "", loading: "eager" });
  }

  showItem(item) {
    this.stage = h("div", { class: "stage" });
    this.short = h("p", { class: "short", "aria-hidden": "true" });
    this.lay(item, item.pair);
    const card = h("section", { class: "card", "aria-label": "About this photo" },
      this.labelled(item), this.remarks(item), this.why(item), this.proposal.box, this.choices(item), this.shelves(item), this.history(item));
    this.table.body.replaceChildren(this.stage, card);
    this.table.body.scrollTop = 0;
    // Measured once the photo is painted: nobody waits for it between two keys.
    requestAnimationFrame(() => setTimeout(() => this.shown === item && this.table.view === this && this.watch(item, card.querySelector(".why"))));
    this.foot(this.actions());
  }

  // On a phone the card scrolls under the photo: what it is labelled and why it is here then stand below the photo.
  watch(item, why) {
    this.watching?.disconnect();
    this.watching = new IntersectionObserver(([entry]) => {
      const { bottom } = this.stage.getBoundingClientRect();
      const isAbove = getComputedStyle(this.stage).position === "sticky"; // on a wide screen it is beside the card
      const alone = isAbove && entry.intersectionRatio < 0.5 && entry.boundingClientRect.top < bottom;
      this.stage.classList.toggle("alone", alone);
      this.short.replaceChildren(...(alone ? [h("b", {}, this.nameOf(item)), " · ", ...item.why.flatMap((sentence) => [...told(sentence), " "])] : []));
    }, { root: this.table.body, rootMargin: `-${this.stage.offsetHeight}px 0px 0px`, threshold: [0, 0.5, 1] });
    this.watching.observe(why);
  }

  // A phone has room for the main ones; the others, the piles and the pages are a touch away, also when nothing is left.
  foot(actions) {
    const rest = [...actions.filter(([, , , place]) => place !== "main"), ...this.besides()];
    const more = h("button", { class: "act more", onclick: () => this.table.more(rest) }, h("span", {}, "more…"));
    this.table.foot.replaceChildren(...keyRow(actions), more);
  }

  // One photo on the stage, or a second one beside it to compare.
  lay(item, other) {
    this.beside = other?.image_id ?? null;
    this.zooms = [];
    this.stage.classList.toggle("two", Boolean(other));
    const captions = item.pair === other && other ? [caption("this photo", item), caption("the other", other)] : ["this photo", other?.title];
    this.stage.replaceChildren(this.figure(item, other && captions[0]), ...(other ? [this.figure(other, captions[1])] : []), this.short);
    for (const zoom of this.zooms) zoom.twins = this.zooms.filter((twin) => twin !== zoom);
  }

  figure(item, words) {
    const { image } = this.print(item.image_id);
    const mat = h("div", { class: "mat" }, image);
    image.alt = item.labelled ? `A photo labelled ${item.labelled.title}` : "A photo";
    this.zooms.push(new Zoom(mat, image, (side) => this.source(item.image_id, side), item));
    return h("figure", {}, mat, words && h("figcaption", {}, words));
  }

  // A photo of a shelf, large beside the one in question; the same again puts it back.
  compare(item, imageId, title) {
    const back = this.beside === imageId;
    this.lay(item, back ? item.pair : { image_id: imageId, title });
  }

  labelled(item) {
    return [h("p", { class: "kick" }, item.status === "duplicate" ? "marked as a duplicate, labelled" : "labelled"), h("h1", {}, this.nameOf(item))];
  }

  // What a phone has no key for: said of the photo beside the question.
  besides() {
    const { item } = this.session;
    if (!item) return [];
    return [
      ["m", "more like this", () => this.table.toPage("sheet", { like: item.image_id })],
      ["e", "write a note", () => this.note()],
      ["!", item.flagged ? "take the flag off" : "flag it", () => this.flag()],
      ["k", "crop or turn", () => this.crop()],
    ];
  }

  // What others wrote on it, and whether somebody flagged it.
  remarks({ notes, flagged }) {
    if (!notes?.length && !flagged) return "";
    return h("div", { class: "remarks" }, flagged && h("p", {}, h("b", {}, "⚑ "), `flagged by ${flagged}`), notes.map((one) => h("p", {}, h("b", {}, one.who), `: ${one.text}`)));
  }

  crop() {
    const { item } = this.session;
    frameOn(this.table, item, (frame) => {
      this.session.later([{ id: ulid(), do: "frame", image_id: item.image_id, frame }]);
      item.frame = frame;
      this.table.server.framed.set(item.image_id, frame);
      this.prints.delete(item.image_id);
      this.shown = null;
      this.session.kept().then(() => this.show());
      this.table.tell("Framed. Training and look-alikes use it from now on.");
    });
  }

  note() {
    const { item } = this.session;
    noteOn(this.table, (text) => this.remark(item, "note", text));
  }

  flag() {
    const { item } = this.session;
    this.remark(item, item.flagged ? "unflag" : "flag");
  }

  // Beside the question, which stays.
  remark(item, action, text = "") {
    this.session.later([{ id: ulid(), do: action, image_id: item.image_id, ...(text ? { note: text } : {}) }]);
    if (text) item.notes = [...(item.notes ?? []), { who: this.session.who, text }];
    else item.flagged = action === "flag" ? this.session.who : "";
    this.shown = null;
    this.show();
    this.table.tell(text ? "Noted." : action === "flag" ? "Flagged." : "The flag is off.");
  }

  nameOf(item) {
    const words = { none_of_these: "None of these", junk: "Junk", unlabelled: "No label yet" };
    return item.labelled?.title ?? words[item.status] ?? "No label yet";
  }

  why(item) {
    return h("div", { class: `why${item.sealed ? " sealed" : ""}` }, item.why.map((sentence) => h("p", {}, told(sentence))));
  }

  choices(item) {
    const rows = item.pair ? this.pairChoices(item) : [];
    const classes = item.pair && sameLabel(item) ? [] : item.choices;
    classes.forEach((choice, place) => rows.push(
      this.row(String(place + 1), h("b", {}, choice.title), said(choice), () => this.give(choice.id))));
    if (!isPairAlone(item)) rows.push(this.row("/", h("span", { class: "soft" }, item.choices.length ? "another class…" : "type what it is…"), "", () => this.search()));
    if (item.pile === "unlabelled") rows.push(this.row("w", h("span", { class: "soft" }, "propose from a list of names…"), "", () => this.table.toPage("names")));
    return h("div", { class: "choices" }, rows);
  }

  pairChoices(item) {
    const rows = [this.row("d", h("b", {}, "Same shot: keep the other one"), "", () => this.duplicate())];
    if (!item.pair.sealed) rows.push(this.row("D", h("b", {}, "Same shot: keep this one"), "", () => this.duplicate(true)));
    rows.push(this.row("x", h("b", {}, "Two different shots"), "", () => this.apart()));
    return rows;
  }

  row(name, words, aside, does) {
    return h("button", { class: "choice", onclick: does, "aria-keyshortcuts": name }, key(name), words, aside && h("span", { class: "aside" }, aside));
  }

  shelves(item) {
    // Two photos under one label: the question is about the pair, and other classes would only distract.
    if (item.pair && sameLabel(item)) return [];
    return item.shelves.filter((shelf) => shelf.photos.length || shelf.reference || shelf.summary).map((shelf) => this.shelf(item, shelf));
  }

  // A known class: its card, its reference picture and photos; each can be laid beside the one in question.
  shelf(item, shelf) {
    const thumb = (name, words, kind = "") => h("button", { class: `thumb ${kind}`, "aria-label": `Compare with ${words} of ${shelf.title}`,
      onclick: () => this.compare(item, name, shelf.title) }, this.small(name));
    return h("div", { class: "shelf" },
      h("button", { class: "lab about", title: "The whole card (i)", onclick: () => this.about(shelf.id) }, h("em", {}, shelf.title), shelf.summary && ` · ${shelf.summary}`),
      h("div", { class: `thumbs${shelf.reference ? " five" : ""}` },
        shelf.reference && thumb(`reference/${shelf.id}`, "the reference picture", "reference"),
        shelf.photos.map((imageId) => thumb(imageId, "a photo"))));
  }

  // The cards of the classes in question, the one that was asked for first.
  about(...first) {
    const { item } = this.session;
    const others = [...item.shelves, ...item.choices.slice(0, 3)].map((one) => one.id);
    cards(this.table, first.length ? first : [...others, item.labelled?.id].filter(Boolean));
  }

  history(item) {
    const lines = h("ul", { class: "plain", hidden: true }, item.said.map((line) => h("li", {}, line)));
    const open = h("button", { class: "link", "aria-expanded": "false", "aria-keyshortcuts": "h", onclick: () => this.past() },
      `${count(item.said.length, "decision", "decisions")}, who and when`, " ", key("h"));
    this.told = item.said.length ? { lines, open } : null;
    return h("div", { class: "lab history" }, h("p", {}, `history: ${item.history.join(" · ")}`, this.told && [" · ", open]), this.told && lines);
  }

  // Who said what: only for whoever asks, so that it sways nobody unasked.
  past() {
    if (!this.told) return this.table.tell(this.session.item.pile === "conflicts" ? "You can see who said what once it is settled." : "Nobody has decided anything about this photo yet.");
    const { lines, open } = this.told;
    lines.hidden = !lines.hidden;
    open.setAttribute("aria-expanded", String(!lines.hidden));
    if (!lines.hidden) lines.scrollIntoView({ block: "nearest" });
  }

  // Everything a key can do here; the footer shows the same list.
  actions() {
    const { item } = this.session;
    const pile = item?.pile;
    const keep = { visitors: item?.labelled && "keep ours", duplicates: item?.pair && "keep both", alike: item?.pair && "keep both", leaks: item?.pair && "keep both" }[pile] ?? (item?.labelled ? "keep label" : "leave as it is");
    const said = item?.visitor;
    if (item && isPairAlone(item)) return this.pairActions(item);
    // On a poor photo the first question is whether it is any use, whatever is asked about it.
    const isPoor = pile === "quality" || item?.poor;
    const junk = ["j", "junk", () => this.decide("junk"), ...(isPoor ? ["main"] : [])];
    return [
      ...(isPoor ? [junk] : []),
      ...(said ? [["y", "visitor is right", () => this.give(said.id), "main"]] : []),
      ["Enter", keep, () => this.keep(), "main"],
      ["n", "none of these", () => this.none(), "main"],
      ...(isPoor ? [] : [junk]),
      ["d", "duplicate", () => this.duplicate()],
      ["u", "unsure", () => this.decide("unsure"), said || isPoor ? "" : "main"],
      item?.visited ? ["Escape", "back", () => this.table.back(), "main"] : [" ", "skip", () => this.decide("skip")],
      ["Backspace", "undo", () => this.table.takeBack(), ...(item?.visited ? [] : ["main"])],
      ["i", "about the class", () => this.about()],
      ["b", "all photos", () => this.table.toPage("sheet")],
      ["g", ["duplicates", "alike"].includes(pile) ? "whole groups" : "grid", () => this.table.toGrid()],
      ["?", "all keys", () => this.table.help(), "last"],
    ];
  }

  // Two people differ about two photos: what they show is not the question.
  pairActions(item) {
    return [
      ["d", "this is the duplicate", () => this.duplicate(), "main"],
      ["x", "not the same", () => this.apart(), "main"],
      ["Enter", "keep both", () => this.keep()],
      ...(item.pair.sealed ? [] : [["D", "the other is the duplicate", () => this.duplicate(true)]]),
      ["j", "junk", () => this.decide("junk")],
      ["u", "unsure", () => this.decide("unsure"), "main"],
      [" ", "skip", () => this.decide("skip")],
      ["Backspace", "undo", () => this.table.takeBack(), "main"],
      ["?", "all keys", () => this.table.help(), "last"],
    ];
  }

  keys(name) {
    const { item } = this.session;
    const always = { Backspace: () => this.table.takeBack(), "?": () => this.table.help() };
    if (always[name]) return always[name];
    if (name.startsWith("Shift+")) return this.proposal.keys(name);
    if (!item) return this.isComing ? () => {} : null;
    if (name === "Escape") return this.closer(item) ?? (item.visited ? () => this.table.back() : null);
    const listed = this.actions().find(([known]) => known === name);
    if (listed) return listed[2];
    if (/^[1-9]$/.test(name)) return item.choices[name - 1] ? () => this.give(this.session.item.choices[name - 1].id) : null;
    if (name === "b") return () => this.table.toPage("sheet");
    if (name === "w" && item.pile === "unlabelled") return () => this.table.toPage("names");
    if (name === "k") return () => this.crop();
    if (name === "e") return () => this.note();
    if (name === "!") return () => this.flag();
    if (name === "m") return () => this.table.toPage("sheet", { like: item.image_id });
    const step = { ArrowLeft: -1, ArrowRight: 1 }[name];
    if (step && item.visited) return () => this.table.opened?.sheet?.openBeside(item.image_id, step);
    if (name === "/") return isPairAlone(item) ? null : () => this.search();
    if (name === "h") return () => this.past();
    if (name === "z") return () => this.zooms[0].toggle();
    if (!item.pair) return null;
    if (name === "D" && !item.pair.sealed) return () => this.duplicate(true);
    return name === "x" ? () => this.apart() : null;
  }

  // What Escape takes back first: a photo that is magnified, and one that was laid beside it.
  closer(item) {
    if (this.zooms.some((zoom) => zoom.scale > 1)) return () => this.zooms[0].reset();
    if (this.beside !== (item.pair?.image_id ?? null)) return () => this.lay(item, item.pair);
    return null;
  }

  keep() {
    this.decide(this.session.item.pile === "visitors" ? "refuse_visitor" : "keep");
  }

  none() {
    if (this.session.item.pile === "visitors") this.decide("accept_visitor", { label: "none" });
    else this.decide("none_of_these");
  }

  give(classId, added = null) {
    const { item } = this.session;
    const same = item.labelled?.id === classId && !item.pair;
    this.decide(item.pile === "visitors" ? "accept_visitor" : same ? "keep" : "relabel", { label: classId }, added);
  }

  search() {
    this.table.search((classId, added) => this.give(classId, added));
  }

  duplicate(turned = false) {
    const { item } = this.session;
    if (!item.pair) this.table.refuse("A duplicate of which one? Nothing like this photo was found.");
    else if (turned) this.decide("duplicate_of", { image_id: item.pair.image_id, other: item.image_id });
    else this.decide("duplicate_of", { other: item.pair.image_id });
  }

  apart() {
    this.decide("not_duplicate", { other: this.session.item.pair.image_id });
  }

  decide(action, more = {}, added = null) {
    const { visited } = this.session.item;
    if (visited && action === "skip") return this.table.back();
    this.session.decide(action, more, added);
    if (visited) this.table.back();
  }

  showNothing() {
    const { session } = this;
    const others = this.isComing ? [] : session.piles.filter((pile) => pile.left && pile.pile !== session.pile);
    const { total, done, left } = session.progress;
    const lines = [];
    if (this.isComing) lines.push(h("p", {}, "One moment…"));
    else if (left) lines.push(h("h1", {}, "The last ones are taken"), h("p", {}, `Somebody else has ${count(left, "photo", "photos")} in front of them.`));
    else if (others.length) lines.push(h("h1", {}, `No ${PILES[session.pile][1]} are left`));
    else if (session.model) {
      // There is no model yet, or a quick one: what is next comes with the scan or with the next photos.
      lines.push(h("h1", {}, "Nothing to decide right now"), h("p", {}, session.model.words));
    } else {
      const rounds = this.table.pages.some((page) => page.name === "rounds"); // the owner's alone
      const button = (kind, words, name) => h("button", { class: kind, onclick: () => this.table.toPage(name) }, words);
      lines.push(h("h1", {}, "Nothing doubtful is left"), h("p", {}, "Train again, or look for what is missing."));
      if (rounds) lines.push(button("big", "Train again", "rounds"));
      lines.push(button(rounds ? "ghost" : "big", "What is missing", "missing"));
    }
    const handed = total - done - left;
    if (handed && !this.isComing) lines.push(h("p", {}, `${count(handed, "photo", "photos")} you were not sure about ${handed === 1 ? "waits" : "wait"} for somebody else.`));
    for (const [place, pile] of others.entries()) {
      lines.push(h("button", { class: place ? "ghost" : "big", onclick: () => this.table.header.choose(pile.pile) }, `Go on with ${count(pile.left, ...PILES[pile.pile])}`));
    }
    this.table.body.replaceChildren(h("div", { class: `empty${this.isComing ? " coming" : ""}` }, lines));
    this.foot(this.actions().filter(([name]) => ["Backspace", "?"].includes(name)));
  }
}

function said(choice) {
  const chance = choice.chance === null ? "" : percent(choice.chance);
  return [choice.now && "label now", chance].filter(Boolean).join(" · ");
}

function caption(words, photo) {
  const name = photo.labelled?.title ?? "no label";
  const size = h("span", { class: "size" }, `${photo.width} × ${photo.height}`);
  return [h("b", {}, words), ` ${name} · `, size, photo.sealed && " · sealed test"];
}

function isPairAlone(item) {
  return item.finding === "pair" && Boolean(item.pair);
}

function sameLabel(item) {
  return item.labelled?.id === item.pair.labelled?.id;
}
