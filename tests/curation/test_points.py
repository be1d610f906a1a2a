"""Points of copies match, also in the mirror; points of other photos do not."""

import numpy as np
from PIL import Image, ImageOps

from curation.points import find_points, matched, mirrored_descriptors, promising
from tests.curation.scenes import scene


def found(photo):
    return find_points(np.asarray(photo.convert("L")))


def test_the_points_of_a_turned_photo_match_and_those_of_another_do_not():
    _, one = found(scene(1))
    assert len(matched(one, found(scene(1).rotate(25))[1])) > 2 * len(matched(one, found(scene(2))[1]))


def test_most_pairs_end_early_and_copies_do_not():
    _, one = found(scene(1))
    assert promising(one, found(scene(1).rotate(25))[1])[0]
    assert promising(one, found(ImageOps.mirror(scene(1)))[1])[1]
    assert promising(one, found(scene(2))[1]) == (False, False)


def test_mirrored_twice_is_as_it_was():
    _, one = found(scene(1))
    assert np.array_equal(mirrored_descriptors(mirrored_descriptors(one)), one)


def test_a_blank_picture_has_no_points():
    points, descriptors = found(Image.new("L", (200, 150), 128))
    assert points.shape == (0, 2) and descriptors.shape == (0, 128)
