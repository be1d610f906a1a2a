"""What nobody can learn from is named; an ordinary photo is left alone."""

import random
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from curation.issues.photo_quality import troubles
from curation.measures.measure import small
from curation.measures.pixels import (
    Measures,
    bands,
    border,
    colours,
    detail,
    directions,
    flat,
    is_grey,
    later_ways,
    level,
    measure,
    spread,
)
from tests.fixtures.planted_errors import PLANTED
from tests.fixtures.scenes import scene

NAMED = {
    "out of focus": "blurred",
    "motion blur": "blurred",
    "odd aspect": "odd shape",
    "phone page": "screenshot",
    "phone photo": "screenshot",
    "window": "screenshot",
}


def names(image, size=None):
    width, height = size or image.size
    return [trouble.name for trouble in troubles(measure(small(image), width, height))]


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


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_planted_is_named(kind, seed):
    assert NAMED.get(kind, kind) in names(
        PLANTED[kind](scene(seed, (800, 600)), random.Random(seed))
    )


def test_a_thing_on_white_paper_is_no_placeholder_and_no_screenshot():
    photo = Image.new("RGB", (800, 600), "white")
    photo.paste(scene(5, (300, 300)), (250, 150))
    assert names(photo) == []


def test_a_photo_with_bars_above_and_below_is_no_screenshot():
    photo = Image.new("RGB", (800, 600), "black")
    photo.paste(scene(6, (800, 420)), (0, 90))
    assert names(photo) == []


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


def test_drawn_things_are_told_by_rows_colours_and_equal_neighbours():
    paper = np.full((3, 20, 30), 200, np.uint8)
    assert flat(paper) == 1 and colours(paper) == 1
    assert bands(np.array([0, 0, 90, 0, 0, 10, 0, 0, 50, 0], np.uint8)) == 2
    paper[:, 5:9, 5:25] = np.random.default_rng(0).integers(0, 256, (3, 4, 20))
    assert 0.8 < flat(paper) < 0.9 and colours(paper) > 20
    assert flat(paper[:, :1]) == 0


def test_a_ramp_is_sharp_in_no_direction_and_stripes_in_all_but_their_own():
    stripes = np.tile(np.arange(40, dtype=np.uint8) % 4 // 2 * 200, (40, 1))
    softest, sharpest = directions(stripes)
    assert softest == 0 and sharpest >= 1
    assert directions(np.zeros((2, 2), np.uint8)) == (1, 1)


def test_a_border_is_told_by_its_colour():
    photo = np.random.default_rng(1).integers(0, 256, (40, 50)).astype(np.uint8)
    assert border(photo) == ""
    for value, name in ((255, "white"), (4, "black"), (120, "plain")):
        framed = np.full((50, 60), value, np.uint8)
        framed[5:45, 5:55] = photo
        assert border(framed) == name


def test_black_and_white_is_no_colour():
    grey = np.random.default_rng(1).integers(0, 256, (1, 40, 50)).astype(np.uint8)
    assert is_grey(np.repeat(grey, 3, axis=0))
    assert not is_grey(np.concatenate([grey, grey, 255 - grey]))


def test_what_was_drawn_is_not_called_blank_or_blurred_besides():
    drawn = Measures(640, 480, 0, 238, 0.01, 120, 0, 0.5, 0.95, 1, 0.5, 0.6, 2)
    assert [one.name for one in troubles(drawn)] == ["placeholder"]


def test_the_worse_of_a_score_is_the_worse_of_the_photo():
    ramps = [
        (90 + np.arange(20) * step + np.zeros((20, 1))).astype(np.uint8) for step in (0.4, 0.1)
    ]
    faint, fainter = (troubles(measure(ramp, 200, 200))[0].score for ramp in ramps)
    assert 0 <= faint < fainter <= 1


def test_reasons_are_sentences():
    for trouble in troubles(measure(np.zeros((4, 40), np.uint8), 40, 4)):
        assert trouble.reason.endswith(".") and 0 <= trouble.score <= 1


def drawn():
    """A picture of whole numbers alone, the same on every machine: a ramp, a frame, a bar, noise."""
    rows, columns = np.mgrid[:90, :120]
    ramp = (rows * 2 + columns).astype(np.uint8)
    noise = ((rows * 7919 + columns * 104729) % 23).astype(np.uint8)
    picture = np.stack([ramp, ramp // 2 + noise, 200 - ramp // 3], axis=2)
    picture[40:48] = (20, 160, 90)
    picture[:3] = picture[-3:] = 250
    picture[:, :3] = picture[:, -3:] = 250
    return picture.astype(np.uint8)


# Of every measure, in the way that its number names. Where this test fails, a measure is taken
# otherwise than in what people's scans remember: give its field in `Measures` the next number
# (`measured(2, ...)`), and put the new value here.
TAKEN = {
    "width": (1, 120),
    "height": (1, 90),
    "spread": (1, 213.0),
    "level": (1, 250.0),
    "detail": (1, 0.9812206572769953),
    "darkest": (1, 30.0),
    "softest": (1, 0.9906103286384976),
    "sharpest": (1, 1.028169014084507),
    "flat": (1, 0.15182702294400907),
    "colours": (1, 40),
    "rows": (1, 0.06666666666666667),
    "columns": (1, 0.05),
    "bands": (1, 2),
    "border": (1, "white"),
    "grey": (1, False),
    "format": (1, "JPEG"),
    "camera": (1, "X100"),
    "peak": (1, 140.0),
}


def test_no_measure_changes_without_a_new_number():
    found = asdict(measure(drawn(), 120, 90, "JPEG", "X100"))
    assert set(found) == set(TAKEN), "a measure was added: add its value here"
    ways = later_ways(Measures)
    for name, (way, value) in TAKEN.items():
        assert (ways.get(name, 1), found[name]) == (way, pytest.approx(value)), name
