// Every class, and one of them open: its name, its card, its picture; merge, split, add. Each step can be taken back.

import { count, h, told, ulid } from "../dom.js";
import { draftsOf, keptTexts, type } from "../drafts.js";
import { open as openDialog } from "../dialogs.js";
import { Page } from "./page.js";

const SMALL = 320;
const WAITS = "It waits in this browser, and is sent as soon as the light table answers.";
const LATER = ["rename_class", "edit_card"]; // what may wait until the light table answers again
const FIELDS = {
  title: ["Name", 1],
  summary: ["What it is, in a sentence or two", 3],
  facts: ["Facts, one a line: “Painter: Ilse Maren”", 5],
  aliases: ["Other names, one a line", 2],
  source: ["Where the text is from", 1],
  licence: ["Licence of the text", 1],
};

export default class Classes extends Page {
  constructor(...more) {
    super(...more);
    this.sought = "";
  }

  // Class id -> what is typed and not kept yet.
  get drafts() {
    return draftsOf(this.table.session.who);
  }

  lay(values) {
    return values.open ? this.one(values.open) : this.all(values.classes);
  }

  // --- the list

  all(classes) {
    const list = h("ul", { class: "class-rows" });
    const fill = () => list.replaceChildren(...classes.filter((info) => this.isSought(info)).map((info) => this.row(info)));
    const search = h("input", { type: "search", class: "field", placeholder: "Search a class", "aria-label": "Search a class", value: this.sought, autocomplete: "off" });
    search.addEventListener("input", () => {
      this.sought = search.value;
      fill();
    });
    fill();
    const form = h("form", { class: "class-search" }, search, h("button", { class: "ghost", type: "button", onclick: () => this.add() }, "Add a class"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.enter(classes);
    });
    this.leaves(form);
    return [form, list, !classes.length && h("p", {}, "There is no class yet. Add the first one, or collect photos from class folders.")];
  }

  // Enter: the class that is called so, or a new one of that name.
  enter(classes) {
    const typed = this.sought.trim().replace(/\s+/g, " ");
    if (!typed) return;
    const known = classes.find((info) => plain(info.title) === plain(typed));
    if (known) return this.open({ class: known.id });
    this.sought = "";
    return this.step([{ do: "add_class", title: typed }], null, `${typed} is a class now. Add a description.`);
  }

  isSought(info) {
    const wanted = plain(this.sought.trim());
    return [info.title, info.id, ...info.aliases].some((name) => plain(name).includes(wanted));
  }

  row(info) {
    const photos = info.count ? count(info.count, "photo", "photos") : "no photo yet";
    return h("li", {}, h("button", { class: "class-row", onclick: () => this.open({ class: info.id }) }, this.picture(info.picture),
      h("span", { class: "words" }, h("b", {}, info.title), h("small", {}, info.summary)), h("span", { class: "aside" }, info.draft ? `draft, ${photos}` : photos)));
  }

  picture(name) {
    return h("span", { class: "picture" }, name && h("img", { src: this.source(name), alt: "", loading: "lazy" }));
  }

  // "photo/<image id>" or "reference/<class id>"
  source(name) {
    const { server } = this.table;
    return name.startsWith("photo/") ? server.photo(name.slice(6), SMALL) : server.reference(name.slice(10), SMALL);
  }

  add() {
    this.table.search((classId, title) => {
      if (title) this.step([{ do: "add_class", title }], null, `${title} is a class now. Add a description.`);
      else this.open({ class: classId });
    }, true);
  }

  // --- one class

  one(info) {
    this.info = info;
    this.shown = textsOf(info);
    const form = h("form", { class: "class-form" }, Object.entries(FIELDS).map(([name, [words, rows]]) => this.field(name, words, rows)));
    this.keep = h("button", { class: "big", type: "submit" }, "Keep");
    form.append(h("p", { class: "class-keep" }, this.keep, h("span", { class: "soft", role: "status" })));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    this.leaves(form);
    this.form = form;
    this.mark();
    const photos = info.count ? count(info.count, "photo", "photos") : "no photo yet";
    return [
      h("div", { class: "class-head" }, this.picture(info.picture), h("div", {}, h("h2", {}, info.title), h("p", { class: "soft" }, photos))),
      h("div", { class: "class-acts" },
        h("button", { class: "ghost", onclick: () => this.open() }, "All classes"),
        info.count > 0 && h("button", { class: "ghost", onclick: () => this.split() }, "Split it"),
        h("button", { class: "ghost", onclick: () => this.merge() }, "Merge it into another")),
      info.card.draft && this.draft(info), form, this.pictures(info), this.history(info)];
  }

