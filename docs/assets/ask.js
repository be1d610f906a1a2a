// <vitrine-ask>: show a photo, read its placard, say when it is wrong. Used by the app and by GitHub Pages.
import { aloud, shared } from "./actions.js";
import { goTo, leave, place, sharedAddress } from "./addresses.js";
import { Camera, lightened, openAtOnce, opensAtOnce, pasted, pictureAmong } from "./camera.js";
import { button, element, picture } from "./elements.js";
import { card, chosen, heading, placard, plausible } from "./placard.js";
import { compareSheet, whySheet } from "./closer.js";
import { caught, countsSheet, currentHunt, huntCard, huntSheet, progress, tickOff } from "./hunt.js";
import { quizSheet } from "./quiz.js";
import { LiveFrame, SIDE } from "./live_frame.js";
import { receiptsSheet } from "./receipts.js";
import { Recognizer } from "./recognizer.js";
import { namesSheet, thingSheet } from "./sheets.js";
import { suggestSheet } from "./suggest.js";
import { answeredBy, fetching, offlineSheet } from "./twin/screens.js";
import { TEXT as TWIN } from "./twin/words.js";
import { hung, welcome } from "./welcome.js";
import { TEXT, inOwnWords, keeper, speakOf, things } from "./words.js";

const QUIET = 300;
const SLOW = 8000;
const SOON = 4000; // ms between two looks whether there is a model
const NOW_AND_THEN = 10000; // ms between two looks how far the better one is
const WIDE = matchMedia("(min-width: 900px)");

class Ask extends HTMLElement {
  #client;
  #blursFaces = false;
  #camera;
  #frame;
  #told = null; // what the app said of the room, and of each thing, before it is put into the visitor's language
  #classes = [];
  #room = null;
  #cards = new Map();
  #photo = null;
  #answer = null;
  #choice = null; // the candidate that the visitor picked
  #receipt = ""; // of what was said about this answer
  #caught = null; // the answer that the last find on a hunt was
  #opened = null; // the sheet that the address names
  #shown = "";
  #turn = 0;
  #wasLive = false;
  #remarked = -1;
  #lacking = "";

