"""What we keep of a photo: its pixels as they came, without where it was taken.

Exif is rebuilt from an allow-list (orientation, camera, time); XMP, IPTC, comments and vendor
blocks, which can all hold coordinates, go. The compressed pixels are copied byte for byte, and a
colour profile with them. Formats that browsers and `datasets` do not open everywhere (HEIC,
AVIF, TIFF, BMP, GIF) become JPEG at quality 95, in sRGB.
"""

from __future__ import annotations

import struct
import warnings

from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.photos.file_format import without_lead
from data_cards.photos.image import (
    EXIF_IFD,
    MODEL,
    ORIENTATION,
    PILLOW_COMPLAINTS,
    TAKEN,
    TAKEN_OFFSET,
    TAKEN_SUBSECOND,
    completed,
    encode_jpeg,
    inspect_photo,
    open_photo,
    read_exif,
    unembedded_profile,
)
from data_cards.photos.refusal import of_one_photo
from data_cards.photos.segments import join_jpeg, join_png, join_webp, jpeg_parts

MAKE = 0x010F
SOFTWARE = 0x0131
KEPT = (ORIENTATION, MAKE, MODEL, SOFTWARE)
KEPT_IN_DETAIL = (TAKEN, TAKEN_SUBSECOND, TAKEN_OFFSET)
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
    strip = {"PNG": join_png, "WEBP": join_webp}.get(facts.format, _strip_jpeg)
    try:
        kept = strip(data, exif)
    except (struct.error, IndexError) as error:
        raise BadPhoto(
            "This photo is damaged: its parts do not add up.", cause=str(error)
        ) from error
    inspect_photo(kept)  # what is stored has to be readable for ever after
    return kept


def allowed_exif(data: bytes) -> bytes:
    """An Exif block (TIFF bytes, without the "Exif\\0\\0" lead) with the allow-listed tags;
    empty when none is set."""
    kept = Image.Exif()
    with_everything = read_exif(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, about tags that are cut off
            detail = dict(with_everything.get_ifd(EXIF_IFD))
        for tag in KEPT:
            if tag in with_everything:
                kept[tag] = with_everything[tag]
        for tag in KEPT_IN_DETAIL:
            if tag in detail:
                kept.get_ifd(EXIF_IFD)[tag] = detail[tag]
        return (
            kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) or kept.get_ifd(EXIF_IFD) else b""
        )
    except PILLOW_COMPLAINTS:  # unreadable metadata is metadata we do not keep
        return b""


def _as_jpeg(data: bytes) -> bytes:
    image = open_photo(data)
    exif = Image.Exif()
    block = allowed_exif(data)
    if block:
        exif.load(b"Exif\0\0" + block)
        exif.pop(ORIENTATION, None)  # open_photo has already turned it upright
    plain = encode_jpeg(image)
    return _strip_jpeg(plain, exif.tobytes().removeprefix(b"Exif\0\0")) if len(exif) else plain


def _strip_jpeg(data: bytes, exif: bytes) -> bytes:
    parts = jpeg_parts(data)
    if not parts.ended:
        # Whoever adds an end to a photo that was cut short makes grey of what is missing.
        parts = jpeg_parts(completed(data))
    return join_jpeg(parts, exif, unembedded_profile(data) or b"")
