// <vitrine-ask>: show a photo, read its placard, say when it is wrong. Used by the app and by GitHub Pages.
import { Camera, lightened, pasted, pictureAmong } from "./camera.js";
import { AppClient } from "./app_client.js";
import { button, element, picture } from "./elements.js";
import { card, chosen, heading, placard, plausible } from "./placard.js";
import { namesSheet, suggestSheet } from "./suggest.js";
import { hung, welcome } from "./welcome.js";
import { TEXT, things } from "./words.js";

const QUIET = 300;
const SLOW = 8000;
const SOON = 4000; // ms between two looks whether there is a model
const NOW_AND_THEN = 10000; // ms between two looks how far the better one is
const WIDE = matchMedia("(min-width: 900px)");

class Ask extends HTMLElement {
  #client;
  #camera;
  #room = null;
  #cards = new Map();
  #photo = null;
  #shown = "";
  #turn = 0;
  #wasLive = false;
  #remarked = -1;
  #lacking = "";

  open(address) {
    if (this.#client) return;
    this.#client = new AppClient(address);
    this.#build();
    this.#listen();
    this.#meet();
  }

  // What is always there: the line above, the stage, what is answered, the buttons.
  #build() {
    const root = this.attachShadow({ mode: "open" });
    const styles = ["colours.css", "ask.css"].map((name) =>
      element("link", { rel: "stylesheet", href: new URL(name, import.meta.url).href }));
    this.video = element("video", { muted: true, playsinline: true, "aria-label": "What the camera sees" });
    this.video.muted = true;
    this.#camera = new Camera(this.video);
    this.name = element("p.title", {});
    this.corner = element("div.corner");
    this.policy = element("div.policy");
    this.notice = element("p.policy.notice", { role: "status" });
    this.stage = element("div.stage", {}, element("div.wall", {}, element("div.hang")), this.video,
      element("div.photo"), element("div.outline", { "aria-hidden": "true" }), element("p.hint"));
    this.answer = element("div.answer");
    this.live = element("p.live", { role: "status", "aria-live": "polite" });
    this.foot = element("div.foot");
    this.chooser = element("input", { type: "file", accept: "image/*,.heic,.heif,.avif", hidden: true });
    this.snapper = element("input", { type: "file", accept: "image/*", capture: "environment", hidden: true });
    this.panel = element("main.room", { "data-state": "start" },
      element("header.line", {}, this.name, this.corner), this.notice, this.policy, this.stage,
      element("div.side", {}, this.answer, this.foot), this.live, this.chooser, this.snapper);
    // Unstyled it would be seen for a moment, and then jump.
    this.panel.hidden = true;
    const loaded = styles.map((style) => new Promise((done) => {
      style.addEventListener("load", done);
      style.addEventListener("error", done);
    }));
    Promise.all(loaded).then(() => {
      this.panel.hidden = false;
    });
    root.append(...styles, this.panel);
    this.$ = (selector) => root.querySelector(selector);
    this.#start();
  }

