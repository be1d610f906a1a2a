import numpy as np
import pytest
from PIL import Image

from tests.fixtures.paintings import painting, visit
from train.images.keypoints import Points, _plausible, find_points, lay_over, matched


def descriptors(count):
    """As many, of which no two are alike."""
    own = np.random.default_rng(0).exponential(size=(count, 128)) ** 2
    return np.rint(255 * own / np.linalg.norm(own, axis=1, keepdims=True)).astype(np.uint8)


def agreeing(photo, picture):
    """How many points agree; 0 where the picture does not appear in the photo."""
    laid = lay_over(photo, picture)
    return laid.agreeing if laid else 0


def test_points_of_a_photo_agree_with_the_picture_of_the_same_thing_and_not_with_another():
    photo = find_points(visit(1), 700)
    assert agreeing(photo, find_points(painting(1), 500)) > 40
    assert agreeing(photo, find_points(painting(2), 500)) < 8


def test_a_mirrored_picture_is_another_picture():
    mirrored = painting(1).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert agreeing(find_points(visit(1), 700), find_points(mirrored, 500)) < 8


def test_a_photo_without_corners_has_no_points_and_agrees_with_nothing():
    blank = find_points(Image.new("RGB", (300, 200), "grey"), 700)
    assert len(blank) == 0 and agreeing(blank, find_points(painting(1), 500)) == 0


def test_no_more_points_than_asked_for_the_strongest_first():
    all_of_them = find_points(painting(1), 500)
    some = find_points(painting(1), 50)
    assert len(some) == len(all_of_them.strongest(50)) == 50 and len(all_of_them) > 50


def test_a_point_that_is_nearly_as_like_another_one_belongs_to_neither():
    clearly = [0.99, 0.2, 0.1]
    nearly = [0.3, 0.9, 0.89]
    assert matched(np.array([clearly, nearly]), 0.85).tolist() == [[0, 0]]
    assert matched(np.array([clearly, nearly]), 1.0).tolist() == [[0, 0], [1, 1]]


def test_one_corner_found_often_counts_once():
    corners = np.array(
        [[20, 30], [600, 40], [50, 400], [580, 420], [300, 200], [150, 310]], np.float32
    )
    often = Points(np.repeat(corners, 5, axis=0), descriptors(30))
    assert agreeing(often, often) == 6


@pytest.mark.parametrize(
    "over",
    [np.diag([0.05, 0.05, 1]), np.array([[1, 0, 0], [0, 1, 0], [-0.004, 0, 1]])],
    ids=["tiny", "folded"],
)
def test_points_that_agree_only_as_no_flat_thing_can_look_agree_with_nothing(over):
    photo = Points(
        np.random.default_rng(1).uniform(0, 600, (40, 2)).astype(np.float32), descriptors(40)
    )
    x, y, depth = over @ np.column_stack([photo.places, np.ones(40)]).T
    seen = Points(np.column_stack([x / depth, y / depth]).astype(np.float32), photo.descriptors)
    assert agreeing(photo, photo) > 30 and agreeing(photo, seen) == agreeing(seen, photo) == 0


@pytest.mark.parametrize(
    ("over", "can_be"),
    [
        (np.eye(3), True),
        (np.diag([2.0, 2.0, 1.0]), True),
        (np.diag([-1.0, 1.0, 1.0]), False),
        (np.diag([0.05, 0.05, 1.0]), False),
        (np.array([[1, 0, 0], [0, 1, 0], [-0.004, 0, 1]]), False),
    ],
    ids=["as it is", "nearer", "mirrored", "tiny", "folded"],
)
def test_a_flat_thing_is_neither_mirrored_nor_tiny_nor_folded(over, can_be):
    assert (
        _plausible(over, np.array([[0, 0], [600, 0], [600, 400], [0, 400]], np.float32)) is can_be
    )
