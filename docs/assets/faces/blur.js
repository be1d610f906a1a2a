// Faces are blurred on this device, before a photo is sent anywhere. An owner turns it on (BLUR_FACES in config.js).
import { Trouble } from "../app_client.js";
import { TEXT } from "../words.js";
import { SIDE } from "./network.js";

const WIDER = 0.25; // of a face, on each side: hair and chin
const PATCHES = 5; // across a face: nobody is known by so few
const QUALITY = 0.9;

/** The photo as a JPEG without faces, or as it is where there is none. Raises a Trouble where that can't be known: it is
 * not sent then. */
export async function withoutFaces(photo) {
  try {
    const picture = await createImageBitmap(photo);
    const boxes = await facesOf(picture);
    return boxes.length ? await blurred(picture, boxes) : photo;
  } catch {
    throw new Trouble(TEXT.notBlurred, "not_blurred");
  }
}

// In pixels of the picture: [left, top, width, height].
async function facesOf(picture) {
  const canvas = canvasOf(SIDE, SIDE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const longer = Math.max(picture.width, picture.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, (SIDE * picture.width) / longer, (SIDE * picture.height) / longer);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  return (await lookedAt(data)).map((box) => box.map((share) => share * longer));
}

function lookedAt(pixels) {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  return new Promise((done, failed) => {
    worker.addEventListener("message", ({ data: { boxes, trouble } }) => (boxes ? done(boxes) : failed(new Error(trouble))));
    worker.addEventListener("error", () => failed(new Error("the worker did not start")));
    worker.postMessage(pixels, [pixels.buffer]);
  }).finally(() => worker.terminate());
}

function blurred(picture, boxes) {
  const canvas = canvasOf(picture.width, picture.height);
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const few = canvasOf(PATCHES, PATCHES);
  for (const [x, y, w, h] of boxes) {
    const place = [x - WIDER * w, y - WIDER * h, w * (1 + 2 * WIDER), h * (1 + 2 * WIDER)];
    few.getContext("2d").drawImage(picture, ...place, 0, 0, PATCHES, PATCHES);
    context.drawImage(few, 0, 0, PATCHES, PATCHES, ...place);
  }
  return new Promise((done, failed) => canvas.toBlob((blob) =>
    (blob ? done(new File([blob], "photo.jpg", { type: "image/jpeg" })) : failed(new Error("no blob"))), "image/jpeg", QUALITY));
}

function canvasOf(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}
