// The photo beside the reference, and the parts of it that show what was answered.
import { element, picture } from "./elements.js";
import { smallPixels } from "./camera.js";
import { frameIn } from "./frame.js";
import { SIDE } from "./live_frame.js";
import { drawStraight, mayBe } from "./straighten.js";
import { sheet } from "./sheets.js";
import { TEXT } from "./words.js";

/** Slide between the visitor's photo and the reference picture. `outline`: a promise of where the reference lies in the
 * photo, as corners. Where nobody says that, the photo's own frame is looked for. With either, the photo is shown straight,
 * in the shape of the reference. */
export function compareSheet(photo, about, outline = null) {
  const large = about.picture.includes("/reference/") ? `${about.picture}?side=640` : about.picture;
  const below = picture(large, about.title, { lang: about.lang });
  const whole = picture(photo, TEXT.yourPhoto);
  let above = whole;
  const slider = element("input.slide", { type: "range", min: "0", max: "100", value: "50", "aria-label": TEXT.compareSlide });
  const show = () => {
    above.style.clipPath = `inset(0 ${100 - slider.value}% 0 0)`;
  };
  slider.addEventListener("input", show);
  show();
  straight(whole, below, outline).then((drawn) => {
    if (!drawn) return;
    whole.replaceWith(drawn);
    above = drawn;
    show();
  });
  return sheet(TEXT.compareTitle, element("div.body", {},
    element("div.pair", {}, below, above), slider));
}

// The photo straightened to the picture's shape; null where nobody knows where the picture lies in it.
async function straight(photo, below, outline) {
  const told = (await outline?.catch(() => null)) ?? {};
  const shown = await Promise.all([photo.decode(), below.decode()]).catch(() => null);
  if (!shown || !photo.isConnected) return null;
  const corners = told.corners ?? frameOf(photo, below);
  if (!corners) return null;
  const drawn = drawStraight(photo, corners, below);
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", TEXT.yourPhotoStraight);
  return drawn;
}

function frameOf(photo, below) {
  const [width, height] = [photo.naturalWidth, photo.naturalHeight];
  const corners = frameIn(smallPixels(photo, SIDE, 0, 0, width, height));
  const picture = { width: below.naturalWidth, height: below.naturalHeight };
  return corners && mayBe(corners, { width, height }, picture) ? corners : null;
}

/** A photo under a veil that is thin where a part of it, seen alone, shows the thing. `asked` -> {grid}: rows of shares. */
export function whySheet(photo, asked) {
  const veil = element("canvas.veil", { "aria-hidden": "true" });
  const said = element("p.lead", { role: "status" }, TEXT.looking);
  asked.then(({ grid }) => {
    draw(veil, grid);
    said.textContent = TEXT.whyMore;
  }, (trouble) => {
    said.textContent = trouble.message;
  });
  return sheet(TEXT.whyTitle, element("div.body", {}, element("div.looked", {}, picture(photo, TEXT.yourPhoto), veil), said));
}

/** How dark each part is drawn, 0 to 1: the part that shows the thing best is clear. */
export function darkness(grid) {
  const all = grid.flat();
  const most = Math.max(...all);
  const least = Math.min(...all);
  return grid.map((row) => row.map((share) => (most > least ? (most - share) / (most - least) : 0)));
}

function draw(veil, grid) {
  veil.width = grid[0].length;
  veil.height = grid.length;
  const context = veil.getContext("2d");
  darkness(grid).forEach((row, y) => row.forEach((dark, x) => {
    context.fillStyle = `rgb(20 14 6 / ${0.78 * dark})`;
    context.fillRect(x, y, 1, 1);
  }));
}
