"""What nobody can learn from is named; an ordinary photo is left alone."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from curation.looking import small_grey
from curation.quality import detail, level, measure, spread, troubles
from tests.curation.scenes import scene


def names(image, size=None):
    width, height = size or image.size
    return [trouble.name for trouble in troubles(measure(small_grey(image), width, height))]


@pytest.mark.parametrize("seed", range(6))
def test_an_ordinary_photo_has_no_trouble(seed):
    assert names(scene(seed, (800, 600))) == []


def test_each_trouble_is_named():
    photo = scene(1, (800, 600))
    assert names(Image.new("RGB", (800, 600), "white")) == ["blank"]
    assert names(ImageEnhance.Brightness(photo).enhance(0.1)) == ["dark"]
    assert names(photo.filter(ImageFilter.GaussianBlur(12))) == ["blurred"]
    assert names(photo.resize((60, 45))) == ["tiny"]
    assert names(scene(1, (900, 200))) == ["odd shape"]


def test_a_sharp_thing_before_a_soft_background_is_sharp():
    photo = scene(2, (800, 600)).filter(ImageFilter.GaussianBlur(15))
    photo.paste(scene(3, (120, 120)), (300, 200))
    assert names(photo) == []


def test_a_night_scene_with_lamps_is_not_blank():
    photo = ImageEnhance.Brightness(scene(4, (800, 600))).enhance(0.3)
    photo.paste((255, 240, 200), (100, 100, 260, 260))
    assert names(photo) == []


def test_measures_of_three_tiny_arrays():
    ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1))
    assert spread(np.full((9, 9), 7, np.uint8)) == 0 and level(np.full((9, 9), 7, np.uint8)) == 7
    assert detail(ramp) == 0 and spread(ramp) > 200
    assert detail(np.indices((32, 32)).sum(axis=0) % 2 * 255) > 1
    assert detail(np.zeros((1, 5), np.uint8)) == 1


def test_the_worse_of_a_score_is_the_worse_of_the_photo():
    faint, fainter = (troubles(measure(np.full((20, 20), 90) + np.arange(20) * step, 200, 200))[0].score
                      for step in (0.4, 0.1))
    assert 0 <= faint < fainter <= 1


def test_reasons_are_sentences():
    for trouble in troubles(measure(np.zeros((4, 40), np.uint8), 40, 4)):
        assert trouble.reason.endswith(".") and 0 <= trouble.score <= 1
