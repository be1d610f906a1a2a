// What is missing: the photos to take, to read while walking about.

import { count, h, told } from "../dom.js";
import { Page } from "./page.js";

const SMALL = 320;

export default class Missing extends Page {
  lay({ wishes, unlabelled, is_scanned }) {
    const first = unlabelled > 0 && h("button", { class: "big", onclick: () => this.table.header.choose("unlabelled") },
      `Label ${count(unlabelled, "photo", "photos")} first`);
    const scan = !is_scanned && h("p", { class: "soft" }, "Nobody has scanned this collection yet. After a scan this list also covers views, light and mix-ups.");
    if (!wishes.length) return [h("p", {}, "Every class has enough photos from enough sides. Train again and see what is mixed up then."), scan, first];
    const copy = h("button", { class: "ghost wide", onclick: () => this.copy() }, "Copy the list");
    return [
      h("div", { class: "above-wishes" }, h("p", { class: "soft" }, "What to photograph on your next visit, the most useful first."), copy),
      h("ol", { class: "wishes" }, wishes.map((wish) => this.wish(wish))), scan, first,
    ];
  }

  wish(wish) {
    const image = (name) => h("img", { src: this.source(name), alt: "", loading: "lazy" });
    const pictures = wish.pictures.map((name) => h("span", { class: "picture" },
      name.startsWith("photo/") ? this.opens(name.slice(6), "Open the photo", image(name)) : image(name)));
    return h("li", {}, h("span", { class: "pictures" }, pictures), h("p", {}, told(wish.sentence)));
  }

  // "photo/<image id>" or "reference/<class id>"
  source(name) {
    const { server } = this.table;
    return name.startsWith("photo/") ? server.photo(name.slice(6), SMALL) : server.reference(name.slice(10), SMALL);
  }

  actions() {
    return [...(this.values?.wishes.length ? [["c", "copy the list", () => this.copy(), "main"]] : []), ...super.actions()];
  }

  // A page that is not served over https has no clipboard; the list is then laid out to be marked by hand.
  async copy() {
    const { text } = this.values;
    try {
      await navigator.clipboard.writeText(text);
      this.table.tell("The list is copied. Paste it into a message to yourself.", true);
    } catch {
      const field = h("textarea", { class: "to-copy", readonly: true, rows: "12", "aria-label": "The list" });
      field.value = text;
      this.table.root.querySelector(".to-copy")?.remove();
      this.table.body.querySelector(".above-wishes").after(field);
      field.select();
      this.table.tell("Copy it from here.", true);
    }
  }
}
