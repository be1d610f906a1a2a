// The map: every photo as a point beside those it looks like. Wheel or pinch zooms, a drag moves, with ⇧ it draws a lasso.

import { count, h } from "../dom.js";
import { bytesOf, dots, hexOf, inside, lassoed, rgbaOf, shorts, View } from "../point_map.js";
import { Page } from "./page.js";

const SIZE = 3; // pixels of a point, on a screen of usual density
const PICTURES = 140; // points in sight, below which their photos are shown
const PICTURE = 54;

export default class PhotoMap extends Page {
  constructor(table, name, title) {
    super(table, name, title);
    this.layout = "map";
    this.colour = "class";
    this.mark = null;
    this.chosen = new Set();
    this.pictures = new Map();
  }

  show() {
    if (this.drawn) return;
    this.drawn = true;
    const { values } = this;
    const bytes = bytesOf(values.ids);
    this.ids = hexOf(bytes, 32);
    this.spots = shorts(values.places);
    this.codes = Object.fromEntries(values.colours.map((one) => [one.id, shorts(one.codes)]));
    if (!this.codes[this.colour]) this.colour = values.colours[0]?.id;
    this.chosen.clear();
    this.tints = null;
    this.canvas = h("canvas", { class: "points", "aria-label": "Photos as points", tabindex: "0" });
    this.words = h("p", { class: "soft map-words", "aria-live": "polite" });
    this.bar = h("div", { class: "sheet-bar" });
    this.legend = h("ul", { class: "legend", tabindex: "0", "aria-label": "Colours" });
    this.card = h("figure", { class: "map-card", hidden: true });
    this.table.body.replaceChildren(h("section", { class: "map", "aria-label": this.title }, this.bar,
      this.ids.length ? h("div", { class: "map-room" }, this.canvas, this.legend, this.card) : h("div", { class: "empty" }, h("h2", {}, "There is no map yet"), h("p", {}, values.problem)), this.words));
    this.layBar();
    this.layFoot();
    if (!this.ids.length) return;
    this.view = new View(this.canvas, { draw: () => this.draw(), lasso: (path) => this.take(path), point: (x, y) => this.openAt(x, y), hover: (x, y) => this.hover(x, y) });
    this.watch?.disconnect();
    this.watch = new ResizeObserver(() => this.view.fit());
    this.watch.observe(this.canvas);
  }

  layBar() {
    const { colours, marks, photos, held, without } = this.values;
    const choose = h("select", { class: "field", "aria-label": "Colours", onchange: () => { this.colour = choose.value; this.redraw(); } },
      colours.map((one) => h("option", { value: one.id, selected: one.id === this.colour }, `coloured by ${one.title}`)));
    const points = marks.map((mark) => h("button", { class: "pile", "aria-pressed": String(this.mark === mark.id), onclick: () => this.point(mark) },
      mark.title, h("span", { class: "left" }, String(mark.points.length))));
    const some = this.chosen.size;
    this.bar.replaceChildren(h("div", { class: "sheet-top" }, h("h1", { class: "lab" }, some ? `${some} selected` : count(photos, "photo", "photos")), points, choose),
      h("div", { class: "gives", role: "group", "aria-label": "The selected", tabindex: "0" }, h("button", { class: some ? "big small" : "ghost", disabled: !some, onclick: () => this.laySelected() }, "Lay the selected on a sheet"),
        h("button", { class: "ghost", "aria-pressed": String(Boolean(this.view?.lassoing)), onclick: () => this.toLasso() }, "Lasso"),
        some > 0 && h("button", { class: "ghost", onclick: () => this.choose([]) }, "Let go")));
    const told = marks.find((mark) => mark.id === this.mark)?.sentence ?? "Photos that look alike are close together. Touch a point to open its photo; draw a lasso to select many.";
    this.words.textContent = [told, held, without].filter(Boolean).join(" ");
    this.layLegend();
  }

  layLegend() {
    const known = this.values.colours.find((one) => one.id === this.colour);
    const counts = new Map();
    for (const code of this.codes[this.colour] ?? []) counts.set(code, (counts.get(code) ?? 0) + 1);
    const top = [...counts].filter(([code]) => code >= 0).sort(([, one], [, other]) => other - one).slice(0, 10);
    const name = (code) => (this.colour === "doubt" ? `${(code / 10).toFixed(1)} and more` : known.values[code]);
    this.legend.replaceChildren(...top.map(([code, number]) => h("li", {}, h("i", { style: `background:${css(rgbaOf(code, this.colour === "doubt"))}` }), name(code), " ", h("span", { class: "left" }, String(number)))));
  }

