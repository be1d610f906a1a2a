"""The parts of files: dirty headers come clean, and pixels stay to the bit."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_cards.photos.image import inspect_photo, open_photo
from data_cards.photos.metadata import stored_form
from data_cards.photos.segments import join_jpeg, jpeg_parts, mended, png_chunk, png_chunks


def photo(format="JPEG", orientation=6, **options) -> bytes:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (30, 50, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, format, exif=exif, **options)
    return out.getvalue()


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def after_exif(data: bytes, added: bytes) -> bytes:
    """The JPEG with bytes put behind its APP1."""
    at = data.index(b"\xff\xe1")
    end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
    return data[:end] + added + data[end:]


DIRT = {
    "stray bytes": b"stray \x00\x01 bytes",
    "stray zeros": bytes(50),
    "fill bytes": b"\xff" * 7,
    "a reserved marker": b"\xff\x02\xff\x51",
    "a stray stuffed FF": b"\xff\x00\xff\x00",
    "a short Adobe block": segment(0xEE, b"Adobe"),
    "an Adobe block of one more byte": segment(0xEE, b"Adobe\0"),
    "an empty APP14": segment(0xEE, b""),
    "an APP14 of others": segment(0xEE, b"Ducky\0\1\2\3\4\5\6\7\x08"),
    "a short JFIF": segment(0xE0, b"JFIF\0"),
    "a broken Photoshop block": segment(0xED, b"Photoshop 3.0\x008BIM\4"),
    "a broken MPF": segment(0xE2, b"MPF\0II*\0\xff\xff\xff\xff"),
    "an odd profile": segment(0xE2, b"ICC_PROFILE\0"),
    "a profile in parts that lack": segment(0xE2, b"ICC_PROFILE\0\x01\x03half"),
    "a second Exif of noise": segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f"),
    "a comment": segment(0xFE, b"\xff\xd9"),
    "strays, then a restart": b"x\xff\xd3y",
}


@pytest.mark.parametrize("name", DIRT)
def test_a_dirty_header_with_whole_pixels_is_taken_by_everybody(name):
    data = photo()
    dirty = after_exif(data, DIRT[name])
    wanted = np.asarray(open_photo(data))
    assert np.array_equal(np.asarray(open_photo(dirty)), wanted)
    assert np.array_equal(np.asarray(open_photo(stored_form(dirty))), wanted)
    assert np.array_equal(np.asarray(open_photo(stored_form(dirty, keep_location=True))), wanted)
    facts = inspect_photo(dirty)
    assert (facts.width, facts.height) == (30, 50)
    Image.open(io.BytesIO(stored_form(dirty))).load()


def with_chunk(data: bytes, chunk: bytes) -> bytes:
    at = data.index(b"IDAT") - 4
    return data[:at] + chunk + data[at:]


PNG_DIRT = {
    "a text with a wrong sum": png_chunk(b"tEXt", b"Comment\0hello")[:-1] + b"!",
    "a text that unpacks to a bomb": png_chunk(
        b"zTXt", b"Comment\0\0" + zlib.compress(bytes(20_000_000))
    ),
    "a broken compressed text": png_chunk(b"zTXt", b"Comment\0\0nothing"),
    "a broken profile": png_chunk(b"iCCP", b"name\0\0nothing"),
    "an Exif of noise": png_chunk(b"eXIf", b"II*\0\xff\xff\xff\x7f"),
    "a chunk nobody knows": png_chunk(b"prVt", b"secret"),
    "a short gamma": png_chunk(b"gAMA", b"\0"),
}


@pytest.mark.parametrize("name", PNG_DIRT)
def test_a_dirty_png_with_whole_pixels_is_taken_by_everybody(name):
    data = with_chunk(photo("PNG", 1), PNG_DIRT[name])
    wanted = np.asarray(open_photo(photo("PNG", 1)))
    assert np.array_equal(np.asarray(open_photo(data)), wanted)
    assert np.array_equal(np.asarray(open_photo(stored_form(data))), wanted)


@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT", b"IEND", b"eXIf"])
def test_a_png_with_one_wrong_checksum_is_taken(kind):
    data = bytearray(photo("PNG"))
    at = data.index(kind)
    length = struct.unpack_from(">I", data, at - 4)[0]
    data[at + 4 + length] ^= 0xFF
    wanted = np.asarray(open_photo(photo("PNG")))
    assert np.array_equal(np.asarray(open_photo(bytes(data))), wanted)
    assert np.array_equal(np.asarray(open_photo(stored_form(bytes(data)))), wanted)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_what_is_in_order_is_put_together_as_it_was(format):
    data = photo(format)
    assert np.array_equal(
        np.asarray(open_photo(mended(data, format))), np.asarray(open_photo(data))
    )
    assert mended(mended(data, format), format) == mended(data, format)


def test_a_jpeg_falls_into_segments_and_scans():
    parts = jpeg_parts(photo())
    assert parts.ended and parts.scans.startswith(b"\xff\xda") and parts.scans.endswith(b"\xff\xd9")
    assert {0xDB, 0xC0, 0xC4} <= {one.marker for one in parts.segments}
    assert jpeg_parts(join_jpeg(parts)).scans == parts.scans


@given(st.binary(max_size=300), st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_any_bytes_are_put_in_order_or_left_alone(data, format):
    start = {"JPEG": b"\xff\xd8", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF\0\0\0\0WEBP"}[format]
    assert isinstance(mended(start + data, format), bytes)
    assert all(len(kind) == 4 for kind, _ in png_chunks(start + data))
