// What lies before one annotator, without a screen: the next questions, what was done, what is on its way.

import { keptTexts } from "./drafts.js";
import { Outbox } from "./outbox.js";
import { ulid } from "./dom.js";

const ids = (item) => item.choices.map((choice) => choice.id).join();

export class Session {
  // `show()` is called after every change; `tell(sentence)` with what a person should know.
  constructor(server, first, show, tell) {
    this.server = server;
    this.show = show;
    this.tell = tell;
    this.trail = [];
    this.asked = 0;
    this.outbox = new Outbox(`${first.place}.${first.who}`, (groups, done) => this.deliver(groups, done), () => this.show());
    this.take(first);
    this.outbox.post();
  }

  get item() {
    return this.items?.[0] ?? null;
  }

  take(answer) {
    for (const name of ["who", "title", "pile", "piles", "undo", "sending", "model", "proposal", "left"]) this[name] = answer[name];
    const open = answer.items.filter((item) => !this.outbox.holds(item.key));
    const visited = this.item?.visited ? [this.item] : [];
    const here = this.item && open.find((item) => item.key === this.item.key);
    // What is on screen stays there, as long as it is still a question; before there is a model it is laid anew where
    // the classes to choose from became more.
    const stays = here && (this.model && ids(here) !== ids(this.item) ? here : this.item);
    this.items = here ? [stays, ...open.filter((item) => item !== here)] : [...visited, ...open];
    this.takenAt = Date.now();
  }

  // A photo that was looked for, before everything that is asked; and away from it again.
  visit(item) {
    this.leave();
    this.items = [{ ...item, visited: true }, ...this.items.filter((other) => other.key !== item.key)];
  }

  leave() {
    this.items = (this.items ?? []).filter((item) => !item.visited);
  }

  // `added`: the title of a class that is to be made first, in the same step.
  decide(action, more = {}, added = null) {
    if (!this.item) return;
    const item = this.items.shift();
    this.trail.push(item);
    this.undo += 1;
    this.outbox.put([...newClass(added), { id: ulid(), do: action, key: item.key, image_id: item.image_id, ...more }]);
  }

  together(moves, added = null) {
    if (!moves.length) return;
    this.trail.push(null);
    this.undo += 1;
    const keys = new Set(moves.map((move) => move.key));
    this.items = this.items.filter((item) => !keys.has(item.key));
    this.outbox.put([...newClass(added), ...moves.map((move) => ({ id: ulid(), ...move }))]);
  }

  // A step of another page that nobody answered to: it waits with the decisions.
  later(group) {
    this.trail.push(null);
    this.undo += 1;
    this.outbox.put(group);
  }

  takeBack() {
    if (!this.undo) {
      this.tell("There is nothing left to undo.");
      return false;
    }
    this.undo -= 1;
    const item = this.trail.pop() ?? null;
    // A step of this page comes back at once; an older one, or a batch, when the server has said which it was.
    this.items = item ? [item, ...this.items.filter((other) => other.key !== item.key)] : [];
    this.outbox.put([{ id: ulid(), do: "undo" }]);
    return true;
  }

  // A step was made, or taken back, on another page: what lies here may have another name now.
  async tookPart(isUndo) {
    if (isUndo) this.trail.pop();
    else this.trail.push(null);
    await this.choose(this.pile).catch(() => {});
  }

  // Until what was decided is kept, or it is clear that nobody answers.
  async kept() {
    while (this.outbox.waiting && !this.outbox.failures) await new Promise((done) => setTimeout(done, 30));
  }

  async choose(pile) {
    this.items = [];
    this.pile = pile;
    this.show();
    await this.refresh(pile);
  }

  async refresh(pile) {
    const asked = ++this.asked;
    const answer = await this.server.look(pile);
    if (asked === this.asked && !this.outbox.waiting) this.take(answer);
    this.show();
  }

  async deliver(groups, done) {
    this.asked += 1;
    const answer = await this.server.moves(groups, null);
    const outcomes = answer.outcomes;
    done(groups.filter((_, place) => outcomes[place] && !outcomes[place].again));
    for (const outcome of outcomes) if (!outcome.ok) this.tell(outcome.error);
    outcomes.forEach((outcome, place) => !outcome.again && this.settle(groups[place], outcome));
    this.asked += 1;
    if (!this.outbox.waiting) this.take(answer);
    else this.restock(answer);
    return { again: outcomes.some((outcome) => outcome.again) };
  }

  settle(group, outcome) {
    if (outcome.ok) keptTexts(this.who, group);
    this.heard?.(group, outcome);
  }

  // More was decided while the answer was on its way: only fill up behind what is on screen.
  restock(answer) {
    const here = new Set(this.items.map((item) => item.key));
    const fresh = answer.items.filter((item) => !here.has(item.key) && !this.outbox.holds(item.key));
    if (!this.outbox.groups.some((group) => group[0].do === "undo")) this.items.push(...fresh);
    this.sending = answer.sending;
    this.proposal = answer.proposal;
    this.piles = answer.piles; // what was delivered is counted there now, and no longer as on its way
    this.takenAt = Date.now();
  }

  async sendNow() {
    this.sending = { ...this.sending, ...(await this.server.send()) };
    this.takenAt = Date.now();
    this.show();
  }

  get progress() {
    return this.piles.find((pile) => pile.pile === this.pile) ?? { pile: this.pile, done: 0, total: 0, left: 0 };
  }

  // Counts with what is still on its way already in them.
  get done() {
    const onTheWay = this.outbox.groups.flat().filter((move) => (this.pile === "plan" ? move.key : move.key?.startsWith(`${this.pile}/`)));
    const settled = onTheWay.filter((move) => !["skip", "unsure", "undo"].includes(move.do)).length;
    return Math.min(this.progress.total, this.progress.done + settled);
  }
}

function newClass(title) {
  return title ? [{ id: ulid(), do: "add_class", title }] : [];
}
