"""Photos that no recogniser learns from: blank, dark, blurred, tiny, of an odd shape,
placeholders, screenshots.

Each measure is a pure function of a small picture in 0..255; curation/issues/photo_quality.py says
in words what is wrong. Thresholds lie in the gap between planted trouble and 1,455 ordinary photos
(shops, museums, landmarks, catalogue pictures on white, drawings); `python -m benchmarks.curation
quality FOLDER` shows both. A photo that is merely unlovely is not reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

# pixels of the longer side that measures are taken at: blur that is not seen here harms no
# recogniser
SIDE = 320
TINT = 12  # grey levels between channels: what JPEG leaves of no colour
# grey levels within a row: of one colour, and with something on it
EVEN = 4
VARIED = 40


def measured(way: int, default: Any) -> Any:
    """A field of Measures whose computation has changed. When you change a measure, give it the
    next number here; the next scan then measures photos again."""
    return field(default=default, metadata={"way": way})


@dataclass(frozen=True, slots=True)
class Measures:
    """What a photo is judged by; size in upright pixels, levels in grey levels, the rest as
    shares.

    `spread`, `level`, `darkest`: contrast, what nine tenths stay below, what nothing is darker
    than. `detail`, `softest`, `sharpest`: fine detail by contrast anywhere, and in the softest
    and sharpest of four directions. `flat`: pixels equal to their neighbours; `colours`: how
    many cover 95 %; `rows`, `columns`: those of one colour; `bands`: runs of such rows with
    something in between. `border`: white, black, plain or ""; `grey`: no colour at all. `format`
    and `camera` as the file says. `peak`: how far anything stands out from the middle level;
    below 0: not measured.

    To add a measure, add a field, and its function to `measure`. What earlier scans remember is
    measured again by itself (curation/measures/cache.py).
    """

    width: int
    height: int
    spread: float
    level: float
    detail: float
    darkest: float = 0.0
    softest: float = 1.0
    sharpest: float = 1.0
    flat: float = 0.0
    colours: int = 4096
    rows: float = 0.0
    columns: float = 0.0
    bands: int = 0
    border: str = ""
    grey: bool = False
    format: str = ""
    camera: str = ""
    peak: float = -1.0


def later_ways(kind: type[Any]) -> dict[str, int]:
    """By field: the number of the way it is taken, where that is no longer the first."""
    ways = {one.name: int(one.metadata.get("way", 1)) for one in fields(kind)}
    return {name: way for name, way in ways.items() if way > 1}


def measure(
    pixels: np.ndarray, width: int, height: int, format: str = "", camera: str = ""
) -> Measures:
    """Measures of a photo of `width` x `height` pixels from its small picture, RGB (h, w, 3) or
    grey (h, w) uint8."""
    planes = (
        np.repeat(pixels[None], 3, axis=0)
        if pixels.ndim == 2
        else np.ascontiguousarray(pixels.transpose(2, 0, 1))
    )
    grey = pixels if pixels.ndim == 2 else in_grey(planes)
    across, down = ranges(planes)
    softest, sharpest = directions(grey)
    return Measures(
        width=width,
        height=height,
        spread=spread(grey),
        level=level(grey),
        detail=detail(grey),
        darkest=share_below(grey, 0.005),
        softest=softest,
        sharpest=sharpest,
        flat=flat(planes),
        colours=colours(planes),
        rows=evenness(across),
        columns=evenness(down),
        bands=bands(across),
        border=border(grey),
        grey=is_grey(planes),
        format=format,
        camera=camera,
        peak=peak(grey),
    )


def in_grey(planes: np.ndarray) -> np.ndarray:
    """Luma (h, w) uint8 of colour planes (3, h, w), as Pillow weighs it (ITU-R 601)."""
    red, green, blue = planes.astype(np.uint32)
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype(np.uint8)


def share_below(values: np.ndarray, share: float) -> float:
    """The value that this share of whole numbers (0 to 1020) stays below or at: a percentile,
    counted, not sorted."""
    counts = np.cumsum(np.bincount(values.ravel()))
    return float(np.searchsorted(counts, share * counts[-1]))


def spread(grey: np.ndarray) -> float:
    """Grey levels between the darkest and brightest, strays left out."""
    return share_below(grey, 0.98) - share_below(grey, 0.02)


def level(grey: np.ndarray) -> float:
    """The grey level that nine tenths of the photo stay below."""
    return share_below(grey, 0.9)


def detail(grey: np.ndarray) -> float:
    """How much of the contrast sits in the sharpest places, between neighbouring pixels: 0 for a
    smooth photo.

    The sharpest hundredth decides, so that a sharp thing before a soft background counts as
    sharp.
    """
    if min(grey.shape) < 3:
        return 1.0
    return share_below(np.maximum(_bend(grey, 0, 1), _bend(grey, 1, 0)), 0.99) / max(
        spread(grey), 1.0
    )


def directions(grey: np.ndarray) -> tuple[float, float]:
    """Detail in the softest and in the sharpest of four directions: a shaken photo is soft along
    its smear. The sharpest three thousandths decide, so that a small sharp thing still counts."""
    if min(grey.shape) < 3:
        return 1.0, 1.0
    contrast = max(spread(grey), 1.0)
    found = [
        share_below(_bend(grey, *step), 0.997) / contrast
        for step in ((0, 1), (1, 0), (1, 1), (1, -1))
    ]
    return min(found), max(found)


def _bend(grey: np.ndarray, down: int, right: int) -> np.ndarray:
    """How far each inner pixel is from the middle of its two neighbours in a direction, twice
    over."""
    signed = grey.astype(np.int16)
    height, width = grey.shape
    both = (
        signed[1 + down : height - 1 + down, 1 + right : width - 1 + right]
        + signed[1 - down : height - 1 - down, 1 - right : width - 1 - right]
    )
    return np.abs(both - 2 * signed[1:-1, 1:-1])


def flat(planes: np.ndarray) -> float:
    """Share of pixels of (3, h, w) that equal the one to their right and the one below, give or
    take one level."""
    if min(planes.shape[1:]) < 2:
        return 0.0
    here = planes[:, :-1, :-1]
    # Differences of uint8 turn over: -1, 0 and 1 are 255, 0 and 1, and one more makes them 0, 1 and
    # 2.
    right = planes[:, :-1, 1:] - here + 1
    below = planes[:, 1:, :-1] - here + 1
    return float((np.maximum(right, below) <= 2).all(axis=0).mean())


def colours(planes: np.ndarray) -> int:
    """How many of 4,096 colours (16 levels a channel) cover 95 % of the picture."""
    red, green, blue = (planes >> 4).astype(np.uint16)
    counts = np.sort(np.bincount((red << 8 | green << 4 | blue).ravel(), minlength=4096))[::-1]
    return int(np.searchsorted(np.cumsum(counts), 0.95 * red.size)) + 1


def ranges(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By row (h,) and by column (w,): grey levels between the least and the most of any channel."""
    by_row, by_column = (planes.max(axis=axis) - planes.min(axis=axis) for axis in (2, 1))
    return by_row.max(axis=0), by_column.max(axis=0)


