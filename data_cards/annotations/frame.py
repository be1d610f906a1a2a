"""Crop and turn a photo as a decision: a rectangle and quarter turns beside its stored bytes, which
stay as they are.

    read_frame("0.1,0.2,0.5,0.5,90")     as a decision holds it
    framed_bytes(data, frame)            the part that counts, upright, as a JPEG
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from data_cards.errors import BadDecision

TURNS = (0, 90, 180, 270)
LEAST = 0.02  # share of a side; a smaller frame shows nothing
NOT_A_FRAME = (
    "A frame is five numbers: left, top, width and height as shares of the upright photo, and how "
    "far it is turned clockwise (0, 90, 180 or 270), like 0.1,0.2,0.5,0.5,90."
)


@dataclass(frozen=True)
class Frame:
    """The part of an upright photo that counts, in shares of its sides, then turned clockwise."""

    left: float = 0.0
    top: float = 0.0
    width: float = 1.0
    height: float = 1.0
    turn: int = 0

    @property
    def text(self) -> str:
        """As a decision holds it.

        >>> Frame(0.1, 0.2, 0.5, 0.25, 90).text
        '0.1,0.2,0.5,0.25,90'
        """
        sides = (self.left, self.top, self.width, self.height)
        return ",".join(
            [*(f"{side:.4f}".rstrip("0").rstrip(".") for side in sides), f"{self.turn}"]
        )

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole photo, unturned."""
        return self == WHOLE


WHOLE = Frame()


def read_frame(text: str) -> Frame:
    """The frame that a decision holds. Raises BadDecision."""
    parts = text.split(",")
    try:
        left, top, width, height = (round(float(part), 4) for part in parts[:4])
        turn = int(parts[4]) if len(parts) == 5 else -1
    except (ValueError, OverflowError) as error:
        raise BadDecision(NOT_A_FRAME, frame=text) from error
    inside = 0 <= left <= 1 and 0 <= top <= 1 and left + width <= 1.0001 and top + height <= 1.0001
    # A comparison with NaN is false.
    if turn not in TURNS or not (inside and LEAST <= width <= 1 and LEAST <= height <= 1):
        raise BadDecision(NOT_A_FRAME, frame=text)
    return Frame(left, top, width, height, turn)


def framed_bytes(data: bytes, frame: Frame) -> bytes:
    """The part of a photo that counts, upright, as a JPEG. Raises BadPhoto."""
    from PIL import Image

    from data_cards.photos.image import open_photo

    image = open_photo(data)
    wide, high = image.size
    box = (
        round(frame.left * wide),
        round(frame.top * high),
        max(round((frame.left + frame.width) * wide), round(frame.left * wide) + 1),
        max(round((frame.top + frame.height) * high), round(frame.top * high) + 1),
    )
    part = image.crop(box)
    if frame.turn:
        turns = {
            90: Image.Transpose.ROTATE_270,  # Pillow turns the other way
            180: Image.Transpose.ROTATE_180,
            270: Image.Transpose.ROTATE_90,
        }
        part = part.transpose(turns[frame.turn])
    out = io.BytesIO()
    part.convert("RGB").save(out, "JPEG", quality=95)
    return out.getvalue()
