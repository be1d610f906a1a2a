// Was it worth it? What the last decisions bought, the new model that waits, and every round so far.

import { count, day, h, share } from "../dom.js";
import { Page } from "./page.js";

const EVERY = 2000; // ms between two looks at a job

export default class Rounds extends Page {
  lay(values) {
    const { job, waiting } = values;
    this.follow(job);
    return [
      this.spoken(values),
      h("div", { class: "round-job", "aria-live": "polite" }, this.job(values)),
      waiting && this.candidate(waiting),
      this.story(values),
    ].filter(Boolean);
  }

  // What it came to, in a sentence; the figures are below.
  spoken({ bought, changes, next_hour, since, rounds, doubts_wait_for: whom }) {
    const nothing = "There is no model yet. Train the first one; from then on each round is compared with the one before.";
    const new_ones = since > 0 && `${count(since, "decision came", "decisions came")} since then.`;
    return h("div", { class: "round-words" },
      h("p", { class: "round-bought" }, bought || (rounds.length ? "" : nothing)),
      changes && h("p", { class: "soft" }, changes),
      next_hour && h("p", {}, next_hour), whom && h("p", { class: "soft" }, whom), new_ones && h("p", {}, new_ones));
  }

  job({ job, lacking, serving, newest }) {
    const button = (words, wanted, main) =>
      h("button", { class: main ? "round-do main" : "round-do", onclick: (event) => this.press(event, wanted) }, words);
    if (job.state === "running") {
      return [h("p", {}, h("b", {}, job.title), " · ", job.words || "beginning", " ", h("span", { class: "soft" }, step(job))),
        h("p", { class: "round-bar", role: "progressbar", "aria-valuenow": Math.round(100 * (job.share ?? 0)), "aria-valuemin": 0, "aria-valuemax": 100 },
          h("i", { style: `width:${100 * (job.share ?? 0.01)}%` })),
        h("p", { class: "soft" }, far(job), serving.revision && " The current model stays live."),
        button("Stop", { do: "stop" })];
    }
    const said = ["failed", "stopped", "interrupted"].includes(job.state) && h("p", { class: "why" }, job.sentence);
    const quick = serving.provisional && h("p", {}, `A quick model answers, ${serving.provisional}; a better one takes its place once it is trained.`);
    const loading = serving.loading && serving.revision && h("p", { class: "soft" }, "The new model is being loaded; the old one answers until it is ready.");
    const problem = serving.problem && h("p", { class: "why" }, serving.problem);
    const note = serving.note && h("p", { class: "soft" }, serving.note);
    const other = newest && serving.revision && newest !== serving.revision && !serving.loading;
    const again = other && [h("p", {}, "There is a newer release than the one in use."), button("Serve the newest", { do: "reload" })];
    const train = lacking ? h("p", { class: "soft" }, lacking) : button(newest ? "Train again" : "Train the first model", { do: "retrain" }, !this.values.waiting);
    return [said, quick, problem, loading, note, again, train].flat().filter(Boolean);
  }

  candidate(one) {
    const release = h("button", { class: "round-do main", onclick: (event) => this.press(event, { do: "release" }) }, "Release it");
    const discard = h("button", { class: "round-do", onclick: (event) => this.press(event, { do: "discard" }) }, "Throw it away");
    const better = one.changed.filter((row) => row.better);
    const worse = one.changed.filter((row) => !row.better);
    return h("section", { class: "round-waits", "aria-label": "The new model" },
      h("h2", {}, `Round ${one.number} waits`),
      h("p", { class: "round-figure" }, `${share(one.top1)} right first time`, h("span", { class: "soft" }, ` · ${range(one)} · ${count(one.n, "test photo", "test photos")}`)),
      one.found && h("p", {}, `Against round ${one.against}: ${count(one.found.better, "photo", "photos")} better, ${one.found.worse} worse.`),
      h("p", { class: "soft" }, "It answers nobody until you release it."),
      h("p", { class: "round-buttons" }, release, discard),
      one.changed.length > 0 && h("details", {},
        h("summary", {}, "Which photos changed (don't look if you still label the test)"),
        this.shelf("Right now, wrong before", better, (row) => [h("em", {}, row.truth), `, was taken for `, h("em", {}, row.before)]),
        this.shelf("Wrong now, right before", worse, (row) => [h("em", {}, row.truth), `, is taken for `, h("em", {}, row.after)]),
        h("p", { class: "soft" }, "They are back in the queue, without the model's opinion: a wrong label looks the same.")));
  }

  shelf(words, rows, told) {
    if (!rows.length) return "";
    const photo = (row) => h("figure", {},
      this.opens(row.image_id, "Open the photo", h("img", { src: this.table.server.photo(row.image_id, 240), alt: "", loading: "lazy" })), h("figcaption", {}, told(row)));
    return [h("h3", {}, `${words} (${rows.length})`), h("div", { class: "round-shelf" }, rows.map(photo))];
  }

