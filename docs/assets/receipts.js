// Receipts of suggestions: kept by this browser, typed in again, asked about, taken back.
import { button, element } from "./elements.js";
import { sheet } from "./sheets.js";
import { TEXT } from "./words.js";

const KEPT = "vitrine.receipts";
const MOST = 50;

/** [{receipt, about}], newest first. */
export function keptReceipts() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.receipt === "string") : [];
  } catch {
    return []; // no leave to store, or somebody else's text under our name
  }
}

export function keepReceipt(receipt, about = "") {
  store([{ receipt, about }, ...keptReceipts().filter((one) => one.receipt !== receipt)].slice(0, MOST));
}

export function dropReceipt(receipt) {
  store(keptReceipts().filter((one) => one.receipt !== receipt));
}

function store(receipts) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(receipts));
  } catch {
    // No leave to store, or no room: the visitor has it on the screen.
  }
}

/** The fate of a receipt in words, in the visitor's language where the page has it. */
export function fateInWords(told) {
  const said = TEXT.fates[told.fate] ?? told.sentence;
  return told.round ? `${said} ${TEXT.helped(told.round)}` : said;
}

/** A receipt with what can be done with it. */
export function receiptCard({ receipt, about = "", fate, takeBack, dropped = null }) {
  const became = element("p.said", { role: "status" });
  const ask = button("ghost", TEXT.reviewed, () => tell(fate(receipt)));
  // Asked once more, since nothing brings a photo back.
  const back = takeBack && button("ghost", TEXT.takeBack, () => {
    if (back.textContent === TEXT.takeBack) back.textContent = TEXT.takeBackSure;
    else tell(takeBack(receipt));
  });

  async function tell(told) {
    became.textContent = await told.then((one) => {
      if (one.fate === "taken back") for (const each of [ask, back]) each?.remove();
      return fateInWords(one);
    }, (trouble) => trouble.message);
  }

  return element("article.receipt", {}, about ? element("strong", {}, about) : null,
    element("p", {}, `${TEXT.receipt} `, element("code", {}, receipt)), became,
    element("div.acts", {}, ask, back, dropped ? button("quiet", TEXT.forget, dropped) : null));
}

/** "I have a receipt": those of this browser, and a field for another one. */
export function receiptsSheet({ fate, takeBack }) {
  const list = element("div.rows", {});
  const show = () => {
    const kept = keptReceipts();
    list.replaceChildren(...(kept.length ? kept.map((one) => receiptCard({ ...one, fate, takeBack, dropped: () => {
      dropReceipt(one.receipt);
      show();
    } })) : [element("p.lead", {}, TEXT.noReceipts)]));
  };
  const field = element("input.search", { type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
    placeholder: TEXT.typeReceipt, "aria-label": TEXT.typeReceipt });
  const form = element("form.write", {}, field, element("button.main", { type: "submit" }, TEXT.lookUp));
  const said = element("p.said", { role: "status" });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const receipt = field.value.trim();
    if (!receipt) return field.focus();
    said.textContent = await fate(receipt).then((told) => {
      keepReceipt(told.receipt.length > receipt.length ? told.receipt : receipt);
      field.value = "";
      show();
      return fateInWords(told);
    }, (trouble) => trouble.message);
  });
  show();
  return sheet(TEXT.receipts, element("div.body", {}, list), element("footer", {}, said, form));
}
