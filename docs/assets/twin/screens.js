// What a visitor sees of the release in this browser: who answered, the offer to fetch it, and how far that is.
import { button, element } from "../elements.js";
import { sheet } from "../sheets.js";
import { TEXT } from "./words.js";

/** A quiet line below an answer; nothing where only the app can answer. */
export function answeredBy(answer, recognizer) {
  if (!recognizer.twin) return [];
  const here = recognizer.hasApp ? TEXT.byDevice : TEXT.byDeviceAlone;
  return [element("p.by", {}, answer.by === "device" ? here : TEXT.byApp)];
}

/** {content, begin}: a bar and a line for a placard, and what fetches the release: true once it is there. */
export function fetching(twin, about) {
  const bar = element("progress", { max: "1", value: "0", "aria-label": TEXT.download(about.offer), hidden: true });
  const line = element("p.lead.told", { role: "status" });
  const begin = async () => {
    bar.hidden = false;
    line.textContent = "";
    try {
      await twin.fetch((bytes, all) => {
        bar.value = bytes / all;
        line.textContent = TEXT.progress(bytes, all);
      });
      return true;
    } catch (trouble) {
      bar.hidden = true;
      line.textContent = trouble.message;
      return false;
    }
  };
  return { content: [bar, line], begin };
}

/** Everything about it: how large, fetch, update, compare, remove. `changed()`: it is there now, or gone. */
export function offlineSheet(twin, hasApp, changed) {
  const body = element("div.body");
  const foot = element("footer.two");
  const dialog = sheet(TEXT.title, body, foot);
  const show = async () => {
    const [about, kept] = await Promise.all([twin.about(), twin.kept()]);
    const bytes = about?.bytes ?? 0;
    if (!about) return fill(body, foot, [element("p", {}, TEXT.nothing)], []);
    const { content, begin } = fetching(twin, { offer: bytes });
    const load = (text) => {
      const made = button("main", text, async () => {
        made.disabled = true;
        if (await begin()) {
          changed();
          await show();
        } else made.disabled = false;
      });
      return made;
    };
    if (!kept) return fill(body, foot, [element("p", {}, TEXT.about(bytes)), ...content], [load(TEXT.download(bytes))]);
    const said = element("p.lead", { role: "status" });
    const remove = button("ghost", TEXT.remove, async () => {
      await twin.remove();
      changed();
      await show();
    });
    const compare = button("ghost", TEXT.check, async () => {
      compare.disabled = true;
      said.textContent = await twin.check((done, all) => {
        said.textContent = TEXT.checking(done, all);
      }).then(TEXT.checked, (trouble) => trouble.message);
      compare.disabled = false;
    });
    const words = kept.revision !== about.revision ? TEXT.newer(bytes) : hasApp ? TEXT.kept(bytes) : TEXT.keptAlone(bytes);
    const update = kept.revision !== about.revision ? [load(TEXT.update(bytes))] : [];
    return fill(body, foot, [element("p", {}, words), ...content, said], [remove, compare, ...update]);
  };
  show();
  return dialog;
}

function fill(body, foot, content, buttons) {
  body.replaceChildren(...content);
  foot.replaceChildren(...buttons);
}
