// Places inside the page, as its address has them: #/thing/harbour-ebb, #/things, #/receipts. A thing has an address with
// a preview as well, thing/harbour-ebb/, for whoever it is sent to.

const ROOT = new URL("..", import.meta.url); // the folder that the page lies in

/** Who comes by an address that was sent is at that place inside the page from now on. */
export function enter(from = location, root = ROOT) {
  const way = from.pathname.startsWith(root.pathname) ? from.pathname.slice(root.pathname.length) : "";
  const [kind, name] = way.split("/");
  if (kind === "thing" && name) history.replaceState(null, "", `${root.pathname}${from.search}#/thing/${name}`);
}

/** The address of a thing that shows a preview where it is sent to somebody. */
export const sharedAddress = (label, root = ROOT) => new URL(`thing/${encodeURIComponent(label)}/`, root).href;

/** ["thing", "harbour-ebb"] of an address; [] for any other. */
export function place(hash = location.hash) {
  if (!hash.startsWith("#/")) return [];
  try {
    return hash.slice(2).split("?")[0].split("/").map(decodeURIComponent);
  } catch {
    return []; // half of a sign: nobody's address
  }
}

export const addressOf = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

/** Go there, so that "back" comes back here. */
export function goTo(...parts) {
  const address = addressOf(...parts);
  if (location.hash !== address) history.pushState({ inside: true }, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Leave a place: back to where it was entered from, or, where that was another page, to the start. */
export function leave() {
  if (history.state?.inside) history.back();
  else history.replaceState(null, "", location.pathname + location.search);
}
