"""Points of copies match, also in the mirror; points of other photos do not."""

import numpy as np
from PIL import Image, ImageOps

from curation.measures.keypoints import (
    POINTS,
    STEP,
    STEPS,
    find_points,
    matched,
    mirrored_descriptors,
    promising,
    unit,
)
from tests.fixtures.scenes import scene
from train.images.keypoints import root_sift


def clouds(seed):
    """Soft noise: no corner of one is like a corner of another."""
    noise = np.random.default_rng(seed).integers(0, 256, (40, 60), dtype=np.uint8)
    return Image.fromarray(noise).resize((300, 200), Image.Resampling.BICUBIC)


def found(photo):
    points, descriptors = find_points(np.asarray(photo.convert("L")))
    return points, unit(descriptors)


def test_the_points_of_a_turned_photo_match_and_those_of_another_do_not():
    _, one = found(scene(1))
    assert len(matched(one, found(scene(1).rotate(25))[1])) > 2 * len(
        matched(one, found(scene(2))[1])
    )


def test_most_pairs_end_early_and_copies_do_not():
    _, one = found(clouds(1))
    assert promising(one, found(clouds(1).rotate(25))[1]) == (True, False)
    assert promising(one, found(ImageOps.mirror(clouds(1)))[1]) == (False, True)
    assert [promising(one, found(clouds(n))[1]) for n in range(2, 8)] == [(False, False)] * 6


def test_descriptors_are_whole_steps_and_point_where_they_pointed():
    grey = np.asarray(scene(1).convert("L"))
    exact = root_sift(grey, POINTS).descriptors
    rounded = find_points(grey)[1]
    assert rounded.dtype == np.uint8 and not (rounded % STEP).any() and rounded.max() < STEP * STEPS
    assert (unit(exact) * unit(rounded)).sum(axis=1).min() > 0.99


def test_the_points_of_a_mirror_image_are_the_mirrored_points():
    alike = found(scene(6))[1] @ mirrored_descriptors(found(ImageOps.mirror(scene(6)))[1]).T
    assert np.median(alike.max(axis=1)) > 0.95


def test_mirrored_twice_is_as_it_was():
    _, one = found(scene(1))
    assert np.array_equal(mirrored_descriptors(mirrored_descriptors(one)), one)


def test_a_blank_picture_has_no_points():
    points, descriptors = found(Image.new("L", (200, 150), 128))
    assert points.shape == (0, 2) and descriptors.shape == (0, 128)
