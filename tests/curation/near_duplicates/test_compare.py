"""The same shot is known in every disguise, and a different subject on the same background is
another photo."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from curation.measures.fingerprint import fingerprint
from curation.near_duplicates.compare import FEWEST, LEAST_TRIES, MOST_TRIES, _tries, compare
from curation.near_duplicates.groups import THRESHOLD
from tests.fixtures.scenes import blanket_with, burst_frame, jpeg, scene
from tests.fixtures.things import shirt

EDITS = {
    "crop": lambda photo: photo.crop((40, 30, 360, 270)),
    "mirror": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "turned": lambda photo: photo.rotate(25),
    "square": lambda photo: photo.resize((300, 300)),
    "brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.3),
}


def score(one: Image.Image, other: Image.Image) -> float:
    return compare(fingerprint(one), fingerprint(other)).score


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("seed", [1, 2])
def test_an_edited_copy_is_the_same_shot(edit, seed):
    photo = scene(seed)
    assert score(photo, EDITS[edit](photo)) > THRESHOLD
    assert score(EDITS[edit](photo), photo) > THRESHOLD


def test_two_edited_copies_of_one_photo_are_the_same_shot():
    photo = scene(3)
    assert score(EDITS["crop"](photo), EDITS["upside down"](photo)) > THRESHOLD


@pytest.mark.parametrize("seed", range(10, 16))
def test_different_photos_are_different(seed):
    assert score(scene(seed), scene(seed + 100)) < 0.5


def test_the_fewer_points_match_the_fewer_tries_find_those_that_agree():
    tries = [_tries(count) for count in (FEWEST, 20, 40, 200)]
    assert tries == sorted(tries) and (tries[0], tries[-1]) == (LEAST_TRIES, MOST_TRIES)
    assert (1 - (FEWEST / 40) ** 3) ** tries[2] == pytest.approx(0.001, rel=0.02)


def test_the_same_blanket_under_another_thing_is_another_photo():
    assert score(blanket_with(1), blanket_with(2)) < THRESHOLD - 0.1


def test_a_photo_saved_again_is_called_re_encoded():
    photo = scene(4)
    again = Image.open(io.BytesIO(jpeg(photo.resize((200, 150)), 60))).convert("RGB")
    assert compare(fingerprint(photo), fingerprint(again)).kind == "re-encoded"


@pytest.mark.parametrize("edit", ["crop", "mirror", "turned"])
def test_a_changed_photo_is_called_edited(edit):
    photo = scene(5)
    assert compare(fingerprint(photo), fingerprint(EDITS[edit](photo))).kind == "edited"


def test_a_tinted_copy_is_the_same_shot_and_coarse_pictures_are_grey():
    photo = scene(6)
    tinted = Image.merge("RGB", photo.split()[::-1])
    assert np.abs(fingerprint(photo).coarse - fingerprint(tinted).coarse).max() < 0.1
    assert score(photo, tinted) > THRESHOLD


def test_photos_without_any_detail_prove_nothing():
    assert score(Image.new("RGB", (200, 150), "white"), Image.new("RGB", (200, 150), "white")) == 0
    assert score(Image.new("RGB", (200, 150), "white"), scene(7)) == 0


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (32, 32), (900, 30)])
def test_any_shape_can_be_compared(size):
    photo = scene(8, size)
    assert 0 <= score(photo, photo) <= 1
    assert 0 <= score(photo, scene(9)) <= 1


def test_small_soft_photos_are_compared_without_points():
    photo = scene(10).resize((64, 48)).filter(ImageFilter.GaussianBlur(2))
    print_ = fingerprint(photo)
    bare = replace(print_, points=print_.points[:0], descriptors=print_.descriptors[:0])
    assert compare(bare, bare).score > THRESHOLD


def test_a_frame_of_a_burst_is_at_most_the_same_scene():
    before = scene(11)
    after = scene(11)
    after.paste(scene(12, (40, 30)), (150, 100))
    moved = after.crop((24, 18, 400, 300)).resize((400, 300))
    assert compare(fingerprint(before), fingerprint(moved)).kind in ("same-scene", "looks-alike")


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_frame_whose_thing_moved_on_is_the_same_shot_only_if_taken_in_one_go(seed):
    found = compare(*(fingerprint(burst_frame(seed, n)) for n in (0, 1)))
    assert found.kind == "looks-alike" and found.score < THRESHOLD < found.as_frames


@pytest.mark.parametrize("thing", [90, 91, 92])
def test_another_thing_is_no_frame_of_the_burst(thing):
    found = compare(fingerprint(burst_frame(1, 0)), fingerprint(burst_frame(1, 1, thing)))
    assert found.as_frames == 0 and found.score < THRESHOLD


def test_another_colour_is_no_frame_of_the_burst():
    found = compare(*(fingerprint(shirt(colour)) for colour in ((200, 60, 60), (60, 90, 190))))
    assert found.kind == "looks-alike" and found.as_frames == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_same_blanket_in_32_pixels_under_another_thing_is_another_photo(seed):
    one, other = (blanket_with(seed + n).resize((32, 32)) for n in (1, 2))
    assert score(one, other) < THRESHOLD - 0.1


def test_noise_and_light_do_not_make_another_photo():
    photo = scene(13)
    noise = np.random.default_rng(0).normal(0, 8, (300, 400, 3))
    noisy = Image.fromarray(np.clip(np.asarray(photo) * 0.8 + noise, 0, 255).astype(np.uint8))
    assert score(photo, noisy) > THRESHOLD
