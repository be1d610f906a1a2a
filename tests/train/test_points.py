import numpy as np
from PIL import Image

from tests.train.paintings import painting, visit
from train.points import Points, agreeing, find_points


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
    all_of_them, some = find_points(painting(1), 500), find_points(painting(1), 50)
    assert len(some) == len(all_of_them.strongest(50)) == 50 and len(all_of_them) > 50


def test_one_corner_found_often_counts_once():
    points = find_points(painting(1), 6)
    often = Points(np.repeat(points.places[:1], 30, axis=0) + np.linspace(0, 0.2, 30)[:, None].astype(np.float32),
                   np.random.default_rng(0).integers(0, 60, (30, 128)).astype(np.uint8))
    assert agreeing(often, often) <= 2
