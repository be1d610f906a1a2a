"""Photos that no recogniser learns from: blank, too dark, blurred, tiny, of an odd shape.

Each measure is a pure function of a small grey picture (h, w) in 0..255; `troubles` says in words what is wrong.
Thresholds are set so that an ordinary collection of phone photos has next to none of them; a photo that is merely
unlovely is not reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDE = 320  # pixels of the longer side that measures are taken at
BLANK_SPREAD = 10.0  # grey levels between the 2nd and 98th percentile: paper and walls; any thing spans more
NOTHING = 3.0  # grey levels: not even a dark photo of something
DARK_LEVEL = 32.0  # grey levels: nine tenths of the photo are darker; a night scene with lamps is brighter
BLURRED_DETAIL = 0.075  # share of the contrast that is fine detail; sharp photos have 0.15 to 1
TINY_SIDE = 96  # pixels: a network that looks at 224 sees each of them more than twice
ODD_RATIO = 3.2  # longer side by shorter; panoramas and banners, of which the centre crop shows a third


@dataclass(frozen=True)
class Measures:
    """What quality is judged by: size in pixels, spread and level in grey levels, detail as a share of contrast."""

    width: int
    height: int
    spread: float
    level: float
    detail: float


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a photo: score 0..1 (higher is worse) and the reason in words."""

    name: str
    score: float
    reason: str


def measure(grey: np.ndarray, width: int, height: int) -> Measures:
    """Measures of a photo of `width` x `height` pixels from its small grey picture."""
    return Measures(width, height, spread(grey), level(grey), detail(grey))


def spread(grey: np.ndarray) -> float:
    """Grey levels between the darkest and brightest, strays left out."""
    low, high = np.percentile(grey, (2, 98))
    return float(high - low)


def level(grey: np.ndarray) -> float:
    """The grey level that nine tenths of the photo stay below."""
    return float(np.percentile(grey, 90))


def detail(grey: np.ndarray) -> float:
    """How much of the contrast sits in the sharpest places, between neighbouring pixels: 0 for a smooth photo.

    The sharpest hundredth decides, so that a sharp thing before a soft background counts as sharp.
    """
    pixels = grey.astype(np.float32)
    if min(pixels.shape) < 3:
        return 1.0
    across = np.abs(np.diff(pixels, 2, axis=1))[1:-1]
    down = np.abs(np.diff(pixels, 2, axis=0))[:, 1:-1]
    return float(np.percentile(np.maximum(across, down), 99) / max(spread(grey), 1.0))


def troubles(measures: Measures) -> list[Trouble]:
    """Everything that is wrong with a photo, worst first."""
    found = [_blank(measures), _dark(measures), _blurred(measures), _tiny(measures), _odd(measures)]
    return sorted((one for one in found if one), key=lambda one: -one.score)


def _blank(it: Measures) -> Trouble | None:
    if it.spread >= BLANK_SPREAD or _dark(it):
        return None
    return Trouble("blank", 1 - it.spread / BLANK_SPREAD / 2, "Nearly one colour all over: there is nothing to see.")


def _dark(it: Measures) -> Trouble | None:
    if it.level >= DARK_LEVEL or it.spread < NOTHING:
        return None
    said = f"Very dark: nine tenths of it stay below {round(it.level / 255 * 100)} % of white."
    return Trouble("dark", 1 - it.level / DARK_LEVEL / 2, said)


def _blurred(it: Measures) -> Trouble | None:
    if it.detail >= BLURRED_DETAIL or it.spread < BLANK_SPREAD or min(it.width, it.height) < TINY_SIDE:
        return None
    return Trouble("blurred", 0.9 - it.detail / BLURRED_DETAIL / 2, "Blurred: even its sharpest places are soft.")


def _tiny(it: Measures) -> Trouble | None:
    side = min(it.width, it.height)
    if side >= TINY_SIDE:
        return None
    return Trouble("tiny", 1 - side / TINY_SIDE / 2, f"Tiny: {it.width} x {it.height} pixels.")


def _odd(it: Measures) -> Trouble | None:
    ratio = max(it.width, it.height) / max(1, min(it.width, it.height))
    if ratio < ODD_RATIO:
        return None
    return Trouble("odd shape", min(1.0, 0.4 + ratio / 20),
                   f"An odd shape: {it.width} x {it.height} pixels, so a square look at it misses most.")
