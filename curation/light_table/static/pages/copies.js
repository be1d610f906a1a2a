// Copies side by side: the framed one stays, the others are marked as its duplicates. One key a group, or one for all.

import { cards } from "../class_cards.js";
import { Page } from "./page.js";
import { count, h, key } from "../dom.js";
import { view } from "../viewer.js";

const FEW = 12; // groups on the page, when more are fetched
const EVERY_PAIR = 40; // members up to which each pair is judged apart, beyond it those with the framed photo
const RENEW = 45000;
const ALIKE = "These look alike. Are they one shot, or two things?";
const ASKS = "The same shot under two labels: at least one of them is wrong. Which one is right?";

export default class Copies extends Page {
  async open(asked = {}) {
    this.groups = null;
    await super.open(asked);
    if (this.table.view !== this) return;
    Object.assign(this, { past: [], groups: this.values.groups.map(begin), left: this.values.left, at: 0 });
    this.redraw();
    clearInterval(this.renewing);
    this.renewing = setInterval(() => this.table.view === this && this.table.visible && this.restock(), RENEW);
  }

  get session() {
    return this.table.session;
  }

  get group() {
    return this.groups?.[this.at] ?? null;
  }

  redraw() {
    this.drawn = false;
    if (this.table.view === this) this.show();
    // The first one is there from the beginning, below what the page says of itself.
    if (this.at) this.sheet?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  show() {
    if (this.drawn || !this.groups) return;
    super.show();
  }

  lay() {
    this.bar = h("div", { class: "copies-bar" }, h("p", { class: "lab" }, this.howMany()), this.bulk());
    this.sheet = h("div", { class: "groups" }, this.groups.map((group, place) => this.row(group, place)));
    if (!this.groups.length) return this.nothing();
    return [h("p", { class: "soft lead" }, "The framed photo stays. The others are marked as its duplicates, and the model won't learn from them twice. Nothing is deleted."), this.bar, this.sheet];
  }

  howMany() {
    const rest = this.left - this.groups.length;
    return `${count(this.groups.length, "group", "groups")} here${rest > 0 ? `, ${rest} more behind` : ""}`;
  }

  bulk() {
    const ready = this.acceptable();
    return ready.length > 1 && h("button", { class: "ghost", onclick: () => this.acceptAll() }, `Accept all ${ready.length} suggestions `, key("a"));
  }

  // What may be accepted in one go: not what a person has to say a word about, nor photos that only look alike.
  acceptable() {
    return this.groups.filter((group) => !group.asks && group.sure);
  }

  nothing() {
    if (this.coming) return [h("div", { class: "empty coming" }, h("p", {}, "One moment…"))];
    if (this.left > 0) {
      return [h("div", { class: "empty" }, h("h2", {}, "The last ones are taken"), h("p", {}, `Somebody else has ${count(this.left, "group", "groups")} in front of them.`))];
    }
    return [h("div", { class: "empty" }, h("h2", {}, "No copies are left to decide"), h("p", {}, "Every group has one photo that stays."),
      h("button", { class: "big", onclick: () => this.table.toSingle() }, "Back to the photos"))];
  }

  row(group, place) {
    const here = place === this.at;
    return h("section", { class: "group", "aria-current": here && "true", "aria-label": `Group ${place + 1}`, onclick: () => this.walk(place) },
      group.asks ? this.question(group, place) : h("p", { class: "reason" }, this.reason(group)),
      h("div", { class: "members" }, group.members.map((member, nth) => this.tile(group, place, member, nth))));
  }

  // What they are, unless that is asked, and why this one.
  reason(group) {
    if (!group.sure) return ALIKE;
    const label = group.labels.find((one) => one.id === group.label) ?? group.members.find((member) => member.labelled)?.labelled;
    const words = [h("em", {}, label?.title ?? "No label yet"), group.label ? ", all of them" : "", " · "];
    if (group.best === group.members[0].image_id) return [words, h("b", {}, "suggested: "), `${group.reason[0].toLowerCase()}${group.reason.slice(1)}`];
    return [words, h("b", {}, "your choice"), " is framed."];
  }

  question(group, place) {
    const choose = (label) => (event) => {
      event.stopPropagation();
      this.at = place;
      this.chooseLabel(label.id);
    };
    return h("div", { class: "why" }, h("p", {}, ASKS),
      h("div", { class: "gives" }, group.labels.map((label, nth) =>
        h("button", { class: "ghost", onclick: choose(label) }, label.title, " ", key(String(nth + 1))))));
  }

  tile(group, place, member, nth) {
    const kept = member.image_id === group.best && !group.asks;
    const fate = !group.sure ? kept ? "framed" : member.labelled?.title ?? "no label" : group.asks ? member.labelled?.title ?? "no label" : kept ? "stays" : this.isSafe(group, member) ? "stays: sealed test" : "duplicate";
    const words = [`${member.width} × ${member.height}`, group.members.length > 1 && member.sharp !== null && softness(member.sharp), member.sealed && "sealed test"];
    return h("figure", { class: "copy", style: `--ratio: ${member.width / member.height}` },
      h("button", { class: "cell", "aria-pressed": String(kept), "aria-label": `${nth + 1}: ${fate}, ${words.filter(Boolean).join(", ")}`,
        onclick: (event) => this.choose(event, place, member) },
      h("img", { src: this.table.server.photo(member.image_id, 640), alt: "", loading: "lazy", draggable: "false" })),
      h("figcaption", {}, h("b", {}, nth < 9 && !group.asks ? key(String(nth + 1)) : "", " ", fate), ` ${words.filter(Boolean).join(" · ")}`));
  }

  // A photo of the sealed test never goes for one that is learned from.
  isSafe(group, member) {
    return member.sealed && !group.members.find((other) => other.image_id === group.best).sealed;
  }

  choose(event, place, member) {
    event.stopPropagation();
    this.at = place;
    if (this.group.asks) this.redraw();
    else this.frame(member);
  }

  frame(member) {
    const { group } = this;
    if (group.members.some((other) => other.sealed) && !member.sealed) {
      this.table.tell("The photo of the sealed test stays: the test must not lose it to a copy in training.", true);
      return;
    }
    group.best = member.image_id;
    this.redraw();
  }

  chooseLabel(classId) {
    Object.assign(this.group, { label: classId, asks: false });
    this.redraw();
  }

  walk(place) {
    this.at = Math.max(0, Math.min(this.groups.length - 1, place));
    this.redraw();
  }

  actions() {
    const always = [["Backspace", "undo", () => this.takeBack(), "main"], ["Escape", "back to the photos", () => this.table.toSingle(), this.group ? "" : "main"]];
    if (!this.group) return always;
    return [
      ["Enter", this.group.sure ? "keep framed" : "one shot: keep framed", () => this.accept(), "main"],
      ["x", this.group.sure ? "not copies" : "two things", () => this.apart(), "main"],
      ["ArrowRight", "another stays", () => this.step(1)],
      ["z", "look closer", () => this.look()],
      ["i", "about the class", () => this.about()],
      ["u", "unsure", () => this.unsure()],
      [" ", "skip", () => this.skip(), "main"],
      ["a", "accept all", () => this.acceptAll()],
      ...always,
    ];
  }

  keys(name) {
    const { group } = this;
    const listed = this.actions().find(([known]) => known === name);
    if (listed) return listed[2];
    if (!group) return null;
    const walks = { ArrowUp: () => this.walk(this.at - 1), ArrowDown: () => this.walk(this.at + 1), ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1) };
    if (walks[name]) return walks[name];
    if (!/^[1-9]$/.test(name)) return null;
    if (group.asks) return group.labels[name - 1] ? () => this.chooseLabel(group.labels[name - 1].id) : null;
    return group.members[name - 1] ? () => this.frame(group.members[name - 1]) : null;
  }

