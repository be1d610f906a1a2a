// Who answers: the app where it can be reached, else the release in this browser, the twin. Both answer alike, and the
// answer says which of them it was: `by` is "app" or "device".
import { AppClient, Trouble } from "./app_client.js";
import { Twins } from "./twin/twins.js";
import { TEXT } from "./twin/words.js";

const KNOCK = 4000; // ms that an app may take to say that it is there
const PATIENCE = 8000; // ms that the app may take for an answer where the twin has one as well
const AWAY = 30000; // ms until an app that was away is asked again
const SHOWN = 5; // candidates of an answer, as many as the app is asked for
const GONE = new Set(["unreachable", "not_ready", "no_model", "too_many"]);

const KEPT_HERE = "not_blurred"; // the photo was not sent

/** What `asked` comes to, or `value` where that takes longer than so many milliseconds. */
async function within(milliseconds, asked, value) {
  let timer;
  const late = new Promise((done) => {
    timer = setTimeout(done, milliseconds, value);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

export class Recognizer {
  #client;
  #twins;
  #awaySince = -Infinity;

  /** `app`: the app's address, empty for none; `twins`: the twins' folders; `blursFaces`: before a photo is sent. */
  constructor(app, twins = [], { blursFaces = false, client = app ? new AppClient(app, blursFaces) : null,
    own = twins.length ? new Twins(twins) : null } = {}) {
    this.#client = client;
    this.#twins = own;
  }

  /** The release in this browser, where the page brings one: Twins, or null. */
  get twins() {
    return this.#twins;
  }

  get hasApp() {
    return this.#client !== null;
  }

  /** What the collection is about, from whoever can tell. */
  async room(tell) {
    const twin = await this.#twins?.now();
    if (!(await twin?.about())) return this.#app().room(tell);
    if (await this.#isThere()) {
      try {
        return await this.#client.room(tell);
      } catch (trouble) {
        if (!GONE.has(trouble.code)) throw trouble;
        this.#away();
      }
    }
    return twin.room();
  }

  async classes() {
    if (!this.#twins || (await this.#isThere())) return this.#app().classes();
    return (await this.#twins.now()).classes();
  }

  /** The answer about a photo. Raises a Trouble; where the twin could answer once it is fetched, with `offer`: how many
   * bytes that takes. */
  async predict(photo, tell) {
    if (!this.#twins) return { ...(await this.#app().predict(photo, tell)), by: "app" };
    const twin = await this.#twins.now();
    const ready = await twin.isReady();
    const asked = this.#client && this.#mayAsk() ? this.#ask(photo, tell) : null;
    if (!ready) return asked ? asked.catch((trouble) => this.#offered(twin, trouble)) : this.#offered(twin, null);
    const first = asked && (await within(PATIENCE, asked.catch((trouble) => trouble), null));
    if (first && !(first instanceof Trouble)) return first;
    if (first && !GONE.has(first.code) && first.code !== KEPT_HERE) throw first;
    if (this.#client) tell(TEXT.asking);
    return { ...(await twin.ask(photo, SHOWN)), by: "device" };
  }

  suggest(...words) {
    return this.#app().suggest(...words);
  }

  fate(receipt) {
    return this.#app().fate(receipt);
  }

  takeBack(receipt) {
    return this.#app().takeBack(receipt);
  }

  why(...asked) {
    return this.#app().why(...asked);
  }

  outline(...asked) {
    return this.#app().outline(...asked);
  }

  found(predictionId) {
    return this.#app().found(predictionId);
  }

  /** The quiz, as the sheet plays it. */
  get quiz() {
    const app = this.#app();
    return {
      begin: (after) => app.quizRound(after),
      answer: (...given) => app.quizAnswer(...given),
      photo: (round, number) => app.at(`quiz/photo/${round}/${number}`),
    };
  }

  async finds() {
    return this.#app().finds();
  }

  #app() {
    if (!this.#client) throw new Trouble(TEXT.noApp, "no_app");
    return this.#client;
  }

  async #ask(photo, tell) {
    try {
      return { ...(await this.#client.predict(photo, tell)), by: "app" };
    } catch (trouble) {
      if (GONE.has(trouble.code)) this.#away();
      throw trouble;
    }
  }

  async #offered(twin, trouble) {
    if (trouble && !GONE.has(trouble.code)) throw trouble;
    // Of the app's own page it comes from the app, which may be gone with it.
    const about = await twin.toFetch();
    if (!about) throw trouble ?? new Trouble(TEXT.nothing, "unreachable");
    const offer = new Trouble(this.#client ? TEXT.offer : TEXT.offerFirst, "offer");
    offer.offer = about.bytes;
    throw offer;
  }

  #mayAsk() {
    return globalThis.navigator?.onLine !== false && performance.now() - this.#awaySince > AWAY;
  }

  #away() {
    this.#awaySince = performance.now();
  }

  async #isThere() {
    if (!this.#client || !this.#mayAsk()) return false;
    const there = await within(KNOCK, this.#client.isThere(), false);
    if (!there) this.#away();
    return there;
  }
}
