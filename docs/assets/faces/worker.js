// Looks for faces in a thread of its own: pixels of a square -> {boxes}, or {trouble} where that can't be done.
import { arraysOf, facesIn } from "./network.js";

const WEIGHTS = new URL("../vendor/tiny-face-detector.bin", import.meta.url);
let arrays = null;

async function weights() {
  const response = await fetch(WEIGHTS);
  if (!response.ok) throw new Error(response.statusText);
  return arraysOf(new Uint8Array(await response.arrayBuffer()));
}

self.addEventListener("message", async ({ data: pixels }) => {
  try {
    arrays ??= await weights();
    self.postMessage({ boxes: facesIn(pixels, arrays) });
  } catch (error) {
    self.postMessage({ trouble: String(error) });
  }
});