  story({ rounds, chart, megabytes, model }) {
    if (!rounds.length) return "";
    return h("section", { "aria-label": "Round by round" }, h("h2", {}, "Round by round"),
      h("figure", { class: "round-chart" }, chart && drawing(chart),
        h("figcaption", {}, "Right first time on the sealed test as it was then, with the 95 % interval: what the true figure may be, given so many photos. Each line starts at the previous model's score on the same test, so its rise is the gain from your decisions.")),
      h("ol", { class: "round-list" }, [...rounds].reverse().map((one) => this.round(one))),
      rounds.length > 1 && megabytes > 0 && h("p", { class: "soft" },
        `Each round you can go back to takes ${megabytes} MB. To remove the weights of older ones: `, h("code", {}, `vitrine prune ${model} --keep 3`)));
  }

  round(one) {
    const back = !one.served && one.back &&
      h("button", { class: "round-do", onclick: (event) => this.press(event, { do: "rollback", round: one.number }) }, "Go back to it");
    const gone = !one.served && !one.back && h("span", { class: "soft" }, "its weights were pruned");
    return h("li", {}, h("p", {}, h("b", {}, `Round ${one.number}`), one.served && h("span", { class: "kept" }, " · served"), h("span", { class: "soft" }, ` · ${day(one.on, "UTC")}`)),
      h("p", {}, `${share(one.top1)}`, h("span", { class: "soft" }, ` · ${range(one)} · ${count(one.n, "test photo", "test photos")}${one.decisions ? ` · ${count(one.decisions, "decision more", "decisions more")}` : ""}`)),
      one.found && h("p", { class: "soft" }, one.bought), back, gone);
  }

  // Once pressed, a button waits for its answer; the page is laid anew with it.
  async press(event, wanted) {
    const pressed = event.currentTarget;
    pressed.disabled = true;
    const went = await this.act(wanted);
    pressed.disabled = false;
    const { job, serving } = this.values;
    // "Training has begun." is over when the training is, "Loading." when it is loaded.
    const still = { retrain: () => this.values.job.state === "running" && this.values.job.id === job.id, reload: () => this.values.serving.loading };
    if (went && (wanted.do !== "reload" || serving.loading)) this.table.tell(DONE[wanted.do] ?? "", false, still[wanted.do]);
  }

  // "Training waits until all is sent" ends when all is sent; "a job is running" with the job.
  holds({ code }) {
    const { session } = this.table;
    const unsent = session.sending.unsent > 0;
    const running = this.values.job.state === "running";
    if (code !== "too_busy") return () => true;
    if (unsent && !running) return () => session.sending.unsent > 0;
    return running ? () => this.values.job.state === "running" : () => true;
  }

  follow(job) {
    clearTimeout(this.timer);
    const busy = job.state === "running" || this.values.serving.loading;
    if (busy) this.timer = setTimeout(() => this.look(), EVERY);
  }

  // Only what moves is drawn again, so that whoever reads on is not disturbed.
  async look() {
    if (this.table.view !== this) return;
    let fresh;
    try {
      fresh = await this.table.server.page(this.name, this.values.job.state === "running" ? { only: "job" } : {});
    } catch (problem) {
      if (problem.status === 401) this.table.stumble(problem);
      else this.timer = setTimeout(() => this.look(), EVERY);
      return;
    }
    if (this.table.view !== this) return;
    Object.assign(this.values, fresh);
    if (fresh.job.state === "running") {
      const place = this.table.body.querySelector(".round-job");
      const focused = place?.contains(this.table.root.getRootNode().activeElement);
      place?.replaceChildren(...this.job(this.values));
      if (focused) place.querySelector("button")?.focus();
      this.follow(fresh.job);
      return;
    }
    this.drawn = false;
    this.show();
  }
}

const DONE = { retrain: "Training has begun.", stop: "Stopped.", release: "Released.", discard: "Thrown away.", rollback: "Gone back.", reload: "Loading." };

const drawing = (svg) => document.adoptNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement);
const range = (one) => `${share(one.low)} to ${share(one.high)}`;
const step = (job) => (job.steps ? `step ${job.step} of ${job.steps}` : "");

function far(job) {
  if (job.left === null || job.left === undefined) return `Begun ${minutes(job.seconds)} ago.`;
  return job.left < 60 ? "Less than a minute left." : `About ${minutes(job.left)} left.`;
}

function minutes(seconds) {
  if (seconds < 60) return "less than a minute";
  return seconds < 5400 ? count(Math.round(seconds / 60), "minute", "minutes") : `${(seconds / 3600).toFixed(1)} hours`;
}
