// Above and below the photo: how far, kept and sent, who; and what the keys do.

import { count, h, key } from "./dom.js";

export const PILES = {
  labels: ["doubtful label", "doubtful labels"],
  leaks: ["leak into the test", "leaks into the test"],
  duplicates: ["near-duplicate", "near-duplicates"],
  alike: ["look-alike", "look-alikes"],
  conflicts: ["disagreement", "disagreements"],
  unlabelled: ["photo without a label", "photos without a label"],
  quality: ["poor photo", "poor photos"],
  visitors: ["visitor's question", "visitors' questions"],
  plan: ["question", "questions"],
};

export class Header {
  constructor(table) {
    this.table = table;
  }

  show() {
    const { head, session } = this.table;
    const where = h("p", { class: "where" }, h("span", { class: "logo" }, "Light table"), ` · ${session.title}`);
    const parts = [where, this.menu(), this.progress(session), this.state(session), this.person(session), this.problem(session), this.model(session), this.piles(session)];
    const fresh = h("div", {}, parts);
    // Left alone while it says the same: whoever stands on one of its buttons stays there.
    if (fresh.innerHTML !== this.said) head.replaceChildren(...fresh.childNodes);
    this.said = head.innerHTML;
  }

  // On a phone these are in the sheet behind "more…".
  menu() {
    const { pages, view } = this.table;
    const to = (words, does, here) => h("button", { class: "link", "aria-current": here && "page", onclick: does }, words);
    const links = pages.map((page) => to(page.title, () => this.table.toPage(page.name), view.name === page.name));
    const photos = to("Photos", () => this.table.toSingle(), !view.name);
    return links.length > 0 && h("nav", { class: "menu", "aria-label": "Pages" }, photos, links);
  }

  piles(session) {
    const choices = session.piles.filter((pile) => pile.total).map((pile) =>
      h("button", { class: "pile", "aria-pressed": String(pile.pile === session.pile), onclick: () => this.choose(pile.pile) },
        PILES[pile.pile][1], h("span", { class: "left" }, String(pile.left))));
    return choices.length > 1 && h("nav", { class: "piles", "aria-label": "What to look at" }, choices);
  }

  choose(pile) {
    this.table.view = this.table.single;
    this.table.session.choose(pile).catch((problem) => this.table.stumble(problem));
  }

  progress(session) {
    const { total } = session.progress;
    const share = total ? (100 * session.done) / total : 100;
    const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("i", { style: `width:${share}%` }));
    return h("p", { class: "progress" }, this.timeLeft(session), h("span", {}, `${session.done} of ${count(total, ...PILES[session.pile])}`), bar);
  }

  // How long somebody still has who said so; when it is over, what came of it.
  timeLeft({ left, takenAt }) {
    if (left === null || left === undefined) return "";
    const seconds = left - (Date.now() - takenAt) / 1000;
    const to = () => this.table.toPage("ten");
    return h("button", { class: "link", onclick: to }, seconds > 60 ? `${Math.ceil(seconds / 60)} min left` : seconds > 0 ? "last minute" : "time is up");
  }

  state(session) {
    const { outbox, sending } = session;
    const kept = outbox.waiting ? h("span", {}, outbox.failures ? "not kept yet" : "keeping…") : h("span", { class: "kept" }, "kept here ✓");
    // Where a restart empties the disk, the second sign is the one that counts.
    return h("p", { class: `state${sending.disk_is_kept ? "" : " sent-counts"}` }, kept, " · ", this.sent(sending, session.takenAt));
  }

  // What an annotator has to know, in a sentence; nothing is lost in any of these cases.
  problem({ outbox, sending }) {
    let sentence = sending.problem ?? "";
    if (!sending.disk_is_kept) sentence = sentence ? `${sentence} A restart before that loses them.` : "A restart empties this machine's disk: only what is sent is safe.";
    if (outbox.waiting && outbox.failures) {
      const waiting = count(outbox.waiting, "decision waits", "decisions wait");
      sentence = `The light table isn't responding. ${waiting} in this window; trying again.`;
    }
    // One that passes lies over the photo on a phone: nothing moves under the thumb when it comes and goes.
    return h("p", { class: `problem${sending.disk_is_kept ? " passing" : ""}`, role: "status" }, sentence);
  }

  // While there is no model, or only a quick one: what is missing, and the owner's way on.
  model({ model }) {
    if (!model) return "";
    const mine = model.button && this.table.pages?.some((page) => page.name === "rounds");
    return h("p", { class: "model", role: "status" }, model.words, " ",
      mine && h("button", { class: "link", onclick: () => this.table.toPage("rounds") }, model.button));
  }

  sent(sending, takenAt) {
    if (sending.unsent) {
      const now = () => this.table.session.sendNow().catch(() => this.table.noAnswer("The light table isn't responding."));
      return h("button", { class: "link", onclick: now }, `${sending.unsent} not sent yet`, h("span", { class: "wide" }, ", send now"));
    }
    const sign = (words) => h("span", { class: "sent" }, `${words} ✓`);
    if (sending.sent_ago === null) return sign("all sent");
    const minutes = Math.floor((sending.sent_ago + (Date.now() - takenAt) / 1000) / 60);
    return sign(minutes ? `sent ${minutes} min ago` : "sent just now");
  }

  person(session) {
    const out = h("button", { class: "link", onclick: () => this.table.signOut() }, "sign out");
    return h("p", { class: "person" }, session.who, " ", out);
  }
}

// The row of keys: on a wide screen hints that can be clicked, on a phone buttons for a thumb.
export function keyRow(actions) {
  return actions.map(([name, words, does, place]) =>
    h("button", { class: `act ${place ?? ""}`, onclick: does, "aria-keyshortcuts": name }, key(SIGNS[name] ?? name), h("span", {}, words)));
}

const SIGNS = { ArrowLeft: "←", ArrowRight: "→", Enter: "↵", " ": "space", Backspace: "⌫", Escape: "esc", Shift: "⇧", "Shift+Enter": "⇧↵" };
