// Every decision, the latest first: one can be taken back long after; two people can be laid side by side.

import { clock, count, day, h } from "../dom.js";
import { Page } from "./page.js";

const SMALL = 160;
const MORE = 60;

export default class History extends Page {
  async open(asked = {}) {
    this.query = { ...asked };
    await super.open(asked);
  }

  lay({ total, decisions, people, days, by, day, beside, may_compare: may }) {
    if (beside) return this.beside(beside);
    const choose = (name, value) => this.table.toPage(this.name, { ...this.query, [name]: value });
    const select = (name, words, every, values, now) => h("select", { class: "field", "aria-label": words, onchange: (event) => choose(name, event.target.value) },
      h("option", { value: "" }, every), values.map((one) => h("option", { value: one.id, selected: one.id === now }, `${one.id} (${one.count})`)));
    const others = may ? people.filter((one) => people.length > 1 && one.id) : [];
    return [
      h("p", { class: "soft lead" }, "Taking one back leaves everything that came later as it is."),
      h("div", { class: "sheet-top" }, h("p", { class: "lab" }, count(total, "decision", "decisions")),
        (people.length > 1 || by) && select("by", "Who", "everybody", people, by), select("day", "Day", "every day", days, day)),
      others.length > 1 && this.pairs(others),
      decisions.length ? h("ul", { class: "plain past" }, decisions.map((one) => this.row(one)))
        : h("p", {}, "There are no decisions yet."),
      total > decisions.length && h("button", { class: "ghost", onclick: () => choose("count", decisions.length + MORE) }, `Show ${Math.min(MORE, total - decisions.length)} more`),
    ];
  }

  pairs(people) {
    const names = people.map((one) => one.id);
    const couples = names.flatMap((one, place) => names.slice(place + 1).map((other) => [one, other])).slice(0, 6);
    return h("p", { class: "gives" }, couples.map(([one, other]) =>
      h("button", { class: "ghost", onclick: () => this.table.toPage(this.name, { compare: `${one}|${other}` }) }, `${one} beside ${other}`)));
  }

  row(one) {
    const act = (words, what) => h("button", { class: "ghost", "aria-label": `${words}: ${one.words}`, onclick: () => this.change(what, one) }, words);
    const later = one.later > 0 && h("span", { class: "soft" }, ` ${count(one.later, "later decision", "later decisions")} about this photo.`);
    return h("li", { class: one.stands ? "" : "gone" }, this.photo(one.image_id, one.words),
      h("div", {}, h("p", {}, h("b", {}, one.who), `: ${one.words}`, !one.stands && ", taken back"),
        h("p", { class: "soft" }, [when(one.at), one.shown].filter(Boolean).join(" · "), later)),
      one.may && (one.stands ? act("Take back", "take_back") : act("Put back", "put_back")));
  }

  photo(imageId, words) {
    if (!imageId) return h("span", { class: "picture" });
    return h("button", { class: "picture", "aria-label": `Open the photo: ${words}`, onclick: () => this.table.toPhoto(imageId) },
      h("img", { src: this.table.server.photo(imageId, SMALL), alt: "", loading: "lazy" }));
  }

  async change(what, one) {
    if (await this.act({ do: what, decision: one.id, asked: this.query })) {
      this.table.tell(what === "take_back" ? "Taken back." : "It counts again.");
      this.table.classes = null;
      await this.session.refresh(this.session.pile).catch(() => {});
    }
  }

  get session() {
    return this.table.session;
  }

  beside({ people, both, same, rows }) {
    const row = (one) => h("li", { class: "two" }, this.photo(one.image_id, one.answers.join(", ")),
      h("div", {}, one.answers.map((answer, place) => h("p", {}, h("b", {}, people[place]), `: ${answer}`))), h("span", { class: "soft" }, one.same ? "the same" : "they differ"));
    return [
      h("p", {}, both ? `${people.join(" and ")} both answered ${count(both, "photo", "photos")} and said the same of ${same}.` : `No photo was answered by both ${people.join(" and ")}.`),
      h("ul", { class: "plain past" }, rows.map(row)),
      h("button", { class: "ghost", onclick: () => this.table.toPage(this.name) }, "All decisions"),
    ];
  }
}

const when = (text) => `${day(text)}, ${clock(text)}`;
