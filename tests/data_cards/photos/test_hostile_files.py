"""Whatever is wrong with a file, it is a bad photo with a reason, and stops no other."""

from __future__ import annotations

import struct
import zlib

import pytest

from data_cards.errors import BadPhoto, Conflict
from data_cards.photos import image, metadata
from data_cards.photos.image import encode_jpeg, inspect_photo, open_photo, read_exif, thumbnail
from data_cards.photos.metadata import stored_form
from data_cards.photos.refusal import of_one_photo
from tests.fixtures.hostile_files import hostile_files, sound_files
from tests.fixtures.scenes import scene

READERS = (inspect_photo, open_photo, read_exif, stored_form, lambda data: thumbnail(data, 32))
RAISED = (
    RuntimeError("Decoder plugin generated an error"),
    OSError("encoder error -2 when writing image file"),
    OSError(5, "Input/output error"),
    SystemError("tile cannot extend outside image"),
    AssertionError(),
    AttributeError("'NoneType' object has no attribute 'size'"),
    ZeroDivisionError("division by zero"),
    zlib.error("Error -3"),
    struct.error("unpack requires a buffer"),
    NotImplementedError(),
    RecursionError(),
    BufferError(),
    LookupError(),
    MemoryError(),
    StopIteration(),
)


@pytest.mark.filterwarnings("ignore")
def test_a_broken_file_is_read_or_refused_with_a_sentence() -> None:
    for name, data in hostile_files(600, seed=7):
        for read in READERS:
            try:
                read(data)
            except BadPhoto as refusal:
                assert refusal.sentence.endswith("."), name


@pytest.mark.filterwarnings("ignore")
def test_what_is_taken_in_can_be_read_for_ever_after() -> None:
    for name, data in hostile_files(300, seed=8):
        try:
            kept = stored_form(data)
        except BadPhoto:
            continue
        assert inspect_photo(kept).format in ("JPEG", "PNG", "WEBP"), name


@pytest.mark.parametrize("raised", RAISED, ids=lambda one: f"{type(one).__name__}-{one}")
@pytest.mark.parametrize("place", ["decoder", "encoder"])
def test_every_error_of_a_library_is_a_bad_photo(monkeypatch, raised, place) -> None:
    def fail(*given: object, **named: object) -> None:
        raise raised

    heif = dict(sound_files())["HEIF-0"]
    if place == "decoder":
        monkeypatch.setattr(image, "_pixels", fail)
    else:
        monkeypatch.setattr(metadata, "encode_jpeg", fail)
    with pytest.raises(BadPhoto) as refusal:
        stored_form(heif)
    assert refusal.value.sentence.endswith(".") and "Error" not in refusal.value.sentence


def test_our_own_errors_and_interrupts_stay_what_they_are() -> None:
    for raised in (Conflict("Somebody else."), KeyboardInterrupt()):

        @of_one_photo
        def fail(error: BaseException = raised) -> None:
            raise error

        with pytest.raises(type(raised)):
            fail()


@pytest.mark.parametrize("size", [(70_000, 2), (2, 70_000)])
def test_a_picture_that_is_too_long_for_jpeg_comes_in_smaller(size) -> None:
    import io

    out = io.BytesIO()
    scene(1).resize(size).save(out, "BMP")
    facts = inspect_photo(stored_form(out.getvalue()))
    assert max(facts.width, facts.height) <= 65_500
    assert encode_jpeg(scene(1).resize(size))[:2] == b"\xff\xd8"
