"""Pictures of 32 pixels: the same shot is known when it was cut, lit, tinted or mirrored
otherwise; others are not."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from curation.measures.fingerprint import fingerprint
from curation.near_duplicates.compare import compare
from curation.near_duplicates.groups import THRESHOLD
from curation.near_duplicates.tiny_images import agreement
from tests.fixtures.scenes import scene

BOX = (40, 30, 360, 270)


def small(photo, box=BOX):
    return np.asarray(photo.resize((32, 32), Image.Resampling.BOX, box=box))


def tinted(photo):
    return Image.fromarray(np.clip(np.asarray(photo) * (1.15, 0.9, 1.0), 0, 255).astype(np.uint8))


def saved(photo):
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=50)
    return Image.open(out).convert("RGB")


EDITS = {
    "mirror": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "turned round": lambda photo: photo.rotate(180),
    "darker": lambda photo: ImageEnhance.Brightness(photo).enhance(0.75),
    "tinted": tinted,
    "saved": saved,
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_edited_small_picture_is_the_same_shot(edit, seed):
    laid = agreement(small(scene(seed)), small(EDITS[edit](scene(seed))))
    assert laid.score >= THRESHOLD
    assert laid.flipped == (edit in ("mirror", "upside down", "turned round"))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(moved=st.tuples(*[st.integers(-20, 20)] * 4), seed=st.integers(0, 5))
def test_another_cut_of_the_same_shot_is_the_same_shot(moved, seed):
    photo = scene(seed)
    other = tuple(edge + by for edge, by in zip(BOX, moved, strict=True))
    assert agreement(small(photo), small(photo, other)).score >= THRESHOLD


@settings(max_examples=40, deadline=None, derandomize=True)
@given(one=st.integers(0, 1000), other=st.integers(1001, 2000))
def test_different_small_pictures_are_different(one, other):
    assert agreement(small(scene(one)), small(scene(other))).score < 0.5


@settings(max_examples=20, deadline=None, derandomize=True)
@given(grey=st.integers(0, 255), noise=st.integers(0, 2), seed=st.integers(0, 9))
def test_blank_pictures_prove_nothing(grey, noise, seed):
    rng = np.random.default_rng(seed)
    blank = np.clip(grey + rng.integers(-noise, noise + 1, (32, 32, 3)), 0, 255).astype(np.uint8)
    assert agreement(blank, blank).score == 0
    assert agreement(blank, small(scene(seed))).score == 0


def test_it_makes_no_difference_which_is_laid_over_which():
    one = small(scene(4))
    other = small(scene(4), (50, 30, 370, 280))
    assert abs(agreement(one, other).score - agreement(other, one).score) < 0.05


def test_the_kind_of_a_small_copy():
    photo = scene(5).resize((32, 32))
    assert (
        compare(fingerprint(photo), fingerprint(saved(scene(5)).resize((32, 32)))).kind
        == "re-encoded"
    )
    assert compare(fingerprint(photo), fingerprint(ImageOps.mirror(photo))).kind == "edited"
    assert compare(fingerprint(photo), fingerprint(scene(6).resize((32, 32)))).kind == "same-scene"


def test_a_small_photo_has_no_points_and_a_light_fingerprint():
    one = fingerprint(scene(7).resize((32, 32)))
    assert len(one.points) == 0 and one.jpeg == b"" and one.small.nbytes < 4000