  step(by) {
    const { members, best, asks } = this.group;
    if (asks) return this.table.tell("First say which label is right: press its digit.", true);
    const open = members.some((member) => member.sealed) ? members.filter((member) => member.sealed) : members;
    const at = open.findIndex((member) => member.image_id === best);
    this.frame(open[(at + by + open.length) % open.length]);
  }

  look() {
    const { members, best } = this.group;
    const photos = members.map((member) => ({ ...member, labelled: member.labelled?.title ?? "no label yet", words: `${member.width} × ${member.height}${member.sealed ? " · sealed test" : ""}` }));
    const why = this.group.asks ? ASKS : this.reason(this.group);
    // Which one stays is no question before the label is settled.
    const frame = this.group.asks ? null : (imageId) => this.frame(members.find((member) => member.image_id === imageId));
    view(this.table, photos, members.findIndex((member) => member.image_id === best), why, frame);
  }

  about() {
    const { labels, members } = this.group;
    cards(this.table, (labels.length ? labels : members.map((member) => member.labelled)).filter(Boolean).map((label) => label.id));
  }

  accept() {
    if (this.group.asks) this.table.tell("First say which label is right: press its digit.", true);
    else this.decide([this.group], keeping(this.group, this));
  }

  acceptAll() {
    const ready = this.acceptable();
    const moves = ready.flatMap((group) => keeping(group, this));
    if (!moves.length) return;
    const marked = moves.filter((move) => move.do === "duplicate_of").length;
    this.decide(ready, moves);
    this.table.tell(`${count(ready.length, "group", "groups")}, ${count(marked, "photo", "photos")} marked as duplicates. One ⌫ takes them all back.`, true);
  }