  redraw() {
    this.tints = null;
    this.layBar();
    this.draw();
  }

  point(mark) {
    this.mark = this.mark === mark.id ? null : mark.id;
    this.redraw();
  }

  toLasso() {
    this.view.lassoing = !this.view.lassoing;
    this.layBar();
  }

  // The colour of every point, which changes less often than where it is drawn.
  tint() {
    const isDoubt = this.colour === "doubt";
    const codes = this.codes[this.colour];
    const marked = this.values.marks.find((mark) => mark.id === this.mark)?.points ?? [];
    this.above = [...new Set([...marked, ...this.chosen])];
    const known = new Map();
    const tintOf = (code) => {
      if (!known.has(code)) known.set(code, rgbaOf(code, isDoubt, this.above.length > 0));
      return known.get(code);
    };
    this.tints = Uint32Array.from(codes, tintOf);
    for (const n of this.above) this.tints[n] = rgbaOf(codes[n], isDoubt);
  }

  // All points as pixels at once; then, near enough, their photos.
  draw() {
    const { canvas, view } = this;
    const { width, height } = canvas;
    if (!width || !height) return;
    const context = canvas.getContext("2d");
    if (this.image?.width !== width || this.image?.height !== height) this.image = context.createImageData(width, height);
    if (!this.tints) this.tint();
    const pixels = new Uint32Array(this.image.data.buffer);
    pixels.fill(0);
    const size = Math.round(SIZE * devicePixelRatio);
    const seen = dots(pixels, width, this.spots, this.tints, view, size);
    if (this.above.length) dots(pixels, width, this.spots, this.tints, view, size * 2, this.above);
    context.putImageData(this.image, 0, 0);
    if (seen.length <= PICTURES) this.drawPictures(context, seen);
    view.drawLasso(context);
  }

  drawPictures(context, seen) {
    const side = PICTURE * devicePixelRatio;
    for (const n of seen) {
      const picture = this.picture(this.ids[n]);
      if (!picture.complete || !picture.naturalWidth) continue;
      const [x, y] = this.view.at(this.spots[2 * n], this.spots[2 * n + 1]);
      const scale = side / Math.max(picture.naturalWidth, picture.naturalHeight);
      const [wide, high] = [picture.naturalWidth * scale, picture.naturalHeight * scale];
      context.drawImage(picture, x - wide / 2, y - high / 2, wide, high);
    }
  }

  picture(id) {
    let picture = this.pictures.get(id);
    if (!picture) {
      picture = new Image();
      picture.onload = () => this.view.later();
      picture.src = this.table.server.photo(id, 160);
      this.pictures.set(id, picture);
      if (this.pictures.size > 600) this.pictures.delete(this.pictures.keys().next().value);
    }
    return picture;
  }

  nearest(x, y) {
    return inside(this.spots, this.view, x, y, 14 * devicePixelRatio);
  }

  hover(x, y) {
    const n = this.nearest(x, y);
    this.card.hidden = n < 0;
    if (n < 0 || this.card.dataset.of === this.ids[n]) return;
    this.card.dataset.of = this.ids[n];
    this.card.replaceChildren(h("img", { src: this.table.server.photo(this.ids[n], 320), alt: "" }));
  }

  openAt(x, y) {
    const n = this.nearest(x, y);
    if (n >= 0) this.table.toPhoto(this.ids[n]);
  }

  take(path) {
    this.choose(lassoed(this.spots, this.view, path));
  }

  choose(points) {
    this.chosen = new Set(points);
    if (this.view) this.view.lassoing = false;
    this.redraw();
  }

  async laySelected() {
    try {
      const { pick } = await this.table.server.usePage("sheet", { do: "pick", ids: [...this.chosen].map((n) => this.ids[n]) });
      await this.table.toPage("sheet", { pick });
    } catch (problem) {
      this.table.tell(problem.message, true);
    }
  }

  actions() {
    return [
      ["l", "lasso", () => this.toLasso(), "main"],
      ["Enter", "open as a sheet", () => (this.chosen.size ? this.laySelected() : this.table.refuse("Draw a lasso around some points first.")), "main"],
      ["0", "whole map", () => this.view?.fit(true), "main"],
      ["Escape", "back", () => (this.chosen.size ? this.choose([]) : this.table.toSingle()), "main"],
    ];
  }
}

function css(colour) {
  return `rgb(${colour & 255} ${(colour >> 8) & 255} ${(colour >> 16) & 255})`;
}
