"""How much work a photo's file asks of a decoder, counted before anything is decoded.

    check_work(data, "JPEG")        raises BadPhoto for a file that would keep a processor busy
    with MEMORY.taken(bytes): ...   never more decoded at once than there may be

A file of a few hundred kB can ask for thousands of passes over its pixels, or for millions of
parts. Real photos need a few of each: cameras write 1 scan, web pages up to 20.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from data_cards.errors import BadPhoto
from data_cards.photos.segments import jpeg_markers, png_chunks, webp_chunks

# The best known encoder (mozjpeg) tries 64 ways to cut a photo into scans, and writes about 12.
MOST_SCANS = 64
# Passes over pixels, in all: 12 scans over the largest photo that is read at all.
MOST_PASSED = 3_000_000_000
# Segments of a JPEG that are no scan: profiles, previews and maker's notes come in parts of 64 kB.
MOST_SEGMENTS = 4_000
# Chunks of a PNG or WEBP: some writers cut 50 MB of pixels into pieces of 1 kB.
MOST_CHUNKS = 60_000
# Blocks of a GIF of up to 255 bytes; readers join those of a comment one by one.
MOST_BLOCKS = 250_000
MOST_COMMENT_BLOCKS = 4_000
# Strips or tiles of a TIFF's page: one row each at most, of the longest pictures.
MOST_TILES = 100_000
# Bytes of one TIFF tag that holds numbers (places of strips, tables): 8 for each strip.
MOST_TAG_BYTES = 8 * MOST_TILES
WIDTH, HEIGHT, ROWS_PER_STRIP, TILE_WIDTH, TILE_HEIGHT = 256, 257, 278, 322, 323
PLANES, SAMPLES, SEPARATE = 284, 277, 2
PLAIN_BYTES = (1, 2, 7)  # types of tags that are handed on as they are
# Bytes of decoded photos at once, in all of a process: one of the largest kind, or forty photos of
# 12 million pixels.
MOST_AT_ONCE = 2_500_000_000


class ByteBudget:
    """A semaphore of bytes: a caller that wants more than is left waits. Safe for threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._freed = threading.Condition()

    @contextmanager
    def taken(self, size: float) -> Iterator[None]:
        """Hold this many bytes; a request larger than the whole budget waits until it is alone."""
        wanted = min(int(size), self._most)
        with self._freed:
            self._freed.wait_for(lambda: self._taken + wanted <= self._most)
            self._taken += wanted
        try:
            yield
        finally:
            with self._freed:
                self._taken -= wanted
                self._freed.notify_all()


MEMORY = ByteBudget(MOST_AT_ONCE)


def check_work(data: bytes, image_format: str) -> None:
    """Count the parts that a decoder walks through. Raises BadPhoto where they are too many."""
    check: dict[str, Callable[[bytes], None]] = {
        "JPEG": _check_jpeg,
        "PNG": lambda png: _check_count(png_chunks(png), MOST_CHUNKS, "parts"),
        "WEBP": lambda webp: _check_count(webp_chunks(webp), MOST_CHUNKS, "parts"),
        "GIF": _check_gif,
        "TIFF": _check_tiff,
    }
    if image_format in check:
        check[image_format](data)


def _check_jpeg(data: bytes) -> None:
    others = scans = 0
    pixels = 0
    for marker, content in jpeg_markers(data):
        if marker == 0xDA:
            scans += 1
        else:
            others += 1
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(content) >= 5:
            height, width = struct.unpack_from(">HH", content, 1)
            pixels = height * width
        if scans > MOST_SCANS or (scans > 1 and scans * pixels > MOST_PASSED):
            raise _too_much(f"{scans} or more passes over its pixels")
        if others > MOST_SEGMENTS:
            raise _too_much(f"more than {MOST_SEGMENTS} parts")


def _check_count(parts: Iterator[object], most: int, what: str) -> None:
    for number, _ in enumerate(parts):
        if number >= most:
            raise _too_much(f"more than {most} {what}")


def _check_gif(data: bytes) -> None:
    """Walk over the blocks up to the end of the second picture's header; readers look no
    further."""
    if len(data) < 13:
        return
    at = 13 + _table(data[10])
    blocks = pictures = 0
    while at < len(data) and pictures < 2:
        kind = data[at]
        comments = 0
        if kind == 0x21:
            at += 2
        elif kind == 0x2C and at + 10 <= len(data):
            pictures += 1
            at += 11 + _table(data[at + 9])
        else:
            return
        while at < len(data) and data[at]:
            at += 1 + data[at]
            blocks += 1
            comments += kind == 0x21
            if blocks > MOST_BLOCKS or comments > MOST_COMMENT_BLOCKS:
                raise _too_much("very many small parts")
        at += 1


def _table(flags: int) -> int:
    """Bytes of a GIF's colour table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _check_tiff(data: bytes) -> None:
    from data_cards.photos.deep_colour import first_page

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, about tags that are cut off
            tags = first_page(io.BytesIO(data))
        for tag, raw in tags._tagdata.items():
            if tags.tagtype.get(tag) not in PLAIN_BYTES and len(raw) > MOST_TAG_BYTES:
                raise _too_much("a table of very many parts")
        width, height = (int(tags.get(tag, 0)) for tag in (WIDTH, HEIGHT))
        across = int(tags.get(TILE_WIDTH, 0)) or width
        down = int(tags.get(TILE_HEIGHT, 0)) or int(tags.get(ROWS_PER_STRIP, 0)) or height
        planes = int(tags.get(SAMPLES, 1)) if tags.get(PLANES) == SEPARATE else 1
    except (SyntaxError, struct.error, ValueError, TypeError, KeyError, OSError, IndexError):
        return  # the reader says what is wrong with it
    if across > 0 and down > 0:
        tiles = -(-width // across) * -(-height // down) * max(planes, 1)
        if tiles > MOST_TILES:
            raise _too_much(f"{tiles} strips or tiles")


def _too_much(what: str) -> BadPhoto:
    return BadPhoto(
        f"This file has {what}, too much work for a photo. Save it again as a plain JPEG.",
        code="too_much_work",
    )
