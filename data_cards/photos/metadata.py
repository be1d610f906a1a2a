"""What we keep of a photo: its pixels as they came, without where it was taken.

What may stay is on a list of contents, not of places: see `plain_file.py` for the parts of files,
`camera_tags.py` for Exif (which way is up, camera, time) and `plain_profile.py` for colours. The
compressed pixels are copied byte for byte. Formats that browsers and `datasets` do not open
everywhere (HEIC, AVIF, TIFF, BMP, GIF), pictures that move, and files that hide something among
their pixels become JPEG at quality 95, in sRGB.
"""

from __future__ import annotations

import struct
import zlib

from PIL import Image

from data_cards.photos.camera_tags import allowed_exif
from data_cards.photos.file_format import without_lead
from data_cards.photos.image import (
    ORIENTATION,
    completed,
    encode_jpeg,
    inspect_photo,
    open_photo,
    unembedded_profile,
)
from data_cards.photos.plain_file import NotPlain, plain_jpeg, plain_png, plain_webp
from data_cards.photos.refusal import of_one_photo
from data_cards.photos.segments import jpeg_parts

KEPT_FORMATS = ("JPEG", "PNG", "WEBP")


@of_one_photo
def stored_form(data: bytes, keep_location: bool = False) -> bytes:
    """The bytes that enter a dataset.

    Raises BadPhoto when they are no photo. With `keep_location` the file stays exactly as it
    came (but formats that are not JPEG, PNG or WEBP still become JPEG).
    """
    data = without_lead(data)
    facts = inspect_photo(data)
    if facts.format not in KEPT_FORMATS:
        return _as_jpeg(data)
    if keep_location:
        return data
    exif = allowed_exif(data)
    strip = {"PNG": plain_png, "WEBP": plain_webp}.get(facts.format, _strip_jpeg)
    try:
        kept = strip(data, exif)
    except (NotPlain, struct.error, IndexError, KeyError, zlib.error):
        kept = _as_jpeg(data)  # whatever we can decode we can encode again
    inspect_photo(kept)  # stored photos must stay readable
    return kept


def _as_jpeg(data: bytes) -> bytes:
    image = open_photo(data)
    exif = Image.Exif()
    block = allowed_exif(data)
    if block:
        exif.load(b"Exif\0\0" + block)
        exif.pop(ORIENTATION, None)  # open_photo has already turned it upright
    upright = exif.tobytes().removeprefix(b"Exif\0\0") if len(exif) else b""
    return plain_jpeg(jpeg_parts(encode_jpeg(image)), upright)


def _strip_jpeg(data: bytes, exif: bytes) -> bytes:
    parts = jpeg_parts(data)
    if not parts.ended:
        # Whoever adds an end to a photo that was cut short makes grey of what is missing.
        parts = jpeg_parts(completed(data))
    return plain_jpeg(parts, exif, unembedded_profile(data) or b"")
