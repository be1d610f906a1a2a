"""A file is what its first bytes say."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.photos.file_format import START, format_of, other_kind
from data_cards.photos.image import open_photo


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF"])
def test_photos_are_known_by_how_they_begin(format):
    import pillow_heif

    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, format)
    assert format_of(out.getvalue()[:START]) == format
    assert open_photo(out.getvalue()).size == (64, 64)


def ftyp(*brands: bytes) -> bytes:
    body = brands[0] + bytes(4) + b"".join(brands[1:])
    return (8 + len(body)).to_bytes(4, "big") + b"ftyp" + body


@pytest.mark.parametrize(
    ("start", "format"),
    [
        (ftyp(b"heix", b"mif1", b"heic"), "HEIF"),
        (ftyp(b"hevc", b"msf1"), "HEIF"),
        (ftyp(b"msf1", b"hevc"), "HEIF"),
        (ftyp(b"mif1", b"heic"), "HEIF"),
        (ftyp(b"mif1", b"avif"), "AVIF"),
        (ftyp(b"avis", b"msf1"), "AVIF"),
        (ftyp(b"isom", b"mp42"), ""),
        (ftyp(b"qt  "), ""),
        (ftyp(b"crx "), ""),
        (b"MM\0*" + bytes(8), "TIFF"),
        (b"MM\0+" + bytes(8), "TIFF"),
        (b"II*\0\x10\0\0\0CR\x02\0", ""),
        (b"BM, a sentence that begins so", ""),
        (b"RIFF\0\0\0\0WAVE", ""),
        (b"GIF90a", ""),
        (b"", ""),
        (b"\xff\xd8", ""),
    ],
)
def test_relatives_are_told_apart(start, format):
    assert format_of(start) == format


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"%PDF-1.7", "PDF"),
        (b"<!DOCTYPE html>", "web page"),
        (b"\xef\xbb\xbf\r\n<HTML>", "web page"),
        (b"<svg onload=x>", "SVG"),
        (ftyp(b"isom"), "video"),
        (ftyp(b"crx "), "raw"),
        (b"II*\0\x10\0\0\0CR\x02\0", "raw"),
        (b"PK\x03\x04", "ZIP"),
        (b"version https://git-lfs.github.com/spec/v1", "LFS"),
    ],
)
def test_what_is_no_photo_is_called_by_its_name(start, kind):
    assert kind in other_kind(start)
    with pytest.raises(BadPhoto, match=kind):
        open_photo(start)


@given(st.binary(max_size=80))
def test_any_bytes_have_a_format_or_none(data):
    assert format_of(data) in ("", "JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF")
    assert isinstance(other_kind(data), str)
