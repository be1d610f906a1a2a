// Runs the release in a thread of its own: {id, open: files} once, then {id, photo, topK} -> {id, said} or {id, trouble}.
import * as runtime from "../vendor/onnxruntime-web.js";
import { answerOf } from "./decision.js";
import { framed, showsNothing, tensor } from "./framing.js";
import { opened } from "./photo.js";
import { arraysIn, fromHalf, unpacked, weightsIn } from "./unpacking.js";

const MOST_THREADS = 4;

let release = null;
let session = null;

/** `files`: name -> ArrayBuffer. Returns what the page needs to know of the release. */
async function open(files) {
  const text = new TextDecoder().decode(await unpacked(files["release.json.gz"]));
  const told = JSON.parse(text);
  const { counts, halves, ...judgement } = told.judgement;
  release = {
    ...told,
    features: fromHalf(await unpacked(files["features.gz"])),
    judgement: { ...judgement, score: counts && arraysIn(await unpacked(files["judgement.gz"]), counts, halves) },
  };
  const { env } = runtime;
  env.logLevel = "error";
  // Threads share memory, which a page may have only where its server isolates it from others.
  env.wasm.numThreads = self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
  env.wasm.wasmBinary = await unpacked(files["onnxruntime-web.wasm.gz"]);
  const weights = weightsIn(await unpacked(files["weights.gz"]), told.weights);
  session = await runtime.InferenceSession.create(new Uint8Array(await unpacked(files["graph.onnx.gz"])), {
    executionProviders: ["wasm"],
    externalData: [{ path: told.weights.file, data: new Uint8Array(weights.buffer) }],
  });
  return { classes: told.classes, photos: told.photos, threads: env.wasm.numThreads };
}

async function ask(photo, topK) {
  const { framing } = release;
  const picture = await opened(photo, framing);
  if (!picture) return { trouble: "bad_photo" };
  const input = new runtime.Tensor("float32", tensor(framed(picture, framing), framing),
    [1, 3, framing.size, framing.size]);
  const outputs = await session.run({ pixel_values: input });
  const said = Object.fromEntries(release.outputs.map((name) => [name, outputs[name]?.data]));
  return { said: answerOf(said, release, showsNothing(picture), topK) };
}

self.addEventListener("message", async ({ data }) => {
  try {
    const answer = data.open ? { said: await open(data.open) } : await ask(data.photo, data.topK);
    self.postMessage({ id: data.id, ...answer });
  } catch (error) {
    self.postMessage({ id: data.id, trouble: "failed", why: String(error) });
  }
});
