// From a camera, a file, the clipboard or a drop to a photo that can be sent.

const LONGEST_SIDE = 1600;
const QUALITY = 0.9;

const KEPT = "vitrine.camera";

/** Whether the visitor said that the camera is to open when they come. */
export function opensAtOnce() {
  try {
    return localStorage.getItem(KEPT) === "yes";
  } catch {
    return false;
  }
}

export function openAtOnce(yes) {
  try {
    if (yes) localStorage.setItem(KEPT, "yes");
    else localStorage.removeItem(KEPT);
  } catch {
    // No leave to store: it holds for this visit at most.
  }
}

export class Camera {
  #video;
  #stream = null;

  constructor(video) {
    this.#video = video;
  }

  get live() {
    return this.#stream !== null;
  }

  /** Ask for the rear camera; false when there is none, or it is refused. */
  async open() {
    if (!navigator.mediaDevices?.getUserMedia) return false;
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1440 } },
      });
    } catch {
      return false;
    }
    this.#video.srcObject = this.#stream;
    await this.#video.play().catch(() => {});
    return true;
  }

  close() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
  }

  /** What is seen in the frame now, as a JPEG. */
  capture() {
    return drawn(this.#video, ...this.#seen());
  }

  /** The same as pixels {data, width, height}, `side` of them on the longer side; null while nothing is seen. */
  glimpse(side) {
    const [x, y, w, h] = this.#seen();
    return w && h ? smallPixels(this.#video, side, x, y, w, h) : null;
  }

  // What of the video is on the screen: left, top, width, height.
  #seen() {
    const { videoWidth: width, videoHeight: height, clientWidth, clientHeight } = this.#video;
    if (!width || !height) return [0, 0, 0, 0];
    const scale = Math.max(clientWidth / width, clientHeight / height);
    const [w, h] = [Math.min(width, clientWidth / scale), Math.min(height, clientHeight / scale)];
    return [(width - w) / 2, (height - h) / 2, w, h];
  }
}

let canvas = null;

/** Part of a picture as pixels {data, width, height}, `side` of them on the longer side. */
export function smallPixels(source, side, x, y, width, height) {
  canvas ??= document.createElement("canvas");
  const scale = side / Math.max(width, height);
  [canvas.width, canvas.height] = [width, height].map((long) => Math.max(1, Math.round(long * scale)));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** A large photo made smaller before it travels, which also leaves its location behind; others stay as they are. */
export async function lightened(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return file; // The browser cannot open it (HEIC); the app may.
  }
  const photo = await drawn(bitmap, 0, 0, bitmap.width, bitmap.height);
  bitmap.close();
  return photo ?? file;
}

function drawn(source, x, y, width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, x, y, width, height, 0, 0, canvas.width, canvas.height);
  return new Promise((done) =>
    canvas.toBlob((blob) => done(blob && new File([blob], "photo.jpg", { type: "image/jpeg" })), "image/jpeg", QUALITY),
  );
}

/** The first picture among files, or any file when none says what it is (HEIC often does not). */
export function pictureAmong(files) {
  const all = [...(files ?? [])];
  return all.find((file) => file.type.startsWith("image/")) ?? all.find((file) => !file.type) ?? null;
}

/** The picture on the clipboard: a File, null when there is none, undefined when the browser does not let us look. */
export async function pasted() {
  if (!navigator.clipboard?.read) return undefined;
  try {
    for (const item of await navigator.clipboard.read()) {
      const kind = item.types.find((type) => type.startsWith("image/"));
      if (kind) return new File([await item.getType(kind)], "pasted", { type: kind });
    }
    return null;
  } catch {
    return undefined;
  }
}
