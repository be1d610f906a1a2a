"""Are two small pictures the same shot? Points cannot be found in 32 pixels, so every cut of one
is laid over every cut of the other, also in the mirror and upside down, and the best is moved
until the pixels agree.

    agreement(one, other) -> Laid(score 0..1, flipped, off, structure)      both (32, 32, 3) uint8
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from curation.measures.fingerprint import TINY_SIDE

COARSE = 16
CUTS = tuple((left, TINY_SIDE - right) for left in (0, 3, 6) for right in (0, 3, 6))
HOPELESS = 0.78  # best correlation of any two cuts; of 762 copies the worst reached .81
FLAT = 3.0  # grey levels: a picture that varies less shows nothing
# What the pixels say -> the score of the one dial. Measured on simulated copies: see
# docs/decisions/near-duplicates.md.
RAW = (0.0, 0.6, 0.945, 0.98, 1.0)
SCORE = (0.0, 0.3, 0.9, 0.97, 1.0)
FLIPS = ((1, 1), (1, -1), (-1, 1), (-1, -1))  # steps along rows and columns


@dataclass(frozen=True)
class Laid:
    """How well one small picture lies over another: the score, whether it had to be flipped, how
    far (share of the side) corners moved, how well fine structure agrees (-1..1), and where each
    pixel of the one lies in the other as it was (2, 3); None where it lies nowhere."""

    score: float
    flipped: bool = False
    off: float = 0.0
    structure: float = 0.0
    over: np.ndarray | None = None


def agreement(one: np.ndarray, other: np.ndarray) -> Laid:
    """Lay every cut of `other` over every cut of `one`."""
    if min(_grey(one).std(), _grey(other).std()) < FLAT:
        return Laid(0.0)
    likeness, way, flip = _best_cuts(_cuts_of(one.tobytes()), _cuts_of(other.tobytes()))
    if likeness < HOPELESS:
        return Laid(max(0.0, likeness) * 0.3)
    turned = np.ascontiguousarray(other[:: flip[0], :: flip[1]])
    over = _moved(_grey(one), _grey(turned), way)
    raw, structure = _agree(one.astype(np.float32), turned.astype(np.float32), over)
    back = np.array(
        [
            [flip[1], 0, (TINY_SIDE - 1) * (flip[1] < 0)],
            [0, flip[0], (TINY_SIDE - 1) * (flip[0] < 0)],
            [0, 0, 1],
        ]
    )
    unturned = (back @ np.vstack([over, [0, 0, 1]]))[:2]
    return Laid(float(np.interp(raw, RAW, SCORE)), flip != (1, 1), _off(over), structure, unturned)


def _grey(picture: np.ndarray) -> np.ndarray:
    return picture.mean(axis=2, dtype=np.float32)


@cache
def _samplers() -> np.ndarray:
    """(cuts * COARSE, TINY_SIDE): each row a soft window; COARSE rows sample one cut."""
    rows = []
    for low, high in CUTS:
        step = (high - low) / COARSE
        for n in range(COARSE):
            near = np.maximum(
                0,
                1
                - np.abs(np.arange(TINY_SIDE) - (low + (n + 0.5) * step - 0.5))
                / max(1.5, 0.75 * step),
            )
            rows.append(near / near.sum())
    return np.array(rows, np.float32)


@lru_cache(maxsize=256)
def _cuts_of(pixels: bytes) -> np.ndarray:
    """All cuts of a picture, (cuts * cuts, COARSE, COARSE), each with mean 0 and length 1."""
    grey = (
        np.frombuffer(pixels, np.uint8)
        .reshape(TINY_SIDE, TINY_SIDE, 3)
        .mean(axis=2, dtype=np.float32)
    )
    taken = _samplers()
    count = len(CUTS)
    cuts = (taken @ grey @ taken.T).reshape(count, COARSE, count, COARSE).transpose(0, 2, 1, 3)
    cuts = cuts.reshape(count * count, COARSE, COARSE)
    cuts -= cuts.mean(axis=(1, 2), keepdims=True)
    cuts /= np.maximum(np.sqrt((cuts * cuts).sum(axis=(1, 2), keepdims=True)), 1e-3)
    return cuts


@cache
def _flipped_cuts(flip: tuple[int, int]) -> np.ndarray:
    """Which cut of a flipped picture each cut of the picture is."""
    mirrored = [CUTS.index((TINY_SIDE - high, TINY_SIDE - low)) for low, high in CUTS]
    places = np.arange(len(CUTS))
    rows, columns = (np.array(mirrored) if step < 0 else places for step in flip)
    return (rows[:, None] * len(CUTS) + columns[None, :]).ravel()


def _best_cuts(one: np.ndarray, other: np.ndarray) -> tuple[float, np.ndarray, tuple[int, int]]:
    """(correlation, affine from one to the flipped other, flip) of the two cuts that are most
    alike."""
    flat = one.reshape(len(one), -1)
    best = (-2.0, 0, (1, 1))
    for flip in FLIPS:
        turned = other[_flipped_cuts(flip), :: flip[0], :: flip[1]].reshape(len(other), -1)
        alike = flat @ turned.T
        at = int(alike.argmax())
        if float(alike.flat[at]) > best[0]:
            best = float(alike.flat[at]), at, flip
    mine, its = divmod(best[1], len(other))
    (my_rows, my_columns), (its_rows, its_columns) = divmod(mine, len(CUTS)), divmod(its, len(CUTS))
    across = _line(CUTS[my_columns], CUTS[its_columns])
    along = _line(CUTS[my_rows], CUTS[its_rows])
    return (
        best[0],
        np.array([[across[0], 0, across[1]], [0, along[0], along[1]]], np.float32),
        best[2],
    )


def _line(mine: tuple[int, int], its: tuple[int, int]) -> tuple[float, float]:
    scale = (its[1] - its[0]) / (mine[1] - mine[0])
    return scale, its[0] - mine[0] * scale + (scale - 1) / 2


def _moved(one: np.ndarray, other: np.ndarray, over: np.ndarray) -> np.ndarray:
    """Moved until the pixels agree best (ECC); as it was if none does."""
    import cv2

    steps = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-4)
    try:
        _, found = cv2.findTransformECC(one, other, over.copy(), cv2.MOTION_AFFINE, steps, None, 3)  # type: ignore[call-overload]
    except cv2.error:  # its way of saying that the two do not converge
        return over
    large, small = np.linalg.svd(found[:, :2], compute_uv=False)
    return np.asarray(found, np.float32) if large < 1.8 and small > 0.5 else over


def _agree(one: np.ndarray, other: np.ndarray, over: np.ndarray) -> tuple[float, float]:
    """(agreement, agreement of fine structure alone): place by place, in fine detail, and in
    colour."""
    import cv2

    laid = cv2.warpAffine(
        other,
        over,
        (TINY_SIDE, TINY_SIDE),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    inside = cv2.warpAffine(
        np.ones((TINY_SIDE, TINY_SIDE), np.float32),
        over,
        (TINY_SIDE, TINY_SIDE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    seen = (inside > 0.99).astype(np.float32)
    share = float(seen.mean())
    if share < 0.3:
        return 0.0, 0.0
    x, y = (cv2.GaussianBlur(picture, (0, 0), 0.7) for picture in (one, laid))
    grey = np.dstack([x.mean(axis=2), y.mean(axis=2)])
    local = _local(grey, seen)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 1.5)
    detail = _correlation(fine[..., 0], fine[..., 1], seen)
    hues = [picture - picture.mean(axis=2, keepdims=True) for picture in (x, y)]
    raw = 0.45 * local + 0.35 * detail + 0.2 * _colours_agree(x, y, seen)
    return raw - 0.05 * (1 - _hue(hues, seen)), detail


def _local(grey: np.ndarray, seen: np.ndarray) -> float:
    """Correlation in a soft window around each pixel, the more worth the more there is to see."""
    import cv2

    x = grey[..., 0]
    y = grey[..., 1]
    parts = np.dstack([x, y, x * x, y * y]) * seen[..., None]
    means, both, count = (
        cv2.GaussianBlur(part, (0, 0), 2.0) for part in (parts, x * y * seen, seen)
    )
    means = means / (count + 1e-6)[..., None]
    both = both / (count + 1e-6)
    spread_x, spread_y = (np.maximum(means[..., 2 + n] - means[..., n] ** 2, 0) for n in (0, 1))
    alike = (both - means[..., 0] * means[..., 1]) / np.sqrt(spread_x * spread_y + 4.0)
    worth = (np.clip(np.sqrt(np.maximum(spread_x, spread_y)), 0, 40) + 1e-3) * seen
    return float((alike * worth).sum() / worth.sum())


def _correlation(x: np.ndarray, y: np.ndarray, seen: np.ndarray) -> float:
    count = seen.sum()
    x, y = ((pixels - (pixels * seen).sum() / count) * seen for pixels in (x, y))
    return float((x * y).sum() / max(float(np.sqrt((x * x).sum() * (y * y).sum())), 1e-3))


def _colours_agree(x: np.ndarray, y: np.ndarray, seen: np.ndarray) -> float:
    """How much of y's colours a linear mix of x's colours explains (0..1): filters and tints do
    that, a repaint not."""
    x, y = (pixels[seen > 0] for pixels in (x, y))
    x = x - x.mean(axis=0)
    y = y - y.mean(axis=0)
    mix = np.linalg.solve(x.T @ x + 1e-2 * len(x) * np.eye(3), x.T @ y)
    return 1 - float(((y - x @ mix) ** 2).sum() / max(float((y**2).sum()), 1e-3))


def _hue(hues: list[np.ndarray], seen: np.ndarray) -> float:
    x, y = (hue[seen > 0] - hue[seen > 0].mean(axis=0) for hue in hues)
    size = np.sqrt((x * x).sum() * (y * y).sum())
    grey = 12.0 * len(x)  # colour below two grey levels a channel says nothing
    return float(((x * y).sum() + grey) / (size + grey))


def _off(over: np.ndarray) -> float:
    corners = np.array(
        [[0, 0, 1], [TINY_SIDE, 0, 1], [0, TINY_SIDE, 1], [TINY_SIDE, TINY_SIDE, 1]], np.float32
    )
    return float(np.abs(corners @ over.T - corners[:, :2]).max()) / TINY_SIDE
