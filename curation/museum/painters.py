"""Four painters who never lived, each a function from a variant to a picture.

Several pictures by one hand look alike on purpose: that is what makes a gallery hard to tell
apart.

    painters.harbour(900, 1200, Harbour(moon=(.66, .3)), rng)
    # float32 RGB in 0..1, shape (900, 1200, 3)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from curation.museum.brush import (
    Field,
    Picture,
    Rng,
    axes,
    bristles,
    clouds,
    lay,
    outlines,
    plain,
    relief,
    soft,
    strokes,
)


@dataclass(frozen=True)
class Harbour:
    """Ilse Maren's night harbours. Places in fractions of the picture."""

    moon: tuple[float, float] = (0.66, 0.3)
    radius: float = 0.13
    sky: tuple[str, str] = ("#16283C", "#35597A")
    sea: tuple[str, str] = ("#4F7F97", "#274B63")
    quay: str | None = "#A9492F"
    swell: float = 0.09
    horizon: float = 0.6
    boats: tuple[tuple[float, float], ...] = ()
    moon_colour: str = "#EBC76C"


@dataclass(frozen=True)
class Grid:
    """Teodor Vasz's grids: blocks are (x0, y0, x1, y1, colour)."""

    blocks: tuple[tuple[float, float, float, float, str], ...]
    ground: str = "#EDE3CC"
    line: str = "#2A2520"


@dataclass(frozen=True)
class Fields:
    """Noor Halvard's fields of colour: bands are (top, bottom, colour)."""

    bands: tuple[tuple[float, float, str], ...]
    ground: str


@dataclass(frozen=True)
class StillLife:
    """Bertil Casse's tables: things are (kind, x, size, colour)."""

    things: tuple[tuple[str, float, float, str], ...]
    wall: tuple[str, str]
    cloth: tuple[str, str]
    edge: float = 0.66


Variant = Harbour | Grid | Fields | StillLife


def harbour(height: int, width: int, v: Harbour, rng: Rng) -> Picture:
    """Moon, swell and quay in long curved strokes."""
    x, y = axes(height, width)
    aspect = width / height
    far = np.hypot((x - v.moon[0]) * max(aspect, 1), (y - v.moon[1]) / min(aspect, 1))
    picture = _night(height, width, v, far, y)
    crest = v.horizon + v.swell * np.sin(x * 6.6 + 1.9) + 0.02 * np.sin(x * 17)
    water = lay(plain(height, width, v.sea[0]), np.clip((y - crest) * 2.6, 0, 1), v.sea[1])
    water = _moonlight(water, v, x, y, crest, rng)
    picture = lay(picture, soft(y - crest, 0.006), water)
    flow = 0.5 * np.cos(x * 6.6 + 1.9) * np.clip((y - 0.3) * 2, 0, 1) + 0.25 * clouds(
        height, width, rng, 3, 2
    )
    flow = np.where(
        far < v.radius * 2.4, np.arctan2(y - v.moon[1], x - v.moon[0]) + np.pi / 2, flow
    )
    for place, size in v.boats:
        picture = _boat(
            picture, x, y, place, v.horizon + v.swell * np.sin(place * 6.6 + 1.9) + 0.05, size
        )
    if v.quay:
        edge = 0.84 - 0.07 * np.sin(x * 6.2 + 2.4)
        stone = lay(plain(height, width, v.quay), np.clip((y - edge) * 3, 0, 0.55), "#4A1E18")
        picture = lay(picture, soft(y - edge, 0.006), stone)
    return _finish(picture, flow.astype(np.float32), rng, Strokes(0.022, 0.009, crisp=0.45))


def _night(height: int, width: int, v: Harbour, far: Field, y: Field) -> Picture:
    sky = lay(plain(height, width, v.sky[0]), np.clip(y / v.horizon, 0, 1) ** 1.6, v.sky[1])
    sky = lay(sky, np.exp(-(np.maximum(far - v.radius, 0) / 0.16)) * 0.34, v.moon_colour)
    sky = lay(sky, soft(v.radius * 1.12 - far, 0.008) * 0.6, "#C08F45")  # the double edge
    return lay(sky, soft(v.radius - far, 0.006), v.moon_colour)


def _moonlight(water: Picture, v: Harbour, x: Field, y: Field, crest: Field, rng: Rng) -> Picture:
    column = np.exp(-(((x - v.moon[0]) / (0.05 + 0.14 * np.clip(y - crest, 0, 1))) ** 2))
    broken = np.clip(np.sin(y * 95 + 4 * clouds(y.shape[0], y.shape[1], rng, 5, 2)) - 0.1, 0, 1)
    return lay(water, (column * broken * 0.75).astype(np.float32), v.moon_colour)


