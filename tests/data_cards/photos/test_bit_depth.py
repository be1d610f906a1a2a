"""Greys of any depth are scaled by what they hold, and none comes out black."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from data_cards.photos.bit_depth import Scale, scale_of
from data_cards.photos.image import open_photo
from data_cards.photos.metadata import stored_form


def tiff(values) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, "TIFF")
    return out.getvalue()


def retagged(data: bytes, tag: int, value: int) -> bytes:
    """The same TIFF with another value of a short tag: Pillow reads more kinds than it writes."""
    at = data.index(struct.pack("<HHI", tag, 3, 1)) + 8
    return data[:at] + struct.pack("<H", value) + data[at + 2 :]


def signed_tiff(values) -> bytes:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[339] = 1
    out = io.BytesIO()
    Image.fromarray(values.view(np.uint16)).save(out, "TIFF", tiffinfo=info)
    return retagged(out.getvalue(), 339, 2)


def levels(data: bytes) -> list[int]:
    return np.asarray(open_photo(data))[0, :, 0].tolist()


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_fewer_bits_in_sixteen_are_scaled_to_white(bits, format):
    top = 2**bits - 1
    out = io.BytesIO()
    Image.fromarray(np.array([[0, top // 2, top]], np.uint16)).save(out, format)
    assert levels(out.getvalue()) == pytest.approx([0, 127, 255], abs=1)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0, 8.0])
def test_fractions_and_floats_are_scaled_by_what_they_hold(top):
    assert levels(tiff(np.array([[0, top / 2, top]], np.float32))) == pytest.approx(
        [0, 127, 255], abs=1
    )


def test_floats_with_a_sign_keep_their_order_and_what_is_no_number_is_black():
    assert levels(tiff(np.array([[-1, 0, 1]], np.float32))) == pytest.approx([0, 127, 255], abs=1)
    assert levels(tiff(np.array([[np.nan, np.inf, -3.4e38, 0.5, 1]], np.float32)))[-2:] == [
        127,
        255,
    ]
    assert levels(tiff(np.array([[-0.002, 0.5, 1]], np.float32))) == [0, 127, 255]


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        ([-32768, 0, 32767], [0, 127, 255]),
        ([0, 16384, 32767], [0, 127, 255]),
        ([-1000, 0, 1000], [0, 127, 255]),
    ],
)
def test_sixteen_bits_with_a_sign(values, seen):
    assert levels(signed_tiff(np.array([values], np.int16))) == pytest.approx(seen, abs=1)


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        ([0, 500_000, 1_000_000], [0, 127, 255]),
        ([0, 100, 255], [0, 100, 255]),
        ([-5, 0, 5], [0, 127, 255]),
        ([0, 2048, 4095], [0, 127, 255]),
        ([0, 2**30, 2**31 - 1], [0, 127, 255]),
        ([0, 1, 1], [0, 255, 255]),
    ],
)
def test_thirty_two_bits(values, seen):
    assert levels(tiff(np.array([values], np.int32))) == pytest.approx(seen, abs=1)


def test_thirty_two_bits_without_a_sign_do_not_turn_over():
    data = tiff(np.array([[0, 2**31, 2**32 - 1]], np.uint32).view(np.int32))
    assert levels(retagged(data, 339, 1)) == pytest.approx([0, 127, 255], abs=1)


def test_a_picture_that_counts_from_white_to_black_is_turned():
    data = tiff(np.array([[0, 32768, 65535]], np.uint16))
    assert levels(retagged(data, 262, 0)) == pytest.approx([255, 127, 0], abs=1)


def test_deep_greys_stay_right_when_they_become_jpeg():
    ramp = np.tile(np.linspace(0, 4095, 64).astype(np.uint16), (32, 1))
    shown = np.asarray(open_photo(stored_form(tiff(ramp))))[16, :, 0]
    assert shown[0] < 8 and shown[-1] > 247 and abs(int(shown[32]) - 129) < 6


@pytest.mark.parametrize(
    ("least", "most", "scale"),
    [
        (0, 0, Scale(0, 1)),
        (0, 1, Scale(0, 1)),
        (0, 40, Scale(0, 40)),
        (0, 200, Scale(0, 255)),
        (0, 256, Scale(0, 1023)),
        (0, 70_000, Scale(0, 70_000)),
        (-3, 5, Scale(-3, 5)),
        (-7, -7, Scale(-7, -7 + 7e-6)),
        (-9, 0, Scale(-9, 0)),
    ],
)
def test_the_scale_ends_where_scales_end(least, most, scale):
    assert scale_of(least, most) == scale


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_every_scale_has_room_for_what_is_held(least, more):
    scale = scale_of(least, least + more)
    assert scale.black < scale.white
    assert scale.white >= least + more
