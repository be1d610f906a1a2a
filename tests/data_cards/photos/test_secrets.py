"""A secret in every place that a format allows: none of them is in what we keep of a photo."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_cards.photos.camera_tags import maker, model, moment
from data_cards.photos.image import encode_jpeg, inspect_photo, open_photo, thumbnail
from data_cards.photos.metadata import stored_form
from data_cards.photos.plain_profile import plain_profile
from data_cards.photos.segments import jpeg_parts, png_chunk, webp_chunks
from tests.fixtures.secret_places import PLACES, SECRET, planted, readable


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_kept_wherever_it_was(place: str) -> None:
    data = planted(place, SECRET)
    assert SECRET in readable(data), "the test plants it"
    kept = stored_form(data)
    assert SECRET not in readable(kept)
    assert SECRET not in readable(thumbnail(data, 64))
    assert SECRET not in readable(encode_jpeg(open_photo(data)))
    assert stored_form(kept) == kept


@pytest.mark.parametrize("place", PLACES)
def test_the_picture_is_the_same_without_it(place: str) -> None:
    data = planted(place, SECRET)
    kept = stored_form(data)
    one, other = (np.asarray(open_photo(photo), np.int16) for photo in (data, kept))
    assert one.shape == other.shape
    if inspect_photo(data).format == inspect_photo(kept).format and "before the end" not in place:
        assert np.array_equal(one, other)
    else:  # coded anew, at quality 95
        assert np.abs(one - other).mean() < 10  # the scene is full of noise


@given(st.binary(min_size=8, max_size=40), st.sampled_from(sorted(PLACES)))
def test_neither_is_a_secret_of_other_signs(noise: bytes, place: str) -> None:
    secret = b"Ann" + noise.hex().encode()[:30] + b"Elm St"
    assert secret not in readable(stored_form(planted(place, secret)))


@pytest.mark.parametrize(
    "text", ["Apple", "samsung", "NIKON CORPORATION", "Canon\0", "SONY", "Google", "Xiaomi"]
)
def test_makers_of_cameras_are_kept(text: str) -> None:
    assert maker(text) == text.strip("\0")


@pytest.mark.parametrize(
    "text",
    [
        "iPhone 15 Pro Max",
        "SM-S918B",
        "Pixel 8a",
        "NIKON D3500",
        "Canon EOS 5D Mark IV",
        "ILCE-7M4",
        "DMC-FZ1000",
        "X-T4",
        "HERO9 Black",
        "Redmi Note 12",
        "moto g(7) power",
        "FC3582",
        "COOLPIX P1000",
    ],
)
def test_models_of_cameras_are_kept(text: str) -> None:
    assert model(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Ann Smith",
        "Ann's phone",
        "SECRET-7f3a",
        "call 0555 123456",
        "52.5200 N, 13.4050 E",
        "owner@example.org",
        "iPhone of Ann",
        "\U0001f600",
        "x" * 41,
        "<script>",
        b"\xff\xfe",
        7,
        None,
        ("Apple", "Ann"),
    ],
)
def test_what_a_person_wrote_is_neither(text: object) -> None:
    assert maker(text) == model(text) == moment(text) == ""


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2023:05:05 12:41:29", True),
        ("2023:13:05 12:41:29", False),
        ("0000:00:00 00:00:00", False),
        ("2023:05:05 12:41:29 at home", False),
        ("at home", False),
    ],
)
def test_moments_are_those_that_there_were(text: str, kept: bool) -> None:
    assert bool(moment(text)) is kept


def test_a_frozen_second_page_of_a_moving_picture_goes() -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("teal", "maroon")]
    for image_format in ("PNG", "WEBP", "GIF"):
        out = io.BytesIO()
        frames[0].save(out, image_format, save_all=True, append_images=frames[1:])
        assert inspect_photo(out.getvalue()).several
        assert not inspect_photo(stored_form(out.getvalue())).several


def test_tables_that_no_scan_uses_go() -> None:
    plain = encode_jpeg(Image.effect_noise((48, 32), 60).convert("RGB"))
    words = b"\xff\xdb" + struct.pack(">HB", 67, 3) + (b"at home, 48.85 N " * 4)[:64]
    kept = stored_form(plain[:2] + words + plain[2:])
    assert b"48.85" not in kept
    assert np.array_equal(np.asarray(open_photo(kept)), np.asarray(open_photo(plain)))


def _profile_with(tag: bytes, text: bytes) -> bytes:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = struct.unpack_from(">I", profile, 128)[0]
    body = b"text\0\0\0\0" + text + b"\0" * (4 - len(text) % 4)
    shift = 12
    index = bytearray(profile[132 : 132 + 12 * count])
    for row in range(count):
        at = struct.unpack_from(">I", index, 12 * row + 4)[0]
        struct.pack_into(">I", index, 12 * row + 4, at + shift)
    rest = profile[132 + 12 * count :]
    added = struct.pack(">4sII", tag, len(profile) + shift, len(body))
    return profile[:128] + struct.pack(">I", count + 1) + bytes(index) + added + rest + body


@pytest.mark.parametrize("tag", [b"cprt", b"desc", b"dmnd", b"priv", b"targ"])
def test_texts_in_a_colour_profile_go_and_its_colours_stay(tag: bytes) -> None:
    profile = _profile_with(tag, b"Ann Smith, 12 Elm Street")
    kept = plain_profile(profile)
    assert b"Elm" not in kept and b"rTRC" in kept
    assert plain_profile(kept) == kept


def test_a_well_known_profile_stays_as_it_is() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert plain_profile(profile) == profile


@pytest.mark.parametrize("profile", [b"", b"x" * 500, bytes(36) + b"acsp" + b"\xff" * 400])
def test_what_is_no_profile_is_none(profile: bytes) -> None:
    assert plain_profile(profile) == b""


def test_chunks_behind_the_end_of_a_webp_are_not_read() -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "WEBP")
    data = out.getvalue() + b"VP8X" + struct.pack("<I", 10) + bytes(10)
    assert [kind for kind, _ in webp_chunks(data)] == [b"VP8 "]
    assert inspect_photo(stored_form(data)).format == "WEBP"


def test_ordinary_scans_are_copied_byte_for_byte() -> None:
    for way in ({}, {"progressive": True}, {"restart_marker_blocks": 3}):
        out = io.BytesIO()
        Image.effect_noise((200, 150), 60).convert("RGB").save(out, "JPEG", quality=90, **way)
        assert jpeg_parts(stored_form(out.getvalue())).scans == jpeg_parts(out.getvalue()).scans


def test_zlib_is_what_png_pixels_are_in() -> None:
    kept = stored_form(planted("PNG: behind the pixels", SECRET))
    pixels = b"".join(
        kept[at + 8 : at + 8 + struct.unpack_from(">I", kept, at)[0]]
        for at in [kept.index(b"IDAT") - 4]
    )
    assert zlib.decompress(pixels) and png_chunk(b"IEND", b"") in kept
