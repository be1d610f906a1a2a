// What lies over the table for a moment: the search for a class, all keys, and a phone's other actions.

import { h, key } from "./dom.js";
import { PILES } from "./header.js";

const SHOWN = 60;

export function open(table, dialog) {
  dialog.addEventListener("close", () => {
    dialog.remove();
    table.takeFocus();
  });
  // A click beside the sheet closes it.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  table.root.append(dialog);
  // What has the focus now gets it back before `close` is heard: not a button, which the next Space would press.
  table.root.focus({ preventScroll: true });
  dialog.showModal();
  // One that is read begins at its beginning: its button lies below the text, and the browser would show that first.
  if (!dialog.hasAttribute("tabindex")) return;
  dialog.focus({ preventScroll: true });
  dialog.scrollTop = 0;
}

// The key that opened a dialog closes it, and does nothing to the photo behind it.
export function closesWith(dialog, name) {
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== name) return;
    event.preventDefault();
    event.stopPropagation();
    dialog.close();
  });
}

// Any class, by a part of its title, id or other names; or a new one. `chosen(classId, title of a new class)`.
// `adds`: it was opened to add one, so Enter adds what was typed; else a slip of a finger must not make a class.
export function searchClass(table, chosen, adds = false) {
  const placeholder = adds ? "Its name" : table.session.model ? "Type what it is" : "Search a class";
  const input = h("input", { type: "search", placeholder, role: "combobox", "aria-expanded": "true",
    "aria-controls": "classes", "aria-label": "Search a class", autocomplete: "off", spellcheck: "false" });
  const list = h("ul", { id: "classes", role: "listbox" });
  const dialog = h("dialog", { class: "search", "aria-label": "Another class" }, input, list);
  let classes = null;
  let found = [];
  let at = -1;
  const early = []; // keys pressed before the classes are here
  const take = (place) => {
    const info = found[place];
    if (!info) return;
    dialog.close();
    if (info.added) table.classes = null;
    chosen(info.added ?? info.id, info.added);
  };
  const mark = (place) => {
    at = found.length ? (place + found.length) % found.length : -1;
    [...list.children].forEach((row, other) => row.setAttribute("aria-selected", String(other === at)));
    list.children[at]?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", at < 0 ? "" : `class-${at}`);
  };
  const find = () => {
    if (!classes) return;
    const typed = input.value.trim().replace(/\s+/g, " ");
    found = matching(classes, typed).slice(0, SHOWN);
    const known = found.length;
    if (typed && !classes.some((info) => plain(info.title) === plain(typed))) found.push({ added: typed, title: `Add “${typed}”`, summary: "a new class" });
    list.replaceChildren(...found.map((info, place) => classRow(table, info, place, () => take(place))));
    // What was typed chooses its best match; an empty search, or one that only a new class would answer, nothing.
    // Before there is a model most names are new.
    if (typed && (known || adds || table.session.model)) mark(0);
    else at = -1;
  };
  const press = (name) => {
    if (name === "Enter") take(at);
    else if (name === "ArrowDown") mark(at + 1);
    else mark(at < 0 ? at : at - 1);
  };
  input.addEventListener("input", find);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") dialog.close(); // at once: a search field would first be emptied
    else if (event.key !== "Enter" && event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    else if (classes) press(event.key);
    else early.push(event.key);
    event.preventDefault();
  });
  // At once, whether or not the list is here: what is typed behind the slash is no key of the table.
  open(table, dialog);
  input.focus();
  const here = (all) => {
    classes = all;
    find();
    early.splice(0).forEach(press);
  };
  known(table).then(here, () => list.replaceChildren(h("li", { class: "soft" }, "The light table isn't responding. Close this and try again.")));
}

// A few words on a photo, for whoever sees it next.
export function noteOn(table, done) {
  const text = h("textarea", { class: "field", rows: "3", maxlength: "500", "aria-label": "Note", placeholder: "A note on this photo, for everybody here" });
  const keep = () => {
    dialog.close();
    const said = text.value.trim().replace(/\s+/g, " ");
    if (said) done(said);
  };
  const dialog = h("dialog", { class: "confirm", "aria-label": "Note" }, text, h("div", { class: "gives" }, h("button", { class: "big small", onclick: keep }, "Keep the note"),
    h("button", { class: "ghost", onclick: () => dialog.close() }, "Never mind")));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    keep();
  });
  open(table, dialog);
  text.focus();
}

export async function known(table) {
  const listed = (info) => ({ ...info, sought: [info.title, info.id, ...info.aliases].map(plain) });
  table.classes ??= (await table.server.classes()).map(listed);
  return table.classes;
}

function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