def _boat(
    picture: Picture, x: Field, y: Field, place: float, waterline: float, size: float
) -> Picture:
    u = (x - place) / size
    w = (y - waterline) / size
    hull = np.minimum(0.18 - np.abs(w - 0.02) - 0.1 * u * u, 1.0 - np.abs(u) - 0.6 * w)
    mast = np.minimum(0.035 - np.abs(u + 0.05), np.minimum(-w, w + 1.7))
    sail = np.minimum(np.minimum(u - 0.0, -w - 0.18), 0.75 - u * 1.0 + (w + 0.18) * 0.55)
    picture = lay(picture, soft(sail * size, 0.006), "#C9B48A")
    return lay(picture, soft(np.maximum(hull, mast) * size, 0.006), "#17202A")


def grid(height: int, width: int, v: Grid, rng: Rng) -> Picture:
    """Flat blocks whose edges breathe, between dark lines, on a warm ground."""
    x, y = axes(height, width)
    wobble_x, wobble_y = (0.004 * clouds(height, width, rng, 6, 2) for _ in range(2))
    x = x + wobble_x
    y = y + wobble_y
    picture = lay(
        plain(height, width, v.ground),
        0.25 * np.clip(clouds(height, width, rng, 3), 0, 1),
        "#D8C6A0",
    )
    flow = np.full((height, width), 0.06, np.float32)
    for x0, y0, x1, y1, colour in v.blocks:
        inside = np.minimum(np.minimum(x - x0, x1 - x), np.minimum(y - y0, y1 - y))
        picture = lay(picture, soft(inside + 0.013, 0.004), v.line)
        tone = lay(
            plain(height, width, colour),
            np.clip(0.18 * clouds(height, width, rng, 4) + 0.1, 0, 0.4),
            "#201A16",
        )
        picture = lay(picture, soft(inside, 0.004), tone)
        upright = np.float32(np.pi / 2 if (y1 - y0) * height > (x1 - x0) * width else 0.04)
        flow = np.where(inside > -0.01, upright, flow).astype(np.float32)
    return _finish(
        picture, flow, rng, Strokes(0.016, 0.007, cover=1.6, crisp=0.9, edge=5, depth=0.03)
    )


def fields(height: int, width: int, v: Fields, rng: Rng) -> Picture:
    """Bands with feathered edges, many thin layers deep."""
    x, y = axes(height, width)
    picture = lay(
        plain(height, width, v.ground),
        0.3 * np.clip(clouds(height, width, rng, 3), 0, 1),
        "#1C1410",
    )
    flow = (0.1 * clouds(height, width, rng, 4, 2)).astype(np.float32)
    for top, bottom, colour in v.bands:
        for layer in range(4):
            ragged = 0.016 * clouds(height, width, rng, 7) + 0.006 * bristles(flow, rng, 24)
            shrink = 0.02 * (layer - 1)
            inside = (
                np.minimum(np.minimum(x - 0.07, 0.93 - x), np.minimum(y - top, bottom - y))
                - shrink
                + ragged
            )
            veil = lay(
                plain(height, width, colour),
                np.clip(0.2 * clouds(height, width, rng, 3), -0.2, 0.35) + 0.0,
                "#F3E3C3" if layer % 2 else "#2B1512",
            )
            picture = lay(picture, soft(inside, 0.05) * 0.5, np.clip(veil, 0, 1))
    return _finish(picture, flow, rng, Strokes(0.03, 0.012, cover=1.2))


def still_life(height: int, width: int, v: StillLife, rng: Rng) -> Picture:
    """A wall, a cloth, things in a light from the left."""
    x, y = axes(height, width)
    dusk = np.clip(x * 0.9 + 0.2 * clouds(height, width, rng, 3), 0, 1)
    folds = np.clip((y - v.edge) * 2.2 + 0.12 * np.sin(x * 21 + y * 9), 0, 1)
    picture = lay(plain(height, width, v.wall[0]), dusk, v.wall[1])
    cloth = lay(plain(height, width, v.cloth[0]), folds, v.cloth[1])
    picture = lay(picture, soft(y - v.edge - 0.015 * np.sin(x * 5 + 1), 0.006), cloth)
    flow = np.where(
        y < v.edge, 0.9 + 0.5 * clouds(height, width, rng, 3, 2), 0.15 * np.sin(x * 8)
    ).astype(np.float32)
    aspect = width / height
    for kind, place, size, colour in v.things:
        u = (x - place) * aspect / size
        w = (y - v.edge - 0.11) / size
        shadow = np.exp(-(((u - 0.75) / 0.8) ** 2) - ((w + 0.02) / 0.14) ** 2)
        picture = lay(picture, (shadow * 0.55).astype(np.float32), "#2A1B14")
        picture, flow = SHAPES[kind](
            picture, flow, u.astype(np.float32), w.astype(np.float32), size, colour
        )
    return _finish(picture, flow, rng, Strokes(0.018, 0.007, crisp=0.75))


