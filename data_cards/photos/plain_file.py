"""A JPEG, PNG or WEBP of what its first picture needs, and of nothing else.

    plain_jpeg(data, exif, profile)    plain_png(data, exif)    plain_webp(data, exif)

Each part is on a list of kinds, and is cut to what its kind may say: a header of 14 bytes to 14
bytes. The coded pixels are copied byte for byte. Raises struct.error, IndexError and zlib.error for
parts that do not add up, and NotPlain for a file whose pixels cannot be told from what was hidden
among them.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from data_cards.photos.completeness import png_bytes
from data_cards.photos.file_format import PNG_START
from data_cards.photos.plain_profile import plain_profile, says_known
from data_cards.photos.segments import (
    ADOBE_LEAST,
    APP0,
    APP1,
    APP2,
    APP14,
    END_OF_IMAGE,
    FRAMES,
    JFIF_LEAST,
    PROFILE_LEAD,
    START_OF_IMAGE,
    START_OF_SCAN,
    TABLES,
    JpegParts,
    Segment,
    jpeg_markers,
    png_chunk,
    png_chunks,
    webp_chunk,
    webp_chunks,
)

QUANTIZATION = 0xDB
HUFFMAN = 0xC4
MOST_IN_SEGMENT = 65_519  # bytes of a profile in one JPEG segment
# A run of letters among coded pixels: chance writes one of 24 once in four million megabytes, and
# one of 8 at the end of one scan in three thousand.
LETTERS = re.compile(rb"[\x20-\x7e]{24,}")
LAST_LETTERS = re.compile(rb"[\x20-\x7e\0]{8,}\Z")
FEWEST_KINDS = 6  # of signs: pixels of one colour repeat a few
WEBP_VP8X = b"VP8X"
WEBP_KINDS = (WEBP_VP8X, b"ICCP", b"ALPH", b"VP8 ", b"VP8L")
WEBP_FLAGS = {"profile": 0x20, "alpha": 0x10, "exif": 0x08}
# Bytes of each kind of chunk of a PNG, at most; None: of a length of its own.
PNG_LENGTHS: dict[bytes, int | None] = {
    b"IHDR": 13,
    b"PLTE": None,
    b"tRNS": None,
    b"cHRM": 32,
    b"gAMA": 4,
    b"iCCP": None,
    b"sBIT": 4,
    b"sRGB": 1,
    b"cICP": 4,
    b"bKGD": 6,
    b"pHYs": 9,
}
# by colour type: bytes of sBIT, bKGD and tRNS
PNG_SAMPLES = {0: (1, 2, 2), 2: (3, 6, 6), 3: (3, 1, 256), 4: (2, 2, 0), 6: (4, 6, 0)}
AT_ONCE = 1 << 20


class NotPlain(Exception):
    """What was hidden among the pixels can only be left out by coding them anew."""


def plain_jpeg(parts: JpegParts, exif: bytes, profile: bytes = b"") -> bytes:
    """A JPEG of the parts of its first picture, in their order. `profile`: where it names its
    colours without bringing a profile."""
    _refuse_letters(parts.scans)
    embedded = _jpeg_profile(parts)
    out = [START_OF_IMAGE]
    if exif:
        out.append(_segment(APP1, b"Exif\0\0" + exif))
    if profile and not embedded:
        out += _profile_segments(profile)
    seen: set[str] = set()
    for one, data in _needed(parts):
        kind = _kind(one)
        if kind and kind not in seen:
            seen.add(kind)
            out += _profile_segments(plain_profile(embedded)) if kind == "profile" else [data]
        elif not kind and not one.is_note:
            out.append(data)
    return b"".join([*out, parts.scans])


def _kind(one: Segment) -> str:
    """What an application's segment is, of the three that pixels need; empty for others."""
    if one.marker == APP0 and one.content.startswith(b"JFIF\0") and len(one.content) >= JFIF_LEAST:
        return "jfif"
    if one.marker == APP14 and one.content.startswith(b"Adobe"):
        return "adobe" if len(one.content) >= ADOBE_LEAST else ""
    return "profile" if _is_profile(one) else ""


