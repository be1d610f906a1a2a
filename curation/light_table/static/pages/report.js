// What the scan found: counts in sentences, what nobody can decide on one photo, and what to do next.

import { clock, count, day, h, told } from "../dom.js";
import { PILES } from "../header.js";
import { Page } from "./page.js";

const SMALL = 320;

export default class Report extends Page {
  lay({ scanned_at, photos, remarks, piles, unreadable, misnamed, shortcuts, next }) {
    return [
      h("p", { class: "soft lead" }, scanned_at ? `${count(photos, "photo", "photos")}, last scanned ${when(scanned_at)}.` : `${count(photos, "photo", "photos")}.`),
      remarks.map((sentence) => h("p", { class: "soft" }, told(sentence))),
      h("p", { class: "next" }, next.sentence, next.pile && this.way(next.pile, "big", `Look at the ${(PILES[next.pile] ?? [next.pile, next.pile])[1]}`)),
      piles.length > 0 && h("ul", { class: "plain counts" }, piles.map((pile) => this.pile(pile))),
      shortcuts.length > 0 && h("section", {}, h("h2", {}, "What the model could learn instead of the thing"), shortcuts.map((one) => this.shortcut(one))),
      this.files("Files that cannot be read", "They are not among the photos. Copy them again from where they came from.", unreadable),
      this.files("Files that are not what their names say", "Nothing is lost here. Rename them where they came from.", misnamed),
    ];
  }

  way(pile, looks, words) {
    return h("button", { class: looks, onclick: () => this.table.header.choose(pile) }, words);
  }

  pile({ pile, left, total, sentence }) {
    const done = left === 0 ? "all decided" : left < total ? `${left} left` : "";
    return h("li", {}, h("span", {}, sentence), done && h("span", { class: "soft" }, done), left > 0 && this.way(pile, "ghost", "Look at them"));
  }

  shortcut({ title, sentence, photos }) {
    const picture = (photo) => this.opens(photo, `Open a photo of ${title}`, h("img", { src: this.table.server.photo(photo, SMALL), alt: "", loading: "lazy" }));
    return h("div", { class: "shortcut" }, h("p", {}, told(sentence)), h("div", { class: "row-of-photos" }, photos.map(picture)));
  }

  files(title, advice, { total, first }) {
    const more = total - first.length;
    return total > 0 && h("section", {}, h("h2", {}, title), h("p", { class: "soft" }, advice),
      h("ul", { class: "plain files" }, first.map((sentence) => h("li", {}, sentence))), more > 0 && h("p", { class: "soft" }, `And ${more} more.`));
  }
}

// "today at 14:02", "on 3 March 2026 at 09:15"
function when(text) {
  const isToday = new Date(text).toDateString() === new Date().toDateString();
  return `${isToday ? "today" : `on ${day(text)}`} at ${clock(text)}`;
}