def _rounded(
    picture: Picture,
    flow: Field,
    u: Field,
    w: Field,
    inside: Field,
    size: float,
    colour: str,
    middle: float,
) -> tuple[Picture, Field]:
    """Light a body: bright at the upper left, its own colour, dark and a little warm at the
    right."""
    lit = np.clip(0.55 - 0.62 * u - 0.35 * (w - middle), 0, 1)
    body = lay(plain(u.shape[0], u.shape[1], "#1D130E"), np.clip(lit * 1.5, 0, 1), colour)
    body = lay(body, np.clip(lit - 0.72, 0, 1) * 1.7, "#FFF3D2")
    glint = np.exp(-(((u + 0.22) / 0.09) ** 2) - ((w - middle + 0.16) / 0.13) ** 2)
    body = lay(body, (glint * 0.75).astype(np.float32), "#FFFDF2")
    mask = soft(inside * size, 0.006)
    around = np.arctan2(w - middle, u) + np.pi / 2
    return lay(picture, mask, body), np.where(inside > 0, around, flow).astype(np.float32)


def _pear(
    picture: Picture, flow: Field, u: Field, w: Field, size: float, colour: str
) -> tuple[Picture, Field]:
    waist = np.clip((-w - 0.15) / 0.95, 0, 1)
    half = 0.46 * np.sqrt(np.clip(1 - ((w + 0.42) / 0.44) ** 2, 0, 1))
    neck = np.where(
        (w < -0.5) & (w > -1.14), 0.36 * (1 - waist) ** 0.55 * np.clip((w + 1.14) * 9, 0, 1), 0
    )
    inside = np.where(
        np.maximum(half, neck) > 0, np.maximum(half, neck) - np.abs(u - 0.05 * waist), -1
    )
    stem = np.minimum(0.03 - np.abs(u - 0.08 + (w + 1.1) * 0.25), np.minimum(w + 1.32, -1.05 - w))
    picture, flow = _rounded(picture, flow, u, w, inside.astype(np.float32), size, colour, -0.45)
    return lay(picture, soft(stem * size, 0.006), "#3A2616"), flow


def _plum(
    picture: Picture, flow: Field, u: Field, w: Field, size: float, colour: str
) -> tuple[Picture, Field]:
    inside = 0.4 - np.hypot(u, (w + 0.34) * 1.1)
    return _rounded(picture, flow, u, w, inside.astype(np.float32), size, colour, -0.36)


def _jug(
    picture: Picture, flow: Field, u: Field, w: Field, size: float, colour: str
) -> tuple[Picture, Field]:
    t = np.clip(-w / 1.7, 0, 1)
    half = (
        0.3
        + 0.26 * np.sin(np.pi * np.clip(t * 1.35, 0, 1))
        - 0.12 * t
        + 0.1 * np.clip((t - 0.86) * 8, 0, 1)
    )
    body = np.minimum(half - np.abs(u), np.minimum(-w, w + 1.7) * 2)
    handle = 0.055 - np.abs(np.hypot((u - 0.42) / 0.85, (w + 1.12) / 1.35) - 0.3)
    inside = np.maximum(body, np.where(u > 0.2, handle, -1)).astype(np.float32)
    picture, flow = _rounded(picture, flow, u, w, inside, size, colour, -0.8)
    mouth = 0.3 - np.hypot(u * 0.95, (w + 1.68) * 4.5)
    return lay(picture, soft(mouth.astype(np.float32) * size, 0.006), "#1A1512"), flow


@dataclass(frozen=True)
class Strokes:
    """Two layers of strokes, `broad` and `fine` as shares of the longer side; `crisp` says how far
    the drawing's edges (`edge` strokes wide) come back over them."""

    broad: float
    fine: float
    cover: float = 2.2
    crisp: float = 0.0
    edge: float = 1.6
    depth: float = 0.05


def _finish(picture: Picture, flow: Field, rng: Rng, by: Strokes) -> Picture:
    scale = max(picture.shape[:2])
    picture = np.clip(picture, 0, 1).astype(np.float32)
    broad = by.broad * scale
    fine = by.fine * scale
    painted = strokes(picture, flow, rng, broad, broad * 4, by.cover)
    detail = strokes(picture, flow, rng, fine, fine * 4, by.cover * 1.1, jitter=0.03)
    layered = 0.3 * painted + 0.7 * detail
    if by.crisp:
        layered = lay(layered, by.crisp * outlines(picture, fine * by.edge), picture)
    return relief(layered, flow, rng, depth=by.depth, length=max(6, scale // 34))


SHAPES: dict[str, Callable[[Picture, Field, Field, Field, float, str], tuple[Picture, Field]]] = {
    "pear": _pear,
    "plum": _plum,
    "jug": _jug,
}


def paint(height: int, width: int, variant: Variant, rng: Rng) -> Picture:
    """The picture of a variant, in its painter's hand."""
    match variant:
        case Harbour():
            return harbour(height, width, variant, rng)
        case Grid():
            return grid(height, width, variant, rng)
        case Fields():
            return fields(height, width, variant, rng)
        case StillLife():
            return still_life(height, width, variant, rng)
