"""Photos from anybody: opened upright and in colour, or refused with a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.photos.image import PhotoLimits, image_id, inspect_photo, open_photo, thumbnail


def picture(mode="RGB", size=(40, 24), format="JPEG", **options) -> bytes:
    image = Image.fromarray(
        np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    )
    out = io.BytesIO()
    image.convert(mode).save(out, format, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("mode", "format"),
    [
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
        ("L", "JPEG"),
        ("RGBA", "PNG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("1", "PNG"),
        ("RGB", "WEBP"),
        ("RGB", "TIFF"),
        ("P", "GIF"),
        ("RGB", "BMP"),
        ("RGB", "HEIF"),
        ("RGB", "AVIF"),
    ],
)
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


def png(
    colour: int, depth: int, rows: list[bytes], clear: bytes = b"", palette: bytes = b""
) -> bytes:
    """A PNG of 4 pixels in each row, as its specification says and Pillow does not always write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    parts = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, len(rows), depth, colour, 0, 0, 0))
    parts += chunk(b"PLTE", palette) if palette else b""
    parts += chunk(b"tRNS", clear) if clear else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + parts
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )


WHITE = (255, 255, 255)
BLACK = (0, 0, 0)


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (
            png(2, 8, [bytes([10, 20, 30] * 2 + [9] * 6)], struct.pack(">3H", 10, 20, 30)),
            [WHITE, WHITE, (9,) * 3, (9,) * 3],
        ),
        (
            png(
                2,
                16,
                [struct.pack(">12H", *[2560, 5120, 7680] * 2, *[0] * 6)],
                struct.pack(">3H", 2560, 5120, 7680),
            ),
            [WHITE, WHITE, BLACK, BLACK],
        ),
        (png(0, 8, [bytes([7, 7, 0, 255])], struct.pack(">H", 7)), [WHITE, WHITE, BLACK, WHITE]),
        (png(0, 1, [b"\x50"], struct.pack(">H", 0)), [WHITE] * 4),
        (png(0, 1, [b"\x50"], struct.pack(">H", 1)), [BLACK, WHITE, BLACK, WHITE]),
        (png(0, 2, [b"\x1b"], struct.pack(">H", 1)), [BLACK, WHITE, (170,) * 3, WHITE]),
        (png(0, 4, [b"\x03\x3f"], struct.pack(">H", 3)), [BLACK, WHITE, WHITE, WHITE]),
        (
            png(0, 16, [struct.pack(">4H", 0, 500, 500, 65535)], struct.pack(">H", 500)),
            [BLACK, WHITE, WHITE, WHITE],
        ),
        (
            png(3, 8, [bytes([0, 1, 1, 0])], b"\0\xff", bytes([1, 2, 3, 4, 5, 6])),
            [WHITE, (4, 5, 6), (4, 5, 6), WHITE],
        ),
        (
            png(3, 1, [b"\x60"], b"\xff\0", bytes([1, 2, 3, 4, 5, 6])),
            [(1, 2, 3), WHITE, WHITE, (1, 2, 3)],
        ),
    ],
)
def test_a_transparent_colour_shows_white_paper_in_every_kind_of_png(data, seen):
    shown = open_photo(data)
    assert [shown.getpixel((x, 0)) for x in range(4)] == seen


@pytest.mark.parametrize(
    ("mode", "colour", "format"),
    [
        ("RGBA", (10, 20, 30, 0), "WEBP"),
        ("RGBA", (10, 20, 30, 0), "TIFF"),
        ("LA", (9, 0), "PNG"),
        ("LA", (9, 0), "TIFF"),
        ("RGBA", (10, 20, 30, 0), "AVIF"),
        ("RGBA", (10, 20, 30, 0), "HEIF"),
        ("RGBA", (10, 20, 30, 0), "GIF"),
    ],
)
def test_transparency_shows_white_in_every_format(mode, colour, format):
    import pillow_heif

    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    Image.new(mode, (64, 64), colour).save(
        out, format, **({"lossless": True} if format == "WEBP" else {})
    )
    assert min(open_photo(out.getvalue()).getpixel((30, 30))) >= 253
    assert min(open_photo(thumbnail(out.getvalue(), 32)).getpixel((10, 10))) >= 250


def test_half_transparent_is_half_white():
    out = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 128)).save(out, "PNG")
    assert open_photo(out.getvalue()).getpixel((0, 0)) == (127, 127, 127)


