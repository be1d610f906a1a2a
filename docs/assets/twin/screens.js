// What a visitor sees of the release in this browser: who answered, the offer to fetch it, and how far that is.
import { button, element } from "../elements.js";
import { sheet } from "../sheets.js";
import { TEXT } from "./words.js";

/** A quiet line below an answer; nothing where only the app can answer. */
export function answeredBy(answer, recognizer) {
  if (!recognizer.twins) return [];
  const here = recognizer.hasApp ? TEXT.byDevice : TEXT.byDeviceAlone;
  return [element("p.by", {}, answer.by === "device" ? here : TEXT.byApp)];
}

/** {content, load}: which one, where there are several, a bar and a line for a placard; and the button that fetches it.
 * `rows`: the choices of `twins`; `ready()`: it is there. */
export function fetching(twins, rows, ready) {
  const bar = element("progress", { max: "1", value: "0", hidden: true });
  const line = element("p.lead.told", { role: "status" });
  let chosen = rows.find(({ first }) => first) ?? rows[0];
  const load = button("main", "", async () => {
    const { twin } = chosen;
    bar.hidden = false;
    line.textContent = "";
    kinds.disabled = load.disabled = true;
    try {
      await twins.fetch(twin, (bytes, all) => {
        bar.value = bytes / all;
        line.textContent = TEXT.progress(bytes, all);
      });
      await ready();
    } catch (trouble) {
      bar.hidden = true;
      line.textContent = trouble.message;
      kinds.disabled = load.disabled = false;
    }
  });
  const choose = (row) => {
    chosen = row;
    load.hidden = row.kept?.revision === row.about.revision;
    load.textContent = (row.kept ? TEXT.update : TEXT.download)(row.about.bytes);
    bar.setAttribute("aria-label", load.textContent);
  };
  const kinds = element("fieldset.kinds", { hidden: rows.length < 2 }, element("legend", {}, TEXT.which),
    rows.map((row) => element("label.consent", {},
      element("input", { type: "radio", name: "twin", checked: row === chosen, onchange: () => choose(row) }),
      element("span", {}, TEXT.kind(row.about), element("small", {}, TEXT.same(row.about))))));
  choose(chosen);
  return { content: [kinds, bar, line], load };
}

/** Everything about it: how large, fetch, update, compare, remove. `changed()`: it is there now, or gone. */
export function offlineSheet(twins, hasApp, changed) {
  const body = element("div.body");
  const foot = element("footer.two.offline");
  const dialog = sheet(TEXT.title, body, foot);
  const again = () => {
    changed();
    return show();
  };
  const show = async () => {
    const rows = await twins.choices();
    if (!rows.length) return fill(body, foot, [element("p", {}, TEXT.nothing)], []);
    const { content, load } = fetching(twins, rows, again);
    const here = rows.find(({ kept }) => kept);
    if (!here) {
      const words = rows.length > 1 ? TEXT.aboutBoth : TEXT.about(rows[0].about.bytes);
      return fill(body, foot, [element("p", {}, words), ...content], [load]);
    }
    const { twin, about, kept } = here;
    const said = element("p.lead", { role: "status" });
    const remove = button("ghost", TEXT.remove, async () => {
      await twins.remove();
      await again();
    });
    const compare = button("ghost", TEXT.check, async () => {
      compare.disabled = true;
      said.textContent = await twin.check((done, all) => {
        said.textContent = TEXT.checking(done, all);
      }).then(TEXT.checked, (trouble) => trouble.message);
      compare.disabled = false;
    });
    const { bytes } = about;
    const words = kept.revision !== about.revision ? TEXT.newer(bytes) : hasApp ? TEXT.kept(bytes) : TEXT.keptAlone(bytes);
    return fill(body, foot, [element("p", {}, words), ...content, said], [remove, compare, load]);
  };
  show();
  return dialog;
}

function fill(body, foot, content, buttons) {
  body.replaceChildren(...content);
  foot.replaceChildren(...buttons);
}
