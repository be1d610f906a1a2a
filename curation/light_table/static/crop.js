// Crop and turn: a rectangle is drawn on the whole photo, quarter turns by a button. The stored photo stays as it is.

import { open } from "./dialogs.js";
import { h, key } from "./dom.js";

const LEAST = 0.02; // of a side

// A rectangle between two spots, in shares of the photo; nothing where it is too small to be meant.
export function rectangle([ax, ay], [bx, by]) {
  const clip = (share) => Math.min(1, Math.max(0, share));
  const [left, right] = [clip(Math.min(ax, bx)), clip(Math.max(ax, bx))];
  const [top, bottom] = [clip(Math.min(ay, by)), clip(Math.max(ay, by))];
  return right - left < LEAST || bottom - top < LEAST ? null : { left, top, width: right - left, height: bottom - top };
}

// As the ledger holds it: "0.1,0.2,0.5,0.5,90".
export function frameText(box, turn) {
  const { left, top, width, height } = box ?? { left: 0, top: 0, width: 1, height: 1 };
  const short = (share) => String(Math.round(share * 10000) / 10000);
  const [l, t] = [short(left), short(top)];
  const within = (size, from) => short(Math.min(Math.floor(size * 10000) / 10000, 1 - Number(from)));
  return [l, t, within(width, l), within(height, t), turn].join(",");
}

export function readFrame(text) {
  const [left, top, width, height, turn] = (text || "0,0,1,1,0").split(",").map(Number);
  const whole = left === 0 && top === 0 && width === 1 && height === 1;
  return { box: whole ? null : { left, top, width, height }, turn };
}

// `done(text)` is called with the frame that was chosen.
export function frameOn(table, item, done) {
  let { box, turn } = readFrame(item.frame);
  let from = null;
  const image = h("img", { src: `${table.server.photo(item.image_id, 1280)}&whole=1`, alt: "The whole photo", draggable: "false" });
  const shade = h("div", { class: "crop-box", "aria-hidden": "true" });
  const area = h("div", { class: "crop-area" }, image, shade);
  const words = h("p", { class: "soft", "aria-live": "polite" });
  const draw = () => {
    shade.hidden = !box;
    if (box) shade.style.cssText = `left:${box.left * 100}%;top:${box.top * 100}%;width:${box.width * 100}%;height:${box.height * 100}%`;
    words.textContent = `${box ? "Only what is inside the frame counts." : "Draw a frame around what counts, or keep it whole."}${turn ? ` Turned by ${turn}°.` : ""} The stored photo stays as it is.`;
    area.style.rotate = `${turn}deg`;
  };
  // Where the pointer is on the photo, however it is turned.
  const spot = ({ clientX, clientY }) => {
    const { left, top, width, height } = area.getBoundingClientRect();
    const [x, y] = [(clientX - left) / width, (clientY - top) / height];
    return { 0: [x, y], 90: [y, 1 - x], 180: [1 - x, 1 - y], 270: [1 - y, x] }[turn];
  };
  area.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    if (!image.naturalWidth) return; // until the photo has come nobody knows where its sides are
    area.setPointerCapture(event.pointerId);
    from = spot(event);
  });
  area.addEventListener("pointermove", (event) => {
    if (!from) return;
    box = rectangle(from, spot(event)) ?? box;
    draw();
  });
  for (const end of ["pointerup", "pointercancel"]) area.addEventListener(end, () => {
    from = null;
  });
  const rotate = () => {
    turn = (turn + 90) % 360;
    draw();
  };
  const whole = () => {
    box = null;
    turn = 0;
    draw();
  };
  const keep = () => {
    dialog.close();
    done(frameText(box, turn));
  };
  const dialog = h("dialog", { class: "viewer crop", "aria-label": "Crop and turn", tabindex: "-1" }, words, h("div", { class: "crop-room" }, area),
    h("div", { class: "gives" }, h("button", { class: "big small", onclick: keep }, "Keep this frame ", key("↵")), h("button", { class: "ghost", onclick: rotate }, "Turn ", key("r")),
      h("button", { class: "ghost", onclick: whole }, "The whole photo"), h("button", { class: "ghost", onclick: () => dialog.close() }, "Never mind ", key("esc"))));
  dialog.addEventListener("keydown", (event) => {
    const does = { r: rotate, Enter: keep }[event.key];
    if (!does || event.composedPath()[0].closest?.("button")) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  });
  open(table, dialog);
  draw();
}
