"""Are these two photos the same shot? Decided on pixels: lay one over the other, and see whether
everything agrees.

Points that look alike (SIFT; also in the mirror) propose how one photo lies over the other:
shifted, turned, scaled, stretched or cropped. Then the two are compared patch by patch where
they overlap. A background that agrees while the thing in front of it does not leaves patches
that disagree, and these pull the score down. Pairs that agree are compared once more, larger and in
colour: two things of one shape in one place only look alike
(`curation/near_duplicates/differences.py`).

    fingerprint(open_photo(data)) -> Fingerprint;  compare(one, other) -> Match(score 0..1, kind)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from curation.measures.fingerprint import NO_MATCH, Fingerprint, Match
from curation.measures.keypoints import matched, mirrored_descriptors, promising
from curation.near_duplicates import tiny_images as small_photos
from curation.near_duplicates.differences import (
    COLOUR_OF_A_FRAME,
    Difference,
    Way,
    differences,
    rescaled,
)

FEWEST = 10  # matched points; fewer agree by chance
# to find a way that points agree on
LEAST_TRIES = 50
MOST_TRIES = 2000
# correlation of two photos at 8 x 8: from here on they may be the same shot whatever the points say
ALIKE = 0.75
GRID = 8  # patches per side
FLAT = 4.0  # grey levels: a patch that varies less than this says nothing
# agreement that edits and re-encoding keep, and a second look at the same scene hardly reaches
SURE = 0.97
NEAR = 0.03  # of the longer side: how far corners may be off when nothing was cropped or shifted
MOVED = 0.07  # of the longer side: further than the frames of a burst lie apart
SAME_LIGHT = (
    0.13  # mean difference in standard deviations that saving, turning and scaling a photo leaves
)
WORTH_ADJUSTING = 0.3
EDITED = 0.98  # mean agreement that two frames of a burst do not reach once something has moved
TURNED, ALIKE_TURNED = (
    15.0,
    0.9,
)  # degrees, and the mean agreement; hands do not turn so far within a burst
SMALL_SURE = (
    0.9  # agreement of small pictures from which on they are one shot, edited or saved again
)
LOOKS_ALIKE = "looks-alike"
# The closer look takes several times as long as the first. What agrees less is below the default
# dial anyway; at a dial below this, such a pair passes on its first look.
WORTH_A_CLOSER_LOOK = 0.85
# Where a copy ends: by how much one cell may differ more than noise, and by how many grey levels
# colours may be off. Of 195 pairs of edited landmarks and groceries 97 % stayed below 3.3, and of
# 134 copies of shirts and boxes as many below 2.7; of 146 pairs of other prints or details on
# shirts and boxes the nearest come to 5.8 (see docs/decisions/look-alikes.md).
STRUCTURE_OF_A_COPY = 4.5
# Exchanged channels come to a colour of 2.9.
COLOUR_OF_A_COPY = 3.0
FITTING = 20  # matched points that lie where the other photo has them; frames had 26 or more
FITTING_SHARE = 0.7  # of those that match; frames had .75 or more
PARTS = 4  # a side
POINTS_OF_A_PART = 5  # that both photos have in it; fewer may well differ by chance
NEAR_IN_PIXELS = 4.0  # of the grey picture: parallax within a hand's breadth
# scores of photos that look alike: below the dial as it is
LEAST_ALIKE = 0.5
MOST_ALIKE = 0.89


@dataclass(frozen=True)
class _Laid:
    """A match, and how pixels of one's grey picture map to those of the other's (2, 3), in the
    mirror or not."""

    match: Match
    over: Way | None = None
    is_adjusted: bool = False

    @property
    def score(self) -> float:
        return self.match.score


def compare(one: Fingerprint, other: Fingerprint) -> Match:
    """Lay `other`, and its mirror image, over `one` in every way that the points propose; the
    best agreement. What agrees is looked at more closely."""
    laid = _laid(one, other)
    if laid.score < WORTH_A_CLOSER_LOOK or laid.over is None or not (one.close and other.close):
        return laid.match
    over = laid.over if laid.is_adjusted else _adjusted(one.grey, other.grey, laid.over)
    # Of the larger picture, every second pixel of every second line is one of the grey one.
    difference = differences(one.colours, other.colours, over * (1, 1, 2))
    match = _judged(laid.match, difference)
    if match.kind == LOOKS_ALIKE and difference and difference.colour < COLOUR_OF_A_FRAME:
        return replace(match, as_frames=laid.score if _in_one_motion(one, other, over) else 0.0)
    return match


def _laid(one: Fingerprint, other: Fingerprint) -> _Laid:
    if min(len(one.points), len(other.points)) < FEWEST:
        return _small_laid(one, other)
    upright, mirrored = promising(one.units, other.units)
    alike, alike_mirrored = (value >= ALIKE for value in _alike(one.coarse, other.coarse))
    best = _Laid(NO_MATCH)
    if upright or alike:
        best = _laid_as(False, one, other, upright, alike)
    if best.score < SURE and (mirrored or alike_mirrored):
        found = _laid_as(True, one, other, mirrored, alike_mirrored)
        best = max(best, found, key=lambda laid: laid.score)
    return best


def _judged(match: Match, difference: Difference | None) -> Match:
    """The match of a copy as it is; of photos that only look alike, the less they do so the
    lower."""
    if difference is None:
        return match
    off = max(difference.structure / STRUCTURE_OF_A_COPY, difference.colour / COLOUR_OF_A_COPY)
    if off <= 1:
        return match
    return Match(min(match.score, LEAST_ALIKE + (MOST_ALIKE - LEAST_ALIKE) / off), LOOKS_ALIKE)


def _in_one_motion(one: Fingerprint, other: Fingerprint, over: Way) -> bool:
    """Whether points say that one thing was seen from nearly one place: most of those that match
    moved as the whole did, and nearly everywhere some did, not on the background alone."""
    pairs = matched(one.units, other.units)
    if len(pairs) < FITTING or np.linalg.det(over[:, :2]) <= 0:
        return False
    expected = one.points @ over[:, :2].T + over[:, 2]
    off = np.abs(expected[pairs[:, 0]] - other.points[pairs[:, 1]]).max(axis=1)
    fitting = pairs[off < NEAR_IN_PIXELS, 0]
    if len(fitting) < max(FITTING, FITTING_SHARE * len(pairs)):
        return False
    back = np.linalg.inv(np.vstack([over, [0, 0, 1]]))[:2]
    mine, its, shared = (
        _points_in_parts(places, one.shape)
        for places in (one.points, other.points @ back[:, :2].T + back[:, 2], one.points[fitting])
    )
    return int(((np.minimum(mine, its) >= POINTS_OF_A_PART) & (shared == 0)).sum()) <= 1


def _points_in_parts(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """How many points (n, 2) lie in each part (PARTS, PARTS) of a photo (h, w)."""
    bounds = [np.linspace(0, edge, PARTS + 1) for edge in shape]
    return np.histogram2d(points[:, 1], points[:, 0], bounds)[0]


def _small_laid(one: Fingerprint, other: Fingerprint) -> _Laid:
    laid = small_photos.agreement(one.small, other.small)
    over = None
    if laid.over is not None and one.close and other.close:
        over = rescaled(laid.over, one.small.shape, one.shape, other.small.shape, other.shape)
    return _Laid(_match_of_small(laid), over)


def _match_of_small(laid: small_photos.Laid) -> Match:
    if laid.flipped:
        return Match(laid.score, "edited")
    if laid.off < NEAR:
        return Match(laid.score, "re-encoded" if laid.score >= SMALL_SURE else "same-scene")
    return Match(laid.score, "edited" if laid.score >= SMALL_SURE else "same-scene")


def _alike(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Correlation of two coarse pictures, upright and in the mirror."""
    size = max(math.sqrt(float(np.vdot(one, one)) * float(np.vdot(other, other))), 1.0)
    return float(np.vdot(one, other)) / size, float(np.vdot(one, other[:, ::-1])) / size


