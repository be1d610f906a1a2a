"""The parts that JPEG, PNG and WEBP files are made of: found one after the other, and put
together anew.

    mended(data, "JPEG")      the same picture with a clean header and an end

Nothing is decoded here. What decoders stumble over and eyes never see (stray bytes between
segments, a broken comment, a wrong checksum, a missing end) is left out.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from data_cards.photos.file_format import PNG_START

START_OF_IMAGE = b"\xff\xd8"
END_OF_IMAGE = b"\xff\xd9"
# JPEG segments that pixels and colours need: JFIF (APP0), Exif (APP1), colour profile (APP2
# "ICC_PROFILE"), Adobe's transform (APP14).
APP0 = 0xE0
APP1 = 0xE1
APP2 = 0xE2
APP14 = 0xEE
APP15 = 0xEF
COMMENT = 0xFE
START_OF_SCAN = 0xDA
# Frame headers of all kinds of JPEG: SOF0 to SOF15 without DHT, JPG and DAC.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# What pixels need between scans besides the next scan: tables, a restart interval, a number of
# lines.
TABLES = frozenset((0xC4, 0xCC, 0xDB, 0xDC, 0xDD))
# bytes: shorter ones say nothing and make readers stumble
JFIF_LEAST = 14
ADOBE_LEAST = 12
PROFILE_LEAD = 14
# The end of a scan: the next marker that is neither a stuffed FF nor a restart.
_NEXT = re.compile(rb"\xff+[^\x00\x01\xff\xd0-\xd7]")
PNG_PIXELS = frozenset(
    (
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"cHRM",
        b"gAMA",
        b"iCCP",
        b"sBIT",
        b"sRGB",
        b"cICP",
        b"bKGD",
        b"pHYs",
        b"acTL",
        b"fcTL",
        b"fdAT",
    )
)
PNG_LEAST = {
    b"IHDR": 13,
    b"gAMA": 4,
    b"cHRM": 32,
    b"sRGB": 1,
    b"pHYs": 9,
    b"acTL": 8,
    b"fcTL": 26,
    b"fdAT": 4,
    b"cICP": 4,
    b"tRNS": 1,
}
MOST_UNPACKED = 1_000_000  # bytes: Pillow refuses a PNG whose profile is larger
WEBP_HEADER = b"VP8X"
WEBP_EXIF = b"EXIF"
WEBP_XMP = b"XMP "
WEBP_PIXELS = frozenset((b"VP8 ", b"VP8L", b"ANMF"))


@dataclass(frozen=True)
class Segment:
    """A JPEG marker with its bytes, the marker's own included."""

    marker: int
    data: bytes

    @property
    def content(self) -> bytes:
        """What follows the marker and the length."""
        return self.data[4:]

    @property
    def is_note(self) -> bool:
        """Whether an application or a person wrote it."""
        return _is_note(self.marker)

    @property
    def belongs_to_pixels(self) -> bool:
        """Whether the picture would look different without it."""
        if self.marker == APP0:
            return self.content.startswith(b"JFIF\0") and len(self.content) >= JFIF_LEAST
        if self.marker == APP2:
            return self.content.startswith(b"ICC_PROFILE\0") and len(self.content) > PROFILE_LEAD
        if self.marker == APP14:
            return self.content.startswith(b"Adobe") and len(self.content) >= ADOBE_LEAST
        return not _is_note(self.marker)


@dataclass(frozen=True)
class JpegParts:
    """Segments before the first scan, and the first picture's scans; `ended`: whether it says
    that it ends."""

    segments: tuple[Segment, ...]
    scans: bytes
    ended: bool


def jpeg_parts(data: bytes) -> JpegParts:
    """The parts of a JPEG's first picture. Phones append others (depth, gain maps, clips) with an
    Exif of their own. Stray bytes between segments are skipped, as every decoder does, and so are
    comments and other data between scans. Raises IndexError where no scan begins."""
    segments: list[Segment] = []
    scan = 2
    for segment, end in _segments(data):
        segments.append(segment)
        scan = end
    scans = b""
    marker = 0
    for marker, content, coded in _parts_of_scans(data, scan):
        if marker == START_OF_SCAN:
            scans += data[content or coded] + (data[coded] if content else b"")
        elif marker in TABLES or (content is None and not _is_note(marker)):
            scans += data[content or coded]  # damaged pixels, where it is no segment
    if not scans:
        raise IndexError("no scan")
    ended = marker == END_OF_IMAGE[1]
    return JpegParts(tuple(segments), scans + END_OF_IMAGE * ended, ended)


def _segments(data: bytes) -> Iterator[tuple[Segment, int]]:
    position = 2
    while position + 4 <= len(data):
        position = data.find(b"\xff", position)
        if position < 0 or position + 4 > len(data):
            return
        marker = data[position + 1]
        if marker == START_OF_SCAN:
            return
        if marker < 0xC0 or marker == 0xFF or 0xD0 <= marker <= 0xD9:  # fill bytes and strays
            position += 1
            continue
        end = position + 2 + struct.unpack_from(">H", data, position + 2)[0]
        if end > len(data) or end < position + 4:
            position += 2
            continue
        yield Segment(marker, data[position:end]), end
        position = end


