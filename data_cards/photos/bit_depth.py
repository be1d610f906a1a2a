"""Greys of more than 8 bits, of any sign, or in fractions: scaled to 0..255 by what the picture
holds.

    eight_bits(image)      mode I;16, I or F -> L

Cameras of microscopes and scanners write 10, 12 or 14 bits into 16, and floats count to 1, 255
or anything. Dividing all of them by 256 would make most of them black.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

DEEP_GREYS = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
# Where scales usually end: fractions and masks, then 8 to 16 bits, with and without a sign.
FULL_SCALES = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 32767.0, 65535.0)
# A picture whose lightest pixel stays below a quarter of the scale does not count to its end. (From
# 8 bits on each scale begins at a quarter of its end, so this only matters for small numbers.)
LEAST_USED = 0.25
NOTHING = 1e30  # maps write -3.4e38 where they have no value
UNDERSHOOT = 0.01  # of the scale: what sharpening leaves below zero is black, not a signed scale
LEAST_STEP = 1e-6  # of the value: a picture of one value has a scale, too
ROWS_AT_ONCE = 4_000_000  # pixels: keeps what is computed on the way small beside the picture
BITS_PER_SAMPLE = 258
PHOTOMETRIC = 262
SAMPLE_FORMAT = 339
WHITE_IS_ZERO = 0
UNSIGNED = 1


@dataclass(frozen=True)
class Scale:
    """The values that become 0 and 255."""

    black: float
    white: float


def scale_of(least: float, most: float, signed: bool = False) -> Scale:
    """The scale of a picture whose values lie between `least` and `most`.

    `signed`: whether its integers have a sign, so that 16 bits count to 32,767.
    """
    ends = FULL_SCALES if signed else tuple(end for end in FULL_SCALES if end != 32767.0)
    end = next((end for end in ends if most <= end), most)
    white = end if most >= LEAST_USED * end else most
    if least < -UNDERSHOOT * max(white, 0.0):
        return Scale(least, max(most, least + max(abs(least), 1e-9) * LEAST_STEP))
    return Scale(0.0, white if white > 0 else 1.0)


def eight_bits(image: Image.Image) -> Image.Image:
    """A grey image in mode L of one in a mode of DEEP_GREYS."""
    tags = getattr(image, "tag_v2", {})
    bits = first_of(tags.get(BITS_PER_SAMPLE, 16))
    signed = first_of(tags.get(SAMPLE_FORMAT, UNSIGNED)) != UNSIGNED
    if image.mode != "F" and not signed and bits in (10, 12, 14):
        scale = Scale(0.0, 2.0**bits - 1)
    else:
        scale = scale_of(*_extremes(image, signed), signed=signed and image.mode != "F")
    parts = [scaled(values, scale) for values in _blocks(image, signed)]
    levels = np.concatenate(parts) if len(parts) > 1 else parts[0]
    if first_of(tags.get(PHOTOMETRIC, UNSIGNED)) == WHITE_IS_ZERO and PHOTOMETRIC in tags:
        np.subtract(255, levels, out=levels)
    return Image.fromarray(levels)


def first_of(value: object) -> int:
    """A TIFF tag may hold one number or several equal ones."""
    one = value[0] if isinstance(value, tuple) and value else value
    return int(one) if isinstance(one, (int, float)) else 1


def _extremes(image: Image.Image, signed: bool) -> tuple[float, float]:
    least = np.inf
    most = -np.inf
    for values in _blocks(image, signed):
        if values.dtype.kind == "f":
            values = values[np.isfinite(values) & (np.abs(values) < NOTHING)]
        if values.size:
            least = min(least, float(values.min()))
            most = max(most, float(values.max()))
    return (least, most) if most >= least else (0.0, 0.0)


def _blocks(image: Image.Image, signed: bool) -> Iterator[np.ndarray]:
    """A few rows at a time."""
    rows = max(1, ROWS_AT_ONCE // max(image.width, 1))
    for top in range(0, image.height, rows):
        part = image.crop((0, top, image.width, min(top + rows, image.height)))
        values = np.asarray(part)
        # Pillow reads 32 bits without a sign as if they had one.
        yield values.view(np.uint32) if values.dtype == np.int32 and not signed else values


def scaled(values: np.ndarray, scale: Scale) -> np.ndarray:
    """Values of any kind as uint8; what is no number is black."""
    shares = (values.astype(np.float32) - np.float32(scale.black)) / np.float32(
        scale.white - scale.black
    )
    if values.dtype.kind == "f":
        shares[~np.isfinite(shares)] = 0
    return (np.clip(shares, 0, 1) * np.float32(255)).astype(np.uint8)