def _laid_as(
    mirrored: bool, one: Fingerprint, other: Fingerprint, by_points: bool, as_a_whole: bool
) -> _Laid:
    (height, width), (tall, wide) = one.shape, other.shape
    whole = np.array([[wide / width, 0, 0], [0, tall / height, 0]]) if as_a_whole else None
    over = _over_by_points(one, other, mirrored) if by_points else None
    mine = one.grey
    its = np.ascontiguousarray(other.grey[:, ::-1]) if mirrored else other.grey
    best = NO_MATCH
    way = None
    for proposed in (whole, over):
        if (
            proposed is not None
            and (found := _agreement(mine, its, proposed, mirrored)).score > best.score
        ):
            best = found
            way = proposed
    if way is None:
        return _Laid(best)
    adjusted = False
    if WORTH_ADJUSTING <= best.score < SURE:
        moved = _adjusted(mine, its, way)
        if (found := _agreement(mine, its, moved, mirrored)).score > best.score:
            best = found
            way = moved
            adjusted = True
    return _Laid(best, _out_of_the_mirror(way, wide) if mirrored else way, adjusted)


def _out_of_the_mirror(over: Way, width: int) -> Way:
    """The way to a photo of this width as it is, from that to its mirror image."""
    return np.asarray(over * [[-1], [1]] + [[0, 0, width - 1], [0, 0, 0]])


