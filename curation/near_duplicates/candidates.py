"""Which photos may be the same shot: cheap proposers that look at fingerprints, whatever way a
copy was turned.

By words (`curation/near_duplicates/visual_words.py`): photos that share them. By pixels: photos
that are alike at 8 x 8 pixels, also flipped.

    propose_by_words(ids, descriptors) -> pairs;  propose_by_pixels(ids, small) -> pairs
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from curation.near_duplicates.groups import PairOfIds, pair_of
from curation.near_duplicates.visual_words import pairs_by_words

NEAREST_BY_PIXELS = 3
ALIKE = 0.6  # least correlation of two small photos; one copy in two hundred falls below
CELLS = 8_000_000  # of a table of likenesses at a time: 32 MB
AXES = 64


def propose_by_words(
    ids: Sequence[str], descriptors: Callable[[int], np.ndarray]
) -> set[PairOfIds]:
    """Each photo with those that share its words. `descriptors(n)`: of ids[n], (points, 128)
    uint8, strongest first."""
    return {
        pair_of(ids[one], ids[other])
        for one, other in pairs_by_words(len(ids), descriptors).tolist()
    }


def propose_by_pixels(ids: Sequence[str], small: Sequence[np.ndarray]) -> set[PairOfIds]:
    """Each photo with those most like it at 8 x 8 pixels: as it is, in the mirror and upside
    down."""
    if len(ids) < 2:
        return set()
    reduced = np.stack([_eight(picture) for picture in small])
    views = [reduced, reduced[:, :, ::-1], reduced[:, ::-1]]
    axes = _axes(reduced)
    targets, *_ = looks = [_unit(view.reshape(len(ids), -1) @ axes) for view in views]
    found: set[PairOfIds] = set()
    rows = max(1, CELLS // len(ids))
    for look in looks:
        for start in range(0, len(ids), rows):
            alike = look[start : start + rows] @ targets.T
            alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = -1
            count = min(NEAREST_BY_PIXELS, len(ids) - 1)
            near = np.argpartition(-alike, count - 1, axis=1)[:, :count]
            one, place = np.nonzero(np.take_along_axis(alike, near, axis=1) >= ALIKE)
            found |= {
                pair_of(ids[start + int(a)], ids[int(b)])
                for a, b in zip(one, near[one, place], strict=True)
            }
    return found


def _eight(picture: np.ndarray) -> np.ndarray:
    """(32, 32, 3) -> (8, 8, 3) float32 around its own mean."""
    import cv2

    soft = cv2.resize(
        cv2.GaussianBlur(picture, (0, 0), 1.2), (8, 8), interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    return soft - soft.mean(axis=(0, 1))


def _axes(reduced: np.ndarray) -> np.ndarray:
    """(192, AXES): the directions in which these pictures differ most; they keep likeness and
    cost a third."""
    flat = reduced[:: max(1, len(reduced) // 5000)].reshape(-1, 192)
    unit = _unit(flat)
    return np.linalg.eigh(unit.T @ unit)[1][:, -AXES:].astype(np.float32)


def _unit(x: np.ndarray) -> np.ndarray:
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-6), np.float32)
