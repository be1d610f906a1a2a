"""What hangs in the built-in museum: fourteen pictures by four painters who never lived.

Titles and texts are in `data_cards/collections/museum/classes.yaml`; here is how each looks, how
large it is and what frames it.

    picture = paint("red-grid", 900)            uint8 RGB, longer side 900 px
    reference("red-grid")                       JPEG bytes, as the collection shows it
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.museum import painters
from curation.museum.painters import Fields, Grid, Harbour, StillLife, Variant

Image8 = NDArray[Any]  # uint8

WALNUT = "#5E3F25"
EBONY = "#2A211B"
GILT = "#B08B4A"
OAK = "#8A6236"
ASH = "#CBBFAA"


@dataclass(frozen=True)
class Hung:
    """A picture on its wall: canvas in centimetres, frame and mount (passe-partout) widths in
    centimetres."""

    variant: Variant
    width: float
    height: float
    frame: str = WALNUT
    frame_width: float = 7.0
    mount: float = 0.0


HANGING: dict[str, Hung] = {
    "harbour-first-study": Hung(
        Harbour(moon=(0.52, 0.27), radius=0.14, quay=None, horizon=0.63, swell=0.11),
        62,
        84,
        EBONY,
        7,
        0,
    ),
    "harbour-at-low-moon": Hung(Harbour(moon=(0.68, 0.33), radius=0.15), 110, 88, WALNUT, 8, 0),
    "harbour-with-two-boats": Hung(
        Harbour(
            moon=(0.30, 0.24),
            radius=0.11,
            horizon=0.56,
            swell=0.05,
            boats=((0.52, 0.115), (0.76, 0.085)),
        ),
        116,
        86,
        WALNUT,
        8,
        0,
    ),
    "harbour-ebb": Hung(
        Harbour(
            moon=(0.64, 0.2),
            radius=0.085,
            sky=("#2B4A58", "#7E9C9B"),
            sea=("#8FB0AC", "#4D7378"),
            quay="#B86C45",
            horizon=0.5,
            swell=0.06,
            moon_colour="#F1E2B4",
        ),
        104,
        84,
        OAK,
        7,
        0,
    ),
    "red-grid": Hung(
        Grid(
            (
                (0.08, 0.1, 0.44, 0.62, "#A83422"),
                (0.5, 0.1, 0.92, 0.34, "#22416B"),
                (0.5, 0.42, 0.68, 0.9, "#DDA13B"),
                (0.74, 0.42, 0.92, 0.78, "#2F6B4F"),
                (0.08, 0.7, 0.44, 0.9, "#F3EBD8"),
            )
        ),
        92,
        76,
        EBONY,
        5,
        6,
    ),
    "red-grid-opened": Hung(
        Grid(
            (
                (0.08, 0.1, 0.28, 0.62, "#A83422"),
                (0.34, 0.1, 0.5, 0.62, "#A83422"),
                (0.56, 0.1, 0.92, 0.3, "#DDA13B"),
                (0.56, 0.38, 0.72, 0.9, "#22416B"),
                (0.78, 0.38, 0.92, 0.62, "#F3EBD8"),
                (0.08, 0.7, 0.5, 0.9, "#2F6B4F"),
            )
        ),
        92,
        76,
        EBONY,
        5,
        6,
    ),
    "blue-grid": Hung(
        Grid(
            (
                (0.08, 0.1, 0.62, 0.54, "#264F86"),
                (0.69, 0.1, 0.92, 0.34, "#7FA3BF"),
                (0.08, 0.62, 0.3, 0.9, "#A83422"),
                (0.37, 0.62, 0.62, 0.9, "#F3EBD8"),
                (0.69, 0.42, 0.92, 0.9, "#1D2E4A"),
            )
        ),
        84,
        84,
        ASH,
        5,
        6,
    ),
    "field-at-noon": Hung(
        Fields(
            ((0.06, 0.4, "#E3A63A"), (0.45, 0.66, "#D9602F"), (0.71, 0.94, "#8F2B22")), "#B5552C"
        ),
        88,
        112,
        ASH,
        3,
        0,
    ),
    "field-evening": Hung(
        Fields(
            ((0.06, 0.3, "#C9572F"), (0.35, 0.6, "#7E2430"), (0.65, 0.94, "#3A1D38")), "#5B1F2B"
        ),
        88,
        112,
        ASH,
        3,
        0,
    ),
    "field-before-rain": Hung(
        Fields(
            ((0.06, 0.5, "#5E7F86"), (0.55, 0.72, "#CDB66B"), (0.77, 0.94, "#39505A")), "#2E434B"
        ),
        88,
        112,
        ASH,
        3,
        0,
    ),
    "three-pears": Hung(
        StillLife(
            (
                ("pear", 0.27, 0.41, "#B98D2F"),
                ("pear", 0.72, 0.39, "#B5752F"),
                ("pear", 0.5, 0.45, "#8F8C3C"),
            ),
            ("#6B5A44", "#33291F"),
            ("#E7DAC0", "#A88F6E"),
        ),
        74,
        58,
        GILT,
        9,
        0,
    ),
    "pears-and-blue-jug": Hung(
        StillLife(
            (
                ("jug", 0.34, 0.41, "#35587F"),
                ("pear", 0.6, 0.38, "#B98D2F"),
                ("pear", 0.77, 0.37, "#8F8C3C"),
            ),
            ("#6B5A44", "#33291F"),
            ("#E7DAC0", "#A88F6E"),
        ),
        74,
        58,
        GILT,
        9,
        0,
    ),
    "blue-jug-and-plums": Hung(
        StillLife(
            (
                ("jug", 0.64, 0.41, "#35587F"),
                ("plum", 0.25, 0.34, "#6B2E55"),
                ("plum", 0.36, 0.31, "#8A3B4E"),
                ("plum", 0.14, 0.29, "#4B2A5C"),
            ),
            ("#6E6A52", "#35382C"),
            ("#DCD3BF", "#97866B"),
        ),
        76,
        60,
        GILT,
        9,
        0,
    ),
    "red-cloth": Hung(
        StillLife(
            (
                ("jug", 0.3, 0.40, "#D9CDB2"),
                ("pear", 0.56, 0.38, "#8F8C3C"),
                ("plum", 0.75, 0.31, "#6B2E55"),
            ),
            ("#5D6B5C", "#2A332C"),
            ("#B4432A", "#6B2219"),
        ),
        72,
        60,
        OAK,
        8,
        0,
    ),
}


@lru_cache(maxsize=64)
def paint(name: str, side: int) -> Image8:
    """The bare canvas, uint8 RGB, longer side `side` px; the same on every call: each picture
    has its own seed."""
    hung = HANGING[name]
    scale = side / max(hung.width, hung.height)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    picture = painters.paint(
        round(hung.height * scale), round(hung.width * scale), hung.variant, rng
    )
    return (picture * 255).round().astype(np.uint8)


def canvas_side(photo_side: int) -> int:
    """How large a canvas (longer side, px) must be painted for photos of a given longer side."""
    return 640 if photo_side > 320 else 320 if photo_side > 128 else 160


def reference(name: str, side: int = 640) -> bytes:
    """The catalogue picture: the canvas without frame or wall, as JPEG."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(paint(name, side)).save(out, "JPEG", quality=90)
    return out.getvalue()