  // Texts that a program wrote: visitors see them once somebody has accepted or changed them.
  draft({ id }) {
    const accept = () => this.step([{ do: "edit_card", label: id, card: { draft: false }, before: { draft: true } }], id, "Accepted. Visitors see it from now on.");
    return h("p", { class: "class-keep" }, h("span", { class: "soft" }, "This text is a draft, written by a program. Check it: visitors don't see it yet."),
      h("button", { class: "ghost", onclick: accept }, "Accept the draft"));
  }

  field(name, words, rows) {
    const value = this.drafts.get(this.info.id)?.[name] ?? this.shown[name];
    const input = rows > 1 ? h("textarea", { class: "field", name, rows }) : h("input", { class: "field", name, autocomplete: "off" });
    input.value = value;
    input.addEventListener("input", () => {
      type(this.table.session.who, this.info.id, name, input.value);
      this.mark();
    });
    return h("label", {}, h("span", {}, words), input);
  }

  get changed() {
    const draft = this.drafts.get(this.info.id) ?? {};
    return Object.keys(draft).filter((name) => draft[name] !== this.shown[name]);
  }

  mark() {
    const { changed } = this;
    this.keep.disabled = !changed.length;
    this.form.querySelector("[role=status]").textContent = changed.length ? "Not kept yet." : this.isWaiting ? WAITS : "";
    // On a phone the button at the end of the form is far from the thumb.
    this.layFoot();
  }

  async save() {
    const { changed, info } = this;
    if (!changed.length) return;
    const draft = this.drafts.get(info.id);
    const fields = changed.filter((name) => name !== "title");
    const accepted = fields.length > 0 && info.card.draft; // who changes a draft has read it
    const texts = (names) => Object.fromEntries(names.map((name) => [name, draft[name]]));
    const moves = changed.includes("title") ? [{ do: "rename_class", label: info.id, title: draft.title, texts: texts(["title"]) }] : [];
    if (fields.length) {
      const pick = (make) => Object.fromEntries(fields.map((name) => [name, make(name)]));
      moves.push({ do: "edit_card", label: info.id, card: { ...pick((name) => parsed(name, draft[name])), ...(accepted && { draft: false }) },
        before: { ...pick((name) => info.card[name]), ...(accepted && { draft: true }) }, texts: texts(fields) });
    }
    this.keep.disabled = true;
    if ((await this.step(moves, info.id, "Kept.")) === false) await this.lookAgain();
  }

  get isWaiting() {
    return this.table.session.outbox.groups.some((group) => group.some((move) => move.label === this.info.id));
  }

  // Nobody answers: the step waits in the outbox like any decision, and the form goes on from what it says.
  later(moves) {
    this.table.session.later(moves);
    for (const { title, card } of moves) {
      if (title) this.info.title = title;
      Object.assign(this.info.card, card);
    }
    this.shown = textsOf(this.info);
    this.mark();
    this.table.tell(WAITS, true);
  }

  // What waited was sent: kept, or refused because somebody else wrote in the meantime.
  async heard(moves, { ok }) {
    if (!moves.some((move) => LATER.includes(move.do))) return;
    this.table.classes = null;
    const { open } = this.values ?? {};
    if (this.table.view !== this || !open || !moves.some((move) => move.label === open.id)) return;
    if (!ok) await this.lookAgain();
    else {
      await this.open({ class: open.id });
      this.table.tell("Kept.");
    }
  }

  // Refused, because somebody else wrote in the meantime: theirs is shown below what is typed here, and both are safe.
  async lookAgain() {
    this.mark();
    const values = await this.table.server.page(this.name, { class: this.info.id }).catch(() => null);
    if (!values?.open) return;
    const theirs = textsOf(values.open);
    for (const name of Object.keys(FIELDS).filter((one) => theirs[one] !== this.shown[one])) {
      const input = this.form.elements[name];
      input.parentElement.querySelector(".theirs")?.remove();
      input.after(h("span", { class: "theirs" }, `It now says: ${theirs[name] || "nothing"}`));
    }
    this.info = values.open;
    this.shown = theirs;
    this.mark();
  }

  pictures(info) {
    if (!info.photos.length) return h("p", { class: "soft" }, "When the class has photos, one of them can be its reference picture.");
    const thumb = (photo) => {
      const chosen = photo === info.card.reference;
      return h("figure", { class: "class-photo" },
        h("button", { class: "thumb", "aria-label": "Open this photo", onclick: () => this.table.toPhoto(photo) }, h("img", { src: this.source(`photo/${photo}`), alt: "", loading: "lazy" })),
        h("button", { class: "ghost take", "aria-pressed": String(chosen), onclick: () => this.choose(chosen ? "" : photo) }, chosen ? "reference ✓" : "use as reference"));
    };
    return h("section", {}, h("h2", {}, "Reference picture"), h("p", { class: "soft" }, "What everybody sees of this class. Choose the photo that shows it best; touch a photo to open it."),
      h("div", { class: "class-photos" }, info.photos.map(thumb)));
  }

