"""What we keep of a photo: the pixels to the bit, and nothing about where it was taken."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from data_cards.errors import BadPhoto
from data_cards.photos.image import inspect_photo, open_photo
from data_cards.photos.metadata import stored_form

GPS = 0x8825


def located(format: str, orientation: int = 6, **options) -> bytes:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (30, 50, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x010E] = orientation, "Maker", "48.85 N 2.29 E"
    exif.get_ifd(0x8769)[0x9003] = "2023:05:05 12:41:29"
    exif.get_ifd(GPS).update({1: "N", 2: (48.0, 51.0, 29.5), 3: "E", 4: (2.0, 17.0, 40.2)})
    out = io.BytesIO()
    image.save(out, format, exif=exif, **options)
    return out.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_the_place_goes_and_the_pixels_stay_to_the_bit(format):
    data = located(format)
    kept = stored_form(data)
    exif = Image.open(io.BytesIO(kept)).getexif()
    assert not exif.get_ifd(GPS) and 0x010E not in exif
    assert exif[0x010F] == "Maker"
    assert inspect_photo(kept) == inspect_photo(data)
    assert np.array_equal(np.asarray(open_photo(kept)), np.asarray(open_photo(data)))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_what_is_kept_once_is_kept_unchanged(format):
    kept = stored_form(located(format))
    assert stored_form(kept) == kept


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_an_owner_who_wants_the_place_gets_the_file_as_it_came(format):
    data = located(format)
    assert stored_form(data, keep_location=True) == data


@pytest.mark.parametrize("format", ["HEIF", "AVIF", "TIFF", "GIF", "BMP"])
def test_formats_that_browsers_do_not_show_become_jpeg_without_a_place(format):
    import pillow_heif

    pillow_heif.register_heif_opener()
    image = Image.new("RGB", (50, 30), "teal")
    out = io.BytesIO()
    image.save(out, format)
    kept = stored_form(out.getvalue())
    assert inspect_photo(kept).format == "JPEG"
    assert open_photo(kept).size == (50, 30)


def test_a_picture_too_long_for_a_jpeg_comes_in_smaller():
    out = io.BytesIO()
    Image.new("RGB", (70_000, 4), "teal").save(out, "TIFF")
    assert open_photo(stored_form(out.getvalue())).size[0] == 65_500


def test_xmp_comments_and_text_chunks_go():
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", "<exif:GPSLatitude>48,51N</exif:GPSLatitude>")
    info.add_text("Comment", "at home, 48.85 N")
    kept = stored_form(located("PNG", pnginfo=info)) + stored_form(
        located("JPEG", comment=b"at home, 48.85 N")
    )
    assert b"48.85" not in kept and b"GPSLatitude" not in kept


def test_pictures_hidden_behind_the_first_one_go():
    data = located("JPEG")
    assert stored_form(data + located("JPEG")) == stored_form(data)


def test_a_colour_profile_stays():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kept = stored_form(located("JPEG", icc_profile=profile))
    assert Image.open(io.BytesIO(kept)).info["icc_profile"] == profile


def test_a_progressive_photo_keeps_all_its_scans():
    data = located("JPEG", progressive=True)
    assert np.array_equal(np.asarray(open_photo(stored_form(data))), np.asarray(open_photo(data)))


@given(st.data())
def test_damaged_bytes_are_refused_or_kept_but_never_crash(data):
    whole = bytearray(located(data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"]))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, min(len(whole) - 1, 600)))] = data.draw(st.integers(0, 255))
    try:
        kept = stored_form(bytes(whole[: data.draw(st.integers(1, len(whole)))]))
    except BadPhoto:
        return
    assert b"48.85 N" not in kept


@pytest.mark.parametrize(
    "lead",
    [b"\r\n", b"\xef\xbb\xbf", b" \t\n\n", b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_what_scripts_wrote_before_a_photo_goes(format, lead):
    data = located(format)
    assert stored_form(lead + data) == stored_form(data)
    assert np.array_equal(np.asarray(open_photo(lead + data)), np.asarray(open_photo(data)))
    assert inspect_photo(lead + data) == inspect_photo(data)


@pytest.mark.parametrize("data", [b"\r\n", b"HTTP/1.1 404\r\n\r\n", b"HTTP/", b"\n" * 9000])
def test_a_lead_without_a_photo_is_no_photo(data):
    with pytest.raises(BadPhoto):
        stored_form(data)
