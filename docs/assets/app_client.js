// Talks to a Vitrine app through Gradio's own client. Whatever goes wrong becomes a Trouble with a sentence.
import { Client } from "./vendor/gradio-client.js";
import { TEXT, refusal } from "./words.js";

export const MOST_BYTES = 20_000_000;
const PAUSE = 2000;

export class Trouble extends Error {
  constructor(sentence, code = "trouble") {
    super(sentence);
    this.code = code;
  }
}

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export class AppClient {
  #address;
  #client = null;
  #blursFaces;

  constructor(address, blursFaces = false) {
    this.#address = address.replace(/\/+$/, "");
    this.#blursFaces = blursFaces;
  }

  at(path) {
    return `${this.#address}/${path}`;
  }

  /** Whether the app answers, be it that its model is still being loaded. */
  async isThere() {
    try {
      const response = await fetch(this.at("room"), { credentials: "omit", cache: "no-store" });
      return response.ok || Boolean((await response.json()).code);
    } catch {
      return false; // nobody there, or a page that says so
    }
  }

  /** What the room is about; waits while the model is being loaded. */
  async room(tell) {
    for (;;) {
      let response;
      try {
        response = await fetch(this.at("room"), { credentials: "omit" });
      } catch {
        await this.#connected(tell);
        throw new Trouble(TEXT.closed, "unreachable");
      }
      if (response.ok) return response.json();
      const told = await response.json().catch(() => ({}));
      if (told.code !== "not_ready") throw refused(told, TEXT.closed);
      tell(TEXT.loading);
      await wait(PAUSE);
    }
  }

  classes() {
    return this.#ask("/classes", {});
  }

  async predict(photo, tell) {
    if (photo.size > MOST_BYTES) throw new Trouble(TEXT.tooLarge(photo.size, MOST_BYTES), "too_large");
    const client = await this.#connected(tell);
    const shown = await this.#withoutFaces(photo);
    const sent = await client.upload_files(this.#address, [shown]).catch(() => null);
    if (!sent) throw new Trouble(TEXT.offline, "unreachable");
    if (sent.error) throw trouble(sent.error);
    const image = { path: sent.files[0], meta: { _type: "gradio.FileData" } };
    return this.#ask("/predict", { image, top_k: 5 }, tell);
  }

  // Fetched only where an owner wants it. A photo whose faces can't be looked for is not sent.
  async #withoutFaces(photo) {
    if (!this.#blursFaces) return photo;
    const { withoutFaces } = await import("./faces/blur.js").catch(() => {
      throw new Trouble(TEXT.notBlurred, "not_blurred");
    });
    return withoutFaces(photo);
  }

  suggest(predictionId, label, consent, words = "") {
    return this.#post("suggestion", { prediction_id: predictionId, label, consent, words });
  }

  fate(receipt) {
    return this.#ask("/receipt", { receipt });
  }

  takeBack(receipt) {
    return this.#post("take-back", { receipt });
  }

  why(predictionId, label) {
    return this.#post("why", { prediction_id: predictionId, label });
  }

  outline(predictionId, label) {
    return this.#post("outline", { prediction_id: predictionId, label });
  }

  found(predictionId) {
    return this.#post("hunt/found", { prediction_id: predictionId });
  }

  quizRound(after) {
    return this.#post("quiz/round", { after });
  }

  quizAnswer(round, number, label) {
    return this.#post("quiz/answer", { round, number, label });
  }

  async finds() {
    const told = await fetch(this.at("hunt/counts"), { credentials: "omit" }).then((response) => response.json()).catch(() => null);
    if (!told?.finds) throw new Trouble(TEXT.closed, "unreachable");
    return told.finds;
  }

  // What the page alone asks, by routes of the app's own.
  async #post(path, asked) {
    let response;
    try {
      response = await fetch(this.at(path), { method: "POST", credentials: "omit",
        headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) });
    } catch {
      throw new Trouble(TEXT.offline, "unreachable");
    }
    const told = await response.json().catch(() => ({ error: TEXT.unsure }));
    if (told.error) throw refused(told);
    return told;
  }

  async #connected(tell = () => {}) {
    const status = ({ status: stage }) => {
      if (stage === "sleeping") tell(TEXT.asleep);
      if (["starting", "building", "restarting"].includes(stage)) tell(TEXT.waking);
    };
    this.#client ??= Client.connect(this.#address, { events: ["data", "status"], status_callback: status });
    try {
      return await this.#client;
    } catch {
      this.#client = null;
      throw new Trouble(TEXT.offline, "unreachable");
    }
  }

  async #ask(endpoint, parameters, tell = () => {}) {
    const client = await this.#connected(tell);
    let answer;
    for await (const event of client.submit(endpoint, parameters)) {
      if (event.type === "data") answer = event.data[0];
      if (event.type !== "status") continue;
      if (event.stage === "error") throw this.#failed(event);
      if (event.stage === "pending" && event.position > 0) tell(TEXT.before(event.position));
      if (event.stage === "complete") break;
    }
    if (answer === undefined) throw new Trouble(TEXT.offline, "unreachable");
    if (answer?.error) throw refused(answer);
    return answer;
  }

  #failed(event) {
    if (event.broken || /connection/i.test(event.message ?? "")) {
      this.#client = null;
      return new Trouble(TEXT.offline, "unreachable");
    }
    return trouble(event.message);
  }
}

/** What the app refused, in the visitor's language where the page has the words. */
function refused({ error, code = "unreachable" }, otherwise = TEXT.unsure) {
  return new Trouble(refusal(error ?? otherwise, code), code);
}

/** A refusal that arrived as the text of an HTTP answer. */
function trouble(message) {
  const text = typeof message === "string" ? message : JSON.stringify(message ?? "");
  try {
    const told = JSON.parse(text);
    if (typeof told.error === "string") return refused(told);
  } catch {
    // Not one of ours: Gradio's own words are for programmers.
  }
  return new Trouble(TEXT.unsure);
}
