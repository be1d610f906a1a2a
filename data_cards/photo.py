"""A photo: bytes from anybody, opened with care.

Known formats only, size and pixels bounded before anything is decoded, upright, RGB, first frame.

    python -c "from data_cards.photo import inspect_photo; print(inspect_photo(open('a.jpg','rb').read()))"
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from data_cards.errors import BadPhoto

# Pillow opens the MPO files of some phones through its JPEG reader.
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP", "TIFF")
EXIF_IFD, ORIENTATION, MODEL = 0x8769, 0x0112, 0x0110
TAKEN, TAKEN_SUBSECOND, TAKEN_OFFSET = 0x9003, 0x9291, 0x9011
PILLOW_COMPLAINTS = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, TypeError,
                     KeyError, IndexError, OverflowError, ArithmeticError, MemoryError, struct.error,
                     Image.DecompressionBombError)


@dataclass(frozen=True)
class PhotoLimits:
    """What we are willing to open: encoded bytes and decoded pixels."""

    max_bytes: int = 50_000_000
    max_pixels: int = 100_000_000


@dataclass(frozen=True)
class PhotoFacts:
    """Upright width and height in pixels, Pillow's format name, and when (ISO 8601) and with what it was taken, if it
    says so."""

    width: int
    height: int
    format: str
    taken_at: str | None = None
    camera: str = ""


LIMITS = PhotoLimits()


def image_id(data: bytes) -> str:
    """The name of a photo: sha256 of the stored bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def inspect_photo(data: bytes, limits: PhotoLimits = LIMITS) -> PhotoFacts:
    """Read the header only. Raises BadPhoto with a sentence when these bytes are not for us."""
    with _opened(data, limits) as image:
        width, height = image.size
        exif = _exif(image)
        if exif.get(ORIENTATION) in (5, 6, 7, 8):
            width, height = height, width
        return PhotoFacts(width, height, str(image.format), _taken_at(exif), _camera(exif))


def open_photo(data: bytes, at_least: int | None = None, limits: PhotoLimits = LIMITS,
               longer: int = 0) -> Image.Image:
    """Decode to upright RGB, first frame only.

    `at_least`: the short side that is wanted, in pixels; a larger JPEG is then decoded at a fraction of its size.
    `longer`: the longer side that is wanted besides. Raises BadPhoto for what cannot be decoded completely.
    """
    with _opened(data, limits) as image:
        if at_least is not None and image.format in ("JPEG", "MPO"):
            image.draft("RGB", (max(at_least, math.ceil(longer * min(image.size) / max(image.size))),) * 2)
        try:
            image.load()
            return _as_rgb(ImageOps.exif_transpose(image))
        except PILLOW_COMPLAINTS as error:
            raise BadPhoto("This photo is damaged: only a part of it can be read.", cause=str(error)) from error


def thumbnail(data: bytes, side: int, quality: int = 82) -> bytes:
    """A small JPEG that fits into `side` x `side` pixels, without any metadata."""
    image = open_photo(data, at_least=side)
    # As crisp as Lanczos to the eye and twice as fast: an annotator waits for it.
    image.thumbnail((side, side), Image.Resampling.HAMMING, reducing_gap=2.0)
    return encode_jpeg(image, quality)


def encode_jpeg(image: Image.Image, quality: int = 95) -> bytes:
    """JPEG bytes of an RGB image, without metadata."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _opened(data: bytes, limits: PhotoLimits) -> Image.Image:
    if not data:
        raise BadPhoto("This file is empty.")
    if len(data) > limits.max_bytes:
        raise BadPhoto(f"This file is {len(data) / 1e6:.0f} MB; photos up to {limits.max_bytes / 1e6:.0f} MB can be "
                       "read.")
    _know_heif()
    try:
        # The pixel bound is ours, checked below from the header; Pillow's own, lower one only warns.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise BadPhoto("This picture has too many pixels to be opened safely.", cause=str(error)) from error
    except PILLOW_COMPLAINTS as error:
        raise BadPhoto("This is not a photo that can be read (JPEG, PNG, WEBP, HEIC and a few others can).",
                       cause=str(error)) from error
    pixels = image.size[0] * image.size[1]
    if pixels > limits.max_pixels:
        raise BadPhoto(f"This picture has {pixels / 1e6:.0f} million pixels; up to "
                       f"{limits.max_pixels / 1e6:.0f} million can be opened safely.", pixels=pixels)
    return image


@cache
def _know_heif() -> None:
    """Load Pillow's readers, and teach it HEIC, when the first photo is opened: nothing loads at import."""
    from pillow_heif import register_heif_opener

    Image.init()
    register_heif_opener()


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        return _sixteen_bit(image).convert("RGB")
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode in ("RGBA", "LA", "PA"):
        # Transparent pixels are seen on white paper, as a browser shows them, not on what lies under them.
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image.convert("RGB") if image.mode != "RGB" else image


def _sixteen_bit(image: Image.Image) -> Image.Image:
    """Pillow clips 16-bit grey at 255 when it converts; scale it instead."""
    values = np.asarray(image, dtype=np.float32)
    brightest = float(values.max(initial=0))
    top = 65535.0 if image.mode.startswith("I") and brightest > 255 else max(brightest, 255.0)
    return Image.fromarray(np.clip(values * (255.0 / top), 0, 255).astype(np.uint8))


def _exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    except PILLOW_COMPLAINTS:  # damaged metadata is no reason to refuse the picture
        return Image.Exif()


def _camera(exif: Image.Exif) -> str:
    return " ".join(str(exif.get(MODEL, "")).replace("\0", " ").split())[:60]


def _taken_at(exif: Image.Exif) -> str | None:
    try:
        detail: dict[int, Any] = exif.get_ifd(EXIF_IFD)
    except PILLOW_COMPLAINTS:
        return None
    date, _, time = str(detail.get(TAKEN, "")).strip("\0 ").partition(" ")
    if not (date + time).replace(":", "").isdigit() or len(date) != 10 or len(time) != 8 or date.startswith("0000"):
        return None  # cameras without a clock write blanks or zeros
    fraction = "".join(c for c in str(detail.get(TAKEN_SUBSECOND, "")) if c.isdigit())
    offset = str(detail.get(TAKEN_OFFSET, "")).strip("\0 ")
    moment = f"{date.replace(':', '-')}T{time}" + (f".{fraction}" if fraction else "")
    return moment + (offset if len(offset) == 6 else "")