def jpeg_markers(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, content) of every segment of a JPEG's first picture, scans and what stands between
    them included; content without the coded pixels."""
    position = 2
    for segment, end in _segments(data):
        yield segment.marker, segment.content
        position = end
    for marker, content, _ in _parts_of_scans(data, position):
        yield marker, data[content][4:] if content else b""


def _parts_of_scans(data: bytes, start: int) -> Iterator[tuple[int, slice | None, slice]]:
    """(marker, the segment from its marker to its end, what follows up to the next marker) from the
    first scan to the end of the picture, whose marker comes last where it is there.

    The segment is None where it does not fit into the file, or is none: what follows then begins
    with the marker.
    """
    position = data.find(bytes((0xFF, START_OF_SCAN)), start)
    while position >= 0 and position + 4 <= len(data):
        marker = data[position + 1]
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        # As libjpeg walks: it skips what it does not know by its length.
        whole = _has_length(marker) and position + 4 <= end <= len(data)
        found = _NEXT.search(data, end if whole else position + 2)
        until = found.start() if found else len(data)
        if whole:
            yield marker, slice(position, end), slice(end, until)
        else:
            yield marker, None, slice(position, until)
        if not found:
            return
        if data[found.end() - 1] == END_OF_IMAGE[1]:
            yield END_OF_IMAGE[1], slice(0, 0), slice(0, 0)
            return
        position = found.end() - 2


def _is_note(marker: int) -> bool:
    return APP0 <= marker <= APP15 or marker == COMMENT


def _has_length(marker: int) -> bool:
    return marker >= 0xC0 and not 0xD0 <= marker <= 0xD9


def join_jpeg(parts: JpegParts, exif: bytes = b"") -> bytes:
    """A JPEG of the parts that pixels need, with this Exif (TIFF bytes)."""
    out = [START_OF_IMAGE]
    if exif:
        out.append(struct.pack(">BBH", 0xFF, APP1, len(exif) + 8) + b"Exif\0\0" + exif)
    out += [segment.data for segment in parts.segments if segment.belongs_to_pixels]
    return b"".join([*out, parts.scans])


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, content) of each whole chunk, the last one being IEND where there is one."""
    position = len(PNG_START)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        content = data[position + 8 : position + 8 + length]
        if len(content) < length and kind != b"IDAT":
            return
        yield kind, content
        if kind == b"IEND":
            return
        position += 12 + length


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return (
        struct.pack(">I4s", len(content), kind)
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def join_png(data: bytes, exif: bytes = b"", sound: bool = False) -> bytes:
    """A PNG of the chunks that pixels need, with this Exif. `sound`: without what readers
    stumble over."""
    out = [PNG_START]
    kind = b""
    for kind, content in png_chunks(data):
        if kind in PNG_PIXELS and (not sound or _is_sound(kind, content)):
            out.append(png_chunk(kind, content))
        if kind == b"IHDR" and exif:
            out.append(png_chunk(b"eXIf", exif))
    if kind != b"IEND":
        out.append(png_chunk(b"IEND", b""))
    return b"".join(out)


def _is_sound(kind: bytes, content: bytes) -> bool:
    """Whether Pillow takes a chunk. A compressed colour profile is its name, two bytes, then
    zlib's."""
    if kind != b"iCCP":
        return len(content) >= PNG_LEAST.get(kind, 0)
    name, _, rest = content.partition(b"\0")
    stream = zlib.decompressobj()
    try:
        stream.decompress(rest[1:], MOST_UNPACKED)
    except zlib.error:
        return False
    return bool(name) and stream.eof


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, content) of each whole chunk, up to where the file says that it ends."""
    position = 12
    data = data[: 8 + int.from_bytes(data[4:8], "little")]
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        content = data[position + 8 : position + 8 + length]
        if len(content) < length:
            return
        yield kind, content
        position += 8 + length + length % 2


def join_webp(data: bytes, exif: bytes = b"") -> bytes:
    """A WEBP of the chunks that pixels need, with this Exif where its header has room for one."""
    chunks: list[bytes] = []
    extended = False
    for kind, content in webp_chunks(data):
        if kind == WEBP_HEADER and content:
            extended = True
            # Flags: 8 for Exif, 4 for XMP.
            flags = content[0] & ~0x0C | (0x08 if exif else 0)
            content = bytes([flags]) + content[1:]
        if kind not in (WEBP_EXIF, WEBP_XMP):
            chunks.append(webp_chunk(kind, content))
    if exif and extended:
        chunks.append(webp_chunk(WEBP_EXIF, exif))
    body = b"WEBP" + b"".join(chunks)
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def webp_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk with its length, and a byte more where that is odd."""
    return struct.pack("<4sI", kind, len(content)) + content + bytes(len(content) % 2)


def mended(data: bytes, format: str) -> bytes:
    """The same picture with a clean header, its Exif, and an end; the bytes as they are in other
    formats.

    What is missing of its pixels is not made up: see `data_cards.photos.completeness`.
    """
    try:
        if format == "JPEG":
            parts = jpeg_parts(data)
            exif = next(
                (
                    one.content[6:]
                    for one in parts.segments
                    if one.marker == APP1 and one.content.startswith(b"Exif\0\0")
                ),
                b"",
            )
            return join_jpeg(parts, exif) + (b"" if parts.ended else END_OF_IMAGE)
        if format == "PNG":
            return join_png(data, dict(png_chunks(data)).get(b"eXIf", b""), sound=True)
        if format == "WEBP":
            return join_webp(data, dict(webp_chunks(data)).get(WEBP_EXIF, b""))
    except (struct.error, IndexError):  # nothing that could be put in order
        return data
    return data
