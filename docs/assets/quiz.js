// The quiz: five photos, three answers each. What visitors say is a second opinion for whoever keeps the collection.
import { button, element, picture } from "./elements.js";
import { sheet } from "./sheets.js";
import { TEXT } from "./words.js";

/** `begin(after)` -> {round, questions}; `answer(round, number, label)` -> {known, right}; `photo(round, number)` -> its
 * address; `titleOf(label, title)`: a name in the visitor's language. */
export function quizSheet({ begin, answer, photo, titleOf }) {
  const said = element("p.lead", { role: "status" }, TEXT.quizHow);
  const body = element("div.body");
  const foot = element("footer");
  const made = sheet(TEXT.quiz, said, body, foot);
  const game = { round: "", questions: [], number: 0, right: 0, known: 0 };

  const fail = (trouble, again) => {
    said.textContent = trouble.message;
    foot.replaceChildren(button("main", TEXT.tryAgain, again));
  };

  async function start() {
    foot.replaceChildren();
    try {
      Object.assign(game, await begin(game.round), { number: 0, right: 0, known: 0 });
    } catch (trouble) {
      body.replaceChildren();
      return fail(trouble, start);
    }
    ask();
  }

  function ask() {
    const { choices } = game.questions[game.number];
    said.textContent = TEXT.quizAsked(game.number + 1, game.questions.length);
    const options = choices.map((one) =>
      button("ghost", titleOf(one.label, one.title), () => give(one, options), { "data-label": one.label }));
    body.replaceChildren(
      element("figure.asked", {}, picture(photo(game.round, game.number), TEXT.quizPhoto)),
      element("div.options", { role: "group", "aria-label": TEXT.quizWhich }, options));
    // Its place is kept, so that nothing moves under the thumb.
    foot.replaceChildren(button("main", TEXT.next, () => {}, { disabled: true }));
    foot.classList.remove("two");
    options[0].focus({ preventScroll: true });
  }

  async function give(choice, options) {
    for (const one of options) one.disabled = true;
    let told;
    try {
      told = await answer(game.round, game.number, choice.label);
    } catch (trouble) {
      return fail(trouble, trouble.code === "unknown_round" ? start : () => give(choice, options));
    }
    for (const one of options) {
      one.setAttribute("aria-pressed", String(one.dataset.label === choice.label));
      if (told.known) one.toggleAttribute("data-right", one.dataset.label === told.known.label);
    }
    game.known += told.known ? 1 : 0;
    game.right += told.right ? 1 : 0;
    said.textContent = reply(told);
    const last = game.number + 1 === game.questions.length;
    const next = button("main", last ? TEXT.quizEnd : TEXT.next, last ? end : onward);
    foot.replaceChildren(next);
    next.focus({ preventScroll: true });
  }

  const reply = ({ known, right }) => {
    if (!known) return TEXT.quizThanks;
    return right ? TEXT.quizRight : TEXT.quizIs(titleOf(known.label, known.title));
  };

  function onward() {
    game.number += 1;
    ask();
  }

  function end() {
    said.textContent = TEXT.quizDone;
    body.replaceChildren(element("p.summary", {}, TEXT.quizScore(game.right, game.known)));
    foot.replaceChildren(button("ghost", TEXT.close, () => made.close()), button("main", TEXT.quizAgain, start));
    foot.classList.add("two");
    foot.lastChild.focus({ preventScroll: true });
  }

  foot.append(button("main", TEXT.quizStart, start));
  return made;
}
