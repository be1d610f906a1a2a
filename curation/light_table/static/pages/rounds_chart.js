// Top-1 of each round with its interval, as SVG in the page's own colours: a plain function of the rounds.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 250;
const LEFT = 52;
const RIGHT = 26;
const TOP = 20;
const BELOW = 46;

function draw(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// What the round before comes to on this round's test; null where nothing was compared.
export const before = (one) => (one.found?.n ? one.found.before / one.found.n : null);

// The scale ends at 100 % and begins at a round number below the lowest interval: never one that flatters.
export function floorOf(rounds) {
  const low = Math.min(...rounds.flatMap((one) => [one.low, before(one) ?? 1]));
  return Math.max(0, Math.floor(low * 10) / 10);
}

export function roundsChart(rounds, width) {
  const measured = rounds.filter((one) => one.top1 !== null);
  if (!measured.length) return draw("svg", { width: 0, height: 0 });
  const floor = floorOf(measured);
  const x = (place) => LEFT + ((place + 0.5) / measured.length) * (width - LEFT - RIGHT);
  const y = (value) => TOP + ((1 - value) / (1 - floor)) * (HEIGHT - TOP - BELOW);
  const said = measured.map((one) => `round ${one.number}: ${(100 * one.top1).toFixed(1)} %`).join(", ");
  return draw("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": `Right first time, by round. ${said}` },
    ...scale(floor, width, y), ...line(measured, x, y), ...measured.flatMap((one, place) => round(one, x(place), y, measured.length)));
}

function scale(floor, width, y) {
  const step = 1 - floor > 0.5 ? 0.2 : 0.1;
  const marks = [];
  for (let value = 1; value >= floor - 1e-9; value -= step) marks.push(value);
  return marks.flatMap((value) => [
    draw("line", { x1: LEFT, x2: width - 8, y1: y(value), y2: y(value), class: "grid" }),
    draw("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, `${Math.round(100 * value)} %`)]);
}

// From what the round before comes to on the same test: a line rises by what a round bought, and not because labels of
// the test were put right.
function line(measured, x, y) {
  return measured.flatMap((one, place) => {
    const from = before(one);
    const other = measured.findIndex((row) => row.number === one.against);
    if (from === null || other < 0) return [];
    return [draw("line", { x1: x(other), y1: y(from), x2: x(place), y2: y(one.found.after / one.found.n), class: "way" }),
      draw("circle", { cx: x(other), cy: y(from), r: 3, class: "from" })];
  });
}

function round(one, at, y, many) {
  const kind = one.waits ? "waits" : one.served ? "served" : "past";
  const words = one.waits ? "waits" : one.served ? "served" : "";
  const labels = many <= 12 || one.served || one.waits;
  return [
    draw("line", { x1: at, x2: at, y1: y(one.low), y2: y(one.high), class: "interval" }),
    draw("circle", { cx: at, cy: y(one.top1), r: 5.5, class: `dot ${kind}` }),
    ...(labels ? [draw("text", { x: at, y: y(one.high) - 7, "text-anchor": "middle", class: "value" }, `${(100 * one.top1).toFixed(1)} %`),
      draw("text", { x: at, y: HEIGHT - 26, "text-anchor": "middle", class: "value" }, many <= 6 ? `round ${one.number}` : `${one.number}`),
      draw("text", { x: at, y: HEIGHT - 9, "text-anchor": "middle" }, words || (one.so_far ? `after ${one.so_far}` : ""))] : [])];
}
