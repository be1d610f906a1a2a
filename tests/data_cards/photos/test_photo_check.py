"""A stranger's photo is tried elsewhere first: what is slow or breaks is refused, and ends there."""

from __future__ import annotations

import io
import sys

import pytest
from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.photos.image import PhotoLimits, inspect_photo
from data_cards.photos.metadata import stored_form
from data_cards.photos.photo_check import PhotoCheck, costs_little
from tests.fixtures.scenes import scene

READY = (
    "import sys; i = sys.stdin.buffer; o = sys.stdout.buffer; "
    "i.read(9); o.write(b'+' + bytes(8)); o.flush();"
)
SLOW = READY + "i.read(9); import threading; threading.Event().wait()"
BROKEN = READY + "i.read(9); import os; os.abort()"
HALF = READY + "i.read(9); o.write(b'+' + bytes(7) + b'99'); o.flush(); import os; os._exit(0)"
SILENT = "import os; os._exit(3)"


def photo(image_format: str, size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    scene(1).resize(size).save(out, image_format)
    return out.getvalue()


def check_by(script: str, deadline: float = 30.0) -> PhotoCheck:
    return PhotoCheck(1, deadline=deadline, command=(sys.executable, "-c", script))


def test_photos_that_can_be_opened_pass_and_one_process_serves_all() -> None:
    check = PhotoCheck(1)
    try:
        for image_format in ("WEBP", "GIF", "TIFF", "AVIF"):
            check.check(photo(image_format))
        first = check._idle.queue[0]
        with pytest.raises(BadPhoto):
            check.check(photo("WEBP")[:200])
        assert check._idle.queue[0] is first and first.lives
    finally:
        check.close()
    assert not first.lives


def test_a_photo_that_takes_too_long_is_refused_and_its_process_ended() -> None:
    check = check_by(SLOW, deadline=0.2)
    with pytest.raises(BadPhoto, match="takes too long"):
        check.check(photo("WEBP"))
    assert check._idle.get_nowait() is None, "the next photo gets a process of its own"


@pytest.mark.parametrize("script", [BROKEN, SILENT, HALF, "no python"])
def test_a_decoder_that_dies_takes_only_its_process_along(script: str) -> None:
    check = check_by(script)
    for _ in range(2):
        with pytest.raises(BadPhoto, match="cannot be opened safely"):
            check.check(photo("WEBP"))


def test_what_is_stored_is_the_same_wherever_it_is_made() -> None:
    check = PhotoCheck(1)
    exif = Image.Exif()
    exif[0x010F] = "Apple"
    exif.get_ifd(0x8825)[1] = "N"
    try:
        for image_format in ("WEBP", "TIFF", "AVIF", "JPEG"):
            out = io.BytesIO()
            scene(2).resize((64, 48)).save(out, image_format, exif=exif)
            for keep_location in (False, True):
                found = check.stored(out.getvalue(), keep_location)
                assert found == stored_form(out.getvalue(), keep_location), image_format
    finally:
        check.close()


def test_a_photo_that_cannot_be_stored_says_why_from_there_too() -> None:
    check = PhotoCheck(1)
    try:
        with pytest.raises(BadPhoto, match="damaged"):
            check.stored(photo("WEBP", (640, 480))[:3000])
    finally:
        check.close()


def test_what_costs_little_starts_no_process() -> None:
    check = check_by(SILENT)
    for image_format in ("JPEG", "PNG", "BMP"):
        check.check(photo(image_format))


def test_a_picture_that_takes_too_much_memory_is_refused_by_its_header() -> None:
    out = io.BytesIO()
    Image.new("1", (1, 9_000_000)).save(out, "PNG")
    with pytest.raises(BadPhoto, match="too many for this kind of file"):
        PhotoCheck(1, PhotoLimits(max_memory=100_000_000), command=("none",)).check(out.getvalue())


@pytest.mark.parametrize(
    ("image_format", "size", "little"),
    [("JPEG", (64, 48), True), ("WEBP", (64, 48), False), ("PNG", (5_000, 4_000), False)],
)
def test_little_is_told_by_the_header(image_format: str, size: tuple[int, int], little: bool):
    data = photo(image_format, size)
    assert costs_little(data, inspect_photo(data)) is little
