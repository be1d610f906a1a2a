"""What most photos share is said once; what is poor even among its own kind is still found."""

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageFilter

from curation.issues.photo_quality import troubles
from curation.issues.prevalence import FEWEST, poor_photos
from curation.measures.measure import small
from curation.measures.pixels import Measures, measure
from data_cards.dataset.schema import Label
from tests.fixtures.drawings import PILES, strokes
from tests.fixtures.planted_errors import PLANTED
from tests.fixtures.scenes import scene

PILE = 20
ORDINARY = Measures(640, 480, 200.0, 220.0, 0.5, 10.0, colours=200, peak=180.0)
POOR = {
    "an empty page": lambda seed: Image.new("RGB", (400, 400), "white"),
    "a wall": lambda seed: PLANTED["blank"](scene(seed), random.Random(seed)),
    "a black frame": lambda seed: Image.fromarray(
        np.random.default_rng(seed)
        .normal(3, 1, (300, 400, 1))
        .repeat(3, axis=2)
        .clip(0, 255)
        .astype(np.uint8)
    ),
    "a pixel or two": lambda seed: scene(seed).resize((8, 6)),
    "a strip": lambda seed: scene(seed, (1600, 50)),
}


def measured(picture):
    return measure(small(picture), *picture.size)


@cache
def pile(kind):
    return {f"{kind} {seed}": measured(PILES[kind](seed)) for seed in range(PILE)}


def named(measures, label="thing"):
    return {name: Label(name, label, "labelled") for name in measures}


@cache
def poor_one(planted):
    return measured(POOR[planted](7))


@cache
def ordinary(count, start=500):
    return {f"photo {seed}": measured(scene(seed)) for seed in range(start, start + count)}


@pytest.mark.parametrize("kind", PILES)
def test_what_most_of_a_collection_shares_is_one_sentence_and_no_finding(kind):
    poor = poor_photos(pile(kind), named(pile(kind)))
    assert not poor.troubles and len(poor.sentences) == 1
    assert (
        poor.sentences[0].startswith("Most photos here are ")
        and f" of {PILE})" in poor.sentences[0]
    )


@pytest.mark.parametrize("kind", PILES)
@pytest.mark.parametrize("planted", POOR)
def test_what_is_poor_even_among_its_kind_is_found(kind, planted):
    measures = pile(kind) | {"poor": poor_one(planted)}
    found = poor_photos(measures, named(measures)).troubles
    assert set(found) == {"poor"}


@pytest.mark.parametrize("kind", ["numerals", "scanned numerals", "screenshots"])
def test_a_blurred_drawing_among_sharp_ones_is_found(kind):
    measures = pile(kind) | {
        "poor": measured(strokes(3, pen=9).filter(ImageFilter.GaussianBlur(10)))
    }
    assert poor_photos(measures, named(measures)).troubles["poor"].name == "blurred"


@pytest.mark.parametrize("kind", [kind for kind in PILES if kind != "black and white"])
def test_a_class_that_is_unlike_the_photos_around_it_is_one_sentence(kind):
    measures = ordinary(3 * PILE) | pile(kind)
    labels = named(ordinary(3 * PILE)) | named(pile(kind), "d1")
    poor = poor_photos(measures, labels, title={"d1": "Drawings"}.get)
    assert not poor.troubles and len(poor.sentences) == 1 and "*Drawings*" in poor.sentences[0]
    blank = measures | {"poor": measured(POOR["an empty page"](0))}
    found = poor_photos(
        blank, labels | named(["poor"], "d1"), title={"d1": "Drawings", "thing": "Things"}.get
    )
    assert set(found.troubles) == {"poor"}


def test_classes_that_are_alike_share_a_sentence():
    measures = {f"{n} {name}": it for n in range(5) for name, it in pile("numerals").items()}
    labels = {name: Label(name, name.split()[0], "labelled") for name in measures}
    more = {f"{n} more": ORDINARY for n in range(60)}
    [said] = poor_photos(
        ordinary(60) | more | measures, named(ordinary(60)) | named(more) | labels
    ).sentences
    assert said == (
        "Most photos of *0*, *1*, *2* and 2 more classes are drawings, scans or screenshots: that "
        "is normal in these classes, so it counts against none of them."
    )


@pytest.mark.parametrize(
    "kind", ["dark", "bright", "out of focus", "tiny", "odd aspect", "phone page", "blank"]
)
def test_a_minority_of_poor_photos_is_found_as_before(kind):
    poor = {
        f"poor {n}": measured(PLANTED[kind](scene(n, (800, 600)), random.Random(n)))
        for n in range(8)
    }
    measures = ordinary(32) | poor
    found = poor_photos(measures, named(measures))
    assert found.troubles == {
        name: troubles(it)[0] for name, it in measures.items() if troubles(it)
    }
    assert set(found.troubles) == set(poor) and not found.sentences


def test_a_placeholder_that_came_many_times_is_one_picture_and_no_habit():
    place = measured(PLANTED["placeholder"](scene(0), random.Random(0)))
    measures = ordinary(8) | {f"place {n}": place for n in range(12)}
    groups = {name: "place" for name in measures if name.startswith("place")}
    assert len(poor_photos(measures, named(measures), groups).troubles) == 12
    assert not poor_photos(measures, named(measures)).troubles, (
        "twelve different ones are what the class is like"
    )


@pytest.mark.parametrize("count", [1, FEWEST - 1])
def test_of_a_handful_each_is_poor_for_itself(count):
    measures = dict(list(pile("icons").items())[:count])
    poor = poor_photos(measures, named(measures))
    assert set(poor.troubles) == set(measures) and not poor.sentences


def test_what_people_set_aside_says_nothing_of_the_rest():
    labels = named(ordinary(12)) | {name: Label(name, None, "junk") for name in pile("icons")}
    poor = poor_photos(ordinary(12) | pile("icons"), labels)
    assert not poor.troubles and not poor.sentences
    assert not poor_photos(pile("icons"), {}).troubles, "nobody knows these photos"


def test_photos_without_a_label_are_of_the_collection_and_of_no_class():
    labels = {name: Label(name, None, "unlabelled") for name in pile("night")}
    poor = poor_photos(pile("night"), labels)
    assert not poor.troubles and len(poor.sentences) == 1


def test_several_habits_are_one_sentence_with_their_counts():
    [said] = poor_photos(pile("small digits"), named(pile("small digits"))).sentences
    assert (
        "tiny (20 of 20)" in said
        and "black and white (20 of 20)" in said
        and said.endswith("that is normal in this collection, so it counts against none of them.")
    )


def test_an_ordinary_collection_has_nothing_to_say():
    poor = poor_photos(ordinary(20), named(ordinary(20)))
    assert not poor.troubles and not poor.sentences
    assert poor_photos({}, {}).sentences == ()


def test_where_contrast_was_not_measured_an_even_picture_is_empty():
    drawn = replace(ORDINARY, peak=-1.0, flat=0.95, colours=1, rows=0.5, columns=0.6, bands=2)
    empty = replace(drawn, rows=1.0, columns=1.0, bands=1, spread=0.0, level=255.0, darkest=255.0)
    measures = {str(n): drawn for n in range(8)} | {"empty": empty}
    assert set(poor_photos(measures, named(measures)).troubles) == {"empty"}


def test_a_thin_line_on_noisy_paper_is_something_to_see():
    for seed in (0, 11, 14):
        line = measured(strokes(seed, pen=1, noise=2))
        assert line.spread < 10 and not troubles(line)