// Names that begin with what was typed first, then words that do, then the rest.
function matching(classes, typed) {
  const wanted = plain(typed.trim());
  const rank = (info) => Math.min(...info.sought.map((name) =>
    name.startsWith(wanted) ? 0 : name.includes(` ${wanted}`) ? 1 : name.includes(wanted) ? 2 : 3));
  const ranked = classes.map((info) => [rank(info), info]).filter(([place]) => place < 3);
  return ranked.sort(([one], [other]) => one - other).map(([, info]) => info);
}

function classRow(table, info, place, take) {
  const picture = info.reference && h("img", { src: table.server.reference(info.id, 160), alt: "", loading: "lazy" });
  return h("li", { role: "option", id: `class-${place}`, "aria-selected": "false", onclick: take },
    h("span", { class: "picture" }, picture), h("span", {}, h("b", {}, info.title), info.summary && h("small", {}, info.summary)), key("↵"));
}

const KEYS = [
  ["1 – 9", "give the class shown beside the digit"],
  ["/", "search any other class"],
  ["↵", "keep the label"],
  ["n", "none of these: something outside this collection"],
  ["j", "junk: no use to anybody"],
  ["d", "this photo is the duplicate"],
  ["⇧ d", "the other photo is the duplicate"],
  ["x", "not the same picture"],
  ["u", "unsure: ask somebody else"],
  ["space", "skip: it comes back at the end"],
  ["⌫", "undo, all the way back"],
  ["i", "what the classes are: card and reference picture"],
  ["h", "who decided what about this photo, and when"],
  ["z", "magnify; wheel or pinch for more, drag to move"],
  ["⇧ ↵", "give a class to all the photos that are proposed for it"],
  ["⇧ ⌫", "none of those that are proposed"],
  ["w", "of photos without a label: propose classes from a list of names"],
  ["b", "all photos: search, filter, select any of them"],
  ["← →", "in a photo opened from all photos: the previous one, the next"],
  ["k", "crop and turn: which part of the photo counts"],
  ["e", "write a note on this photo"],
  ["!", "flag it for others, or take the flag off"],
  ["m", "more like this: all photos by how much they look like this one"],
  ["g", "grid: everything under this label; of duplicates, the whole groups"],
];
const GRID_KEYS = [
  ["click, ⇧ click, drag", "select: a drag draws a frame; with a finger: tap, or rest and drag"],
  ["arrows, space", "walk and select without a mouse; with ⇧ along the way"],
  ["f", "only those that may be one other class"],
  ["x", "select all, or none"],
  ["1 – 3", "give the selected photos this class"],
  ["c", "another class"],
  ["↵", "keep the label of the selected"],
  ["g, esc", "back to one photo"],
];

export function help(table) {
  const rows = (keys) => h("dl", {}, keys.map(([name, words]) => [h("dt", {}, name.split(", ").map(key)), h("dd", {}, words)]));
  const dialog = h("dialog", { class: "help", "aria-label": "All keys", tabindex: "-1" },
    h("div", { class: "columns" },
      h("div", {}, h("h2", {}, "One photo"), rows(KEYS)),
      h("div", {}, h("h2", {}, "The grid"), rows(GRID_KEYS),
        h("h2", {}, "Two signs"),
        h("p", {}, h("b", {}, "kept here"), " means that your decision is on this machine's disk. ",
          h("b", {}, "sent"), " means that it is in the dataset's repository, for everybody."),
        h("p", {}, "Nothing is ever deleted. You can leave at any moment and come back to the same place."))),
    h("button", { class: "big", onclick: () => dialog.close() }, "Back to the photos"));
  closesWith(dialog, "?");
  open(table, dialog);
}

// A phone's other actions, other piles, and the way out.
export function more(table, actions) {
  const row = (words, does, aside) => {
    const act = () => {
      dialog.close();
      does();
    };
    return h("button", { class: "choice", onclick: act }, h("span", {}, words), aside && h("span", { class: "aside" }, aside));
  };
  const { session, header } = table;
  const piles = session.piles.filter((pile) => pile.total && pile.pile !== session.pile);
  const dialog = h("dialog", { class: "sheet", "aria-label": "More" },
    h("div", { class: "pairs" }, actions.filter(([name]) => name !== "b").map(([, words, does]) => row(words, does))),
    piles.map((pile) => row(`Go to ${PILES[pile.pile][1]}`, () => header.choose(pile.pile), String(pile.left))),
    h("div", { class: "pairs" }, table.pages.map((page) => row(page.title, () => table.toPage(page.name)))),
    row(`Sign out ${session.who}`, () => table.signOut()));
  open(table, dialog);
}