def evenness(ranged: np.ndarray) -> float:
    """Share of rows (or columns) that are of one colour from edge to edge."""
    return float((ranged <= EVEN).mean())


def bands(ranged: np.ndarray) -> int:
    """Runs of at least two rows of one colour, with rows between them that have something on
    them."""
    varied = np.where(ranged <= EVEN, 0, 1)[(ranged <= EVEN) | (ranged >= VARIED)]
    starts = np.flatnonzero(np.diff(varied, prepend=1) == -1)
    ends = np.flatnonzero(np.diff(varied, append=1) == 1)
    return int((ends - starts >= 1).sum())


def border(grey: np.ndarray) -> str:
    """What frames the photo on all four sides: "white", "black", a "plain" colour, or nothing."""
    ring = np.concatenate(
        [grey[:2].ravel(), grey[-2:].ravel(), grey[:, :2].ravel(), grey[:, -2:].ravel()]
    )
    low, high = np.percentile(ring, (2, 98))
    if high - low > 2 * EVEN:
        return ""
    return "white" if low >= 240 else "black" if high <= 16 else "plain"


def is_grey(planes: np.ndarray) -> bool:
    """Whether it has no colour: black-and-white photos and scans of them."""
    return share_below(planes.max(axis=0) - planes.min(axis=0), 0.98) <= TINT


def peak(grey: np.ndarray) -> float:
    """How far anything is from the middle level, in grey levels; of two by two pixels, so that
    noise hardly counts."""
    wide = grey.astype(np.int16)
    if min(grey.shape) > 1:
        wide = (wide[:-1, :-1] + wide[1:, :-1] + wide[:-1, 1:] + wide[1:, 1:]) // 4
    return float(np.abs(wide - int(share_below(grey, 0.5))).max(initial=0))


def is_empty(it: Measures) -> bool:
    """Whether every row and every column is of one colour: an empty page, without any noise."""
    return min(it.rows, it.columns) >= 1


def ratio(it: Measures) -> float:
    """The longer side by the shorter one."""
    return max(it.width, it.height) / max(1, min(it.width, it.height))
