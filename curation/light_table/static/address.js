// The address holds the place: which page, and what of it. Back, reload and a shared link lead there again.

const ROOT = "#/light-table";

// "#/light-table/sheet?q=mug" -> { view: "sheet", asked: { q: "mug" } }; no view for the photos themselves.
export function read(hash) {
  if (hash !== ROOT && !hash.startsWith(`${ROOT}/`) && !hash.startsWith(`${ROOT}?`)) return { view: "", asked: {} };
  const [path, query = ""] = hash.slice(ROOT.length).split("?");
  return { view: decodeURIComponent(path.replace(/^\//, "")), asked: Object.fromEntries(new URLSearchParams(query)) };
}

export function write(view, asked = {}) {
  const given = Object.entries(asked).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = new URLSearchParams(given).toString();
  return `${ROOT}${view ? `/${encodeURIComponent(view)}` : ""}${query ? `?${query}` : ""}`;
}

// Go to a place; `quietly`: in the place of the one that was there, as for every letter that is typed.
export function put(view, asked, quietly = false) {
  const wanted = write(view, asked);
  if (location.hash === wanted || (!view && !location.hash.startsWith(`${ROOT}/`))) return;
  history[quietly ? "replaceState" : "pushState"](null, "", wanted);
}
