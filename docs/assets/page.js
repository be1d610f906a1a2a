// The page: the visitor's side, and where the app has one, the light table beside it.
import * as config from "../config.js";
import { mount } from "./ask.js";
import { openTabs } from "./tabs.js";
import { followTheme } from "./theme.js";

followTheme();
mount(document.body, config.SPACE);

if (config.LIGHT_TABLE) {
  const host = document.querySelector("vitrine-light-table");
  const at = new URL(config.LIGHT_TABLE, config.SPACE).href;
  // Fetched when it is first looked at: most who come are visitors.
  openTabs(document, { "light-table": () => import(at).then((table) => table.mount(host)) });
}
