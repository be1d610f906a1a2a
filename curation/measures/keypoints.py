"""Points that a photo is known by, and which points of two photos match.

find_points(pixels) -> (points, descriptors);  matched(unit(descriptors), unit(others)) -> rows
(i, j)
"""

from __future__ import annotations

import numpy as np

from train.images import keypoints as points
from train.images.keypoints import root_sift

POINTS = 200
# Numbers of a descriptor hardly ever come to 90; rounded to sixteen steps its cosine stays .998, in
# half the bytes.
STEPS = 16
STEP = 6
# This many of the strongest points must be each other's nearest and this close; otherwise the
# others are not compared.
STRONGEST = 128
PROMISING = 4
CLOSE = 0.93
CLEAR = 0.88  # a point belongs to another when it is this much nearer than to the second nearest
# A SIFT descriptor is 4 x 4 places of 8 directions; in the mirror, places change sides and
# directions turn back.
_MIRRORED = np.arange(128).reshape(4, 4, 8)[::-1][:, :, [0, 7, 6, 5, 4, 3, 2, 1]].reshape(128)


def none_found() -> tuple[np.ndarray, np.ndarray]:
    """No points."""
    return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.uint8)


def find_points(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) on grey pixels of half this size and their descriptors (n, 128) uint8,
    strongest first; these are whole steps."""
    found = root_sift(pixels, POINTS)
    steps = (np.minimum(found.descriptors, (STEPS - 1) * STEP) + STEP // 2) // STEP
    return found.places / 2, steps * np.uint8(STEP)


def mirrored_descriptors(descriptors: np.ndarray) -> np.ndarray:
    """Descriptors (n, 128) of the same points in the mirror."""
    return descriptors[:, _MIRRORED]


def unit(descriptors: np.ndarray) -> np.ndarray:
    """Descriptors (n, 128) as float32 of length one, from which rounding took them by a few
    hundredths."""
    wide = descriptors.astype(np.float32)
    return np.asarray(wide / np.maximum(np.sqrt(np.einsum("nd,nd->n", wide, wide)), 1e-6)[:, None])


def promising(one: np.ndarray, other: np.ndarray) -> tuple[bool, bool]:
    """Whether enough of the strongest points match, upright and in the mirror, by their units;
    most pairs end here."""
    its = other[:STRONGEST]
    alike = np.concatenate([its, mirrored_descriptors(its)]) @ one[:STRONGEST].T
    return _count_close(alike[: len(its)]) >= PROMISING, _count_close(
        alike[len(its) :]
    ) >= PROMISING


def _count_close(alike: np.ndarray) -> int:
    """How many columns and rows are each other's most alike, and closely so."""
    nearest = alike.max(axis=0, initial=0)
    found = np.flatnonzero(nearest > CLOSE)
    if len(found) < PROMISING:
        return 0
    return int((nearest[found] == alike.max(axis=1)[alike[:, found].argmax(axis=0)]).sum())


def matched(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rows (i, j) of units that are each other's nearest and clearly nearer than the second
    nearest."""
    return points.matched(a @ b.T, CLEAR)
