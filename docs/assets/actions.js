// What can be done with the story of a thing: hear it, and give its address to somebody.
import { button, element } from "./elements.js";
import { TEXT } from "./words.js";

const GONE_AFTER = 6000; // ms a short notice stays

/** A button that reads a card aloud by the browser's own voice, and stops; null where there is none. */
export function aloud(about) {
  const voice = globalThis.speechSynthesis;
  if (!voice || !globalThis.SpeechSynthesisUtterance) return null;
  const made = button("quiet", TEXT.readAloud, () => (voice.speaking ? voice.cancel() : read()));
  const says = (text) => {
    made.textContent = text;
  };

  function read() {
    const told = new SpeechSynthesisUtterance(spokenStory(about));
    if (about.lang) told.lang = about.lang;
    told.addEventListener("end", () => says(TEXT.readAloud));
    told.addEventListener("error", () => says(TEXT.readAloud));
    voice.cancel();
    voice.speak(told);
    says(TEXT.stopReading);
  }
  return made;
}

/** What is read of a card: name, story, facts. */
export function spokenStory(about) {
  const facts = (about.facts ?? []).filter((one) => one.value).map((one) => `${one.name}: ${one.value}`);
  const ended = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
  return [about.title, about.summary, ...facts].filter(Boolean).map(ended).join(" ");
}

/** A button that gives the address of a thing away: the phone's own sheet, else the clipboard, else in words. */
export function shared(about, address) {
  const said = element("small.said", { role: "status" });
  const tell = (text) => {
    said.textContent = text;
    setTimeout(() => said.replaceChildren(), GONE_AFTER);
  };
  const share = button("quiet", TEXT.share, async () => {
    if (navigator.share) {
      // Whoever closes the phone's sheet has changed their mind: nothing to say.
      await navigator.share({ title: about.title, text: about.summary || about.title, url: address }).catch(() => {});
      return;
    }
    const copied = navigator.clipboard?.writeText(address) ?? Promise.reject(new Error("no clipboard"));
    await copied.then(() => tell(TEXT.copied), () => tell(TEXT.copyThis(address)));
  });
  return [share, said];
}
