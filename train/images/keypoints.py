"""Points that a photo is known by, and how many of them agree with a picture of the same flat
thing.

lay_over(find_points(photo, 700), find_points(picture, 500))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

SIDE = 640  # pixels of the longer side
CLEAR = 0.85  # a point belongs to another when it is this much nearer than to the second nearest
FEWEST = 6  # matched points; fewer say nothing
OFF = 3.0  # pixels that an agreeing point may be off
# how much larger or smaller the picture may lie in the photo
SMALLEST = 0.1
LARGEST = 10.0
SAME_PLACE = 2.0  # pixels: points closer than this are one

Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Points:
    """Places (n, 2) float32 in a photo whose longer side is SIDE, and descriptors (n, 128)
    uint8, strongest first."""

    places: np.ndarray
    descriptors: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    def strongest(self, count: int) -> Points:
        """The first `count` of them."""
        return Points(self.places[:count], self.descriptors[:count])


NO_POINTS = Points(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.uint8))


def find_points(photo: Image.Image, count: int) -> Points:
    """The `count` strongest points of an upright photo."""
    scale = SIDE / max(photo.size)
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    return root_sift(
        np.asarray(photo.convert("L").resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)),
        count,
    )


def root_sift(grey: np.ndarray, count: int) -> Points:
    """The `count` strongest points of grey pixels (h, w) uint8, places in these pixels (SIFT,
    Lowe 2004)."""
    import cv2

    sift: Any = cv2.SIFT_create(nfeatures=count, contrastThreshold=0.02)  # type: ignore[attr-defined]
    found, counts = sift.detectAndCompute(grey, None)
    if counts is None or not len(found):
        return NO_POINTS
    # Square roots of shares compare better than raw counts (RootSIFT, Arandjelovic and Zisserman
    # 2012).
    shares = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9))
    order = np.argsort([-point.response for point in found], kind="stable")[:count]
    places = np.array([point.pt for point in found], np.float32)
    return Points(places[order], np.rint(shares[order] * 255).astype(np.uint8))


def alike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosines (n, m) float32 of descriptors (n, 128) and (m, 128) uint8."""
    return np.asarray((a.astype(np.float32) / 255**2) @ b.astype(np.float32).T)


def apart(cosines: np.ndarray) -> np.ndarray:
    """Cosines -> distances of vectors of length 1."""
    return np.asarray(np.sqrt(np.maximum(2 - 2 * cosines, 0)))


@dataclass(frozen=True)
class Laid:
    """A picture laid over a photo: how many points agree, the homography (3, 3) from places in
    the picture to places in the photo, and where the points that agree lie in it."""

    agreeing: int
    over: np.ndarray
    box: Box

    def corners(self, shape: tuple[float, float]) -> np.ndarray:
        """Where the corners of a picture of this width and height lie in the photo, (4, 2): top
        left, top right, bottom right, bottom left."""
        wide, high = shape
        flat = np.array([[0, 0, 1], [wide, 0, 1], [wide, high, 1], [0, high, 1]]) @ self.over.T
        return np.asarray(flat[:, :2] / flat[:, 2:], np.float32)


def lay_over(photo: Points, picture: Points) -> Laid | None:
    """Where a picture, seen flat from some angle, appears in a photo; None if it does not
    appear."""
    import cv2

    if min(len(photo), len(picture)) < FEWEST:
        return None
    pairs = matched(alike(photo.descriptors, picture.descriptors), CLEAR)
    if len(pairs) < FEWEST:
        return None
    here = photo.places[pairs[:, 0]]
    there = picture.places[pairs[:, 1]]
    over, fits = cv2.findHomography(
        there, here, cv2.USAC_MAGSAC, OFF, maxIters=2000, confidence=0.999
    )
    if over is None or fits is None:
        return None
    fits = fits[:, 0] > 0
    if fits.sum() < 4 or not _plausible(over, there[fits]):
        return None
    box = (*here[fits].min(axis=0).tolist(), *here[fits].max(axis=0).tolist())
    return Laid(min(_places(here[fits]), _places(there[fits])), over, box)


def matched(cosines: np.ndarray, clear: float) -> np.ndarray:
    """Rows (i, j) of cosines (n, m): each other's most alike, and at most `clear` times as far
    as i's second best."""
    if cosines.shape[1] < 2:
        return np.zeros((0, 2), int)
    forth = cosines.argmax(axis=1)
    back = cosines.argmax(axis=0)
    rows = np.flatnonzero(back[forth] == np.arange(len(cosines)))
    others = cosines[rows]
    others[np.arange(len(rows)), forth[rows]] = -1
    rows = rows[apart(cosines[rows, forth[rows]]) < clear * apart(others.max(axis=1))]
    return np.column_stack([rows, forth[rows]])


def _plausible(over: np.ndarray, places: np.ndarray) -> bool:
    """Whether a flat thing can look like that: not mirrored, not folded, neither tiny nor huge
    where points agree."""
    x = places[:, 0]
    y = places[:, 1]
    depth = over[2, 0] * x + over[2, 1] * y + over[2, 2]
    if depth.min() * depth.max() <= 0:
        return False
    # The local change of area of a homography is its determinant over the depth to the third.
    area = np.linalg.det(over) / depth**3
    return bool(
        area.min() > SMALLEST**2 and area.max() < LARGEST**2 and area.max() < 16 * area.min()
    )


def _places(points: np.ndarray) -> int:
    """How many different places: one corner is often found twice, turned another way."""
    return len(np.unique(np.round(points / SAME_PLACE), axis=0))
