"""What is cut off is refused with how much of it is there; what merely looks cut off is taken."""

import io
from functools import cache

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.photos.completeness import share_present
from data_cards.photos.image import open_photo
from data_cards.photos.metadata import stored_form

END = b"\xff\xd9"
FORMATS = {
    "JPEG": {},
    "progressive": {"progressive": True},
    "with restarts": {"restart_marker_rows": 1},
    "PNG": {},
    "WEBP": {},
    "GIF": {},
    "BMP": {},
    "TIFF": {},
    "HEIF": {},
    "AVIF": {},
}


def picture(format="JPEG", size=(400, 320), mode="RGB", **options) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    noise = np.random.default_rng(0).integers(
        0, 255, (size[1] // 4, size[0] // 4, 3), dtype=np.uint8
    )
    out = io.BytesIO()
    Image.fromarray(noise).resize(size, 3).convert(mode).save(out, format, **options)
    return out.getvalue()


@cache
def encoded(name: str) -> bytes:
    return picture(name if name.isupper() else "JPEG", **FORMATS[name])


def percent(data: bytes) -> int:
    with pytest.raises(BadPhoto, match=r"only \d+ % of it is there") as refused:
        open_photo(data)
    return refused.value.evidence["percent"]


@pytest.mark.parametrize("name", FORMATS)
def test_whole_photos_are_whole(name):
    if name != "GIF":
        assert share_present(encoded(name), name if name.isupper() else "JPEG") == 1


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "GIF"])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_a_photo_that_was_cut_short_says_how_much_is_there(name, kept):
    data = encoded(name)
    said = percent(data[: round(kept * len(data))])
    assert abs(said - 100 * kept) <= 25, (
        "of a progressive photo detail counts, and bytes are no pixels"
    )


def test_an_animation_that_was_cut_short_is_refused_too():
    data = encoded("GIF")
    with pytest.raises(BadPhoto, match="damaged"):
        open_photo(data[: len(data) // 2])


@pytest.mark.parametrize("name", ["JPEG", "progressive", "with restarts"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_jpeg_that_lacks_only_its_end_is_whole_for_everybody(name, mode):
    data = picture(mode=mode, **FORMATS[name])
    assert data.endswith(END)
    for cut in (data[:-2], data[:-1]):
        assert np.array_equal(np.asarray(open_photo(cut)), np.asarray(open_photo(data)))
        assert stored_form(cut).endswith(END)
        assert np.array_equal(
            np.asarray(open_photo(stored_form(cut))), np.asarray(open_photo(data))
        )


@pytest.mark.parametrize("name", ["JPEG", "with restarts"])
@pytest.mark.parametrize("filled", [END, bytes(5000), bytes(5000) + END, b"\xff\xd0" + END])
def test_an_end_that_somebody_added_makes_nothing_whole(name, filled):
    data = encoded(name)
    cut = data[: len(data) // 2] + filled
    assert percent(cut) in range(30, 60)
    with pytest.raises(BadPhoto):
        open_photo(stored_form(cut))


def test_a_missing_last_stretch_of_rows_is_noticed_at_every_size_it_is_read_at():
    data = picture(size=(1600, 1200))
    for at_least in (None, 1, 300):
        with pytest.raises(BadPhoto, match="% of it is there"):
            open_photo(data[:-600], at_least=at_least)


def test_a_whole_photo_with_a_corner_of_that_grey_is_taken():
    grey = io.BytesIO()
    Image.new("RGB", (64, 64), (128, 128, 128)).save(grey, "JPEG", quality=95)
    assert open_photo(grey.getvalue()).getpixel((63, 63)) == (128, 128, 128)


def test_zeros_behind_the_end_are_no_loss():
    data = picture()
    assert np.array_equal(np.asarray(open_photo(data + bytes(5000))), np.asarray(open_photo(data)))


@pytest.mark.parametrize("behind", [4, 12, 16, 20])
def test_a_png_without_its_last_chunk_is_whole(behind):
    data = picture("PNG")
    assert np.array_equal(np.asarray(open_photo(data[:-behind])), np.asarray(open_photo(data)))
    assert np.array_equal(
        np.asarray(open_photo(stored_form(data[:-behind]))), np.asarray(open_photo(data))
    )


def test_a_webp_whose_metadata_was_cut_off_is_whole():
    exif = Image.Exif()
    exif[0x010F] = "Maker" * 20
    data = picture("WEBP", exif=exif)
    assert np.array_equal(np.asarray(open_photo(data[:-30])), np.asarray(open_photo(data)))


# The same damage every time: turned bits in coded pixels may stop a decoder at one size and not at
# another.
@settings(max_examples=60, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
@given(st.sampled_from(list(FORMATS)), st.data())
def test_collect_and_predict_agree_about_every_damage(name, data):
    damaged = bytearray(encoded(name))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(
            st.integers(0, min(len(damaged), data.draw(st.sampled_from([60, 700, 10**6]))) - 1)
        )
        damaged[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=8))
    seen = []
    for way in (
        open_photo,
        lambda some: open_photo(stored_form(some)),
        lambda some: open_photo(some, at_least=1),
    ):
        try:
            way(bytes(damaged))
            seen.append(True)
        except BadPhoto:
            seen.append(False)
    assert len(set(seen)) == 1


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([name for name in FORMATS if name not in ("HEIF", "AVIF")]), st.floats(0, 1))
def test_collect_and_predict_agree_about_every_cut(name, kept):
    data = encoded(name)[: round(kept * len(encoded(name)))]
    seen = []
    for way in (
        open_photo,
        lambda some: open_photo(stored_form(some)),
        lambda some: open_photo(some, at_least=1),
    ):
        try:
            way(data)
            seen.append(True)
        except BadPhoto as refusal:
            assert refusal.sentence.endswith(".")
            seen.append(False)
    assert len(set(seen)) == 1
