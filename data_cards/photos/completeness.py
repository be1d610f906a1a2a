"""How much of a cut-off photo is there: the share of its pixels, from 0 to 1.

    share_present(data, "JPEG")

Only asked where a decoder stumbled, so it may take as long as decoding does.
"""

from __future__ import annotations

import io
import math
import re
import struct
import warnings
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, JpegImagePlugin

from data_cards.photos.deep_colour import first_page
from data_cards.photos.segments import (
    END_OF_IMAGE,
    FRAMES,
    START_OF_SCAN,
    WEBP_PIXELS,
    JpegParts,
    join_jpeg,
    jpeg_parts,
    png_chunks,
    webp_chunks,
)

RESTART_INTERVAL = 0xDD
PROGRESSIVE = 0xC2
_LAST_RESTARTS = re.compile(rb"(?:\xff[\xd0-\xd7])+\Z")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# Zeros at the end of a file that are not pixels: some disks leave them after an interrupted copy.
PADDING = 64
# Pixels of the shorter side that a JPEG is tried at: enough to tell where it stops.
TRIED_AT = 1024
# Coefficients of a block; each is sent to its last bit by one scan or by several.
COEFFICIENTS = 64
BAND = 16  # rows that most JPEGs code together
# Beyond this no JPEG is tried: it would be refused for its size anyway.
MOST_PIXELS = 250_000_000
COULD_NOT_TELL = (
    OSError,
    ValueError,
    SyntaxError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    zlib.error,
    MemoryError,
    Image.DecompressionBombError,
)
# Passes of an interlaced PNG: first column and row, and steps between them.
ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # per pixel, by PNG's colour type


def share_present(data: bytes, format: str) -> float | None:
    """The share of a photo's pixels that its bytes hold, 1.0 if all are there; None if it cannot be
    determined."""
    measure = {
        "JPEG": jpeg_share,
        "MPO": jpeg_share,
        "PNG": png_share,
        "WEBP": webp_share,
        "HEIF": boxes_share,
        "AVIF": boxes_share,
        "BMP": bmp_share,
        "TIFF": tiff_share,
    }.get(format)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, about tags that are cut off
            return max(0.0, min(1.0, measure(data))) if measure else None
    except COULD_NOT_TELL:
        return None


def jpeg_share(data: bytes) -> float:
    """For a JPEG: 1.0 if nothing that might have followed could change a pixel."""
    try:
        parts = jpeg_parts(data)
    except IndexError:
        return 0.0
    scans = parts.scans.removesuffix(END_OF_IMAGE) if parts.ended else parts.scans
    if scans.endswith(bytes(PADDING)):
        scans = scans.rstrip(b"\0")
    scans = _LAST_RESTARTS.sub(b"", scans)  # behind one no decoder reads what was added
    if len(scans) <= 2 + int.from_bytes(scans[2:4], "big"):
        return 0.0
    whole_rows = _share_of_rows(parts, scans)
    frame = next((one for one in parts.segments if one.marker in FRAMES), None)
    if frame is None:
        return 0.0
    if frame.marker == PROGRESSIVE:
        return _share_of_detail(frame.content, scans, whole_rows)
    expected = _intervals(parts, frame.content)
    if expected > 1:
        there = len(_RESTART.findall(scans)) + 1
        if there < expected:
            return min(whole_rows, there / expected)
    return whole_rows


def _share_of_rows(parts: JpegParts, scans: bytes) -> float:
    """Up to where the picture stays the same, whatever follows the bytes that are there."""
    chance = (
        np.random.default_rng(0).integers(0, 255, 4096, np.uint8).tobytes()
    )  # holds no FF: no marker
    one, other = (_rows(parts, scans + tail + END_OF_IMAGE) for tail in (b"", chance))
    if one.shape != other.shape:
        return 0.0
    differing = (one != other).reshape(*one.shape[:2], -1).any(axis=2)
    if not differing.any():
        return 1.0
    row, column = (int(places[0]) for places in np.nonzero(differing))
    band = min(
        BAND, len(one) - row
    )  # pixels come in bands: above its first one that is missing, some are there
    return (row + band * column / one.shape[1]) / len(one)


def _rows(parts: JpegParts, scans: bytes) -> np.ndarray:
    joined = join_jpeg(JpegParts(parts.segments, scans, True))
    with JpegImagePlugin.JpegImageFile(io.BytesIO(joined)) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError("too large to be tried")
        image.draft(image.mode, (TRIED_AT, TRIED_AT))
        return np.asarray(image)


