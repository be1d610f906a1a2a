from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from train.images.augment import GENTLE, LOOK, Look, visitor_view

PLAIN = Look(
    smallest_crop=1.0,
    tilt=0,
    turn_degrees=0,
    stops=0,
    tint=0,
    blur=0,
    glare=0,
    passer_by=0,
    compression=0,
)


def gradient(width: int = 120, height: int = 90) -> Image.Image:
    """Dark on the left, light on the right."""
    row = np.linspace(0, 255, width, dtype=np.uint8)
    return Image.fromarray(np.repeat(row[None, :, None], height, 0).repeat(3, 2))


def test_the_same_dice_give_the_same_view():
    views = [visitor_view(gradient(), 42, np.random.default_rng(3)) for _ in range(2)]
    assert np.array_equal(*views)
    assert not np.array_equal(views[0], visitor_view(gradient(), 42, np.random.default_rng(4)))


@pytest.mark.parametrize("size", [(120, 90), (90, 120), (400, 30), (8, 8)])
def test_a_view_is_a_square_of_the_wanted_side(size):
    for seed in range(20):
        view = visitor_view(gradient(*size), 42, np.random.default_rng(seed))
        assert view.shape == (42, 42, 3) and view.dtype == np.uint8


def test_nothing_is_mirrored_unless_asked():
    for seed in range(30):
        view = visitor_view(
            gradient(), 42, np.random.default_rng(seed), replace(PLAIN, tilt=0.1)
        ).mean(axis=(0, 2))
        assert view[-1] > view[0]
    mirrored = visitor_view(
        gradient(), 42, np.random.default_rng(0), replace(PLAIN, flip=1.0)
    ).mean(axis=(0, 2))
    assert mirrored[-1] < mirrored[0]


def test_a_view_has_no_black_wedges_at_its_rim():
    white = Image.new("RGB", (100, 80), "white")
    turned = replace(PLAIN, tilt=0.2, turn_degrees=20)
    for seed in range(30):
        assert visitor_view(white, 42, np.random.default_rng(seed), turned).min() > 150


def test_a_passer_by_never_hides_the_thing():
    white = Image.new("RGB", (100, 80), "white")
    alone = replace(LOOK, passer_by=1.0, blur=0, glare=0, compression=0, stops=0, tint=0)
    for seed in range(40):
        view = visitor_view(white, 42, np.random.default_rng(seed), alone)
        assert (view.max(axis=2) < 200).mean() <= 0.25


def test_a_gentle_look_leaves_colours_nearer_to_what_they_are():
    lemon = Image.new("RGB", (80, 80), (200, 170, 40))

    def strays(look: Look) -> float:
        views = [
            visitor_view(lemon, 32, np.random.default_rng(seed), look).mean(axis=(0, 1))
            for seed in range(60)
        ]
        return float(np.std([view[1] / view[0] for view in views]))

    assert strays(GENTLE) < 0.6 * strays(LOOK)
