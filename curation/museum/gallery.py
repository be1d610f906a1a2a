"""What hangs in the built-in museum: fourteen pictures by four painters who never lived.

Titles and texts are in `data_cards/collections/museum/classes.yaml`; how each looks, how large it
is and what frames it is in `gallery.yaml`.

    picture = paint("red-grid", 900)            uint8 RGB, longer side 900 px
    reference("red-grid")                       JPEG bytes, as the collection shows it
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import TypeAdapter

from curation.museum import painters
from curation.museum.painters import Variant

Image8 = NDArray[Any]  # uint8


@dataclass(frozen=True)
class Hung:
    """A picture on its wall: canvas in centimetres, frame and mount (passe-partout) widths in
    centimetres."""

    variant: Variant
    width: float
    height: float
    frame: str = "#5E3F25"
    frame_width: float = 7.0
    mount: float = 0.0


def _hung() -> dict[str, Hung]:
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, Hung]).validate_python(yaml.safe_load(text))


HANGING = _hung()


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