def _intervals(parts: JpegParts, frame: bytes) -> int:
    """Into how many pieces restart markers divide the only scan; 1 where there are none."""
    every = next((one.content for one in parts.segments if one.marker == RESTART_INTERVAL), b"\0\0")
    interval = int.from_bytes(every[:2], "big")
    if not interval:
        return 1
    height, width, components = struct.unpack_from(">xHHB", frame)
    factors = [frame[7 + 3 * number] for number in range(components)]
    across = max(value >> 4 for value in factors)
    down = max(value & 15 for value in factors)
    if components == 1:
        across = down = 1
    return math.ceil(math.ceil(width / (8 * across)) * math.ceil(height / (8 * down)) / interval)


def _share_of_detail(frame: bytes, scans: bytes, last_rows: float) -> float:
    """Of a progressive JPEG: the share of its coefficients that were sent to the last bit. A
    coefficient that was sent coarsely counts half; `last_rows`: the share of rows that its last
    scan came to.
    """
    components = [frame[6 + 3 * number] for number in range(frame[5])]
    done = {name: np.zeros(COEFFICIENTS) for name in components}
    found = list(_scans(scans))
    for number, (names, first, last, bits) in enumerate(found):
        came = last_rows if number == len(found) - 1 else 1.0
        for name in set(names) & set(done):
            there = done[name][first : last + 1]
            np.maximum(there, there + came * ((0.5 if bits else 1.0) - there), out=there)
    share = float(np.mean([values.mean() for values in done.values()]))
    return share if share < 1 else last_rows


def _scans(scans: bytes) -> Iterator[tuple[bytes, int, int, int]]:
    """(components, first and last coefficient, bits that are still to come) of each scan."""
    position = scans.find(bytes((0xFF, START_OF_SCAN)))
    while position >= 0:
        length, count = struct.unpack_from(">HB", scans, position + 2)
        body = scans[position + 5 : position + 2 + length]
        yield (
            body[: 2 * count : 2],
            body[2 * count],
            min(body[2 * count + 1], COEFFICIENTS - 1),
            body[2 * count + 2] & 15,
        )
        position = scans.find(bytes((0xFF, START_OF_SCAN)), position + 2 + length)


def png_share(data: bytes) -> float:
    """For a PNG: the bytes of rows that its compressed stream gives, as a share of what its header
    promises."""
    stream = zlib.decompressobj()
    expected = given = 0
    for kind, content in png_chunks(data):
        if kind == b"IHDR":
            expected = png_bytes(content)
        if kind != b"IDAT":
            continue
        rest = content
        try:
            while rest and given < expected:
                given += len(stream.decompress(rest, 1 << 20))
                rest = stream.unconsumed_tail
        except zlib.error:
            break
    return given / expected if expected else 0.0


def png_bytes(header: bytes) -> int:
    """How many bytes of rows a PNG's header promises."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * SAMPLES[colour]
    if not interlaced:
        return height * (1 + math.ceil(width * bits / 8))
    sizes = [(math.ceil((width - x) / dx), math.ceil((height - y) / dy)) for x, y, dx, dy in ADAM7]
    return sum(
        rows * (1 + math.ceil(columns * bits / 8))
        for columns, rows in sizes
        if columns > 0 and rows > 0
    )


def webp_share(data: bytes) -> float:
    """Of a WEBP: whole with its first picture, else its bytes, of those that its header
    promises."""
    if any(kind in WEBP_PIXELS for kind, _ in webp_chunks(data)):
        return 1.0
    return len(data) / (8 + struct.unpack_from("<I", data, 4)[0])


def bmp_share(data: bytes) -> float:
    """Of a BMP: its bytes behind the header, of those that the header promises."""
    total, start = struct.unpack_from("<I4xI", data, 2)
    return (len(data) - start) / max(total - start, 1)


def boxes_share(data: bytes) -> float:
    """Of a HEIF or AVIF: its bytes, of those that its boxes promise."""
    position = 0
    while position + 8 <= len(data):
        size = struct.unpack_from(">I", data, position)[0]
        if size == 1 and position + 16 <= len(data):
            size = struct.unpack_from(">Q", data, position + 8)[0]
        if size < 8:  # the last box reaches to the end of the file
            return 1.0
        position += size
    return len(data) / max(position, 1)


def tiff_share(data: bytes) -> float:
    """Of a TIFF's first page: the bytes of its strips or tiles that lie within the file."""
    tags = first_page(io.BytesIO(data))
    starts = tags.get(273) or tags.get(324) or ()
    counts = tags.get(279) or tags.get(325) or ()
    there = sum(
        max(0, min(count, len(data) - start)) for start, count in zip(starts, counts, strict=False)
    )
    return there / max(sum(counts), 1)