def _needed(parts: JpegParts) -> Iterator[tuple[Segment, bytes]]:
    """Each segment with what it may say: without tables that no scan uses, and without previews."""
    frame = next((one for one in parts.segments if one.marker in FRAMES), None)
    if frame is None:
        raise IndexError("no frame")
    tables = {frame.content[8 + 3 * number] for number in range(frame.content[5])}
    used = {QUANTIZATION: tables, HUFFMAN: _huffman_tables(parts)}
    # Of several tables of one name, the last one counts.
    last: dict[tuple[int, int], int] = {}
    for place, one in enumerate(parts.segments):
        last |= {(one.marker, name): place for name, _ in _tables(one)}
    for place, one in enumerate(parts.segments):
        if one.marker in used:
            kept = [
                table
                for name, table in _tables(one)
                if name in used[one.marker] and last[one.marker, name] == place
            ]
            if kept:
                yield one, _segment(one.marker, b"".join(kept))
        elif one.marker == APP0:
            yield one, _segment(APP0, one.content[:12] + b"\0\0")
        elif one.marker == APP14:
            yield one, _segment(APP14, one.content[:ADOBE_LEAST])
        elif one is frame or one.marker in TABLES or one.is_note:
            yield one, one.data


def _tables(one: Segment) -> Iterator[tuple[int, bytes]]:
    """The tables of a segment that holds some, by name."""
    if one.marker == QUANTIZATION:
        yield from _quantization(one.content)
    elif one.marker == HUFFMAN:
        yield from _huffman(one.content)


def _huffman_tables(parts: JpegParts) -> set[int]:
    """Tables that a scan uses: class (0 for DC, 16 for AC) and number."""
    names: set[int] = set()
    for marker, content in jpeg_markers(START_OF_IMAGE + parts.scans):
        if marker == START_OF_SCAN:
            for number in range(content[0]):
                chosen = content[2 + 2 * number]
                names |= {chosen >> 4, 16 | chosen & 15}
    return names


def _quantization(content: bytes) -> Iterator[tuple[int, bytes]]:
    while content:
        length = 129 if content[0] >> 4 else 65
        yield content[0] & 15, content[:length]
        content = content[length:]


def _huffman(content: bytes) -> Iterator[tuple[int, bytes]]:
    while len(content) >= 17:
        length = 17 + sum(content[1:17])
        yield content[0], content[:length]
        content = content[length:]


def _refuse_letters(scans: bytes) -> None:
    """Raises NotPlain where text seems to stand among coded pixels, or behind the last of them."""
    found = [one.group() for one in LETTERS.finditer(scans)]
    coded = scans.removesuffix(END_OF_IMAGE)
    last = LAST_LETTERS.search(coded)
    found += [last.group()] if last else []
    if any(len(set(text)) >= FEWEST_KINDS for text in found):
        raise NotPlain


def _jpeg_profile(parts: JpegParts) -> bytes:
    pieces: dict[int, bytes] = {}
    for one in parts.segments:
        if _is_profile(one):
            pieces.setdefault(one.content[12], one.content[PROFILE_LEAD:])
    return b"".join(pieces[number] for number in sorted(pieces))


def _is_profile(one: Segment) -> bool:
    return (
        one.marker == APP2
        and one.content.startswith(b"ICC_PROFILE\0")
        and len(one.content) > PROFILE_LEAD
    )


def _profile_segments(profile: bytes) -> list[bytes]:
    pieces = [profile[at : at + MOST_IN_SEGMENT] for at in range(0, len(profile), MOST_IN_SEGMENT)]
    return [
        _segment(APP2, b"ICC_PROFILE\0" + bytes([number, len(pieces)]) + piece)
        for number, piece in enumerate(pieces, start=1)
    ]


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def plain_png(data: bytes, exif: bytes = b"") -> bytes:
    """A PNG of its header, palette, colours and pixels; moving ones become their first picture."""
    out = [PNG_START]
    seen: set[bytes] = set()
    header = b""
    pixels: list[bytes] = []
    for kind, content in png_chunks(data):
        if kind == b"IDAT":
            pixels.append(content)
        elif kind in PNG_LENGTHS and kind not in seen and not pixels:
            seen.add(kind)
            header = content if kind == b"IHDR" else header
            content = _plain_chunk(kind, content, header)
            if content:
                out.append(png_chunk(kind, content))
            if kind == b"IHDR" and exif:
                out.append(png_chunk(b"eXIf", exif))
    out += [png_chunk(b"IDAT", piece) for piece in _plain_pixels(pixels, png_bytes(header))]
    return b"".join([*out, png_chunk(b"IEND", b"")])