  #listen() {
    for (const input of [this.chooser, this.snapper]) {
      input.addEventListener("change", () => {
        this.#take(pictureAmong(input.files));
        input.value = "";
      });
    }
    document.addEventListener("paste", (event) => {
      const file = pictureAmong(event.clipboardData?.files);
      if (file && this.#isSeen()) this.#take(file);
    });
    this.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.panel.classList.add("over");
    });
    this.addEventListener("dragleave", () => this.panel.classList.remove("over"));
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      this.panel.classList.remove("over");
      this.#take(pictureAmong(event.dataTransfer?.files));
    });
    // A camera that nobody looks through is closed.
    new IntersectionObserver(([entry]) => !entry.isIntersecting && this.#camera.live && this.#start()).observe(this);
    document.addEventListener("visibilitychange", () => document.hidden && this.#camera.live && this.#start());
    WIDE.addEventListener("change", () => this.#state() === "start" && this.#start());
  }

  #isSeen = () => this.checkVisibility?.() ?? true;
  #state = () => this.panel.dataset.state;

  #go(state) {
    this.panel.dataset.state = state;
    this.corner.replaceChildren(...this.#cornerOf(state));
  }

  #cornerOf(state) {
    if (state === "answer") {
      const again = () => this.#ask(this.#photo);
      return [button("quiet", "Again ↺", again, { "aria-label": "Ask about this photo again" })];
    }
    if (state !== "start" || !this.#room) return [];
    const names = `${things(this.#cards.size)} ▾`;
    return [button("quiet", names, () => this.#names(), { "aria-label": "What this room can name" })];
  }

  #names = () => this.#open(namesSheet(this.#room, this.#all()));

  #all = () => [...this.#cards.values()];

  // Learn what the room is about; the photo can be chosen meanwhile.
  async #meet() {
    try {
      this.#room = await this.#client.room((told) => this.#say(told));
      const classes = await this.#client.classes();
      this.#cards = new Map(classes.map((about) => [about.label, about]));
    } catch (trouble) {
      if (trouble.code === "no_model_yet") return this.#notYet(trouble.message);
      return this.#fail(trouble, () => this.#start() ?? this.#meet());
    }
    if (this.#lacking) this.#start();
    this.#lacking = "";
    this.#say("");
    this.#follow(this.#room);
    this.name.textContent = this.#room.title;
    this.policy.replaceChildren(...this.#policyLines());
    this.$(".hang").replaceChildren(...hung(this.#all()));
    if (this.#state() === "start") this.#furnish();
  }

  // No model yet: the page says so, and goes on by itself as soon as there is one.
  #notYet(message) {
    setTimeout(() => this.#meet(), SOON);
    if (message === this.#lacking) return;
    this.#lacking = message;
    this.#go("error");
    const [first, ...rest] = message.split(/(?<=\.) /);
    this.answer.replaceChildren(card("trouble", TEXT.noModelYet, [heading(first), element("p.summary", {}, rest.join(" "))]));
    const tab = document.querySelector('[role="tab"][data-tab-id="light-table"]');
    this.#buttons(tab && button("main", TEXT.toLightTable, () => tab.click()));
    this.#announce();
  }

  // A provisional model says so above the photo; when a better one has taken its place, that is said once.
  #follow(room) {
    const was = this.notice.textContent;
    this.notice.textContent = room.notice || (was && was !== TEXT.better ? TEXT.better : "");
    if (!room.notice) return;
    setTimeout(async () => {
      const fresh = await this.#client.room(() => {}).catch(() => room);
      if (fresh.revision !== room.revision) {
        const classes = await this.#client.classes().catch(() => this.#all());
        this.#cards = new Map(classes.map((about) => [about.label, about]));
        this.#room = fresh;
      }
      this.#follow(fresh);
    }, NOW_AND_THEN);
  }

  #policyLines() {
    if (this.#room.subject !== "people") return [];
    return [this.#room.intended_use, this.#room.consent].filter(Boolean).map((line) => element("p", {}, line));
  }

  #start() {
    this.#turn += 1;
    this.#camera.close();
    this.#photo = null;
    this.#show(null);
    this.#say("");
    this.#furnish();
    const paste = button("ghost", "Paste", () => this.#paste());
    const camera = (kind, text) => button(kind, text, () => this.#openCamera(), { "aria-label": "Open the camera" });
    const photos = (kind, text) => button(kind, text, () => this.chooser.click());
    // Under a thumb the camera comes first, beside a mouse the files do.
    if (WIDE.matches) this.#buttons(camera("ghost", "Camera"), paste, photos("main", "Choose a photo"));
    else this.#buttons(photos("ghost", "Photos"), camera("shutter", ""), paste);
  }

  // What the start shows of the room; it may be learnt later, and then the buttons (and the focus) stay.
  #furnish() {
    this.#go("start");
    const bare = this.$(".hang").childElementCount ? TEXT.tap : TEXT.tapBare;
    if (this.#remarked !== this.#turn) this.$(".hint").textContent = WIDE.matches ? TEXT.drop : bare;
    this.answer.replaceChildren(...(WIDE.matches ? [welcome(this.#room, this.#all(), this.#names)] : []));
  }

  // Something to say about what was just tried; it stays until the next try.
  #remark(text) {
    this.#remarked = this.#turn;
    this.$(".hint").textContent = text;
  }

  #buttons(...buttons) {
    this.foot.replaceChildren(...buttons.filter(Boolean));
  }

  async #openCamera() {
    const turn = this.#turn;
    if (!(await this.#camera.open())) {
      // Where no live picture is allowed, a phone's own camera app still is.
      if (turn === this.#turn) this.#remark(TEXT.noCamera);
      this.snapper.click();
      return;
    }
    if (turn !== this.#turn) return this.#camera.close();
    this.#wasLive = true;
    this.#go("live");
    this.$(".hint").textContent = TEXT.fit;
    this.#buttons(
      button("ghost", "Photos", () => this.chooser.click()),
      button("shutter", "", async () => this.#take(await this.#camera.capture(), true), { "aria-label": "Take the photo" }),
      button("ghost", "Close", () => this.#stop()),
    );
    this.$(".shutter").focus({ preventScroll: true });
  }

  #stop() {
    this.#wasLive = false;
    this.#start();
  }

  async #paste() {
    const file = await pasted();
    if (file) return this.#take(file);
    this.#remark(file === null ? TEXT.nothingToPaste : TEXT.noPaste);
  }

  async #take(file, fromCamera = false) {
    if (!file) {
      this.#remark(TEXT.notAPicture);
      return;
    }
    this.#camera.close();
    if (!fromCamera) this.#wasLive = false;
    this.#show(file);
    await this.#ask(fromCamera ? file : await lightened(file));
  }

  #show(file) {
    if (this.#shown) URL.revokeObjectURL(this.#shown);
    this.#shown = file ? URL.createObjectURL(file) : "";
    this.$(".photo").replaceChildren(...(file
      ? [picture(this.#shown, "", { class: "around", "aria-hidden": "true" }), picture(this.#shown, "Your photo")] : []));
  }

  // One question: the photo is seen at once, a quiet line comes after a moment, then the answer.
  async #ask(photo) {
    const turn = ++this.#turn;
    const current = () => turn === this.#turn;
    this.#photo = photo;
    this.#go("waiting");
    this.answer.replaceChildren();
    this.#buttons(button("ghost", "Cancel", () => this.#start()));
    this.#say("");
    const tell = (told) => current() && this.#say(told);
    const quiet = setTimeout(() => tell(TEXT.looking), QUIET);
    const slow = setTimeout(() => tell(TEXT.slow), SLOW);
    try {
      const answer = await this.#client.predict(photo, tell);
      if (current()) this.#answered(answer);
    } catch (trouble) {
      if (current()) this.#fail(trouble, () => this.#ask(photo));
    } finally {
      clearTimeout(quiet);
      clearTimeout(slow);
    }
  }

  #answered(answer) {
    this.#go("answer");
    this.answer.replaceChildren(...placard(answer, this.#room ?? {}, this.#cards, (one) =>
      this.#choose(answer, one)).filter(Boolean));
    const next = button("main", "Next photo", () => this.#next());
    const suggest = (text, first = null) => button("ghost", text, () => this.#suggest(answer, first));
    if (answer.answer === "one_of" && !answer.lead) this.#buttons(suggest(plausible(answer.candidates).length > 2 ? "None" : "Neither"), suggest("Don't know", "unknown"),
      button("main", "Next", () => this.#next(), { "aria-label": "Next photo" }));
    else this.#buttons(suggest(answer.answer !== "none" ? "That's wrong" : "It should be here"), next);
    this.#announce();
  }

  #choose(answer, candidate) {
    this.answer.replaceChildren(chosen(candidate.title, this.#cards.get(candidate.label)));
    this.#buttons(button("ghost", "Tell the museum", () => this.#suggest(answer, candidate.label)),
      button("main", "Next photo", () => this.#next()));
    this.#announce();
  }

  #announce() {
    const kick = this.answer.querySelector(".kick")?.textContent ?? "";
    const title = this.answer.querySelector("h2");
    this.#say(`${kick}. ${title?.textContent ?? ""}`);
    title?.focus({ preventScroll: true });
    this.panel.scrollIntoView({ block: "start" });
  }

  #suggest(answer, first) {
    this.#open(suggestSheet({ room: this.#room ?? {}, cards: this.#all(), first,
      send: (label, consent) => this.#client.suggest(answer.prediction_id, label, consent),
      fate: (receipt) => this.#client.fate(receipt) }));
  }

  #open(dialog) {
    this.panel.append(dialog);
    dialog.showModal();
  }

  #next() {
    const live = this.#wasLive;
    this.#start();
    if (live) this.#openCamera();
    else this.$(".shutter, .foot .main").focus({ preventScroll: true });
  }

  #fail(trouble, again) {
    this.#go("error");
    this.answer.replaceChildren(card("trouble", this.#photo ? "No answer yet" : "Nobody is here", [
      heading(trouble.message)]));
    const retry = ["unreachable", "too_many", "not_ready", "no_model_yet", "trouble"].includes(trouble.code);
    const another = (kind) => button(kind, "Another photo", () => this.#start());
    if (!this.#photo) this.#buttons(button("main", "Try again", again));
    else if (retry) this.#buttons(another("ghost"), button("main", "Again", again));
    else this.#buttons(another("main"));
    this.#announce();
  }

  #say(told) {
    this.live.textContent = told;
  }
}

customElements.define("vitrine-ask", Ask);

/** Bring the <vitrine-ask> inside `element` to life; `address`: the app's, by default where this page came from. */
export function mount(inside, address = new URL("..", import.meta.url).href) {
  inside.querySelector("vitrine-ask").open(address);
}
