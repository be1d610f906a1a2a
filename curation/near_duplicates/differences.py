"""What differs between two aligned photos: what they show, or the colour of a part of it.

Two things of one shape, in one place and light, agree nearly everywhere. Points and patches call
them one shot, since smooth surfaces show few differences. So we compare them once more: larger, in
small cells, and in colour.

A copy differs from its original by the same amount everywhere: fine structure differs only by the
noise of saving it, and one change of light or saturation explains all colours. With two things, one
cell differs more than the noise of the others, or a part has another colour while the background
kept its own.

    differences(one, other, over) -> Difference(structure, colour)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

FEWEST_CELLS = 6  # that both photos show
CELLS = (8, 12, 20)  # pixels: small print, a letter, a word
# softness in pixels: below is the noise of saving, above it is light
FINE = 0.7
COARSE = 4.0
# Square of grey levels that saving may take from any cell of grey or green; of blue and of red,
# which a JPEG keeps in coarser steps, more.
SAVED = 1.0
SAVED_COLOUR = 3.0
# Scaling, turning and saving take some of the structure of every cell. How much is read off the
# pair itself: a tenth of the cells that have structure lost more. Twice as much may be chance.
STRUCTURED = 20.0  # times the noise
FEWEST_STRUCTURED = 10  # cells
MOST_LOST_IN = 0.9  # of the cells, less was lost
LOST_BY_CHANCE = 2.0
LOST = 0.02  # where too few cells have structure to tell
LEAST_LOST = 0.01
MOST_LOST = 0.05
# Twelve times the variance of a pixel, a square, less that of the line on which a value between two
# pixels is taken on average (1/12 and 1/6): a coarser photo that is drawn out over a finer one.
DRAWN_OUT = 1 / 3
REDUCED = 4  # colours are compared on a photo of this much fewer pixels a side
CLIPPED = 5.0  # grey levels from black and white: what lies there may have been anything beyond
MOST_OFF = 0.01  # share of the pixels whose colour may be off: an edge, a reflection
AT_THE_EDGE = (
    1 / 6
)  # of the height or width: where captions, dates and watermarks are laid over a photo
UNTOUCHED = 2.0  # structure of what lies between them, if nothing else was changed
CLEARLY = 2.5  # a structure from which on photos are laid more exactly, and looked at in green too
# More than any copy comes to, explained as it is: what else could be asked would not change the
# verdict, and two frames of a burst are asked in half the time.
DIFFERENT = 10.0
TURNS = 3  # in which the curve and the tint are fitted to each other
# grey levels by which colours spread in every direction; fewer say nothing of how channels were
# mixed
COLOURFUL = 6.0
# Frames of a burst, in which edges move before each other, came to a colour of 29.5, things of
# another colour to any value; and to the points that two such photos share (see
# compare._in_one_motion).
COLOUR_OF_A_FRAME = 30.0
# Grey levels between the channels of a pixel, on average, in a photo without colour.
GREYISH = 3.0
# Where one of the two has no colour, brightness alone must tell two things apart, so a level of it
# counts as much as three of colour: of 24 grey copies of shirts, boxes and landmarks the worst was
# .7 off, of 28 of things in other colours the nearest that differ visibly 1.2.
ALONE = 3.0
ALIKE = 1.0  # grey levels; no other explanation need be looked for
UNCHANGED = 0.3  # share of the pixels
BETTER = 0.7  # share of their error that a freer change leaves
GREY = np.array([0.114, 0.587, 0.299], np.float32)  # of blue, green, red
Way = np.ndarray
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """How far the cell that differs most stands out from the noise of the others (1 is what
    noise does), and how many grey levels colours are off, after the change of light or colour
    that explains them best."""

    structure: float
    colour: float


def differences(one: np.ndarray, other: np.ndarray, over: Way) -> Difference | None:
    """Of `one` (h, w, 3) uint8 and `other`, blue first; `over` (2, 3) maps pixels of one to
    those of the other, perhaps in the mirror. None when they share too little to say."""
    import cv2

    x, y = (cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.float32) for pixels in (one, other))
    structure = _structure(x, y, over)
    if structure is None:
        return None
    if structure > CLEARLY:
        over = _moved(*_equally_sharp(x, y, over), over)
        for explained in _structure_by_edit(x, y, one, other, over):
            structure = min(structure, explained)
            if structure <= CLEARLY:
                break
    return Difference(structure, _colour(one, other, over, structure > DIFFERENT))


def _structure_by_edit(
    x: np.ndarray, y: np.ndarray, one: np.ndarray, other: np.ndarray, over: Way
) -> Iterator[float]:
    """How far the worst cell stands out if light or saturation was changed (in grey); if channels
    were, each for itself (where one is overexposed, grey shows something else); if they were
    mixed (the grey of each by the channels of the other). Each looks at all there is to see: a
    print that one channel does not show is seen in the others."""
    back = np.linalg.inv(np.vstack([over, [0, 0, 1]]))[:2]
    yield from _worst([(x, y, over, SAVED)])
    yield from _worst(
        (
            one[..., channel].astype(np.float32),
            other[..., channel].astype(np.float32),
            over,
            saved,
        )
        for channel, saved in ((1, SAVED), (2, SAVED_COLOUR), (0, SAVED_COLOUR))
    )
    yield from _worst(
        (x, _closest_grey(x, other, over), over, SAVED)
        if first
        else (_closest_grey(y, one, back), y, over, SAVED)
        for first in (True, False)
    )


def _worst(looks: Iterable[tuple[np.ndarray, np.ndarray, Way, float]]) -> Iterator[float]:
    """The structure of the worst of these looks, if any of them can tell."""
    found: list[float] = []
    for look in looks:
        structure = _structure(*look)
        if structure is not None:
            found.append(structure)
        if structure is not None and structure > DIFFERENT:
            break
    if found:
        yield max(found)


def _closest_grey(x: np.ndarray, other: np.ndarray, over: Way) -> np.ndarray:
    """The mix of the other's channels that comes closest to the grey of x (h, w)."""
    every = over * (1, 1, 1 / REDUCED)  # every few pixels of each
    inside = _inside(x[::REDUCED, ::REDUCED].shape, other[::REDUCED, ::REDUCED].shape, every, 1) > 0
    laid = _lay(
        x[::REDUCED, ::REDUCED].shape, other[::REDUCED, ::REDUCED].astype(np.float32), every
    )[inside]
    mine = x[::REDUCED, ::REDUCED][inside]
    usable = _usable(mine[:, None], laid)
    mix = _fitted(
        np.concatenate([laid / 255, np.ones((len(laid), 1), np.float32)], axis=1), mine, usable
    )
    return np.asarray(other.astype(np.float32) @ (mix[:3] / 255) + mix[3])