  open(address, twins, blursFaces) {
    if (this.#client) return;
    this.#client = new Recognizer(address, twins, { blursFaces });
    this.#blursFaces = blursFaces;
    this.#build();
    this.#listen();
    this.#meet();
  }

  // What is always there: the line above, the stage, what is answered, the buttons.
  #build() {
    const root = this.attachShadow({ mode: "open" });
    const styles = ["colours.css", "ask.css"].map((name) =>
      element("link", { rel: "stylesheet", href: new URL(name, import.meta.url).href }));
    this.video = element("video", { muted: true, playsinline: true, "aria-label": TEXT.cameraSees });
    this.video.muted = true;
    this.#camera = new Camera(this.video);
    this.#frame = new LiveFrame(() => this.#camera.glimpse(SIDE), (there) => this.#framed(there));
    this.name = element("h1.title", {});
    this.corner = element("div.corner");
    this.policy = element("div.policy");
    this.notice = element("p.policy.notice", { role: "status" });
    this.stage = element("div.stage", {}, element("div.wall", {}, element("div.hang")), this.video,
      element("div.photo"), element("div.outline", { "aria-hidden": "true" }), this.#frame.element, element("p.hint"));
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
    addEventListener("popstate", () => this.#visit());
    addEventListener("hashchange", () => this.#visit());
    addEventListener("vitrine-language", () => this.#translate());
  }

  #isSeen = () => this.checkVisibility?.() ?? true;
  #state = () => this.panel.dataset.state;

  #go(state) {
    this.panel.dataset.state = state;
    this.corner.replaceChildren(...this.#cornerOf(state).filter(Boolean));
  }

  #cornerOf(state) {
    if (state === "answer") {
      const again = () => this.#ask(this.#photo);
      return [button("quiet", TEXT.again, again, { "aria-label": TEXT.askAgain })];
    }
    if (state === "live") return [this.#cameraSwitch()];
    if (state !== "start" || !this.#room) return [];
    const hunt = currentHunt();
    if (hunt) return [button("quiet", progress(hunt, this.#all()), () => goTo("hunt"))];
    const names = things(this.#cards.size);
    return [this.#client.twins && button("quiet", TWIN.tab, this.#offline),
      this.#room.quiz && button("quiet", TEXT.quiz, () => goTo("quiz")),
      button("quiet", `${names} ▾`, () => this.#names(), { "aria-label": `${TEXT.knowButton}: ${names}` })];
  }

  #offline = () => this.#open(offlineSheet(this.#client.twins, this.#client.hasApp, () => this.#meet()));

  #cameraSwitch() {
    const made = button("quiet", TEXT.alwaysCamera, () => {
      openAtOnce(!opensAtOnce());
      made.setAttribute("aria-pressed", String(opensAtOnce()));
    }, { "aria-pressed": String(opensAtOnce()) });
    return made;
  }

  #names = () => goTo("things");

  #thing = (label) => goTo("thing", label);

  #all = () => [...this.#cards.values()];

  // Learn what the room is about; the photo can be chosen meanwhile.
  async #meet() {
    try {
      this.#told = await this.#client.room((told) => this.#say(told));
      this.#classes = await this.#client.classes();
    } catch (trouble) {
      if (trouble.code === "no_model_yet") return this.#notYet(trouble.message);
      return this.#fail(trouble, () => this.#start() ?? this.#meet());
    }
    if (this.#lacking) this.#start();
    this.#lacking = "";
    this.#say("");
    this.#understand();
    this.#follow(this.#told);
    // A photo may have been answered before the room was known.
    if (this.#state() === "start") this.#furnish();
    else this.#sayAgain();
    this.#visit();
    if (this.#state() === "start" && !this.#opened && !WIDE.matches && opensAtOnce()) this.#openCamera(false);
  }

  // The room and its things in the visitor's language.
  #understand() {
    if (!this.#told) return;
    speakOf(this.#told);
    this.#room = inOwnWords(this.#told);
    this.#cards = new Map(this.#classes.map((about) => [about.label, inOwnWords(about, this.#told.language)]));
    this.name.textContent = this.#room.title;
    this.name.lang = this.#room.lang;
    this.policy.replaceChildren(...this.#policyLines());
    this.$(".hang").replaceChildren(...hung(this.#all()));
  }

  // Another language was chosen: everything on the screen is said in it, and the photo and its answer stay.
  #translate() {
    this.#understand();
    this.video.setAttribute("aria-label", TEXT.cameraSees);
    if (["start", "live"].includes(this.#state())) this.#start();
    else this.#sayAgain();
    this.#opened?.dialog.close("moved");
    this.#opened = null;
    this.#visit();
  }

  #huntSheet(name) {
    if (name === "counts") return countsSheet({ cards: this.#all(), counts: () => this.#client.finds() });
    return huntSheet({ cards: this.#all(), change: () => this.#start() });
  }

  #titleOf = (label, title) => this.#cards.get(label)?.title ?? title;

  #sayAgain() {
    if (this.#state() !== "answer") return;
    if (this.#choice) this.#choose(this.#choice);
    else this.#answered(this.#answer);
  }

  // The sheet that the address names: opened by a tap, a shared address, back or reload.
  #visit() {
    if (!this.#room) return;
    const address = location.hash;
    if (this.#opened?.address === address) return;
    this.#opened?.dialog.close("moved");
    this.#opened = null;
    const [kind, name] = place();
    const dialog = this.#sheetOf(kind, name);
    if (!dialog) return;
    this.#opened = { address, dialog };
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "moved") return; // another one is open by now
      this.#opened = null;
      leave();
    });
    this.#open(dialog);
  }

  #sheetOf(kind, name) {
    if (kind === "receipts") return receiptsSheet(this.#ofReceipts);
    if (kind === "quiz" && this.#room.quiz) return quizSheet({ ...this.#client.quiz, titleOf: this.#titleOf });
    if (kind === "hunt") return this.#huntSheet(name);
    const about = this.#cards.get(name);
    const names = { room: this.#room, cards: this.#all(), open: this.#thing };
    if (kind === "things") return namesSheet(names);
    if (kind !== "thing") return null;
    if (!about) return namesSheet({ ...names, missing: true });
    const waits = this.#state() === "answer" && this.#answer?.label !== name;
    return thingSheet({ about, address: sharedAddress(name), itIsThis: waits ? () => this.#choose({ label: name }) : null });
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
        this.#classes = await this.#client.classes().catch(() => this.#classes);
        this.#told = fresh;
        this.#understand();
      }
      this.#follow(fresh);
    }, NOW_AND_THEN);
  }

  #policyLines() {
    const blurred = this.#blursFaces ? [element("p", {}, TEXT.facesBlurred)] : [];
    if (this.#room.subject !== "people") return blurred;
    const { intended_use: use, consent, legal_basis: basis } = this.#room;
    return [...blurred, ...[use, consent].filter(Boolean).map((line) => element("p", { lang: this.#told.language }, line)),
      ...(basis ? [element("p", {}, `${TEXT.legalBasis} `, element("span", { lang: this.#told.language }, basis))] : [])];
  }

  #start() {
    this.#turn += 1;
    this.#closeCamera();
    this.#photo = null;
    this.#answer = this.#choice = null;
    this.#show(null);
    this.#say("");
    this.#furnish();
    const paste = button("ghost", TEXT.paste, () => this.#paste());
    const camera = (kind, text) => button(kind, text, () => this.#openCamera(), { "aria-label": TEXT.openCamera });
    const photos = (kind, text) => button(kind, text, () => this.chooser.click());
    // Under a thumb the camera comes first, beside a mouse the files do.
    if (WIDE.matches) this.#buttons(camera("ghost", TEXT.camera), paste, photos("main", TEXT.choosePhoto));
    else this.#buttons(photos("ghost", TEXT.photos), camera("shutter", ""), paste);
  }

  // What the start shows of the room; it may be learnt later, and then the buttons (and the focus) stay.
  #furnish() {
    this.#go("start");
    const bare = this.$(".hang").childElementCount ? TEXT.tap : TEXT.tapBare;
    if (this.#remarked !== this.#turn) this.$(".hint").textContent = WIDE.matches ? TEXT.drop : bare;
    this.answer.replaceChildren(...(WIDE.matches ? [welcome(this.#room, this.#all(), this.#names, this.#thing)] : []));
  }

  // Something to say about what was just tried; it stays until the next try.
  #remark(text) {
    this.#remarked = this.#turn;
    this.$(".hint").textContent = text;
  }

  #buttons(...buttons) {
    this.foot.replaceChildren(...buttons.filter(Boolean));
  }

  // `wanted`: just now, by a tap; else as the visitor once said.
  async #openCamera(wanted = true) {
    const turn = this.#turn;
    if (!(await this.#camera.open())) {
      if (!wanted) return;
      // Where no live picture is allowed, a phone's own camera app still is.
      if (turn === this.#turn) this.#remark(TEXT.noCamera);
      this.snapper.click();
      return;
    }
    if (turn !== this.#turn) return this.#camera.close();
    this.#wasLive = true;
    this.#go("live");
    this.$(".hint").textContent = TEXT.fit;
    this.#frame.begin();
    if (!wanted) this.#say("");
    this.#buttons(
      button("ghost", TEXT.photos, () => this.chooser.click()),
      button("shutter", "", async () => this.#take(await this.#camera.capture(), true), { "aria-label": TEXT.takePhoto }),
      button("ghost", TEXT.close, () => this.#stop()),
    );
    this.$(".shutter").focus({ preventScroll: true });
  }

  #closeCamera() {
    this.#frame.end();
    this.#camera.close();
  }

  // The frame of a flat thing was found in what the camera sees, or lost again.
  #framed(there) {
    this.panel.classList.toggle("framed", there);
    if (this.#state() === "live") this.$(".hint").textContent = there ? TEXT.framed : TEXT.fit;
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
    this.#closeCamera();
    if (!fromCamera) this.#wasLive = false;
    this.#show(file);
    await this.#ask(fromCamera ? file : await lightened(file));
  }

  #show(file) {
    if (this.#shown) URL.revokeObjectURL(this.#shown);
    this.#shown = file ? URL.createObjectURL(file) : "";
    this.$(".photo").replaceChildren(...(file
      ? [picture(this.#shown, "", { class: "around", "aria-hidden": "true" }), picture(this.#shown, TEXT.yourPhoto)] : []));
  }

  // One question: the photo is seen at once, a quiet line comes after a moment, then the answer.
  async #ask(photo) {
    const turn = ++this.#turn;
    const current = () => turn === this.#turn;
    this.#photo = photo;
    this.#receipt = "";
    if (this.notice.textContent === TEXT.better) this.notice.textContent = "";
    this.#go("waiting");
    this.answer.replaceChildren();
    this.#buttons(button("ghost", TEXT.cancel, () => this.#start()));
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
    this.#answer = answer;
    this.#choice = null;
    this.#go("answer");
    const hunt = currentHunt();
    if (hunt && this.#room) return this.#hunted(answer, hunt);
    this.answer.replaceChildren(...placard(answer, this.#room ?? {}, this.#cards, this.#deeds).filter(Boolean),
      ...answeredBy(answer, this.#client));
    const next = (text) => button("main", text, () => this.#next(), { "aria-label": TEXT.nextPhoto });
    const is = answer.answer === "one_of" && !answer.lead ? "shelf" : answer.answer;
    const refused = is === "shelf" ? plausible(answer.candidates, answer.several).map((one) => one.label) : [answer.label];
    const suggest = (text, more = {}) => button("ghost", text, () => this.#suggest({ refused, ...more }));
    // Only the app takes suggestions, and only of its own answers.
    if (!answer.prediction_id) this.#buttons(next(TEXT.nextPhoto));
    else if (this.#receipt) this.#buttons(this.#receiptButton(), next(TEXT.nextPhoto));
    else if (is === "shelf") this.#buttons(suggest(refused.length > 2 ? TEXT.noneOfThem : TEXT.neither), suggest(TEXT.dontKnow, { only: "unknown" }), next(TEXT.next));
    else this.#buttons(suggest(is !== "none" ? TEXT.wrong : TEXT.shouldBeHere), next(TEXT.nextPhoto));
    this.#announce();
  }

  // On a hunt it is one of them, or it is not.
  #hunted(answer, hunt) {
    const isNew = this.#caught !== answer;
    const what = isNew ? caught(answer, hunt) : "found";
    if (what === "found" && isNew) {
      this.#caught = answer;
      tickOff(answer.label);
      // Counted or not, it is found.
      if (answer.prediction_id) this.#client.found(answer.prediction_id).catch(() => {});
    }
    const about = this.#cards.get(answer.label) ?? { title: answer.title };
    this.answer.replaceChildren(huntCard(what, about, progress(currentHunt() ?? hunt, this.#all())));
    this.#buttons(button("ghost", TEXT.huntList, () => goTo("hunt")), button("main", TEXT.nextPhoto, () => this.#next()));
    this.#announce();
  }

  // What can be done from a placard.
  #deeds = {
    choose: (candidate) => this.#choose(candidate),
    open: (label) => this.#thing(label),
    acts: (about) => about.label && element("div.acts", {}, aloud(about), this.#closer(about),
      shared(about, sharedAddress(about.label))),
  };

  // Beside the reference, and where the app looked: of a photo that the app has answered.
  #closer(about) {
    const { prediction_id: id } = this.#answer;
    const photo = this.#shown;
    const people = this.#room?.subject === "people";
    return [
      about.picture && photo ? button("quiet", TEXT.compare, () =>
        this.#open(compareSheet(photo, about, id && !people ? this.#client.outline(id, about.label) : null))) : null,
      id && photo && !people ? button("quiet", TEXT.why, () => this.#open(whySheet(photo, this.#client.why(id, about.label)))) : null,
    ];
  }

  #choose(candidate) {
    this.#choice = candidate;
    const about = this.#cards.get(candidate.label) ?? { title: candidate.title ?? candidate.label };
    this.answer.replaceChildren(chosen(about, this.#deeds));
    this.#buttons(this.#receipt ? this.#receiptButton() : this.#answer.prediction_id
      && button("ghost", TEXT.tell(keeper()), () => this.#suggest({ only: candidate.label })),
    button("main", TEXT.nextPhoto, () => this.#next()));
    this.#announce();
  }

  #ofReceipts = {
    fate: (receipt) => this.#client.fate(receipt),
    takeBack: (receipt) => this.#client.takeBack(receipt),
  };

  #receiptButton = () => button("ghost", TEXT.yourReceipt, () => goTo("receipts"));

  #announce() {
    const kick = this.answer.querySelector(".kick")?.textContent ?? "";
    const title = this.answer.querySelector("h2");
    this.#say(`${kick}. ${title?.textContent ?? ""}`);
    title?.focus({ preventScroll: true });
    this.panel.scrollIntoView({ block: "start" });
  }

  #suggest(how) {
    const answer = this.#answer;
    this.#open(suggestSheet({ room: this.#room ?? {}, cards: this.#all(), answer, ...how,
      send: (label, consent, words) => this.#client.suggest(answer.prediction_id, label, consent, words),
      ...this.#ofReceipts,
      sent: (receipt) => this.#sent(answer, receipt) }));
  }

  // It was said once; from here on there is a receipt to look at.
  #sent(answer, receipt) {
    if (answer !== this.#answer) return;
    this.#receipt = receipt;
    this.foot.querySelectorAll(".ghost").forEach((one, place) => (place ? one.remove() : one.replaceWith(this.#receiptButton())));
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
    if (trouble.offer) return this.#offer(trouble, again);
    this.#go("error");
    this.answer.replaceChildren(card("trouble", this.#photo ? TEXT.noAnswer : TEXT.nobody, [
      heading(trouble.message)]));
    const retry = ["unreachable", "too_many", "not_ready", "no_model_yet", "trouble"].includes(trouble.code);
    const another = (kind) => button(kind, TEXT.another, () => this.#start());
    if (!this.#photo) this.#buttons(button("main", TEXT.tryAgain, again));
    else if (retry) this.#buttons(another("ghost"), button("main", TEXT.retry, again));
    else this.#buttons(another("main"));
    this.#announce();
  }

  // The release can be fetched, and then answers here.
  async #offer(trouble, again) {
    const { twins } = this.#client;
    const { content, load } = fetching(twins, await twins.choices(), () => this.#photo && again());
    this.#go("error");
    this.answer.replaceChildren(card("trouble", TWIN.title, [heading(trouble.message), ...content]));
    this.#buttons(button("ghost", TEXT.cancel, () => this.#start()), load);
    this.#announce();
  }

  #say(told) {
    this.live.textContent = told;
  }
}

customElements.define("vitrine-ask", Ask);

/** Bring the <vitrine-ask> inside `element` to life; `address`: the app's, by default where this page came from; `twins`:
 * the folders of the releases for the browser, the whole one first. */
export function mount(inside, address = new URL("..", import.meta.url).href, twins = [], blursFaces = false) {
  inside.querySelector("vitrine-ask").open(address, twins, blursFaces);
}
