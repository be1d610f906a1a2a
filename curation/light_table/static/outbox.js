// Decisions on their way to the server's disk. They outlive this page, go in order, and are safe to send twice.

const RETRY = [500, 1000, 2000, 5000, 10000];

export class Outbox {
  // `deliver(groups)` resolves to the server's answer; `changed()` is called whenever the state may have.
  constructor(who, deliver, changed) {
    this.prefix = `vitrine.light-table.${who}.`;
    this.deliver = deliver;
    this.changed = changed;
    this.groups = stored(this.prefix);
    this.failures = 0;
    this.busy = false;
    this.refused = null;
  }

  get waiting() {
    return this.groups.length;
  }

  holds(key) {
    return this.groups.some((group) => group.some((move) => move.key === key && move.do !== "undo"));
  }

  put(group) {
    this.groups.push(group);
    try {
      localStorage.setItem(this.prefix + group[0].id, JSON.stringify(group));
    } catch {
      // No room or no leave to store: the group still lives as long as this page.
    }
    this.changed();
    this.post();
  }

  async post() {
    if (this.busy || !this.waiting || this.refused) return;
    this.busy = true;
    clearTimeout(this.timer);
    try {
      const sent = this.groups.slice(0, 200);
      const answer = await this.deliver(sent, (done) => done.forEach((group) => this.drop(group)));
      this.failures = answer.again ? this.failures + 1 : 0;
    } catch (problem) {
      this.failures += 1;
      if (problem.status === 401 || problem.status === 403) this.refused = problem;
    }
    this.busy = false;
    this.changed();
    if (!this.waiting || this.refused) return;
    if (!this.failures) this.post();
    else this.timer = setTimeout(() => this.post(), RETRY[Math.min(this.failures, RETRY.length) - 1]);
  }

  drop(group) {
    this.groups = this.groups.filter((other) => other !== group);
    try {
      localStorage.removeItem(this.prefix + group[0].id);
    } catch {
      // It was never stored, then.
    }
  }
}

function stored(prefix) {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix));
    return names.sort().map((name) => JSON.parse(localStorage.getItem(name)));
  } catch {
    return [];
  }
}