def _moved(x: np.ndarray, y: np.ndarray, over: Way) -> Way:
    """The same way, moved until the pixels agree best (ECC), to a fraction of one; as it was if
    none does."""
    import cv2

    steps = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-5)
    # Lines lead to the place only from a pixel or two away; light leads from further, but on smooth
    # ground it would outweigh where edges lie.
    for mine, its in ((x, y), (_band(x), _band(y))):
        try:
            found = cv2.findTransformECC(
                mine, its, over.astype(np.float32), cv2.MOTION_AFFINE, steps, None, 3
            )[1]  # type: ignore[call-overload]
        except cv2.error:  # its way of saying that the two do not converge
            continue
        over = np.asarray(found, float)
    return over


def _equally_sharp(x: np.ndarray, y: np.ndarray, over: Way) -> tuple[np.ndarray, np.ndarray]:
    """The one that shows more detail, softened to what the other shows, across and down: a photo
    that was made square lost more of one than of the other."""
    across, down = np.hypot(over[0, :2], over[1, :2])
    lying = abs(over[1, 0]) > abs(over[0, 0])  # what is across in the one is down in the other
    its = (down, across) if lying else (across, down)
    return _softer(x, 1 / across, 1 / down, DRAWN_OUT), _softer(y, *its, 1.0)


def _softer(picture: np.ndarray, across: float, down: float, own: float) -> np.ndarray:
    """As soft as if scaled down by this factor and up again; factors below 1.1 change nothing.
    `own`: the square of how wide a pixel is already."""
    import cv2

    wide, tall = (
        0.5 * float(np.sqrt(scale**2 - own)) if scale > 1.1 else 0.01 for scale in (across, down)
    )
    return cv2.GaussianBlur(picture, (0, 0), sigmaX=wide, sigmaY=tall)


