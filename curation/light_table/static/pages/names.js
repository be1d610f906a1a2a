// Names: type the ones you expect, and see which photos without a label seem to show them.

import { count, h, key } from "../dom.js";
import { Page } from "./page.js";

const SMALL = 160;

export default class Names extends Page {
  constructor(table, name, title) {
    super(table, name, title);
    this.out = new Set(); // "name photo" that somebody took out of what is proposed
  }

  lay({ names, photos, needs, proposed, silent }) {
    const field = h("textarea", { class: "field names", rows: "5", "aria-label": "Names, one on each line", placeholder: "mug, jug, tea pot" });
    field.value = names.join("\n");
    this.field = field;
    const words = photos ? `${count(photos, "photo has", "photos have")} no label yet. Type the names you expect, one on each line.` : "Every photo has a label.";
    return [
      h("p", { class: "soft" }, words),
      h("form", { class: "asks-names", onsubmit: (event) => this.propose(event) }, field,
        h("button", { class: "big small", disabled: Boolean(needs) || !photos }, "See which fit")),
      needs && h("p", { class: "held" }, needs),
      proposed.map((one) => this.proposal(one)),
      silent.length > 0 && h("p", { class: "soft" }, `No photo seems to show: ${silent.join(", ")}.`),
    ];
  }

  propose(event) {
    event?.preventDefault();
    return this.open({ names: this.field.value });
  }

  kept(one) {
    return one.photos.filter((photo) => !this.out.has(`${one.title} ${photo.image_id}`));
  }

  proposal(one) {
    const box = h("section", { class: "proposal", "aria-label": one.title });
    const lay = () => {
      const kept = this.kept(one);
      const best = one.count > one.photos.length ? ` The best ${one.photos.length} are shown.` : "";
      box.replaceChildren(
        h("p", {}, `${count(one.count, "photo looks", "photos look")} like `, h("em", {}, one.title), `.${best} Touch those that are not.`),
        h("div", { class: "proposed" }, one.photos.map((photo) => this.tile(one, photo, lay))),
        h("div", { class: "gives" }, h("button", { class: "big small", disabled: !kept.length, onclick: () => this.give(one) },
          `Give it to ${count(kept.length, "photo", "photos")}`, one === this.values.proposed[0] ? [" ", key("⇧↵")] : "")));
    };
    lay();
    return box;
  }

  tile(one, { image_id: id }, lay) {
    const name = `${one.title} ${id}`;
    const isOut = this.out.has(name);
    const touch = () => {
      this.out[isOut ? "delete" : "add"](name);
      lay();
    };
    return h("button", { class: "thumb", "aria-pressed": String(!isOut), "aria-label": isOut ? "Taken out" : "In", onclick: touch },
      h("img", { src: this.table.server.photo(id, SMALL), alt: "", loading: "lazy", draggable: "false" }));
  }

  // One step, with the class where it is new: one ⌫ takes it all back.
  async give(one) {
    const kept = this.kept(one);
    if (!kept.length) return;
    const moves = kept.map((photo) => ({ do: "relabel", image_id: photo.image_id, key: photo.key, label: one.id ?? one.title }));
    this.table.classes = null;
    this.table.session.together(moves, one.id ? null : one.title);
    this.table.tell(`${count(kept.length, "photo", "photos")}. One ⌫ takes ${kept.length === 1 ? "it" : "them all"} back.`);
    await this.again();
  }

  async takeBack() {
    this.table.takeBack();
    await this.again();
  }

  async again() {
    await this.table.session.kept();
    await this.open(this.query);
  }

  actions() {
    const [first] = this.values?.proposed ?? [];
    return [
      ...(first ? [["Shift+Enter", "give the first name", () => this.give(first), "main"]] : []),
      ["Backspace", "undo", () => this.takeBack(), "main"],
      ...super.actions(),
    ];
  }
}
