"""A photo that is here already is recognised before it is kept, and a new one is not."""

import pytest
from PIL import ImageOps

from curation.near_duplicates.incoming import UploadDuplicates
from data_cards.errors import MissingFile
from tests.fixtures.scenes import jpeg, scene


@pytest.fixture
def here():
    return {f"p{n}": jpeg(scene(n)) for n in range(8)}


@pytest.fixture
def door(here):
    door = UploadDuplicates()
    for name, data in here.items():
        door.note(name, data)
    return door


@pytest.mark.parametrize(
    "edit",
    [
        lambda photo: photo,
        lambda photo: photo.resize((330, 248)),
        ImageOps.mirror,
        lambda photo: photo.crop((40, 30, 360, 270)),
    ],
)
def test_the_same_shot_is_recognised_however_it_was_saved(door, here, edit):
    assert door.twin(jpeg(edit(scene(3)), 70), here.__getitem__) == "p3"


def test_a_new_photo_has_no_twin(door, here):
    assert door.twin(jpeg(scene(50)), here.__getitem__) is None


def test_what_something_else_proposes_is_compared_too(here):
    assert UploadDuplicates().twin(jpeg(scene(3), 70), here.__getitem__, ["p1", "p3"]) == "p3"


def test_a_photo_that_is_gone_or_broken_keeps_nobody_out(door, here):
    def gone(name):
        raise MissingFile("There is no such photo.")

    assert door.twin(jpeg(scene(3)), gone) is None
    assert door.twin(b"no photo", here.__getitem__) is None
    door.note("broken", b"no photo")
    assert door.twin(jpeg(scene(3)), here.__getitem__) == "p3"
