// A photo's bytes -> upright RGB pixels in sRGB, as large as the app would read them.
import { averaged, readSmaller } from "./framing.js";

const JPEG = [0xff, 0xd8, 0xff];

/** {pixels, width, height}; null where this browser cannot open the file. `framing`: {size, short}. */
export async function opened(photo, framing) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(photo);
  } catch {
    return null;
  }
  const pixels = drawn(bitmap);
  bitmap.close();
  return (await isJpeg(photo)) ? averaged(pixels, readSmaller(pixels.width, pixels.height, framing)) : pixels;
}

async function isJpeg(photo) {
  const start = new Uint8Array(await photo.slice(0, JPEG.length).arrayBuffer());
  return JPEG.every((byte, at) => start[at] === byte);
}

/** The pixels of a bitmap; what is transparent is seen on white paper. */
function drawn(bitmap) {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8ClampedArray(width * height * 3);
  for (let from = 0, to = 0; to < pixels.length; from += 4, to += 3) {
    pixels[to] = data[from];
    pixels[to + 1] = data[from + 1];
    pixels[to + 2] = data[from + 2];
  }
  return { pixels, width, height };
}
