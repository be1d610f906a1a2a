"""Whether a photo shows anything at all: a covered lens, a sheet of paper, a screen of one colour,
a lens that is far out of focus, noise.

shows_nothing(photo)   # an upright RGB photo
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

SIDE = 16  # cells a side; grain averages out in each
# Grey levels (root mean square over cells) that are left when light that falls off smoothly is
# taken away. In photos of 224 pixels grain of 12 levels leaves .9 and of 14 leaves 1.0, pictures
# of the museum at a twentieth of their light 1.3 to 2.5, and a pencil line across a page 6.
NOTHING = 1.0
FINER = (32, 64)  # cells a side in which edges are looked for, and fine patterns
# How much cells differ from the mean of their neighbours, as a share of what is left. Of 32 cells a
# side photos of five collections had .20 at least and the museum's .17, but for two that were made
# blurred, .07 and .08; blurred by 7 % of their short side they have .03 to .12, by 10 % .03 to .08.
BLURRED = 0.1
# What whole numbers add to that: a deviation of .29 in a cell, and a quarter of its square from the
# four around it.
ROUNDED = 0.32
# Neighbouring pixels of noise have nothing to do with each other, while lens and sensor give those
# of photos a correlation of .5 and more; and cells of it differ no more than chance lets them.
ALIKE = 0.3
BY_CHANCE = 2.0
PATCH = 256  # pixels a side, in the middle, that are looked at for noise
STEPS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))  # rows down and columns across to a neighbour


def shows_nothing(photo: Image.Image) -> bool:
    """Whether an RGB photo is one colour, one that changes smoothly from side to side, blurred
    until no edge is left, or noise."""
    left = _left(_cells(photo, SIDE))
    if left < NOTHING:
        return True
    edges = max(_edges(_cells(photo, side)) for side in FINER)
    blurred = edges**2 < (BLURRED * left) ** 2 + ROUNDED**2
    return blurred or _is_noise(photo, left)


def _cells(photo: Image.Image, side: int) -> np.ndarray:
    """(side, side, 3) mean colours."""
    from PIL.Image import Resampling

    return np.asarray(photo.resize((side, side), Resampling.BOX), np.float32)


def _left(cells: np.ndarray) -> float:
    """What is left of (s, s, 3) cells without smooth light, in grey levels."""
    side = len(cells)
    down, across = (grid.ravel() for grid in np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j])
    light = np.stack(
        [np.ones_like(down), down, across, down * across, down**2, across**2], axis=1
    ).astype(np.float32)
    flat = cells.reshape(-1, 3)
    return _largest(flat - light @ np.linalg.lstsq(light, flat, rcond=None)[0])


def _edges(cells: np.ndarray) -> float:
    """How much (s, s, 3) cells differ from the mean of their four neighbours, in grey levels."""
    beside = cells[:-2, 1:-1] + cells[2:, 1:-1] + cells[1:-1, :-2] + cells[1:-1, 2:]
    return _largest((cells[1:-1, 1:-1] - beside / 4).reshape(-1, 3))


def _is_noise(photo: Image.Image, left: float) -> bool:
    """Whether the variance `left` between cells is what random pixels would give."""
    width, height = photo.size
    wide, high = min(PATCH, width), min(PATCH, height)
    across, down = (width - wide) // 2, (height - high) // 2
    middle = photo.crop((across, down, across + wide, down + high))
    deviation = np.asarray(middle, np.float32).reshape(-1, 3).std(axis=0).max()
    by_chance = deviation * SIDE / np.sqrt(width * height)
    if left > BY_CHANCE * by_chance:
        return False
    grey = np.asarray(middle.convert("L"), np.float32)
    grey -= grey.mean()
    usual = (grey**2).mean()
    return all(
        abs((grey[y:, x:] * grey[: high - y, : wide - x]).mean()) < ALIKE * usual for y, x in STEPS
    )


def _largest(rows: np.ndarray) -> float:
    """The largest root mean square of the columns of (n, 3)."""
    return float(np.sqrt((rows**2).mean(axis=0)).max())
