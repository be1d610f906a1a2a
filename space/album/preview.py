"""The picture in a RAW file: the JPEG that cameras put beside the sensor's data.

preview(data)        bytes of the largest JPEG inside
"""

from __future__ import annotations

from data_cards.errors import BadPhoto
from data_cards.photos.image import inspect_photo

START = b"\xff\xd8\xff"
END = b"\xff\xd9"
MOST = 12  # starts that are looked at; a RAW file has two or three pictures
LEAST_SIDE = 160  # pixels; smaller ones are thumbnails of a camera's screen


def preview(data: bytes) -> bytes:
    """The largest JPEG in a file. Raises BadPhoto where there is none worth looking at."""
    best = b""
    pixels = 0
    place = data.find(START)
    for _ in range(MOST):
        if place < 0:
            break
        following = data.find(START, place + 3)
        # A thumbnail may lie inside the picture that it belongs to, so the end is the last one.
        for stop in {data.rfind(END, place, following if following > 0 else None), data.rfind(END)}:
            found = data[place : stop + 2] if stop > place else b""
            size = _pixels(found)
            if size > pixels:
                best = found
                pixels = size
        place = following
    if not best:
        raise BadPhoto("This RAW file has no preview.")
    return best


def _pixels(data: bytes) -> int:
    if not data:
        return 0
    try:
        facts = inspect_photo(data)
    except BadPhoto:
        return 0
    return facts.width * facts.height if min(facts.width, facts.height) >= LEAST_SIDE else 0
