// The sheets that slide up: what the room can name, and "that's wrong".
import { button, element, picture } from "./elements.js";
import { TEXT, things } from "./words.js";

const SEARCH_FROM = 9;
const DONE = { none: "None of these", unknown: "I don't know" };

function sheet(title, ...children) {
  const dialog = element(
    "dialog.sheet",
    { "aria-label": title },
    element("header", {}, element("h2", {}, title),
      button("close", "×", () => dialog.close(), { "aria-label": "Close" })),
    children,
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  return dialog;
}

const row = (about) => [
  element("span.thumb", {}, about.picture ? picture(about.picture, "", { loading: "lazy" }) : null),
  element("span.named", {}, element("strong", {}, about.title),
    about.summary ? element("small", {}, about.summary) : null),
];

// The text of a card is Markdown; here it is only read.
const unmarked = (text) => text.replace(/(\*\*|__)(.+?)\1/gs, "$2").replace(/\[([^\]]+)\]\([^)]+\)/g, "$1");

function search(cards, list, show) {
  if (cards.length < SEARCH_FROM) return null;
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const field = element("input.search", { type: "search", placeholder: "Search…", "aria-label": "Search a name" });
  field.addEventListener("input", () => {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    const names = (card) => folded([card.title, ...(card.aliases ?? [])].join(" "));
    list.replaceChildren(...show(cards.filter((card) => words.every((word) => names(card).includes(word)))));
  });
  return field;
}

/** What the room can name. */
export function namesSheet(room, cards) {
  const show = (some) => some.map((about) => element("li.row", {}, row(about)));
  const list = element("ul.rows", {}, show(cards));
  const about = room.description ? element("p.lead", {}, unmarked(room.description)) : null;
  return sheet(`${things(cards.length)} this room can name`, search(cards, list, show), element("div.body", {}, list, about));
}

/** "That's wrong": `send(label, consent)` -> receipt; `fate(receipt)` -> {sentence}. `first`: a label chosen already. */
export function suggestSheet({ room, cards, send, fate, first = null }) {
  const people = room.subject === "people";
  const consent = element("input", { type: "checkbox", id: "consent" });
  const say = element("p.said", { role: "status" });
  const ready = button("main", "Send", () => sending(), { disabled: true });
  let picked = null;

  const option = (label, inside) => {
    const radio = element("input", { type: "radio", name: "class", value: label });
    radio.addEventListener("change", () => pick(label));
    return element("label.row", {}, radio, inside);
  };
  const pick = (label) => {
    picked = label;
    ready.disabled = false;
  };
  const show = (some) => some.map((about) => option(about.label, row(about)));
  const list = element("div.rows", {}, show(cards));
  const rest = element("div.rows.rest", {}, Object.entries(DONE).map(([label, text]) =>
    option(label, element("span.named", {}, element("strong", {}, text)))));

  const keeps = room.keeps_photos && !people;
  const body = element("div.body", {}, search(cards, list, show), list, rest);
  const foot = element("footer", {},
    keeps
      ? element("label.consent", {}, consent, element("span", {}, TEXT.consent, element("small", {}, TEXT.consentMore)))
      : element("p.lead", {}, TEXT.noPhotos),
    say, ready);
  const dialog = sheet(people ? TEXT.suggestPeople : TEXT.suggestTitle, body, foot);

  async function sending() {
    ready.disabled = true;
    try {
      const { receipt } = await send(picked, keeps && consent.checked);
      thanked(receipt);
    } catch (trouble) {
      say.textContent = trouble.message;
      ready.disabled = false;
    }
  }

  function thanked(receipt) {
    const became = element("p.said", { role: "status" });
    const ask = button("ghost", "What became of it?", async () => {
      became.textContent = await fate(receipt).then((told) => told.sentence, (trouble) => trouble.message);
    });
    const kept = keeps && consent.checked;
    const title = element("h2", { tabindex: "-1" }, kept ? TEXT.thanks : TEXT.thanksCounted);
    dialog.replaceChildren(
      element("div.thanks", {}, title, kept ? element("p.lead", {}, TEXT.thanksMore) : null,
        element("p.receipt", {}, "Receipt ", element("code", {}, receipt)), became),
      element("footer.two", {}, ask, button("main", "Done", () => dialog.close())));
    title.focus();
  }

  if (first !== null) {
    const radio = [...dialog.querySelectorAll("input[type=radio]")].find((one) => one.value === first);
    if (radio) radio.checked = true;
    pick(first);
  }
  return dialog;
}
