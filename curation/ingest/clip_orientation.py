"""How a clip is held: the display matrix of a MOV or MP4, which turns and mirrors its frames.

    turned(frame, display_matrix(Path("selfie.mov")))

OpenCV knows quarter turns only: of a mirrored clip it makes one that is upside down.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

LONGEST_HEADER = 96  # bytes of a track's header in version 1
MOST_BOXES = 10_000  # a clip has a few dozen


@dataclass(frozen=True)
class DisplayMatrix:
    """Where a frame's axes point on the screen: x goes to (a, b), y to (c, d); signs only, as
    frames are turned by quarters."""

    a: int = 1
    b: int = 0
    c: int = 0
    d: int = 1


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int
    end: int


def display_matrix(path: Path) -> DisplayMatrix | None:
    """The matrix of a clip's first video track; None for files of another kind, which players
    show as they are.

    Raises OSError when the disk does not give the file.
    """
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        try:
            for track in _tracks(file, size):
                matrix = _matrix_of(file, track)
                if matrix:
                    return matrix
        except (struct.error, IndexError):  # cut short: what can be decoded of it is shown as it is
            return None
    return None


def turned(frame: NDArray[Any], matrix: DisplayMatrix | None) -> NDArray[Any]:
    """A frame (h, w, 3) as a player shows it."""
    if matrix is None:
        return frame
    if matrix.b or matrix.c:
        frame = frame.swapaxes(0, 1)
        across = matrix.c
        down = matrix.b
    else:
        across = matrix.a
        down = matrix.d
    return np.ascontiguousarray(frame[:: down or 1, :: across or 1])


def _tracks(file: BinaryIO, size: int) -> Iterator[_Box]:
    for top in _boxes(file, 0, size):
        if top.kind == b"moov":
            yield from (box for box in _boxes(file, top.start, top.end) if box.kind == b"trak")


def _matrix_of(file: BinaryIO, track: _Box) -> DisplayMatrix | None:
    """The matrix in a track's header, if the track is a video."""
    found = {box.kind: box for box in _within(file, track)}
    if b"tkhd" not in found or b"hdlr" not in found:
        return None
    file.seek(found[b"hdlr"].start + 8)
    if file.read(4) != b"vide":
        return None
    file.seek(found[b"tkhd"].start)
    header = file.read(min(found[b"tkhd"].end - found[b"tkhd"].start, LONGEST_HEADER))
    # Times and durations take 32 bits in version 0 and 64 in version 1.
    at = 52 if header[0] == 1 else 40
    a, b, _, c, d = struct.unpack_from(">5i", header, at)
    return DisplayMatrix(*(_sign(value) for value in (a, b, c, d)))


def _sign(value: int) -> int:
    """-1, 0 or 1 of a number with 16 bits behind its point; what is small beside 1 is a rounding
    of 0."""
    return 0 if abs(value) < 0x8000 else 1 if value > 0 else -1


def _within(file: BinaryIO, parent: _Box) -> Iterator[_Box]:
    """The boxes of a track, and those that describe its media."""
    for box in _boxes(file, parent.start, parent.end):
        yield box
        if box.kind == b"mdia":
            yield from _boxes(file, box.start, box.end)


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Box]:
    for _ in range(MOST_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            size = struct.unpack(">Q", file.read(8))[0]
            head = 16
        size = size or end - start
        if size < head or start + size > end:
            return
        yield _Box(kind, start + head, start + size)
        start += size