def _plain_chunk(kind: bytes, content: bytes, header: bytes) -> bytes:
    depth, colour = header[8], header[9]
    bits, background, clear = PNG_SAMPLES[colour]
    colours = 2 ** min(depth, 8)
    if kind == b"PLTE":
        content = content[: 3 * colours]
        _refuse_words(content)
        return content[: len(content) // 3 * 3]
    if kind == b"iCCP":
        given, is_all = _png_profile(content)
        profile = plain_profile(given)
        if is_all and profile == given and says_known(content.partition(b"\0")[0]):
            return content
        return b"ICC\0\0" + zlib.compress(profile) if profile else b""
    most = {
        b"tRNS": min(clear, colours) if colour == 3 else clear,
        b"sBIT": bits,
        b"bKGD": background,
    }.get(kind, PNG_LENGTHS[kind])
    return content[:most]


def _png_profile(content: bytes) -> tuple[bytes, bool]:
    """A PNG's profile, and whether its chunk holds nothing else."""
    _, _, rest = content.partition(b"\0")
    stream = zlib.decompressobj()
    try:
        profile = stream.decompress(rest[1:], AT_ONCE)
    except zlib.error:
        return b"", False
    return profile, stream.eof and not stream.unused_data and rest[:1] == b"\0"


def _refuse_words(content: bytes) -> None:
    if any(len(set(one.group())) >= FEWEST_KINDS for one in LETTERS.finditer(content)):
        raise NotPlain


def _plain_pixels(pieces: list[bytes], expected: int) -> list[bytes]:
    """The same pieces up to where the compressed rows end. Raises NotPlain where the stream holds
    more than rows."""
    stream = zlib.decompressobj()
    kept: list[bytes] = []
    given = 0
    for piece in pieces:
        rest = piece
        while rest:
            given += len(stream.decompress(rest, AT_ONCE))
            rest = stream.unconsumed_tail
        if given > expected:
            raise NotPlain
        used = len(piece) - len(stream.unused_data)
        if used > 0:
            kept.append(piece[:used])
        if stream.eof:
            break
    return kept


def plain_webp(data: bytes, exif: bytes = b"") -> bytes:
    """A WEBP of its picture, what is opaque of it, and its colours. Raises NotPlain for one that
    moves."""
    found: dict[bytes, bytes] = {}
    for kind, content in webp_chunks(data):
        if kind == b"ANMF":
            raise NotPlain
        if kind in WEBP_KINDS:
            found.setdefault(kind, content)
    picture = found.get(b"VP8 ", found.get(b"VP8L"))
    if picture is None:
        raise IndexError("no picture")
    if b"VP8 " in found:
        found.pop(b"VP8L", None)
    if any(LAST_LETTERS.search(found.get(kind, b"")) for kind in (b"VP8 ", b"VP8L", b"ALPH")):
        raise NotPlain
    for content in (picture, found.get(b"ALPH", b"")):
        _refuse_words(content)
    profile = plain_profile(found.pop(b"ICCP", b""))
    chunks: list[bytes] = []
    if WEBP_VP8X in found:
        head = found.pop(WEBP_VP8X)
        opaque = b"ALPH" in found or b"VP8L" in found
        flags = (WEBP_FLAGS["alpha"] & head[0]) if opaque else 0
        flags |= WEBP_FLAGS["profile"] if profile else 0
        flags |= WEBP_FLAGS["exif"] if exif else 0
        chunks.append(webp_chunk(WEBP_VP8X, bytes([flags, 0, 0, 0]) + head[4:10]))
        chunks += [webp_chunk(b"ICCP", profile)] if profile else []
        chunks += [webp_chunk(kind, found[kind]) for kind in WEBP_KINDS if kind in found]
        chunks += [webp_chunk(b"EXIF", exif)] if exif else []
    else:
        chunks += [webp_chunk(kind, found[kind]) for kind in (b"VP8 ", b"VP8L") if kind in found]
    body = b"WEBP" + b"".join(chunks)
    return struct.pack("<4sI", b"RIFF", len(body)) + body
