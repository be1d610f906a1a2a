// "That's wrong" in two taps, and what comes of it: a receipt.
import { button, element } from "./elements.js";
import { keepReceipt, receiptCard } from "./receipts.js";
import { row, search, sheet } from "./sheets.js";
import { TEXT } from "./words.js";

const GUESSES = 2;
const LONGEST = 120; // letters of what somebody types

/** What can be said instead of an answer: `guesses` of the model that were not refused, and the `others`. */
export function choices(answer, cards, refused) {
  const open = cards.filter((about) => !refused.includes(about.label));
  const byLabel = new Map(open.map((about) => [about.label, about]));
  const guesses = (answer.candidates ?? []).map((one) => byLabel.get(one.label)).filter(Boolean).slice(0, GUESSES);
  return { guesses, others: open.filter((about) => !guesses.includes(about)) };
}

/** `send(label, consent, words)` -> {receipt}; `fate`, `takeBack`: of a receipt. `only`: the one thing to be told. */
export function suggestSheet({ room, cards, answer, refused = [], only = null, send, fate, takeBack, sent }) {
  const people = room.subject === "people";
  const keeps = room.keeps_photos && !people;
  const consent = element("input", { type: "checkbox", id: "consent", "aria-describedby": "consent-more" });
  const say = element("p.said", { role: "status" });
  let isSending = false;

  // Pressed twice, it is sent once.
  async function sending(label, name, words = "") {
    if (isSending) return;
    isSending = true;
    body.setAttribute("aria-busy", "true");
    say.textContent = "";
    try {
      const told = await send(label, keeps && consent.checked, words);
      keepReceipt(told.receipt, name);
      thanked(told.receipt);
      sent(told.receipt);
    } catch (trouble) {
      say.textContent = trouble.message;
      isSending = false;
    }
    body.removeAttribute("aria-busy");
  }

  const option = (label, name, inside) =>
    element("li", {}, element("button.row", { type: "button", "data-label": label, onclick: () => sending(label, name) }, inside));
  const plain = (text) => element("span.named", {}, element("strong", {}, text));
  const show = (some) => some.map((about) => option(about.label, about.title, row(about)));
  const rows = (some) => element("ul.rows", {}, some);
  const agreed = keeps
    ? element("label.consent", {}, consent, element("span", {}, TEXT.consent,
        element("small", { id: "consent-more" }, TEXT.consentMore)))
    : element("p.lead", {}, TEXT.noPhotos);

  const body = only === null ? all() : element("div.body", {}, rows(one(only)), agreed);
  const dialog = sheet(people ? TEXT.suggestPeople : TEXT.suggestTitle, body, element("footer", {}, say));

  function one(label) {
    const about = cards.find((card) => card.label === label);
    if (label === "unknown") return [option(label, TEXT.iDontKnow, [plain(TEXT.iDontKnow), send_()])];
    return [option(label, about?.title ?? label, [...row(about ?? { title: label }), send_()])];
  }

  function send_() {
    return element("b", { "aria-hidden": "true" }, TEXT.send);
  }

  function all() {
    const { guesses, others } = choices(answer, cards, refused);
    const list = rows(show(others));
    return element("div.body", {},
      guesses.length ? [element("h3", {}, TEXT.guesses), rows(show(guesses))] : null,
      element("h3", {}, TEXT.or),
      rows([option("none", TEXT.noneOfThese, plain(TEXT.noneOfThese)),
        option("unknown", TEXT.iDontKnow, plain(TEXT.iDontKnow)), people ? null : typed()].filter(Boolean)),
      agreed,
      others.length ? element("h3", {}, TEXT.allOthers) : null, search(others, list, show), list);
  }

  function typed() {
    const field = element("input", { type: "text", maxlength: LONGEST, placeholder: TEXT.notHereHint, "aria-label": TEXT.notHere });
    const form = element("form.row.typed", {}, element("span.named", {}, element("strong", {}, TEXT.notHere)),
      element("span.write", {}, field, element("button.ghost", { type: "submit" }, TEXT.send)));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const words = field.value.trim();
      if (words) sending("none", words, words);
      else field.focus();
    });
    return element("li", {}, form);
  }

  function thanked(receipt) {
    const kept = keeps && consent.checked;
    const title = element("h2", { tabindex: "-1" }, kept ? TEXT.thanks : TEXT.thanksCounted);
    dialog.replaceChildren(
      element("div.thanks", {}, title, kept ? element("p.lead", {}, TEXT.thanksMore) : null,
        receiptCard({ receipt, fate, takeBack }), element("p.lead", {}, TEXT.receiptKept)),
      element("footer", {}, button("main", TEXT.done, () => dialog.close())));
    title.focus();
  }

  return dialog;
}
