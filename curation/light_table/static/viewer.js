// Photos of one shot in the same place, one after the other: what differs between them jumps to the eye.

import { open } from "./dialogs.js";
import { keyRow } from "./header.js";
import { h } from "./dom.js";
import { Zoom } from "./zoom.js";

// `photos`: {image_id, width, height, labelled, words}; `why`: what is to be decided about them; `chosen(image_id)` is
// called with the one on show when Enter is pressed; null where none is to be chosen.
export function view(table, photos, first, why, chosen) {
  const image = h("img", { alt: "", draggable: "false" });
  const mat = h("div", { class: "mat" }, image);
  const words = h("p", { "aria-live": "polite" });
  const zoom = new Zoom(mat, image, (side) => table.server.photo(photos[at].image_id, side), photos[first]);
  let at = first;
  const show = (place) => {
    at = (place + photos.length) % photos.length;
    image.src = table.server.photo(photos[at].image_id, 1280);
    zoom.longest = Math.max(photos[at].width, photos[at].height);
    zoom.side = 0; // the same part of the next one, as fine
    zoom.draw();
    words.replaceChildren(h("span", { class: "lab" }, `${at + 1} of ${photos.length} · labelled `), h("b", {}, photos[at].labelled),
      h("span", { class: "lab" }, ` · ${photos[at].words}`));
  };
  const keep = () => {
    dialog.close();
    chosen(photos[at].image_id);
  };
  const actions = [
    ["ArrowLeft", "before", () => show(at - 1)],
    ["ArrowRight", "next", () => show(at + 1), "main"],
    ...(chosen ? [["Enter", "keep this one", keep, "main"]] : []),
    ["z", "magnify", () => zoom.toggle(), "main"],
    ["Escape", "close", () => dialog.close(), "main"],
  ];
  const dialog = h("dialog", { class: "viewer", "aria-label": "Copies, one after the other", tabindex: "-1" },
    h("div", { class: "over" }, words, table.header.state(table.session)), h("p", { class: "why" }, why), mat, h("div", { class: "foot" }, keyRow(actions)));
  dialog.addEventListener("keydown", (event) => {
    const place = /^[1-9]$/.test(event.key) && Number(event.key) - 1;
    const does = actions.find(([name]) => name === event.key)?.[2] ?? (place !== false && place < photos.length && (() => show(place)));
    if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  });
  for (const photo of photos) new Image().src = table.server.photo(photo.image_id, 1280);
  open(table, dialog);
  show(first);
}
