"""What we keep of a photo: its pixels as they came, without where it was taken.

Exif is rebuilt from an allow-list (orientation, camera, time); XMP, IPTC, comments and vendor blocks, which can
all hold coordinates, go. The compressed pixels are copied byte for byte. Formats that browsers and `datasets` do
not open everywhere (HEIC, AVIF, TIFF, BMP, GIF) become JPEG at quality 95.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.photo import (
    EXIF_IFD,
    MODEL,
    ORIENTATION,
    PILLOW_COMPLAINTS,
    TAKEN,
    TAKEN_OFFSET,
    TAKEN_SUBSECOND,
    encode_jpeg,
    inspect_photo,
    open_photo,
)

MAKE, SOFTWARE = 0x010F, 0x0131
KEPT = (ORIENTATION, MAKE, MODEL, SOFTWARE)
KEPT_IN_DETAIL = (TAKEN, TAKEN_SUBSECOND, TAKEN_OFFSET)
# JPEG segments that pixels and colours need: JFIF (APP0), colour profile (APP2 "ICC_PROFILE"), Adobe transform (APP14).
APP0, APP1, APP2, APP14, APP15, COMMENT, START_OF_SCAN = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE, 0xDA
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP",
            b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"}
WEBP_HEADER, WEBP_EXIF_FLAG, WEBP_XMP_FLAG = b"VP8X", 0x08, 0x04


def stored_form(data: bytes, keep_location: bool = False) -> bytes:
    """The bytes that enter a dataset.

    Raises BadPhoto when they are no photo. With `keep_location` the file stays exactly as it came (but formats that
    are not JPEG, PNG or WEBP still become JPEG).
    """
    facts = inspect_photo(data)
    if facts.format not in ("JPEG", "MPO", "PNG", "WEBP"):
        return _as_jpeg(data)
    if keep_location:
        return data
    exif = allowed_exif(data)
    strip = {"PNG": _strip_png, "WEBP": _strip_webp}.get(facts.format, _strip_jpeg)
    try:
        return strip(data, exif)
    except (struct.error, IndexError) as error:
        raise BadPhoto("This photo is damaged: its parts do not add up.", cause=str(error)) from error


def allowed_exif(data: bytes) -> bytes:
    """An Exif block (TIFF bytes, without the "Exif\\0\\0" lead) with the allow-listed tags; empty when none is set."""
    kept = Image.Exif()
    try:
        with_everything = _read_exif(data)
        detail = with_everything.get_ifd(EXIF_IFD)
        for tag in KEPT:
            if tag in with_everything:
                kept[tag] = with_everything[tag]
        for tag in KEPT_IN_DETAIL:
            if tag in detail:
                kept.get_ifd(EXIF_IFD)[tag] = detail[tag]
        return kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) or kept.get_ifd(EXIF_IFD) else b""
    except PILLOW_COMPLAINTS:  # unreadable metadata is metadata we do not keep
        return b""


def _read_exif(data: bytes) -> Image.Exif:
    import io

    with Image.open(io.BytesIO(data)) as image:
        return image.getexif()


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
    out = [b"\xff\xd8"]
    if exif:
        out.append(struct.pack(">BBH", 0xFF, APP1, len(exif) + 8) + b"Exif\0\0" + exif)
    scan = 2
    for marker, start, end in _jpeg_segments(data):
        scan = end
        if _belongs_to_pixels(marker, data[start + 4:end]):
            out.append(data[start:end])
    return b"".join([*out, _first_picture(data, scan)])


def _belongs_to_pixels(marker: int, content: bytes) -> bool:
    if marker == APP2:
        return content.startswith(b"ICC_PROFILE\0")
    return marker in (APP0, APP14) or not (APP0 <= marker <= APP15 or marker == COMMENT)


def _first_picture(data: bytes, scan: int) -> bytes:
    """From the first scan to the end of that picture: phones append others (depth, previews) with Exif of their own."""
    position = scan
    while True:
        position = data.find(b"\xff", position)
        if position < 0 or position + 1 >= len(data):
            return data[scan:]
        marker = data[position + 1]
        if marker == 0xD9:
            return data[scan:position + 2]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD7:
            position += 1 if marker == 0xFF else 2
        else:  # a further table or scan of a progressive picture
            position += 2 + struct.unpack_from(">H", data, position + 2)[0]


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment before the first scan; `end` of the last one is where the scan starts."""
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise IndexError("a segment does not start with FF")
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker == START_OF_SCAN:
            return
        end = position + 2 + struct.unpack_from(">H", data, position + 2)[0]
        yield marker, position, end
        position = end
    raise IndexError("no scan")


def _strip_png(data: bytes, exif: bytes) -> bytes:
    out, position = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind in PNG_KEPT:
            out.append(data[position:position + 12 + length])
        if kind == b"IHDR" and exif:
            out.append(struct.pack(">I4s", len(exif), b"eXIf") + exif + struct.pack(">I", zlib.crc32(b"eXIf" + exif)))
        position += 12 + length
        if kind == b"IEND":
            break
    return b"".join(out)


def _strip_webp(data: bytes, exif: bytes) -> bytes:
    chunks: list[bytes] = []
    position = 12
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        padded = 8 + length + length % 2
        if kind == WEBP_HEADER:
            flags = data[position + 8] & ~(WEBP_EXIF_FLAG | WEBP_XMP_FLAG) | (WEBP_EXIF_FLAG if exif else 0)
            chunks.append(data[position:position + 8] + bytes([flags]) + data[position + 9:position + padded])
        elif kind not in (b"EXIF", b"XMP "):
            chunks.append(data[position:position + padded])
        position += padded
    if exif and chunks and chunks[0].startswith(WEBP_HEADER):
        chunks.append(struct.pack("<4sI", b"EXIF", len(exif)) + exif + b"\0" * (len(exif) % 2))
    body = b"WEBP" + b"".join(chunks)
    return struct.pack("<4sI", b"RIFF", len(body)) + body