def test_colours_of_sixteen_bits_keep_their_upper_eight():
    data = png(2, 16, [struct.pack(">12H", *[65535, 32768, 0] * 4)])
    assert open_photo(data).getpixel((0, 0)) == (255, 128, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_exif_orientation_comes_out_upright(orientation, format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = picture(exif=exif, format=format)
    turned = orientation >= 5
    assert open_photo(data).size == ((24, 40) if turned else (40, 24))
    facts = inspect_photo(data)
    assert (facts.width, facts.height) == ((24, 40) if turned else (40, 24))


def test_an_animation_shows_its_first_frame():
    red = Image.new("RGB", (8, 8), "red")
    blue = Image.new("RGB", (8, 8), "blue")
    out = io.BytesIO()
    red.save(out, "GIF", save_all=True, append_images=[blue])
    assert open_photo(out.getvalue()).getpixel((0, 0)) == (255, 0, 0)


def frames(format: str, count: int, **options) -> bytes:
    out = io.BytesIO()
    first, *others = (
        Image.new("RGB", (64, 64), colour) for colour in ["red", "blue", "lime"][:count]
    )
    first.save(out, format, save_all=True, append_images=others, **options)
    return out.getvalue()


@pytest.mark.parametrize("format", ["GIF", "TIFF", "WEBP", "PNG", "AVIF", "HEIF"])
def test_of_several_pages_or_frames_the_first_is_read_and_it_is_told(format):
    import pillow_heif

    pillow_heif.register_heif_opener()
    data = frames(format, 3)
    assert inspect_photo(data).several and not inspect_photo(frames(format, 1)).several
    red = open_photo(data).getpixel((30, 30))
    assert red[0] > 240 and max(red[1:]) < 15


def test_of_a_photo_with_others_behind_it_the_plain_one_is_read():
    """MPO of stereo cameras, Ultra HDR with its gain map, motion photos with a clip: one JPEG,
    and something behind."""
    several = frames("MPO", 2)
    plain = picture(size=(64, 48))
    behind = [several, plain + picture("L", (16, 12)), plain + b"\0\0\0\x18ftypmp42" + bytes(500)]
    for data in behind:
        assert not inspect_photo(data).several and inspect_photo(data).format == "JPEG"
    assert open_photo(several).getpixel((30, 30))[0] > 240
    for data in behind[1:]:
        assert np.array_equal(np.asarray(open_photo(data)), np.asarray(open_photo(plain)))


def tall_claim(width: int, height: int, progressive: bool = False) -> bytes:
    """A JPEG whose header promises more pixels than its few bytes hold."""
    data = bytearray(picture("L", (64, 64), progressive=progressive))
    at = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize("size", [(12_000, 9_000), (16_384, 12_288)])
def test_the_largest_phone_photos_are_opened_by_their_header(size):
    assert (inspect_photo(tall_claim(*size)).width, inspect_photo(tall_claim(*size)).height) == size


def test_other_formats_have_as_many_pixels_as_ever():
    assert inspect_photo(bomb(10_000, 10_000)).width == 10_000
    with pytest.raises(BadPhoto, match="108 million pixels"):
        inspect_photo(bomb(12_000, 9_000))


@pytest.mark.parametrize("data", [tall_claim(60_000, 60_000), tall_claim(16_000, 15_000, True)])
def test_no_header_makes_us_take_more_memory_than_there_may_be(data):
    with pytest.raises(BadPhoto, match="million pixels"):
        inspect_photo(data, PhotoLimits(max_memory=400_000_000))


def test_a_large_jpeg_is_read_as_large_as_memory_allows():
    data = picture(size=(1600, 800))
    room = PhotoLimits(max_memory=1600 * 800 * 12 // 2)
    assert open_photo(data, limits=room).size == (800, 400)
    assert open_photo(data, at_least=790, limits=room).size == (800, 400)
    with pytest.raises(BadPhoto, match="Save it smaller"):
        open_photo(picture(format="PNG", size=(1600, 800)), limits=room)


def test_a_raw_file_is_called_by_its_name():
    from PIL import TiffImagePlugin

    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[50706] = b"\1\4\0\0"
    info.tagtype[50706] = 1
    out = io.BytesIO()
    Image.new("RGB", (16, 12), "red").save(out, "TIFF", tiffinfo=info)
    with pytest.raises(BadPhoto, match="raw camera file"):
        open_photo(out.getvalue())


def test_when_it_was_taken_is_read_with_fractions_and_offset():
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: "2023:05:05 12:41:29", 0x9291: "451", 0x9011: "+02:00"})
    assert inspect_photo(picture(exif=exif)).taken_at == "2023-05-05T12:41:29.451+02:00"


@pytest.mark.parametrize("written", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday", ""])
def test_a_camera_without_a_clock_says_nothing(written):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = written
    assert inspect_photo(picture(exif=exif)).taken_at is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, I am a text file",
        b"<svg onload=alert(1)>",
        b"\xff\xd8\xff",
        b"%PDF-1.4",
        b"GIF89a",
    ],
)
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
        open_photo(data[: len(data) // 2])


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises pixels that never come."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


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
