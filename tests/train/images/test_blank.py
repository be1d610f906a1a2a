"""What shows nothing has no answer; what shows little has one."""

import numpy as np
import pytest
from PIL import Image

from train.images.blank import shows_nothing


def photo(pixels, grain=0.0, size=(240, 320)):
    rng = np.random.default_rng(0)
    rows = np.broadcast_to(np.asarray(pixels, float), (*size, 3)) + rng.normal(0, grain, (*size, 3))
    return Image.fromarray(np.clip(rows, 0, 255).astype(np.uint8))


FALLOFF = np.linspace(30, 220, 320)[None, :, None]


@pytest.mark.parametrize("grain", [0.0, 3.0, 10.0])
@pytest.mark.parametrize("colour", [0, 128, 255, (120, 20, 10), FALLOFF])
def test_one_colour_shows_nothing_with_grain_and_uneven_light(colour, grain):
    assert shows_nothing(photo(colour, grain))


def dark_thing():
    rows = np.full((240, 320, 3), 4.0)
    rows[60:180, 80:240] = 14.0
    return rows


def line():
    rows = np.full((240, 320, 3), 240.0)
    rows[118:122] = 60.0
    return rows


@pytest.mark.parametrize("shown", [dark_thing(), line()])
def test_a_dark_thing_and_a_line_on_paper_are_something(shown):
    assert not shows_nothing(photo(shown, 2.0))