def _adjusted(one: np.ndarray, other: np.ndarray, over: Way) -> Way:
    """The same way, moved until the pixels agree best (ECC, Evangelidis and Psarakis 2008); as
    it was if none does."""
    import cv2

    steps = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 1e-4)
    try:
        _, found = cv2.findTransformECC(
            one, other, over.astype(np.float32), cv2.MOTION_AFFINE, steps
        )
    except cv2.error:  # its way of saying that the two do not converge
        return over
    return np.asarray(found, float) if _plausible(np.asarray(found)) else over


def _over_by_points(one: Fingerprint, other: Fingerprint, mirrored: bool) -> np.ndarray | None:
    """How points of `one` map to those of `other`, as it is or in the mirror: (2, 3) affine, or
    None when too few agree on one way."""
    import cv2

    places = other.points
    units = other.units
    if mirrored:
        places = _in_the_mirror(places, other.shape[1])
        units = mirrored_descriptors(units)
    pairs = matched(one.units, units)
    if len(pairs) < FEWEST:
        return None
    found, fits = cv2.estimateAffine2D(
        one.points[pairs[:, 0]],
        places[pairs[:, 1]],
        method=cv2.USAC_FAST,
        ransacReprojThreshold=2.0,
        maxIters=_tries(len(pairs)),
        confidence=0.999,
    )
    if found is None or fits is None or int(fits.sum()) < FEWEST or not _plausible(found):
        return None
    if np.linalg.det(found[:, :2]) <= 0:
        return None
    return np.asarray(found)


def _in_the_mirror(points: np.ndarray, width: int) -> np.ndarray:
    return (points * (-1, 1) + (width - 1, 0)).astype(np.float32)


def _tries(pairs: int) -> int:
    """How often three of these are to be drawn until, in 999 of 1,000 cases, three of FEWEST
    that agree came up."""
    agree = min(1 - 1e-6, (FEWEST / pairs) ** 3)
    return min(MOST_TRIES, max(LEAST_TRIES, math.ceil(math.log(0.001) / math.log(1 - agree))))


def _plausible(over: np.ndarray) -> bool:
    """Photos are scaled up to three times and stretched up to twice; more is a wrong match."""
    large, small = np.linalg.svd(over[:, :2], compute_uv=False)
    return bool(large < 3.5 and small > 0.28 and large / small < 2.5)


def _agreement(one: np.ndarray, other: np.ndarray, over: np.ndarray, mirrored: bool) -> Match:
    laid, inside = _lay_over(one.shape, other, over)
    covered = float(inside.mean())
    scale = one.size * float(np.linalg.det(over[:, :2])) / other.size
    share = covered * max(1.0, scale)  # of whichever photo shows less
    worth, alike = _patches(one, laid, inside)
    if covered < 0.2 or worth.sum() < 1e-6:
        return NO_MATCH
    mean = float((worth * alike).sum() / worth.sum())
    # The sixth that agrees least counts as much as all of it: that is where another subject would
    # be.
    score = 0.5 * mean + 0.5 * _weighted_quantile(alike, worth, 0.15)
    score *= float(np.clip((min(share, 1.0) - 0.35) / 0.25, 0, 1))
    if _off(one, other, over) > MOVED:
        score *= _like_an_edit(one[inside > 0], laid[inside > 0], share)
    if mirrored or _turned(over) > TURNED:
        # No two shots of a scene are mirror images of each other: if they agree fairly well, one is
        # a redrawn copy.
        score += 0.5 * (1 - score) * float(np.clip((score - 0.7) / 0.1, 0, 1))
    return Match(float(np.clip(score, 0, 1)), _kind(one, other, over, mirrored, mean, share))


