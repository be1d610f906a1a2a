"""What a strict eye sees on a page: words too faint or outside the window, and buttons that a thumb misses."""

from __future__ import annotations

from typing import Any

FAINT = 4.5
THUMB = 44

# All text that is on screen, through shadow roots; of an open dialog only what is in it. What lies over a picture or a
# gradient is not measured. `beyond`: outside the window where nothing scrolls there.
_LOOK = """([faint, thumb]) => {
  const found = { faint: [], beyond: [], small: [] };
  const up = (one) => one.parentElement ?? (one.getRootNode() instanceof ShadowRoot ? one.getRootNode().host : null);
  const line = (one) => { const all = []; for (let at = one; at; at = up(at)) all.push(at); return all; };
  const every = (root) => [...root.querySelectorAll("*")].flatMap((one) =>
    [one, ...(one.shadowRoot ? every(one.shadowRoot) : [])]);
  const all = every(document);
  const dialog = all.filter((one) => one.matches("dialog[open]")).at(-1);
  const seen = all.filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && (!dialog || line(one).includes(dialog)));
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below, share = top[3]) => [0, 1, 2].map((i) => top[i] * share + below[i] * (1 - share));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ratio = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + .05) / (dark + .05);
  };
  const contrast = (one, colour) => {
    const styles = line(one).map((at) => getComputedStyle(at));
    const base = styles.findIndex((style) => rgba(style.backgroundColor)[3] === 1);
    const under = styles.slice(0, base < 0 ? styles.length : base + 1);
    if (under.some((style) => style.backgroundImage !== "none")) return null;
    const grounds = under.map((style) => rgba(style.backgroundColor)).reverse();
    const ground = grounds.reduce((below, top) => over(top, below), [255, 255, 255]);
    const ink = rgba(colour);
    return ratio(over(ink, ground, ink[3] * styles.reduce((share, style) => share * style.opacity, 1)), ground);
  };
  const scrolls = (one) => line(one).some((at) =>
    ["auto", "scroll", "hidden"].includes(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth + 1);
  const judge = (one, words, colour, boxes) => {
    const known = contrast(one, colour);
    const name = `${one.tagName}.${one.className} "${words.slice(0, 40)}"`;
    if (known !== null && known < faint) found.faint.push(`${known.toFixed(2)} ${name}`);
    if (boxes.some((box) => box.right > innerWidth + 1 || box.left < -1) && !scrolls(one)) found.beyond.push(name);
  };
  for (const one of seen.filter((one) => !one.matches("style, script, noscript"))) {
    for (const node of one.childNodes) {
      if (node.nodeType !== 3 || !node.textContent.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const boxes = [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
      if (boxes.length) judge(one, node.textContent.trim(), getComputedStyle(one).color, boxes);
    }
    const box = one.getBoundingClientRect();
    if (one.placeholder && !one.value) judge(one, one.placeholder, getComputedStyle(one, "::placeholder").color, [box]);
    // Some are larger under the thumb than they look.
    const after = getComputedStyle(one, "::after");
    const grown = after.position === "absolute" ? Math.max(0, -parseFloat(after.top) - parseFloat(after.bottom)) : 0;
    if (one.matches("button:not(.thumb)") && box.height && box.height + grown < thumb)
      found.small.push(`${Math.round(box.height)} high: ${one.className} "${one.textContent.slice(0, 30)}"`);
  }
  return found;
}"""


def faults(page: Any) -> dict[str, list[str]]:
    """What is wrong with the screen as it stands, by kind: empty where nothing is."""
    touched = page.viewport_size["width"] < 760
    found = page.evaluate(_LOOK, [FAINT, THUMB if touched else 0])
    return {kind: what for kind, what in found.items() if what}
