// The twin's files -> numbers. They travel compressed by gzip, whatever the server does.

/** Whether a buffer is compressed by gzip. */
export function isPacked(buffer) {
  const [first, second] = new Uint8Array(buffer, 0, Math.min(2, buffer.byteLength));
  return first === 0x1f && second === 0x8b;
}

/** What a compressed file holds; as it is where the server has unpacked it on the way. */
export async function unpacked(buffer) {
  if (!isPacked(buffer)) return buffer;
  const stream = new Blob([buffer]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** Half precision -> single. */
export function fromHalf(buffer) {
  const halves = new Uint16Array(buffer);
  const table = halfTable();
  return Float32Array.from(halves, (half) => table[half]);
}

let known = null;

function halfTable() {
  if (known) return known;
  known = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const sign = bits >> 15 ? -1 : 1;
    if (exponent === 31) known[bits] = fraction ? Number.NaN : sign * Infinity;
    else known[bits] = sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
  }
  return known;
}

/** Named arrays, one after the other in a buffer of float32 or of `halves`: {name: [how many numbers, ...]} in order. */
export function arraysIn(buffer, counts, halves = false) {
  const numbers = halves ? fromHalf(buffer) : new Float32Array(buffer);
  let start = 0;
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => {
    const part = numbers.subarray(start, start + count);
    start += count;
    return [name, part];
  }));
}

/** The network's weights, one float32 after the other, as train/release/compact_weights.py packs
 * them: a scale in half precision for each `block` of numbers, then their upper bytes, then their lower ones. */
export function weightsIn(buffer, { steps, block, counts }) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const blocks = counts.reduce((sum, count) => sum + Math.ceil(count / block), 0);
  const scales = fromHalf(buffer.slice(0, blocks * 2));
  const upper = new Uint8Array(buffer, blocks * 2, total);
  const lower = new Uint8Array(buffer, blocks * 2 + total, total);
  const weights = new Float32Array(total);
  let at = 0;
  let scale = 0;
  for (const count of counts) {
    for (let start = 0; start < count; start += block, scale++) {
      const end = at + Math.min(block, count - start);
      const by = scales[scale];
      for (; at < end; at++) weights[at] = (upper[at] * 256 + lower[at] - steps) * by;
    }
  }
  return weights;
}
