// Places inside the page, as its address has them: #/thing/harbour-ebb, #/things, #/receipts.

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