def _like_an_edit(x: np.ndarray, y: np.ndarray, share: float) -> float:
    """Whether two photos that lie far apart are copies: 1 when they are, less the more their
    light differs.

    Two visitors' photos of one painting lie over each other as well as a crop does, yet the
    light falls otherwise and each shows something that the other does not. An edit keeps the
    light, and one of the two shows all of the other.
    """
    light = [pixels - pixels.mean() for pixels in (x.astype(np.float32), y.astype(np.float32))]
    differs = float(
        np.abs(np.subtract(*(pixels / max(float(pixels.std()), 1.0) for pixels in light))).mean()
    )
    return (1 - 0.8 * max(0.0, differs - SAME_LIGHT)) * (1 - 0.25 * max(0.0, 0.97 - share))


def _lay_over(
    shape: tuple[int, int], pixels: np.ndarray, over: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    import cv2

    size = (shape[1], shape[0])
    back = cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(pixels, over, size, flags=cv2.INTER_LINEAR | back)
    inside = cv2.warpAffine(np.ones_like(pixels), over, size, flags=cv2.INTER_NEAREST | back)
    return laid, inside


def _patches(
    one: np.ndarray, laid: np.ndarray, inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each patch how much it can tell (0 where flat or outside) and how well the two agree
    (-1..1)."""
    seen, x, y = (_blocks(pixels) for pixels in (inside, one, laid))
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    x, y = (
        (pixels - (pixels * seen).sum(axis=1, keepdims=True) / count) * seen for pixels in (x, y)
    )
    spread_x, spread_y = (np.sqrt((pixels**2).sum(axis=1) / count[:, 0]) for pixels in (x, y))
    alike = (x * y).sum(axis=1) / count[:, 0] / np.maximum(spread_x * spread_y, 1e-3)
    worth = np.clip(np.maximum(spread_x, spread_y), FLAT, 40) - FLAT
    return worth * (seen.mean(axis=1) >= 0.6), alike


def _blocks(pixels: np.ndarray) -> np.ndarray:
    """(h, w) -> (patches, pixels of a patch); a rest at the right and lower edge is left out."""
    height, width = (max(1, edge // GRID) for edge in pixels.shape)
    rows, columns = (min(GRID, edge) for edge in pixels.shape)
    whole = pixels[: rows * height, : columns * width].reshape(rows, height, columns, width)
    return whole.transpose(0, 2, 1, 3).reshape(rows * columns, height * width).astype(np.float32)


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(reached, share)])


def _kind(
    one: np.ndarray, other: np.ndarray, over: np.ndarray, mirrored: bool, mean: float, share: float
) -> str:
    (height, width), (tall, wide) = one.shape, other.shape
    if mirrored:
        return "edited"
    if _off(one, other, over) < NEAR and abs(width / height - wide / tall) < NEAR:
        return "re-encoded" if mean > SURE else "same-scene"
    turned = _turned(over) > TURNED and mean > ALIKE_TURNED
    return "edited" if turned or (mean > EDITED and share > 0.8) else "same-scene"


def _off(one: np.ndarray, other: np.ndarray, over: np.ndarray) -> float:
    """How far corners are from each other's corners, as a share of the longer side."""
    (height, width), (tall, wide) = one.shape, other.shape
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float)
    wanted = np.array([[0, 0], [wide, 0], [0, tall], [wide, tall]], float)
    return float(np.abs(corners @ over.T - wanted).max()) / max(wide, tall)


def _turned(over: np.ndarray) -> float:
    """Degrees."""
    return float(np.degrees(abs(np.arctan2(over[1, 0], over[0, 0]))))
