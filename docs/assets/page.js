// The page: the visitor's side, and where the app has one, the light table beside it.
import * as config from "../config.js";
import { enter } from "./addresses.js";
import { mount } from "./ask.js";
import { openTabs } from "./tabs.js";
import { TEXTS } from "./texts.js";
import { followTheme } from "./theme.js";
import { TEXT, chooseLanguage, keepLanguage, language } from "./words.js";

// What stands in the page itself, by the names in data-text (its text) and data-label (what is read out).
function translate() {
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = TEXT[one.dataset.text];
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", TEXT[one.dataset.label]);
}

function languageSwitch() {
  const select = document.querySelector("#language");
  select.append(...Object.entries(TEXTS).map(([code, { name }]) => {
    const option = new Option(name, code);
    option.lang = code;
    return option;
  }));
  select.value = language();
  select.addEventListener("change", () => keepLanguage(select.value));
}

enter();
followTheme();
chooseLanguage();
languageSwitch();
translate();
addEventListener("vitrine-language", translate);
mount(document.body, config.SPACE, [config.TWIN, config.SMALL_TWIN].filter(Boolean), config.BLUR_FACES);
if (config.TWIN) import("./twin/install.js").then(({ install }) => install());

if (config.LIGHT_TABLE) {
  const host = document.querySelector("vitrine-light-table");
  const at = new URL(config.LIGHT_TABLE, config.SPACE).href;
  // Fetched when it is first looked at: most who come are visitors.
  openTabs(document, { "light-table": () => import(at).then((table) => table.mount(host)) });
}
