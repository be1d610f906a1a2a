"""Colours in 16 and 32 bits, with a sign, or in fractions, are scaled by what they hold."""

import io
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_cards.errors import BadPhoto
from data_cards.photos.image import inspect_photo, open_photo
from data_cards.photos.metadata import stored_form

# Red, then half green, then a quarter blue, then white; 8 rows of it, so that a turned one can be
# told.
PATTERN = np.repeat(np.array([[[1, 0, 0], [0, 0.5, 0], [0, 0, 0.25], [1, 1, 1]]]), 8, axis=0)
SEEN = [(255, 0, 0), (0, 127, 0), (0, 0, 63), (255, 255, 255)]


def deep(top: float, kind: type, ending: str = ".tif", pattern: np.ndarray = PATTERN) -> bytes:
    """Encoded by OpenCV, which takes blue first."""
    return cv2.imencode(ending, np.ascontiguousarray((pattern[..., ::-1] * top).astype(kind)))[
        1
    ].tobytes()


def near(data: bytes, by: int = 1) -> bool:
    shown = open_photo(data)
    return all(
        abs(one - other) <= by
        for x, wanted in enumerate(SEEN)
        for one, other in zip(shown.getpixel((x, 3)), wanted, strict=True)
    )


@pytest.mark.parametrize(
    ("top", "kind"),
    [
        (65535, np.uint16),
        (16383, np.uint16),
        (4095, np.uint16),
        (1023, np.uint16),
        (255, np.uint16),
        (32767, np.int16),
        (1_000_000, np.int32),
        (2**31 - 1, np.int32),
        (1.0, np.float32),
        (255.0, np.float32),
        (4.0, np.float32),
        (1.0, np.float64),
        (65535.0, np.float64),
    ],
)
def test_a_tiff_of_deep_colours_is_scaled_by_what_it_holds(top, kind):
    data = deep(top, kind)
    assert near(data)
    assert (inspect_photo(data).width, inspect_photo(data).height) == (4, 8)


@pytest.mark.parametrize("top", [65535, 16383, 4095, 1023])
def test_a_png_of_deep_colours_too(top):
    assert near(deep(top, np.uint16, ".png"))


def test_colours_with_a_sign_keep_their_order():
    shown = np.asarray(open_photo(deep(1.0, np.float32, pattern=PATTERN * 2 - 1)))[0].tolist()
    assert shown == [[255, 0, 0], [0, 127, 0], [0, 0, 63], [255, 255, 255]]


def test_what_is_no_number_is_black():
    pattern = PATTERN.copy()
    pattern[0, 0] = np.nan
    assert open_photo(deep(1.0, np.float32, pattern=pattern)).getpixel((0, 0)) == (0, 0, 0)


def test_doubles_in_grey_are_read():
    data = cv2.imencode(".tif", np.array([[0.0, 0.5, 1.0]]))[1].tobytes()
    assert np.asarray(open_photo(data))[0, :, 0].tolist() == [0, 127, 255]


def test_deep_colours_become_jpeg_with_their_light():
    data = deep(1.0, np.float32, pattern=np.repeat(np.repeat(PATTERN, 16, 1), 8, 0))
    shown = open_photo(stored_form(data))
    assert (
        shown.size == (64, 64)
        and min(shown.getpixel((60, 30))) > 245
        and shown.getpixel((4, 30))[0] > 235
    )


@pytest.mark.parametrize("kind", [np.float32, np.uint16])
def test_deep_colours_are_turned_as_their_file_says(kind):
    data = deep(1.0 if kind is np.float32 else 4095, kind)
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    entries = [data[at + 2 + 12 * n : at + 14 + 12 * n] for n in range(count)]
    turned = struct.pack("<HHIHH", 274, 3, 1, 6, 0)
    entries = sorted(
        [*(one for one in entries if one[:2] != turned[:2]), turned], key=lambda one: one[:2][::-1]
    )
    moved = (
        data[:4]
        + struct.pack("<I", len(data))
        + data[8:]
        + struct.pack("<H", len(entries))
        + b"".join(entries)
    )
    shown = open_photo(moved + bytes(4))
    assert (
        shown.size == (8, 4)
        and shown.getpixel((3, 0))[0] > 250
        and min(shown.getpixel((3, 3))) > 250
    )
    assert (inspect_photo(moved + bytes(4)).width, inspect_photo(moved + bytes(4)).height) == (8, 4)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_damaged_deep_tiff_is_refused_or_shown(data):
    whole = bytearray(deep(1.0, np.float32))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        shown = open_photo(bytes(whole[: data.draw(st.integers(1, len(whole)))]))
    except BadPhoto:
        return
    assert shown.mode == "RGB"


def test_a_deep_tiff_that_claims_too_much_is_refused_from_its_header():
    data = deep(1.0, np.float32)
    huge = io.BytesIO()
    width = struct.pack("<HHI", 256, 3, 1)
    at = data.index(width) + 8
    huge.write(data[:at] + struct.pack("<H", 60_000) + data[at + 2 :])
    tall = data.index(struct.pack("<HHI", 257, 3, 1)) + 8
    huge.seek(tall)
    huge.write(struct.pack("<H", 60_000))
    with pytest.raises(BadPhoto, match="million pixels"):
        open_photo(huge.getvalue())
