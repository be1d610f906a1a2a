// Tabs: one panel is shown at a time, and the address says which (#/light-table, or a place in it), so that back, reload
// and share keep it.

import { place } from "./addresses.js";

/** Bring the tab list inside `page` to life. `first`: what to do when a tab is opened for the first time, by its name. */
export function openTabs(page, first = {}) {
  const list = page.querySelector("[role=tablist]");
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const nameOf = (tab) => tab.dataset.tabId;
  const panelOf = (tab) => page.getElementById(tab.getAttribute("aria-controls"));
  const waiting = new Map(Object.entries(first));

  function show(shown) {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === shown));
      tab.tabIndex = tab === shown ? 0 : -1;
      panelOf(tab).hidden = tab !== shown;
    }
    const begin = waiting.get(nameOf(shown));
    waiting.delete(nameOf(shown));
    begin?.();
  }

  function choose(tab) {
    show(tab);
    const address = `#/${nameOf(tab)}`;
    if (place()[0] !== nameOf(tab)) history.pushState(null, "", address);
    scrollTo(0, 0);
  }

  // A panel may write behind its name which of its places is shown (#/light-table/sheet?q=mug).
  // Any other address, such as a heading's, is in the first panel.
  const addressed = () => tabs.find((tab) => place()[0] === nameOf(tab)) ?? tabs[0];

  function press(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
    choose(next);
    next.focus();
  }

  for (const tab of tabs) {
    const panel = panelOf(tab);
    panel.setAttribute("role", "tabpanel");
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", press);
  }
  addEventListener("hashchange", () => show(addressed()));
  addEventListener("popstate", () => show(addressed()));
  list.hidden = false;
  show(addressed());
}
