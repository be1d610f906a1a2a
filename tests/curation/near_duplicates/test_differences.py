"""Two things of one shape in one place only look alike; what an edit does to all of a photo
makes no other thing."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from curation.measures.fingerprint import fingerprint
from curation.near_duplicates.compare import LOOKS_ALIKE, WORTH_A_CLOSER_LOOK, compare
from curation.near_duplicates.differences import differences, rescaled
from curation.near_duplicates.groups import THRESHOLD
from tests.fixtures.scenes import scene
from tests.fixtures.things import shirt

RED = (200, 60, 60)
BEIGE = (200, 190, 180)
OTHERS = {
    "another colour": shirt((60, 90, 190), "SUMMER", shot=1),
    "another colour of the same grey": shirt((30, 120, 85), "SUMMER", shot=1),
    "other words": shirt(RED, "WINTER", shot=1),
    "no words": shirt(RED, "", shot=1),
    "other creases": shirt(RED, "SUMMER", shot=1, creases=1),
    "white and plain": shirt((235, 235, 230), "", shot=1, creases=2),
}


def saved(photo, quality):
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def tinted(photo):
    return Image.fromarray(np.clip(np.asarray(photo) * (1.15, 0.9, 1.0), 0, 255).astype(np.uint8))


EDITS = {
    "crop": lambda photo: photo.crop((30, 20, 460, 350)),
    "mirror": ImageOps.mirror,
    "turned": lambda photo: photo.rotate(20, Image.Resampling.BICUBIC, expand=True),
    "saved": lambda photo: saved(photo, 40),
    "smaller": lambda photo: photo.resize((240, 180)),
    "brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.3),
    "darker": lambda photo: ImageEnhance.Brightness(photo).enhance(0.7),
    "more contrast": lambda photo: ImageEnhance.Contrast(photo).enhance(1.3),
    "less colour": lambda photo: ImageEnhance.Color(photo).enhance(0.4),
    "grey": lambda photo: photo.convert("L").convert("RGB"),
    "tinted": tinted,
}


def match(one, other):
    return compare(fingerprint(one), fingerprint(other))


@pytest.mark.parametrize("other", OTHERS)
def test_another_thing_in_its_place_only_looks_alike(other):
    found = match(shirt(RED, "SUMMER"), OTHERS[other])
    assert found.score < THRESHOLD and (
        found.kind == LOOKS_ALIKE or found.score < WORTH_A_CLOSER_LOOK
    )


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_all_of_a_photo_is_the_same_shot(edit):
    photo = saved(shirt(RED, "SUMMER"), 92)
    for one, other in ((photo, EDITS[edit](photo)), (EDITS[edit](photo), photo)):
        found = match(one, other)
        assert found.score >= THRESHOLD and found.kind != LOOKS_ALIKE


@pytest.mark.parametrize("edit", ["crop", "mirror", "grey", "saved"])
def test_an_edited_photo_of_another_thing_is_no_copy_either(edit):
    assert match(shirt(RED, "SUMMER"), EDITS[edit](OTHERS["other words"])).score < THRESHOLD


def recoloured(photo):
    return Image.fromarray(np.clip(np.asarray(photo) * (0.8, 1.1, 0.9), 0, 255).astype(np.uint8))


ONE_SIDE = {
    "as it is": lambda photo: photo,
    "saved": lambda photo: saved(photo, 50),
    "smaller": lambda photo: photo.resize((360, 270)),
    "brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.2),
    "less contrast": lambda photo: ImageEnhance.Contrast(photo).enhance(0.8),
    "mirror": ImageOps.mirror,
    "recoloured": recoloured,
}


@pytest.mark.parametrize("edit", ONE_SIDE)
@pytest.mark.parametrize("words", ["WINTER", "SUNDAY", "250 g"])
def test_small_print_is_read_whatever_was_done_to_the_other_photo(words, edit):
    one = shirt(BEIGE, "SUMMER", size=8)
    other = ONE_SIDE[edit](shirt(BEIGE, words, shot=1, size=8))
    assert match(one, other).score < THRESHOLD
    assert match(one, ONE_SIDE[edit](one)).score >= THRESHOLD


def test_a_print_that_one_channel_does_not_show_is_seen_in_the_others():
    green = (60, 244, 90)  # in green it is as bright as the white print
    assert match(shirt(green, "SUMMER"), shirt(green, "WINTER", shot=1)).score < THRESHOLD


@pytest.mark.parametrize("edit", [*ONE_SIDE, "grey"])
@pytest.mark.parametrize("colour", [(60, 90, 190), (90, 140, 60), (235, 235, 230), (60, 200, 200)])
def test_another_colour_is_seen_whatever_was_done_to_the_other_photo(colour, edit):
    change = (ONE_SIDE | EDITS)[edit]
    other = change(shirt(colour, "SUMMER", shot=1))
    assert match(shirt(RED, "SUMMER"), other).score < THRESHOLD
    assert match(shirt(RED, "SUMMER"), change(shirt(RED, "SUMMER"))).score >= THRESHOLD


def test_a_grey_copy_of_another_colour_of_nearly_the_same_brightness_only_looks_alike():
    # A copy without colour can be told by brightness alone, so that must agree more closely.
    rose = box_before_grey((190, 140, 150), shot=0)
    brighter = box_before_grey((140, 172, 156), shot=1)
    assert match(rose, EDITS["grey"](brighter)).score < THRESHOLD
    assert match(rose, EDITS["grey"](rose)).score >= THRESHOLD


def test_a_photo_made_square_is_the_same_shot():
    photo = scene(3)
    square = photo.resize((300, 300))
    assert match(photo, square).score >= THRESHOLD
    assert match(square, photo.transpose(Image.Transpose.ROTATE_90)).score >= THRESHOLD


def test_the_opposite_colour_is_no_edit():
    rose = box_before_grey((190, 140, 150), shot=0)
    assert match(rose, box_before_grey((120, 165, 155), shot=1)).score < THRESHOLD
    assert match(rose, EDITS["less colour"](rose)).score >= THRESHOLD


def box_before_grey(colour, shot):
    y, x = np.mgrid[0:300, 0:400]
    pixels = np.full((300, 400, 3), 150, np.float32)
    pixels[(x // 20 + y // 20) % 2 == 0] = 120
    pixels[50:60, 120:280] = 1.15 * np.array(colour)
    pixels[60:240, 120:280] = colour
    pixels[100:104, 150:250] = 30
    grain = np.random.default_rng(shot).normal(0, 2, pixels.shape)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def test_what_is_seen_twice_does_not_differ():
    pixels = np.asarray(scene(1))
    found = differences(pixels, pixels, np.eye(2, 3))
    assert found is not None and found.structure < 0.1 and found.colour < 1


def texture(softness, seed=0):
    """Patterns of about this many pixels, their brightness spread by 1 about 0."""
    pixels = np.random.default_rng(seed).normal(size=(240, 320))
    pixels = cv2.GaussianBlur(pixels, (0, 0), softness)
    return pixels / pixels.std()


def in_grey(pixels):
    return np.repeat(np.clip(120 + pixels, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("seed", range(3))
def test_a_way_that_is_a_few_pixels_off_is_put_right_by_light_before_lines(seed):
    pixels = in_grey(25 * texture(1, seed) + 30 * texture(12, seed + 10))
    found = differences(pixels, pixels, np.array([[1.0, 0, 3], [0, 1, -3]]))
    assert found is not None and found.structure < 0.1


@pytest.mark.parametrize("size", [(320, 150), (320, 180), (240, 240)])
def test_a_photo_that_lost_rows_or_columns_differs_by_noise_alone(size):
    whole = in_grey(40 * texture(0.7))
    small = np.asarray(Image.fromarray(whole).resize(size))
    over = rescaled(np.eye(2, 3), whole.shape, whole.shape, whole.shape, small.shape)
    found = differences(whole, small, over)
    assert found is not None and found.structure < 1


def test_photos_that_share_a_corner_tell_nothing():
    pixels = np.asarray(scene(1))
    assert differences(pixels, pixels, np.array([[1.0, 0, 390], [0, 1, 290]])) is None


def test_a_way_between_photos_leads_to_the_same_places_at_another_size():
    way = rescaled(
        np.array([[0.5, 0, 10], [0, 0.5, 20]]), (100, 200), (50, 100), (100, 200), (50, 100)
    )
    # The middle of the first large pixel is a quarter of a small one off that of the small one.
    assert np.allclose(
        way, [[0.5, 0, (10 + 0.5 * 0.5 - 0.5) / 2], [0, 0.5, (20 + 0.5 * 0.5 - 0.5) / 2]]
    )
