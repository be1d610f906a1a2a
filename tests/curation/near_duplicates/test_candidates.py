"""Copies are proposed whatever way they were turned, and unrelated photos hardly are."""

import numpy as np
import pytest
from PIL import ImageOps

from curation.measures.fingerprint import fingerprint
from curation.near_duplicates.candidates import propose_by_pixels, propose_by_words
from curation.near_duplicates.groups import Pair, friends_of_friends, pair_of
from tests.fixtures.scenes import scene

EDITS = {
    "mirror": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "turned": lambda photo: photo.rotate(25),
    "crop": lambda photo: photo.crop((40, 30, 360, 270)),
}


@pytest.fixture(scope="module")
def prints():
    photos = {f"scene {n}": scene(n) for n in range(12)}
    photos |= {f"{edit} {n}": change(scene(n)) for n in (1, 2) for edit, change in EDITS.items()}
    return {name: fingerprint(photo) for name, photo in photos.items()}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("n", [1, 2])
def test_an_edited_copy_shares_its_words(prints, edit, n):
    names = sorted(prints)
    found = propose_by_words(names, lambda row: prints[names[row]].descriptors)
    assert pair_of(f"{edit} {n}", f"scene {n}") in found


@pytest.mark.parametrize("edit", ["mirror", "upside down"])
def test_a_flipped_small_photo_is_alike_in_pixels(edit):
    photos = [scene(n) for n in range(20)] + [EDITS[edit](scene(3))]
    small = [np.asarray(photo.resize((32, 32))) for photo in photos]
    names = [f"{n:02d}" for n in range(21)]
    assert ("03", "20") in propose_by_pixels(names, small)


def test_blank_photos_are_like_nothing_and_one_photo_has_no_pair():
    blank = np.full((32, 32, 3), 200, np.uint8)
    assert propose_by_pixels(["a", "b"], [blank, blank]) == set()
    assert propose_by_pixels(["a"], [blank]) == set()


def test_who_agrees_with_the_same_photo_is_proposed():
    pairs = [
        Pair("a", "b", 0.95, "edited", True),
        Pair("b", "c", 0.95, "edited", True),
        Pair("c", "d", 0.4, "same-scene", False),
    ]
    assert friends_of_friends(pairs) == {("a", "c")}


def test_a_photo_with_many_friends_proposes_only_the_surest_of_them():
    pairs = [Pair("a", f"b{n:02d}", 0.9 + n / 1000, "edited", True) for n in range(40)]
    found = friends_of_friends(pairs, most=3)
    assert found == {("b37", "b38"), ("b37", "b39"), ("b38", "b39")}