  apart() {
    const { members, best, keys } = this.group;
    const pairs = members.flatMap((one, place) => members.slice(place + 1).map((other) => [one, other]));
    const wanted = members.length > EVERY_PAIR ? pairs.filter((pair) => pair.some((one) => one.image_id === best)) : pairs;
    this.decide([this.group], wanted.map(([one, other]) =>
      ({ do: "not_duplicate", image_id: one.image_id, other: other.image_id, key: one.key ?? other.key ?? keys[0] })));
  }

  unsure() {
    this.decide([this.group], this.group.keys.map((name) => ({ do: "unsure", key: name, image_id: name.split("/")[1] })));
  }

  skip() {
    const { group } = this;
    this.past.push({ groups: [...this.groups], at: this.at, gone: 0 });
    this.groups = [...this.groups.filter((other) => other !== group), group];
    this.redraw();
  }

  decide(gone, moves) {
    this.past.push({ groups: [...this.groups], at: this.at, gone: gone.length });
    this.groups = this.groups.filter((group) => !gone.includes(group));
    this.left -= gone.length;
    this.at = Math.min(this.at, Math.max(0, this.groups.length - 1));
    this.session.together(moves);
    this.redraw();
    if (this.groups.length < FEW && this.left > this.groups.length) this.restock();
  }

  // A step of this page comes back as it was; an older one, when the server has said which it was.
  async takeBack() {
    const before = this.past.pop();
    if (!before || before.gone) {
      const { undo } = this.session;
      this.table.takeBack();
      if (!undo) return;
    }
    if (!before) {
      await this.session.kept();
      await this.open();
      return;
    }
    const names = new Set(before.groups.map((group) => group.name));
    this.groups = [...before.groups, ...this.groups.filter((group) => !names.has(group.name))];
    this.left += before.gone;
    this.at = before.at;
    this.redraw();
  }

  // Hold what is here for longer, and fetch what comes next.
  async restock() {
    if (this.coming) return;
    this.coming = true;
    await this.session.kept();
    const fresh = await this.table.server.page(this.name, {}).catch(() => null);
    this.coming = false;
    if (!fresh || this.session.outbox.waiting) return this.groups.length || this.redraw();
    const here = new Set(this.groups.map((group) => group.name));
    this.groups.push(...fresh.groups.filter((group) => !here.has(group.name)).map(begin));
    this.left = fresh.left;
    this.redraw();
  }
}

// A group as it lies on the page: which one is framed, and which label they get where they disagree.
function begin(group) {
  return { ...group, best: group.members[0].image_id, asks: group.labels.length > 1, label: null };
}

function keeping(group, page) {
  const others = group.members.filter((member) => member.image_id !== group.best && !page.isSafe(group, member));
  const wrong = group.label ? group.members.filter((member) => member.labelled?.id !== group.label) : [];
  const name = (member) => member.key ?? group.keys[0];
  const right = group.members.find((member) => member.image_id === group.best && member.doubt && !wrong.includes(member));
  return [
    // Whoever says which label is right has answered the doubt about it, too.
    ...(group.label && right ? [{ do: "keep", image_id: right.image_id, key: right.doubt }] : []),
    ...wrong.map((member) => ({ do: "relabel", image_id: member.image_id, label: group.label, key: name(member) })),
    ...others.map((member) => ({ do: "duplicate_of", image_id: member.image_id, other: group.best, key: name(member) })),
  ];
}

function softness(share) {
  return share >= 0.91 ? "sharp" : share >= 0.6 ? "softer" : "much softer";
}
