// From what the network says to what a visitor is told, as train/uncertainty and train/inference/predictor.py decide it.

const PROBABLY = 2 / 3;
export const SHOWN = 6; // photos that look alike

/** Calibrated chances from logits. */
export function chancesOf(logits, temperature) {
  const scaled = Array.from(logits, (one) => one / temperature);
  const most = Math.max(...scaled);
  const raised = scaled.map((one) => Math.exp(one - most));
  const sum = raised.reduce((total, one) => total + one, 0);
  return raised.map((one) => one / sum);
}

/** A vector of length 1. */
export function unit(vector) {
  const length = Math.max(1e-12, Math.sqrt(Array.from(vector).reduce((sum, one) => sum + one * one, 0)));
  return Float32Array.from(vector, (one) => one / length);
}

/** vector (d) times matrix (d, e), stored row by row. */
function product(vector, matrix) {
  const width = matrix.length / vector.length;
  const made = new Float64Array(width);
  for (let row = 0; row < vector.length; row++) {
    const factor = vector[row];
    for (let at = 0, from = row * width; at < width; at++) made[at] += factor * matrix[from + at];
  }
  return made;
}

/** Squared distance of a vector to the nearest row. */
function nearestOf(vector, rows) {
  let best = Infinity;
  for (let start = 0; start < rows.length; start += vector.length) {
    let sum = 0;
    for (let at = 0; at < vector.length; at++) sum += (vector[at] - rows[start + at]) ** 2;
    if (sum < best) best = sum;
  }
  return best;
}

/** How foreign a photo looks: relative Mahalanobis distance, with what people said is "none of these" remembered.
 * `score`: {within, classes, strangers, centre, overall} as Float32Arrays; classes and strangers in units of `within`. */
export function foreignness(features, { within, classes, strangers, centre, overall }) {
  const seen = unit(features);
  const placed = product(seen, within);
  let near = nearestOf(placed, classes);
  if (strangers.length) near *= Math.max(1, near / Math.max(nearestOf(placed, strangers), 1e-3));
  const away = product(seen.map((one, at) => one - centre[at]), overall);
  return near - away.reduce((sum, one) => sum + one * one, 0);
}

/** sure | one_of | none. `threshold`: null where nothing is refused. */
export function decided(chances, foreign, { threshold, sure_at: sureAt }) {
  if (threshold !== null && foreign > threshold) return "none";
  return Math.max(...chances) >= sureAt ? "sure" : "one_of";
}

/** Numbers of the largest first; equal ones in their order. */
export const ranked = (values) =>
  Array.from(values, (_, at) => at).sort((a, b) => values[b] - values[a] || a - b);

/** The photos nearest to an embedding: [{row, score}], best first. `rows`: which may be found, all where not given. */
export function nearest(embedding, features, count, rows = null) {
  const wanted = unit(embedding);
  const all = rows ?? Array.from({ length: features.length / wanted.length }, (_, row) => row);
  const scores = all.map((row) => {
    let sum = 0;
    for (let at = 0, from = row * wanted.length; at < wanted.length; at++) sum += wanted[at] * features[from + at];
    return sum;
  });
  return ranked(scores).slice(0, count).map((place) =>
    ({ row: all[place], score: Math.min(1, Math.max(0, scores[place])) }));
}

/** The answer about one photo, shaped as the app's. `said`: {logits, embedding, early}; `blank`: it shows nothing. */
export function answerOf(said, release, blank, topK = 3) {
  const { classes, judgement, photos, features, model } = release;
  const { rejection, temperature, score } = judgement;
  const chances = chancesOf(said.logits, temperature);
  const looked = rejection.sees === "early" ? said.early : said.embedding;
  const foreign = rejection.by_logits ? -Math.max(...said.logits) : score ? foreignness(looked, score) : 0;
  const kind = blank ? "none" : decided(chances, foreign, rejection);
  const candidates = ranked(chances).slice(0, Math.max(1, topK)).map((number) =>
    ({ label: classes[number].label, title: classes[number].title, confidence: chances[number] }));
  const [best] = candidates;
  const known = kind !== "none";
  const { label: _, picture: __, ...card } = classes.find((one) => one.label === best.label);
  return {
    answer: kind,
    label: known ? best.label : null,
    title: known ? best.title : null,
    confidence: best.confidence,
    candidates,
    card: known ? card : {},
    similar: nearest(said.embedding, features, SHOWN).map(({ row, score: alike }) =>
      ({ ...photos[row], score: alike, url: null, row })),
    model,
    ...(kind === "one_of" && best.confidence >= PROBABLY ? { lead: true } : {}),
    prediction_id: null,
  };
}
