// The release in this browser: what there is to fetch, where it is kept, and how it is asked. Fetched only when somebody
// said so; kept by the browser until it is removed.
import { Trouble } from "../app_client.js";
import { TEXT } from "./words.js";
import { isPacked, unpacked } from "./unpacking.js";

const RUNTIME = "onnxruntime-web.wasm.gz";
const AT_ONCE = 4;

export class Twin {
  #address;
  #told = null;
  #files = null;
  #worker = null;
  #opening = null;
  #asked = new Map();
  #number = 0;
  #urls = new Map();
  #alikes = null;

  constructor(address) {
    this.#address = new URL(address, document.baseURI).href.replace(/\/*$/, "/");
  }

  /** What can be fetched: {revision, bytes, files, room}; of what is kept where the network is gone; null for nothing. */
  async about() {
    this.#told ??= (await this.toFetch()) ?? (await this.kept());
    return this.#told;
  }

  /** What can be fetched now, told as `about` tells it; null where nobody has it. */
  async toFetch() {
    try {
      const response = await fetch(`${this.#address}twin.json`, { cache: "no-cache" });
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  }

  /** What this browser keeps, told as `about` tells it; null for nothing. */
  async kept() {
    for (const name of await this.#shelves()) {
      const response = await (await caches.open(name)).match(`${this.#address}twin.json`);
      if (response) return response.json();
    }
    return null;
  }

  /** Fetch everything; `tell(bytes so far, all)`. Raises a Trouble; what has come by then is not fetched again. */
  async fetch(tell = () => {}) {
    const told = (await this.toFetch()) ?? (await this.about());
    if (!told) throw new Trouble(TEXT.nothing, "unreachable");
    this.#told = told;
    const shelf = await this.#shelf(told.revision);
    const all = [...told.files, { name: RUNTIME, bytes: told.runtime.bytes }];
    const total = all.reduce((sum, file) => sum + file.bytes, 0);
    const come = new Map(all.map((file) => [file.name, 0]));
    const files = {};
    const waiting = [...all];
    let stopped = false;
    const one = async () => {
      for (let file = waiting.shift(); file; file = waiting.shift()) {
        files[file.name] = await this.#file(file, shelf, (bytes) => {
          come.set(file.name, Math.min(bytes, file.bytes));
          if (!stopped) tell([...come.values()].reduce((sum, some) => sum + some, 0), total);
        });
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, one));
    } catch (trouble) {
      stopped = true; // the others end in silence, and what they bring is kept
      waiting.length = 0;
      throw trouble;
    }
    await shelf?.put(`${this.#address}twin.json`, new Response(JSON.stringify(told)));
    for (const name of await this.#shelves()) {
      if (name !== this.#shelfName(told.revision)) await caches.delete(name);
    }
    this.#close();
    this.#files = files;
  }

  /** Take it off this browser. */
  async remove() {
    for (const name of await this.#shelves()) await caches.delete(name);
    this.#close();
  }

  async room() {
    return ((await this.kept()) ?? (await this.about())).room;
  }

  /** The classes with their cards, each with the address of its picture. */
  async classes() {
    const { classes } = (await this.isReady()) ? await this.#open() : await this.#cards();
    return Promise.all(classes.map(async (one) =>
      ({ ...one, picture: one.picture && (await this.#picture(one.picture)) })));
  }

  /** Whether it can answer without fetching anything. */
  async isReady() {
    return this.#files !== null || this.#opening !== null || (await this.kept()) !== null;
  }

  /** The answer about a photo, shaped as the app's. Raises a Trouble. */
  async ask(photo, topK = 3) {
    const { photos } = await this.#open();
    const answer = await this.#send({ photo, topK });
    answer.similar = answer.similar.map(({ row, ...one }) => ({ ...one, url: this.#alike(photos[row].picture) }));
    return answer;
  }

  /** Ask it about the photos that travel with the release: {photos, same, largest}. `tell(done, all)`. */
  async check(tell = () => {}) {
    const rows = await (await fetch(`${this.#address}golden.json`)).json();
    let same = 0;
    let largest = 0;
    for (const [number, row] of rows.entries()) {
      const photo = await (await fetch(this.#address + row.photo)).blob();
      const said = await this.ask(photo);
      const apart = Math.abs(said.confidence - row.confidence);
      largest = Math.max(largest, apart);
      const isAlike = [row.similar ?? ""].flat().includes(said.similar[0]?.image_id ?? ""); // one name in older twins
      if (said.answer === row.answer && said.label === row.label && isAlike && apart <= 0.01) same += 1;
      tell(number + 1, rows.length);
    }
    return { photos: rows.length, same, largest };
  }

  async #cards() {
    const response = await fetch(`${this.#address}release.json.gz`);
    return JSON.parse(new TextDecoder().decode(await unpacked(await response.arrayBuffer())));
  }

  async #picture(name) {
    if (!this.#urls.has(name)) {
      const kept = await this.#match(name);
      this.#urls.set(name, kept ? URL.createObjectURL(await kept.blob()) : this.#address + name);
    }
    return this.#urls.get(name);
  }

  #alike(place) {
    if (!place) return "";
    const [start, end] = place;
    if (!this.#urls.has(start)) {
      this.#urls.set(start, URL.createObjectURL(this.#alikes.slice(start, end, "image/jpeg")));
    }
    return this.#urls.get(start);
  }

  #open() {
    this.#opening ??= this.#begin().catch((error) => {
      this.#close();
      throw error;
    });
    return this.#opening;
  }

  async #begin() {
    const files = this.#files ?? (await this.#read());
    this.#files = null; // the worker takes them
    this.#alikes = new Blob([files["alike.bin"]]);
    this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => {
      this.#asked.get(data.id)?.(data);
      this.#asked.delete(data.id);
    });
    this.#worker.addEventListener("error", () => this.#fail());
    const buffers = Object.values(files).filter((one) => one.byteLength);
    return this.#send({ open: files }, [...new Set(buffers)]);
  }

  async #read() {
    const told = await this.kept();
    if (!told) throw new Trouble(TEXT.nothing, "not_kept");
    const shelf = await this.#shelf(told.revision);
    const all = [...told.files, { name: RUNTIME, bytes: told.runtime.bytes }];
    const read = await Promise.all(all.map(async (file) => [file.name, await this.#file(file, shelf, () => {})]));
    return Object.fromEntries(read);
  }

  #send(message, transfer = []) {
    const id = ++this.#number;
    return new Promise((done, failed) => {
      this.#asked.set(id, ({ said, trouble }) => {
        if (said) return done(said);
        failed(new Trouble(trouble === "bad_photo" ? TEXT.unreadable : TEXT.failed, trouble));
      });
      this.#worker.postMessage({ id, ...message }, transfer);
    });
  }

  #fail() {
    for (const tell of this.#asked.values()) tell({ trouble: "failed" });
    this.#close();
  }

  #close() {
    this.#worker?.terminate();
    this.#worker = this.#opening = this.#files = null;
    this.#asked.clear();
    for (const url of this.#urls.values()) if (url.startsWith("blob:")) URL.revokeObjectURL(url);
    this.#urls.clear();
  }

  #where(name) {
    return name === RUNTIME ? new URL(`../vendor/${RUNTIME}`, import.meta.url).href : this.#address + name;
  }

  #shelfName = (revision) => `vitrine-twin ${this.#address} ${revision}`;

  async #shelves() {
    const names = globalThis.caches ? await caches.keys() : [];
    return names.filter((name) => name.startsWith(`vitrine-twin ${this.#address} `));
  }

  async #shelf(revision) {
    return globalThis.caches ? caches.open(this.#shelfName(revision)) : null;
  }

  async #match(name) {
    for (const shelf of await this.#shelves()) {
      const response = await (await caches.open(shelf)).match(this.#where(name));
      if (response) return response;
    }
    return null;
  }

  /** One file, from the shelf or from the network. */
  async #file(file, shelf, tell) {
    const where = this.#where(file.name);
    const kept = await shelf?.match(where);
    if (kept) {
      tell(file.bytes);
      return kept.arrayBuffer();
    }
    const data = await received(where, tell);
    if (!(await isWhole(data, file))) throw new Trouble(TEXT.changed, "unreachable");
    await shelf?.put(where, new Response(data)).catch(() => {}); // no room: it lasts as long as the page
    return data;
  }
}

async function received(where, tell) {
  try {
    const response = await fetch(where, { cache: "no-cache" });
    if (!response.ok) throw new Error(response.statusText);
    const parts = [];
    let bytes = 0;
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      bytes += value.length;
      tell(bytes);
    }
    return new Blob(parts).arrayBuffer();
  } catch {
    throw new Trouble(TEXT.stopped, "unreachable");
  }
}

/** Whether it is the file that was told of, and not one of another release; a file that the server unpacked on the way
 * is taken at its word. */
async function isWhole(data, { name, sha256 }) {
  const changed = name.endsWith(".gz") && !isPacked(data);
  if (!sha256 || changed || !globalThis.crypto?.subtle) return true;
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}
