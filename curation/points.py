"""Points that a photo is known by, and which points of two photos match.

    find_points(pixels) -> (points, descriptors);  matched(descriptors, others) -> rows (i, j)
"""

from __future__ import annotations

from typing import Any

import numpy as np

POINTS = 300
# Of the strongest points so many must be each other's nearest and this close, else the others are not looked at.
STRONGEST, PROMISING, CLOSE = 128, 4, 0.93
# A SIFT descriptor is 4 x 4 places of 8 directions; in the mirror, places change sides and directions turn back.
_MIRRORED = np.arange(128).reshape(4, 4, 8)[::-1][:, :, [0, 7, 6, 5, 4, 3, 2, 1]].reshape(128)


def none_found() -> tuple[np.ndarray, np.ndarray]:
    """No points."""
    return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.uint8)


def find_points(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) on grey pixels of half this size and their descriptors (n, 128) uint8, strongest first."""
    import cv2

    sift: Any = cv2.SIFT_create(nfeatures=POINTS, contrastThreshold=0.02)  # type: ignore[attr-defined]
    found, counts = sift.detectAndCompute(pixels, None)
    if counts is None:
        return none_found()
    # Square roots of shares compare better than raw counts (RootSIFT, Arandjelovic and Zisserman 2012).
    shares = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9))
    points = np.array([point.pt for point in found], np.float32) / 2
    order = np.argsort([-point.response for point in found], kind="stable")[:POINTS]
    return points[order], np.rint(shares[order] * 255).astype(np.uint8)


def mirrored_descriptors(descriptors: np.ndarray) -> np.ndarray:
    """Descriptors (n, 128) of the same points in the mirror."""
    return descriptors[:, _MIRRORED]


def promising(one: np.ndarray, other: np.ndarray) -> tuple[bool, bool]:
    """Whether enough of the strongest points match, upright and in the mirror; most pairs end here."""
    some = one[:STRONGEST].astype(np.float32)
    its = other[:STRONGEST]
    both = np.concatenate([its, its[:, _MIRRORED]]).astype(np.float32)
    alike = some @ both.T / 255**2
    return _count_close(alike[:, :len(its)]) >= PROMISING, _count_close(alike[:, len(its):]) >= PROMISING


def _count_close(alike: np.ndarray) -> int:
    """How many rows and columns are each other's most alike, and closely so."""
    nearest = alike.max(axis=1)
    rows = np.flatnonzero(nearest > CLOSE)
    return int((nearest[rows] == alike.max(axis=0)[alike[rows].argmax(axis=1)]).sum()) if len(rows) >= PROMISING else 0


def matched(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rows (i, j) of descriptors that are each other's nearest and clearly nearer than the second nearest."""
    return _clear(a.astype(np.float32) @ b.astype(np.float32).T / 255**2)


def _clear(alike: np.ndarray) -> np.ndarray:
    """Rows (i, j): the two most alike of each other (a, b), and clearly more so than i and its second best."""
    forth, back = alike.argmax(axis=1), alike.argmax(axis=0)
    rows = np.flatnonzero(back[forth] == np.arange(len(alike)))
    if not len(rows):
        return np.zeros((0, 2), int)
    second, first = np.partition(alike[rows], -2, axis=1)[:, -2:].T
    near, far = np.sqrt(np.maximum(2 - 2 * first, 0)), np.sqrt(np.maximum(2 - 2 * second, 0))
    rows = rows[near < 0.88 * far]
    return np.column_stack([rows, forth[rows]])
