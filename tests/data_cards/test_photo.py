"""Photos from anybody: opened upright and in colour, or refused with a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.photo import PhotoLimits, image_id, inspect_photo, open_photo, thumbnail


def picture(mode="RGB", size=(40, 24), format="JPEG", **options) -> bytes:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
    out = io.BytesIO()
    image.convert(mode).save(out, format, **options)
    return out.getvalue()


@pytest.mark.parametrize(("mode", "format"), [
    ("RGB", "JPEG"), ("CMYK", "JPEG"), ("L", "JPEG"), ("RGBA", "PNG"), ("P", "PNG"), ("LA", "PNG"), ("1", "PNG"),
    ("RGB", "WEBP"), ("RGB", "TIFF"), ("P", "GIF"), ("RGB", "BMP"), ("RGB", "HEIF"), ("RGB", "AVIF")])
def test_known_formats_and_colour_modes_open_as_rgb(mode, format):
    import pillow_heif

    pillow_heif.register_heif_opener()
    opened = open_photo(picture(mode, format=format))
    assert (opened.mode, opened.size) == ("RGB", (40, 24))


def test_sixteen_bit_grey_is_scaled_and_not_clipped():
    out = io.BytesIO()
    Image.fromarray(np.array([[0, 32768, 65535]], dtype=np.uint16)).save(out, "PNG")
    assert np.asarray(open_photo(out.getvalue()))[0, :, 0].tolist() == [0, 127, 255]


def test_what_is_transparent_is_seen_on_white():
    out = io.BytesIO()
    Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(out, "PNG")
    assert open_photo(out.getvalue()).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = picture(exif=exif)
    turned = orientation >= 5
    assert open_photo(data).size == ((24, 40) if turned else (40, 24))
    facts = inspect_photo(data)
    assert (facts.width, facts.height) == ((24, 40) if turned else (40, 24))


def test_an_animation_shows_its_first_frame():
    red, blue = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    out = io.BytesIO()
    red.save(out, "GIF", save_all=True, append_images=[blue])
    assert open_photo(out.getvalue()).getpixel((0, 0)) == (255, 0, 0)


def test_when_it_was_taken_is_read_with_fractions_and_offset():
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: "2023:05:05 12:41:29", 0x9291: "451", 0x9011: "+02:00"})
    assert inspect_photo(picture(exif=exif)).taken_at == "2023-05-05T12:41:29.451+02:00"


@pytest.mark.parametrize("written", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday", ""])
def test_a_camera_without_a_clock_says_nothing(written):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = written
    assert inspect_photo(picture(exif=exif)).taken_at is None


@pytest.mark.parametrize("data", [b"", b"hello, I am a text file", b"<svg onload=alert(1)>", b"\xff\xd8\xff",
                                  b"%PDF-1.4", b"GIF89a"])
def test_what_is_no_photo_is_refused_with_a_sentence(data):
    with pytest.raises(BadPhoto) as refused:
        open_photo(data)
    assert refused.value.sentence.endswith((".", ")."))


def test_a_large_jpeg_is_decoded_only_as_large_as_either_side_has_to_be():
    wide = picture(size=(1600, 800))
    assert open_photo(wide, at_least=200).size == (400, 200)
    assert open_photo(wide, at_least=200, longer=400).size == (400, 200)
    assert open_photo(wide, at_least=200, longer=500).size == (800, 400)
    assert open_photo(picture(size=(60, 40)), at_least=200, longer=500).size == (60, 40)


def test_a_truncated_photo_is_refused_and_not_half_shown():
    data = picture(size=(400, 400))
    with pytest.raises(BadPhoto, match="damaged"):
        open_photo(data[:len(data) // 2])


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises pixels that never come."""
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(20_000, 10_000), (65_000, 65_000), (2**31 - 1, 1)])
def test_a_pixel_bomb_is_refused_from_its_header(size):
    with pytest.raises(BadPhoto, match="pixels"):
        inspect_photo(bomb(*size))


def test_a_file_over_the_size_limit_is_refused_unopened():
    with pytest.raises(BadPhoto, match="up to 0 MB"):
        inspect_photo(picture(), PhotoLimits(max_bytes=100))


def test_a_thumbnail_fits_and_carries_no_metadata():
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    small = Image.open(io.BytesIO(thumbnail(picture(size=(400, 200), exif=exif), 50)))
    assert small.size == (50, 25)
    assert not small.getexif()


def test_a_photo_is_named_by_its_bytes():
    assert image_id(b"a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
