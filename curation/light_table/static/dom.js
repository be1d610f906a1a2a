// Elements without innerHTML: whatever strangers wrote stays text.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "style") element.style.cssText = value; // as an attribute the page's policy would refuse it
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// "Four are *Harbour*." -> text with the title in the serif's italics.
export function told(sentence) {
  return sentence.split(/\*([^*]+)\*/).map((part, place) => (place % 2 ? h("em", {}, part) : part));
}

export function key(name) {
  return h("kbd", { "aria-hidden": "true" }, name);
}

export function percent(chance) {
  if (chance > 0 && chance < 0.01) return "< 1 %";
  if (chance < 1 && chance > 0.99) return "> 99 %";
  return `${Math.round(chance * 100)} %`;
}

// What was measured, with one decimal as in a column of figures: "84.0 %".
export function share(value) {
  return value === null ? "not measured" : `${(100 * value).toFixed(1)} %`;
}

const DAY = { day: "numeric", month: "long", year: "numeric" };

// "3 March 2026"; the day in this place, or in `timeZone`
export function day(text, timeZone) {
  return new Date(text).toLocaleDateString("en-GB", { ...DAY, timeZone });
}

// "14:02"
export function clock(text) {
  return new Date(text).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

export function count(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}

// A ULID: the name of a decision, made here, so that sending it twice does no harm.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
let last = 0;

export function ulid() {
  last = Math.max(Date.now(), last + 1);
  let time = last;
  let text = "";
  for (let place = 0; place < 10; place++, time = Math.floor(time / 32)) text = ALPHABET[time % 32] + text;
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) text += ALPHABET[byte % 32];
  return text;
}
