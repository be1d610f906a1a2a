"""A photo looked at in parts: small things, things at the edge, and several in one frame.

Nine overlapping parts, each half as wide and high as the photo, are asked about at once; a thing is
in the photo if one part shows it surely and an overlapping part shows it as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

SHARE = (
    0.5  # of the photo's width and height: a thing in a fifth of the frame then fills most of it
)
STEPS = (0.0, 0.25, 0.5)  # where a part begins, as a share of the photo
# So many parts have to agree: nine parts have nine chances to be sure of a stranger, and of 14
# strangers 4 are surely named all the same (docs/decisions/small-in-the-frame.md).
AGREEING = 2

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Part:
    """Where in the photo (left, top, right, bottom, shares of it), the class (its number) that it
    shows, with what chance, and whether that is sure."""

    box: Box
    label: int
    confidence: float
    is_sure: bool


def boxes() -> tuple[Box, ...]:
    """The nine parts, row by row."""
    return tuple((x, y, x + SHARE, y + SHARE) for y in STEPS for x in STEPS)


def cut(photo: Image, box: Box) -> Image:
    """One part of a photo."""
    left, top, right, bottom = box
    wide, high = photo.size
    return photo.crop(
        (round(left * wide), round(top * high), round(right * wide), round(bottom * high))
    )


def overlap(one: Box, other: Box) -> bool:
    """Whether two parts share some of the photo."""
    return bool(
        max(one[0], other[0]) < min(one[2], other[2])
        and max(one[1], other[1]) < min(one[3], other[3])
    )


def agreed(parts: Sequence[Part]) -> list[Part]:
    """For each class that is in the photo, the part that shows it best; surest first.

    A class is in it where AGREEING parts that overlap show it first, one of them surely.
    """
    found: dict[int, Part] = {}
    for part in sorted((one for one in parts if one.is_sure), key=lambda one: -one.confidence):
        with_it = [one for one in parts if one.label == part.label and overlap(one.box, part.box)]
        if len(with_it) >= AGREEING:
            found.setdefault(part.label, part)
    return list(found.values())


def shown_where(chances: np.ndarray) -> list[list[float]]:
    """(9,) how likely each part shows a thing -> the mean over the parts that cover each sixteenth
    of the photo, 4 rows of 4."""
    sums = np.zeros((4, 4))
    times = np.zeros((4, 4))
    for (left, top, right, bottom), chance in zip(boxes(), chances, strict=True):
        rows = slice(round(4 * top), round(4 * bottom))
        columns = slice(round(4 * left), round(4 * right))
        sums[rows, columns] += chance
        times[rows, columns] += 1
    return [[float(value) for value in row] for row in sums / times]


def parts_of(chances: np.ndarray, is_sure: Sequence[bool]) -> list[Part]:
    """(9, c) chances of the parts, and which of them are sure -> parts."""
    return [
        Part(box, int(row.argmax()), float(row.max()), bool(sure))
        for box, row, sure in zip(boxes(), chances, is_sure, strict=True)
    ]
