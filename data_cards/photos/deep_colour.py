"""Colours of more than 8 bits that Pillow does not read, or reads only the upper 8 bits of: TIFF
in 16 bits with a sign, 32 bits, floats, doubles, and 16 bits that hold 10, 12 or 14.

OpenCV decodes them; `data_cards.photos.bit_depth` says what is black and what is white.
"""

from __future__ import annotations

import io
from typing import IO, Any

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin

from data_cards.photos.bit_depth import SAMPLE_FORMAT, UNSIGNED, first_of, scale_of, scaled

WIDTH = 256
HEIGHT = 257
BITS = 258
SAMPLES = 277
ORIENTATION = 274
PROFILE = 34675
LYING = (5, 6, 7, 8)
MOST_SAMPLES = 4  # red, green, blue and how opaque it is
# Beside the decoded samples: the same in 32 bits while they are scaled, and the picture in 8 bits.
BYTES_BESIDE = 4 + 1 + 4
LOW = 64  # of 255: what Pillow makes at most of a picture that holds 14 bits or fewer in 16


def first_page(file: IO[bytes]) -> TiffImagePlugin.ImageFileDirectory_v2:
    """The tags of a TIFF's first page. Raises SyntaxError and struct.error where there are none."""
    tags = TiffImagePlugin.ImageFileDirectory_v2(file.read(8))
    file.seek(tags.next)
    tags.load(file)
    return tags


class DeepTiff(ImageFile.ImageFile):
    """A TIFF of samples that Pillow has no mode for. `tags`: of its first page;
    `bytes_per_pixel`: what decoding takes."""

    format = "TIFF"
    bytes_per_pixel = 0

    def _open(self) -> None:
        assert self.fp is not None
        tags = first_page(self.fp)
        samples = int(tags.get(SAMPLES, 1))
        bits = first_of(tags[BITS])
        if samples > MOST_SAMPLES or bits not in (8, 16, 32, 64):
            raise SyntaxError(f"a TIFF of {samples} samples of {bits} bits")
        across = int(tags[WIDTH])
        down = int(tags[HEIGHT])
        # Pillow and OpenCV both turn a TIFF upright as they read it.
        self._size = (down, across) if tags.get(ORIENTATION) in LYING else (across, down)
        self._mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[samples]
        self.tags = tags
        self.is_animated = tags.next != 0
        self.bytes_per_pixel = samples * (bits // 8 + BYTES_BESIDE)
        if isinstance(tags.get(PROFILE), bytes):
            self.info["icc_profile"] = tags[PROFILE]

    def load(self) -> Any:
        """Decode, once. Raises OSError where OpenCV cannot."""
        if self._im is None and self.fp is not None:
            self.fp.seek(0)
            signed = first_of(self.tags.get(SAMPLE_FORMAT, UNSIGNED)) != UNSIGNED
            picture = deep_picture(self.fp.read(), signed)
            if picture.size != self.size:
                raise OSError("the picture has another size than its header says")
            self._mode = picture.mode
            self.im = picture.im
        return Image.Image.load(self)


def deep_picture(data: bytes, signed: bool = False) -> Image.Image:
    """The picture in 8 bits: L, LA, RGB or RGBA, a TIFF upright and a PNG as it lies. Raises
    OSError."""
    import cv2

    cv2.utils.logging.setLogLevel(
        cv2.utils.logging.LOG_LEVEL_SILENT
    )  # what is wrong with a file is said by us
    try:
        values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise OSError(str(error)) from error
    if values is None:
        raise OSError("OpenCV does not read it")
    colours = values[..., :3] if values.ndim == 3 else values
    known = colours[np.isfinite(colours)] if colours.dtype.kind == "f" else colours
    if not known.size:
        raise OSError("no value of it is a number")
    scale = scale_of(float(known.min()), float(known.max()), signed)
    picture = Image.fromarray(
        np.ascontiguousarray(
            scaled(colours, scale)[..., ::-1] if values.ndim == 3 else scaled(colours, scale)
        )
    )
    if values.ndim == 3 and values.shape[2] == MOST_SAMPLES:
        opacity = values[..., 3]
        picture.putalpha(
            Image.fromarray(scaled(opacity, scale_of(0.0, float(opacity.max()), signed)))
        )
    return picture


def is_low(image: Image.Image) -> bool:
    """Whether a picture that came from 16 bits is so dark that it must hold fewer."""
    bands = [
        band for band, name in zip(image.split(), image.getbands(), strict=True) if name != "A"
    ]
    return max(int(band.getextrema()[1]) for band in bands) < LOW  # type: ignore[arg-type]


def open_deep_tiff(data: bytes) -> Image.Image:
    """The header of a TIFF that Pillow does not know. Raises SyntaxError."""
    return DeepTiff(io.BytesIO(data))
