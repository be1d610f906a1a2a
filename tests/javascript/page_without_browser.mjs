// What the modules of the pages ask of a browser, as far as their logic needs it. Import it first.

class Storage {
  getItem(name) {
    return Object.hasOwn(this, name) ? this[name] : null;
  }

  setItem(name, text) {
    if (fullDisk.is) throw new Error("QuotaExceededError");
    this[name] = String(text);
  }

  removeItem(name) {
    delete this[name];
  }
}

export const fullDisk = { is: false };

export function emptyStorage() {
  fullDisk.is = false;
  globalThis.localStorage = new Storage();
}

// Elements as the builders make them: name, classes, attributes, listeners, children.
class Element {
  constructor(tag) {
    this.tag = tag;
    this.attributes = {};
    this.listeners = {};
    this.children = [];
    this.className = "";
    this.classList = { add: (...names) => this.addClasses(names) };
  }

  addClasses(names) {
    this.className = [this.className, ...names].filter(Boolean).join(" ");
  }

  setAttribute(name, value) {
    this.attributes[name] = String(value);
  }

  addEventListener(name, does) {
    this.listeners[name] = does;
  }

  append(...children) {
    this.children.push(...children);
  }
}

globalThis.document = { createElement: (tag) => new Element(tag) };
emptyStorage();
