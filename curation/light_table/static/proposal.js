// "12 more look like Mug": photos that may get one class at once. A touch takes one out; one key gives it to the others.

import { count, h, key } from "./dom.js";

const SMALL = 160;

export class Proposal {
  constructor(table) {
    this.table = table;
    this.box = h("section", { class: "proposal", "aria-label": "More like it", hidden: true });
    this.out = new Set(); // photos that were taken out of what is shown
    this.label = null;
  }

  get now() {
    return this.table.session?.proposal ?? null;
  }

  // The photos that are still in.
  get kept() {
    return this.now ? this.now.photos.filter((photo) => !this.out.has(photo.image_id)) : [];
  }

  show() {
    const { now } = this;
    if (now?.label.id !== this.label) this.out.clear();
    this.label = now?.label.id ?? null;
    const said = JSON.stringify([now, [...this.out]]);
    if (said === this.said) return;
    this.said = said;
    this.box.hidden = !now;
    if (!now) return this.box.replaceChildren();
    const { photos, label } = now;
    const all = this.kept.length;
    this.box.replaceChildren(
      h("p", {}, `${photos.length} more look${photos.length === 1 ? "s" : ""} like `, h("em", {}, label.title), ". Touch those that are not."),
      h("div", { class: "proposed" }, photos.map((photo) => this.tile(photo))),
      h("div", { class: "gives" },
        h("button", { class: "big small", disabled: !all, onclick: () => this.accept() }, `Give it to ${all === photos.length ? `all ${all}` : count(all, "photo", "photos")} `, key("⇧↵")),
        h("button", { class: "ghost", onclick: () => this.refuse() }, "None of them ", key("⇧⌫"))));
  }

  tile({ image_id: id }) {
    const isOut = this.out.has(id);
    return h("button", { class: "thumb", "aria-pressed": String(!isOut), "aria-label": isOut ? "Taken out" : "In", onclick: () => this.toggle(id) },
      h("img", { src: this.table.server.photo(id, SMALL), alt: "", loading: "lazy", draggable: "false" }));
  }

  toggle(id) {
    this.out[this.out.has(id) ? "delete" : "add"](id);
    this.show();
  }

  keys(name) {
    if (!this.now) return null;
    return { "Shift+Enter": () => this.accept(), "Shift+Backspace": () => this.refuse() }[name] ?? null;
  }

  // One step: one ⌫ takes it back for all of them.
  async accept() {
    const { session } = this.table;
    const { kept, now } = this;
    if (!kept.length) return;
    const out = [...this.out];
    session.proposal = null;
    session.together(kept.map(({ image_id, key: name }) => ({ do: "relabel", image_id, key: name, label: now.label.id })));
    this.table.tell(`${count(kept.length, "photo", "photos")}. One ⌫ takes ${kept.length === 1 ? "it" : "them all"} back.`);
    this.table.show();
    if (out.length) await this.send(now.label.id, out);
  }

  async refuse() {
    const { now } = this;
    this.table.session.proposal = null;
    this.table.show();
    await this.send(now.label.id, now.photos.map((photo) => photo.image_id));
  }

  async send(label, photos) {
    const { session, server } = this.table;
    try {
      await session.kept();
      await server.refuse(label, photos);
      await session.refresh(session.pile);
    } catch {
      this.table.noAnswer("The light table isn't responding. These may be proposed again.");
    }
  }
}