  choose(photo) {
    const { id, card } = this.info;
    const said = photo ? "This is the reference picture now." : "The picture that came with the collection is back.";
    this.step([{ do: "edit_card", label: id, card: { reference: photo }, before: { reference: card.reference } }], id, said);
  }

  history({ history }) {
    const back = ([name, value]) => h("button", { class: "link", onclick: () => this.putBack(name, value) }, "write it again");
    const earlier = (one) => Object.entries(one.earlier).filter(([name]) => FIELDS[name]).map(([name, value]) =>
      h("p", { class: "lab" }, `before: ${textOf(name, value) || "nothing"} `, textOf(name, value) && back([name, value])));
    return history.length > 0 && h("section", {}, h("h2", {}, "Who changed what"), h("ul", { class: "class-history" },
      history.map((one) => h("li", {}, h("p", {}, told(one.line)), earlier(one)))));
  }

  putBack(name, value) {
    const input = this.form.elements[name];
    input.value = textOf(name, value);
    input.dispatchEvent(new Event("input"));
    input.focus();
  }

  split() {
    this.table.grid.open(this.info.id);
    this.table.tell("Select the photos of the new class, then “Other…” and its name.", true);
  }

  merge() {
    const { id, title, count: photos } = this.info;
    this.table.search((other, added) => {
      if (added) this.table.tell("Choose an existing class. To give this one another name, change its name.", true);
      else if (other === id) this.table.tell("That is this class itself.", true);
      else this.confirm(id, title, photos, other, this.table.classes.find((info) => info.id === other)?.title ?? other);
    });
  }

  confirm(id, title, photos, other, becomes) {
    const words = photos ? `${count(photos, "photo", "photos")} of *${title}* ${photos === 1 ? "becomes" : "become"} *${becomes}*.` : `*${title}* has no photos.`;
    const merge = () => {
      dialog.close();
      this.step([{ do: "merge_class", label_before: id, label: other }], other, `${title} is ${becomes} now.`);
    };
    const dialog = h("dialog", { class: "confirm", "aria-label": "Merge", tabindex: "-1" }, h("p", {}, told(words)),
      h("p", { class: "soft" }, told(`*${title}* stays as another name of it. It can be taken back.`)),
      h("div", { class: "gives" }, h("button", { class: "big", onclick: merge }, "Merge"), h("button", { class: "ghost", onclick: () => dialog.close() }, "Leave it")));
    openDialog(this.table, dialog); // with nothing preselected: the Enter that chose the class must not merge it
  }

  // --- steps

  // One step of the classes, or its undo: on disk when it is said. The rest of the table hears of it. False when it was
  // refused, null when it waits.
  async step(moves, classId, said) {
    const { table } = this;
    const group = moves.map((move) => ({ id: ulid(), ...move }));
    const waits = group.every((move) => LATER.includes(move.do)) && (() => this.later(group));
    if (waits && table.session.outbox.failures && table.session.outbox.waiting) return waits() ?? null;
    const kept = await this.act({ moves: group, class: classId }, waits);
    if (!kept) return kept;
    keptTexts(table.session.who, group);
    this.drawn = false;
    this.show();
    table.classes = null;
    table.session.tookPart(moves[0].do === "undo");
    table.tell(said);
    return true;
  }

  async takeBack() {
    await this.table.session.kept();
    if (!this.table.session.undo) this.table.tell("There is nothing left to undo.");
    else this.step([{ do: "undo" }], this.values.open?.id ?? null, "Taken back.");
  }

  // Esc in a field goes where Esc goes elsewhere; what is typed waits.
  leaves(form) {
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.back();
    });
  }

  back() {
    if (this.values.open) this.open();
    else this.table.toSingle();
  }

  actions() {
    const words = this.values?.open ? "all classes" : "back to the photos";
    const keep = this.values?.open && this.info?.id === this.values.open.id && this.changed.length > 0;
    return [...(keep ? [["Enter", "keep the text", () => this.save(), "main"]] : []),
      ["Escape", words, () => this.back(), "main"], ["Backspace", "undo", () => this.takeBack(), "main"]];
  }
}

function textsOf({ title, card }) {
  return Object.fromEntries(Object.keys(FIELDS).map((name) => [name, name === "title" ? title : textOf(name, card[name])]));
}

function textOf(name, value) {
  if (name === "facts") return value.map(([fact, said]) => `${fact}: ${said}`).join("\n");
  return name === "aliases" ? value.join("\n") : value;
}

function parsed(name, text) {
  const lines = () => text.split("\n").map((line) => line.trim()).filter(Boolean);
  if (name === "aliases") return lines();
  return name === "facts" ? lines().map(factOf) : text;
}

function factOf(line) {
  const place = line.indexOf(":");
  return place < 0 ? [line, ""] : [line.slice(0, place).trim(), line.slice(place + 1).trim()];
}

function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
