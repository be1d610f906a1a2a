// What each annotator did, how far people agree, and whether a photo is asked of two.

import { count, h, told } from "../dom.js";
import { Page } from "./page.js";

const CHOICES = [
  [0, "One person per photo", "Each photo is shown to one person. The quickest way through a pile."],
  [0.1, "Two people about 1 photo in 10", "Enough to see how far people agree."],
  [1, "Two people about every photo", "For a collection that has to be right; it takes twice as long."],
];

export default class People extends Page {
  lay({ me, people, pairs, alpha, hard, conflicts, settled, asking }) {
    return [
      this.mine(me),
      conflicts > 0 && h("button", { class: "big", onclick: () => this.table.header.choose("conflicts") }, `Settle ${count(conflicts, "disagreement", "disagreements")}`),
      people.length > 1 && this.everybody(people, alpha),
      pairs.length > 0 && h("section", {}, h("h2", {}, "Two by two"), h("ul", { class: "plain" }, pairs.map((pair) => h("li", {}, told(pairSaid(pair)))))),
      hard.length > 0 && h("section", {}, h("h2", {}, "Where people differ most"),
        h("p", { class: "soft" }, "Hard classes, not careless people: a better card text or reference picture may help."),
        h("ul", { class: "plain" }, hard.map((one) => h("li", {}, told(hardSaid(one)))))),
      settled.length > 0 && this.settled(settled),
      this.asking(asking),
    ];
  }

  mine(me) {
    const done = me.total ? `${count(me.total, "decision", "decisions")} in all, ${me.today || "none"} today.` : "No decision yet.";
    const undone = me.undone ? ` You took ${me.undone} back.` : "";
    const agreed = me.shared ? `${count(me.shared, "photo was", "photos were")} shown to you and to somebody else; you all agreed on ${me.agreed}.` : "";
    return h("section", {}, h("h2", {}, me.who), h("p", {}, done + undone), agreed && h("p", {}, agreed), h("p", { class: "soft" }, me.said));
  }

  everybody(people, alpha) {
    const row = (one) => h("tr", {}, h("th", { scope: "row" }, one.who), cell("today", one.today), cell("in all", one.total), cell("taken back", one.undone),
      cell("agreed", one.shared ? `${one.agreed} of ${one.shared}` : "–"), cell("probably right", one.range ? `${one.range[0]} to ${one.range[1]} of 100` : "too early to say"));
    const head = ["", "today", "in all", "taken back", "agreed", "probably right"].map((words) => h("th", { scope: "col" }, words));
    const beyond = alpha === null ? "" : `All together, people agree ${alpha.toFixed(2)} beyond chance (Krippendorff's alpha: 1 is always, 0 is what guessing gives).`;
    return h("section", {}, h("h2", {}, "Everybody"), h("table", { class: "people" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, people.map(row))),
      beyond && h("p", { class: "soft" }, beyond));
  }

  // Who said what, once it cannot sway anybody any more.
  settled(rows) {
    const row = ({ image_id, lines }) => h("li", {}, this.opens(image_id, "Open the photo", h("img", { src: this.table.server.photo(image_id, 160), alt: "", loading: "lazy" })),
      h("ul", { class: "plain" }, lines.map((line) => h("li", {}, line))));
    return h("section", {}, h("h2", {}, "Settled disagreements"), h("ul", { class: "plain settled" }, rows.map(row)));
  }

  asking({ share, half_answered: half, may_choose: may }) {
    const now = CHOICES.find(([of]) => of === share) ?? [share, `Two people about ${Math.round(share * 100)} of 100 photos`, ""];
    const waiting = half ? `${count(half, "photo waits", "photos wait")} for a second answer.` : "";
    const blind = h("p", { class: "soft" }, "The second person sees the photo as the first one did, without the first answer.");
    const head = h("h2", {}, "How many people are asked");
    if (!may) return h("section", {}, head, h("p", {}, `${now[1]}. ${waiting}`), share > 0 && blind);
    const option = ([of, words, why]) => h("button", { class: "choice", role: "radio", "aria-checked": String(of === share), onclick: () => this.choose(of, share) },
      h("span", { class: "dot", "aria-hidden": "true" }), h("span", {}, h("b", {}, words), h("small", {}, why)));
    return h("section", {}, head, blind, h("div", { class: "choices", role: "radiogroup", "aria-label": "How many people are asked" }, CHOICES.map(option)),
      h("p", { class: "soft" }, waiting, share > 0 && " What was decided before you chose this is not asked again."));
  }

  async choose(share, before) {
    if (share !== before && (await this.act({ share }))) this.table.tell("Saved. Applies from the next photo.");
  }
}

function cell(words, value) {
  return h("td", { "data-words": words }, String(value));
}

function pairSaid(pair) {
  const kappa = pair.kappa === null ? "" : ` (kappa ${pair.kappa.toFixed(2)})`;
  const apart = pair.times ? `; most often apart on ${pair.apart[0]} / ${pair.apart[1]}` : "";
  return `${pair.one} and ${pair.other} agree on ${pair.agreed} of ${pair.shared}${kappa}${apart}.`;
}

function hardSaid(one) {
  return `${one.name}: agreed on ${one.agreed} of ${one.photos}, most often against ${one.against}.`;
}
