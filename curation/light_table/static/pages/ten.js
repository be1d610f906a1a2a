// Ten minutes: how long somebody has, the questions worth most in that time, and what came of it.

import { count, h } from "../dom.js";
import { Page } from "./page.js";

export default class TenMinutes extends Page {
  lay({ choices, left, questions, open: waiting, receipt }) {
    if (left !== null) return this.going(left, questions);
    return [
      receipt && this.receipt(receipt),
      h("p", {}, waiting ? `${count(waiting, "question waits", "questions wait")}. How long do you have? Those worth most come first.` : "There are no open questions right now."),
      waiting > 0 && h("div", { class: "gives" }, choices.map((minutes) =>
        h("button", { class: minutes === 10 ? "big" : "ghost", onclick: () => this.begin(minutes) }, `${minutes} minutes`))),
    ];
  }

  going(left, questions) {
    return [
      h("p", {}, `${Math.ceil(left / 60)} min left, ${count(questions, "question", "questions")} chosen.`),
      h("div", { class: "gives" }, h("button", { class: "big", onclick: () => this.goOn() }, "Go on"),
        h("button", { class: "ghost", onclick: () => this.end() }, "That's it for now")),
    ];
  }

  receipt({ decisions, sentence }) {
    const owner = this.table.pages.some((page) => page.name === "rounds");
    return h("section", { class: "receipt" }, h("h2", {}, decisions ? "Thank you" : "Nothing was decided"), h("p", {}, sentence),
      decisions > 0 && owner && h("button", { class: "big", onclick: () => this.table.toPage("rounds") }, "Train now"));
  }

  async begin(minutes) {
    if (await this.act({ do: "begin", minutes })) await this.goOn();
  }

  async goOn() {
    this.table.toSingle();
    await this.table.session.choose("plan").catch((problem) => this.table.stumble(problem));
  }

  async end() {
    this.table.tell("Measuring what it is worth…", true);
    await this.table.session.kept();
    await this.act({ do: "end" });
    this.table.tell("");
  }
}
