// The releases that this browser may keep: the whole one and, where there is one, a small one. One of them is kept.
import { Twin } from "./twin.js";

const SLOW = new Set(["slow-2g", "2g", "3g"]);

/** Whether less is better: the visitor saves data, or the connection is slow. Browsers that do not tell count as fast. */
export function savesData(connection = globalThis.navigator?.connection) {
  return Boolean(connection?.saveData || SLOW.has(connection?.effectiveType));
}

export class Twins {
  #all;

  /** `folders`: the whole release first, then the small one if there is one. */
  constructor(folders, all = folders.map((folder) => new Twin(folder))) {
    this.#all = all;
  }

  /** The one that answers: that which is here, or else the one to fetch first. */
  async now() {
    for (const twin of this.#all) if (await twin.isReady()) return twin;
    return this.#all.at(savesData() ? -1 : 0);
  }

  /** What there is: [{twin, about, kept, first}], with what can be fetched and what is kept, as a twin tells it. `first`:
   * it is the one that answers. */
  async choices() {
    const now = await this.now();
    const rows = await Promise.all(this.#all.map(async (twin) =>
      ({ twin, about: await twin.about(), kept: await twin.kept(), first: twin === now })));
    return rows.filter(({ about }) => about);
  }

  /** Fetch one in place of another; as Twin.fetch. */
  async fetch(twin, tell) {
    await twin.fetch(tell);
    await this.#remove((other) => other !== twin);
  }

  /** Take all of it off this browser. */
  remove() {
    return this.#remove(() => true);
  }

  async #remove(isMeant) {
    for (const twin of this.#all.filter(isMeant)) await twin.remove();
  }
}