def _lay(shape: Shape, pixels: np.ndarray, over: Way) -> np.ndarray:
    import cv2

    return cv2.warpAffine(
        pixels,
        over,
        (shape[1], shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _inside(shape: Shape, other: Shape, over: Way, margin: int = 4) -> np.ndarray:
    """Which pixels (h, w) of the one the other shows too, 1 or 0; without a margin."""
    import cv2

    whole = cv2.warpAffine(
        np.full(other[:2], 255, np.uint8),
        over,
        (shape[1], shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    # Not the edges: there a turned copy is mixed with its surroundings.
    edge = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    return cv2.erode(
        (whole > 250).astype(np.uint8), edge, borderType=cv2.BORDER_CONSTANT, borderValue=(0,)
    )


def _soft(picture: np.ndarray, sigma: float) -> np.ndarray:
    import cv2

    return cv2.GaussianBlur(picture, (0, 0), sigma)


# Structure
# ----------------------------------------------------------------------


def _structure(x: np.ndarray, y: np.ndarray, over: Way, saved: float = SAVED) -> float | None:
    """Of one channel: how far the cell that differs most stands out."""
    inside = _inside(x.shape, y.shape, over)
    if not inside[::4, ::4].any():
        return None
    x, y = _equally_sharp(x, y, over)
    x, y = _as_bright(x, _lay(x.shape, y, over), inside > 0)
    x = _band(x)
    y = _band(y)
    found = [_outstanding(x, y, inside, size, saved) for size in CELLS]
    return max(value for value in found if value is not None) if found[-1] is not None else None


def _band(grey: np.ndarray) -> np.ndarray:
    """Structure that saving keeps, without slow light."""
    return _soft(grey, FINE) - _soft(grey, COARSE)


def _as_bright(x: np.ndarray, y: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both in the light of the first, clipped where either is; beyond the edge of either the
    same is seen in both."""
    mine, its = (pixels[::4, ::4][inside[::4, ::4]] for pixels in (x, y))
    usable = (np.minimum(mine, its) > CLIPPED) & (np.maximum(mine, its) < 255 - CLIPPED)
    if usable.sum() < 50:
        usable[:] = True
    curve = _fitted(_curve(its), mine, usable)
    ends = np.sort(_curve(np.array([CLIPPED, 255 - CLIPPED], np.float32)) @ curve)
    low = max(CLIPPED, float(ends[0]))
    high = min(255 - CLIPPED, float(ends[1]))
    if low >= high:
        low = 0.0
        high = 255.0
    y = np.clip((curve[1] / 255 * y + curve[0]) / 255 * y + curve[2], low, high)
    return np.where(inside, np.clip(x, low, high), y), y


def _outstanding(
    x: np.ndarray, y: np.ndarray, inside: np.ndarray, size: int, saved: float
) -> float | None:
    """What is left of the cell that differs most, by what is left of the others."""
    shared = _cells(inside.astype(np.float32), size) > 0.99
    if shared.sum() < FEWEST_CELLS:
        return None
    mine, its, both = (_cells(product, size)[shared] for product in (x * x, y * y, x * y))
    gain = float(np.clip(np.sqrt((mine.sum() + 1) / (its.sum() + 1)), 0.5, 2))
    its = its * gain**2
    both = both * gain
    left = np.maximum(mine + its - 2 * both, 0)
    noise = max(float(np.median(left)), saved)
    found = left / (noise + _lost(left, mine + its, noise) * (mine + its))
    middle = found[_away_from_edges(shared)]
    if len(middle) >= FEWEST_CELLS and middle.max() < UNTOUCHED:  # a caption, a date, a watermark
        return float(middle.max())
    return float(found.max())


def _lost(left: np.ndarray, structure: np.ndarray, noise: float) -> float:
    """The share of its structure that any cell of this pair may have lost."""
    structured = structure > STRUCTURED * noise
    if structured.sum() < FEWEST_STRUCTURED:
        return LOST
    shares = np.maximum(left[structured] - noise, 0) / structure[structured]
    usual = float(np.quantile(shares, MOST_LOST_IN))
    return float(np.clip(LOST_BY_CHANCE * usual, LEAST_LOST, MOST_LOST))


def _away_from_edges(shared: np.ndarray) -> np.ndarray:
    """Which of the shared cells lie away from the edges of the photo."""
    rows, columns = shared.shape
    edge = np.ones_like(shared)
    down = round(AT_THE_EDGE * rows)
    across = round(AT_THE_EDGE * columns)
    edge[down : rows - down, across : columns - across] = False
    return ~edge[shared]


def _cells(picture: np.ndarray, size: int) -> np.ndarray:
    """Means of cells of this size, each half over the next."""
    import cv2

    means = cv2.boxFilter(picture, -1, (size, size))
    half = size // 2
    return means[half + 3 : -half - 3 : half, half + 3 : -half - 3 : half]


# Colour
# ----------------------------------------------------------------------


def _colour(one: np.ndarray, other: np.ndarray, over: Way, is_no_copy: bool) -> float:
    """Grey levels by which colours differ, after the change that explains them best. For pairs that
    are no copies anyway, it only matters whether frames of a burst reach this much."""
    x = _reduced(one)
    y = _reduced(other)
    over = rescaled(over, one.shape, x.shape, other.shape, y.shape)
    shared = _inside(x.shape, y.shape, over, 2) > 0
    y = _lay(x.shape, y, over)
    if not shared.any():
        return 0.0
    off = _explained(x, y, shared)
    # Colours lead to grey, and grey to no colours.
    enough = COLOUR_OF_A_FRAME if is_no_copy else ALIKE
    off = off if off < enough else min(off, _explained(y, x, shared))
    return off * ALONE if _is_grey(x[shared]) != _is_grey(y[shared]) else off


def _is_grey(pixels: np.ndarray) -> bool:
    return float(np.ptp(pixels, axis=1).mean()) < GREYISH


def _explained(x: np.ndarray, y: np.ndarray, shared: np.ndarray) -> float:
    """Grey levels that x is off from y (h, w, 3), where `shared`, after the change that explains
    most of it."""
    x = _soft(
        x, 0.5
    )  # so that it lies between the darkest and the brightest of y around each place
    mine = x[shared]
    its = y[shared]
    found = []
    known = _exposed(mine, its, y)
    kept = _off(x, known, y, shared)
    for change in (_brighter, _tinted, _resaturated):
        if _most(kept) < ALIKE:
            return _most(kept)
        # One to four numbers for all colours: two things they explain only by chance.
        simple = change(mine, its, y)
        off = _off(x, simple, y, shared)
        found.append(_most(off))
        if (off <= ALIKE).mean() > (kept <= ALIKE).mean():
            # Fitted again to the pixels it explains: the others are no part of it.
            same = off <= ALIKE
            known = change(mine[same], its[same], y)
            kept = _off(x, known, y, shared)
            found.append(_most(kept))
    for change in (_relit, _recoloured):
        found.append(_most(kept))
        if min(found) < ALIKE:
            break
        if change is _recoloured and np.linalg.eigvalsh(np.cov(its.T))[0] < COLOURFUL**2:
            break
        freer = change(mine, its, y)
        if _explains(x, known, freer, kept, shared):
            known = freer
            kept = _off(x, known, y, shared)
            found.append(_most(kept))
    return min(found)


def _explains(
    x: np.ndarray, known: np.ndarray, freer: np.ndarray, kept: np.ndarray, shared: np.ndarray
) -> bool:
    """Whether a freer change applies to the whole photo. A curve can map one shirt to another and
    leave the bed as it is. If everything changed, it also explains the bed better than a change
    without curves."""
    unchanged = kept <= ALIKE
    if unchanged.mean() < UNCHANGED:
        return True
    before, after = (
        np.median(np.square(x - np.clip(pixels, 0, 255))[shared][unchanged])
        for pixels in (known, freer)
    )
    return bool(after < BETTER * before)


def rescaled(over: Way, large: Shape, small: Shape, other_large: Shape, other_small: Shape) -> Way:
    """The same way between two photos of other sizes (h, w)."""
    up = np.diag([large[1] / small[1], large[0] / small[0], 1.0])
    up[:2, 2] = (
        (up[0, 0] - 1) / 2,
        (up[1, 1] - 1) / 2,
    )  # pixels are squares, and their places are the middles
    down = np.diag([other_small[1] / other_large[1], other_small[0] / other_large[0], 1.0])
    down[:2, 2] = (down[0, 0] - 1) / 2, (down[1, 1] - 1) / 2
    return (down @ np.vstack([over, [0, 0, 1]]) @ up)[:2]


def _reduced(pixels: np.ndarray) -> np.ndarray:
    import cv2

    height, width = pixels.shape[:2]
    size = max(1, round(width / REDUCED)), max(1, round(height / REDUCED))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _off(x: np.ndarray, expected: np.ndarray, y: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Grey levels that shared pixels (n,) are outside of what lies around their place."""
    import cv2

    expected = np.clip(expected, 0, 255)
    around = np.ones((3, 3), np.uint8)
    above = np.maximum(x - cv2.dilate(expected, around), 0)
    below = np.maximum(cv2.erode(expected, around) - x, 0)
    above[y > 255 - CLIPPED] = 0
    below[y < CLIPPED] = 0
    off = np.maximum(above, below).max(axis=2) * shared
    return np.asarray(
        cv2.erode(off, around)[shared]
    )  # a line is an edge that lies a little beside itself


def _most(off: np.ndarray) -> float:
    return float(np.sort(off)[::-1][int(MOST_OFF * len(off))])


def _exposed(x: np.ndarray, y: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """`picture` by as much brighter as most of x is than y (n, 3)."""
    return picture * float(np.median((x.sum(axis=1) + 1) / (y.sum(axis=1) + 1)))


def _brighter(x: np.ndarray, y: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """`picture` by as much brighter as makes the most of y (n, 3) agree with x."""
    both = [np.concatenate(list(pixels.T)) for pixels in (y, x)]
    gain = _fitted(both[0][:, None] / 255, both[1], np.tile(_usable(x, y), 3))
    return np.asarray(picture * (gain[0] / 255))


def _tinted(x: np.ndarray, y: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """`picture` with each channel by so much brighter, and all with more or less contrast."""
    basis = np.concatenate([_gain_of(y[:, channel], channel) for channel in range(3)])
    found = _fitted(basis, np.concatenate(list(x.T)), np.tile(_usable(x, y), 3))
    return np.stack(
        [_gain_of(picture[..., channel], channel) @ found for channel in range(3)], axis=-1
    )


def _gain_of(values: np.ndarray, channel: int) -> np.ndarray:
    """The basis in which each channel has a gain, and all have one offset."""
    basis = np.zeros((*values.shape, 4), np.float32)
    basis[..., channel] = values / 255
    basis[..., 3] = 1
    return basis


def _relit(x: np.ndarray, y: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """`picture` on the curve that leads from y (n, 3) to x, one for all channels, and with a
    tint: brightness, contrast, gamma, another white. A curve for each channel would lead from
    any two colours to any others."""
    usable = _usable(x, y)
    if not usable.any():
        return picture
    tint = np.ones(3, np.float32)
    curve = np.zeros(3, np.float32)
    for _ in range(TURNS):
        curve = _fitted(
            _curve(np.concatenate(list(y.T))),
            np.concatenate(list((x / tint).T)),
            np.tile(usable, 3),
        )
        lit = _curve(y[usable]) @ curve
        tint = np.median(np.clip(x[usable] / np.maximum(lit, 1), 0.3, 3), axis=0).astype(np.float32)
    return np.asarray(_curve(picture) @ curve * tint)


def _curve(values: np.ndarray) -> np.ndarray:
    share = values / 255
    return np.stack([share, share * share, np.ones_like(share)], axis=-1)


def _resaturated(x: np.ndarray, y: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """`picture` with more or less colour, down to none, and as much brighter as that of x is
    than that of y (n, 3)."""
    basis = np.concatenate([_saturation(y, channel) for channel in range(3)])
    found = _fitted(basis, np.concatenate(list(x.T)), np.tile(_usable(x, y), 3))
    found[0] = max(found[0], 0.0)  # no edit turns every colour into its opposite
    return np.stack([_saturation(picture, channel) @ found for channel in range(3)], axis=-1)


def _saturation(pixels: np.ndarray, channel: int) -> np.ndarray:
    grey = pixels @ GREY
    return np.stack([pixels[..., channel] - grey, grey], axis=-1) / np.float32(255)


def _recoloured(x: np.ndarray, y: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """`picture` with every channel mixed of all: turned hues, exchanged channels, sepia."""
    usable = _usable(x, y)
    mixes = [_fitted(_mixed(y), x[:, channel], usable) for channel in range(3)]
    return np.stack([_mixed(picture) @ mix for mix in mixes], axis=-1)


def _mixed(pixels: np.ndarray) -> np.ndarray:
    share = pixels / 255
    return np.concatenate([share, share * share, np.ones_like(share[..., :1])], axis=-1)


def _usable(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    whole = ((np.minimum(x, y) > CLIPPED) & (np.maximum(x, y) < 255 - CLIPPED)).all(axis=1)
    return whole if whole.sum() > 50 else np.ones(len(x), bool)


def _fitted(basis: np.ndarray, wanted: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Least squares in which what is far off hardly counts (Cauchy weights, four rounds)."""
    weights = usable.astype(np.float32)
    found = np.zeros(basis.shape[1], np.float64)
    little = 1e-5 * len(basis) * np.eye(basis.shape[1], dtype=np.float32)
    for _ in range(4):
        weighted = basis * weights[:, None]
        found = np.linalg.solve(weighted.T @ basis + little, weighted.T @ wanted).astype(np.float64)
        off = np.abs(wanted - basis @ found)
        usual = max(1.5 * float(np.median(off[usable])), 1.5)
        weights = (usable / (1 + (off / (2 * usual)) ** 2)).astype(np.float32)
    return found.astype(np.float32)
