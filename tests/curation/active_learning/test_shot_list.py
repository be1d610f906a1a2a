"""The go-and-shoot list says what is lacking, and what to do about it, class by class."""

import pytest

from curation.active_learning.shot_list import (
    EVERYTHING,
    Shot,
    as_text,
    go_and_shoot,
    light_range,
    traits_of,
)

CLASSES = [("harbour", "Harbour"), ("pears", "Three Pears"), ("grid", "Red Grid")]


def shots(class_id, count, **more):
    """Photos that have nothing in common, but for what `more` says."""
    return [
        Shot(
            **{
                "image_id": f"{class_id}{n}",
                "class_id": class_id,
                "burst": f"b{class_id}{n}",
                "day": f"d{n}",
                "author": f"a{n}",
                "view": f"{class_id}{n}",
                "shape": ("wide", "upright")[n % 2],
                "light": n / count,
                **more,
            }
        )
        for n in range(count)
    ]


def told(*some, classes=CLASSES):
    return {
        request.class_id: request
        for request in go_and_shoot(classes, [shot for part in some for shot in part])
    }


def test_a_collection_that_lacks_nothing_has_no_wishes():
    assert told(*(shots(name, 20) for name, _ in CLASSES)) == {}


def test_a_class_without_a_photo_comes_first():
    found = go_and_shoot(CLASSES, [*shots("harbour", 20), *shots("pears", 2)])
    assert [request.class_id for request in found] == ["grid", "pears"] and found[0].score == 1
    assert found[0].sentence.startswith("*Red Grid*: no photo yet. Take five: from the front,")


def test_a_class_with_few_photos_is_compared_with_the_others():
    few = told(shots("harbour", 20), shots("grid", 20), shots("pears", 2))["pears"]
    assert few.sentence == (
        "*Three Pears*: 2 photos, where most classes have 20. Take ten more: from the left, from "
        "the right, from further away."
    )
    assert few.photos == ("pears0", "pears1")


def test_what_all_photos_of_a_class_share_is_named_with_what_to_do_instead():
    one = told(shots("harbour", 20), shots("grid", 20), shots("pears", 3, view="v", author="ann"))[
        "pears"
    ]
    assert one.text == (
        "Three Pears: 3 photos, all nearly the same view and all by one person. Take five more: "
        "from "
        "the left, by somebody else with another phone, from the right."
    )


@pytest.mark.parametrize(
    ("more", "said", "advice"),
    [
        ({"burst": "b"}, "all taken in one go", "on another day"),
        ({"clip": "c", "burst": "b"}, "all from one video", "on another day"),
        ({"day": "2026-01-01"}, "all taken on one day", "on another day"),
        ({"view": "v"}, "all nearly the same view", "from the left"),
        ({"site": "a.example"}, "all from one website", "with your own phone"),
        ({"side": 180}, "all smaller than 300 pixels", "at full size"),
        ({"light": 0.9}, "all in the same light", "in evening light"),
        ({"light": 0.1}, "all in the same light", "in brighter light"),
        ({"shape": "upright"}, "all upright", "with the phone held sideways"),
        ({"shape": "wide"}, "all wide", "with the phone held upright"),
    ],
)
def test_each_thing_in_common_has_its_words(more, said, advice):
    one = told(shots("harbour", 20), shots("grid", 20), shots("pears", 18, **more))["pears"]
    assert (
        f"18 photos, {said}." in one.sentence
        and advice in one.sentence
        and "Take three more" in one.sentence
    )


def test_twenty_photos_of_two_views_are_two_views():
    two = [Shot(f"p{n}", "pears", view=("v", "w")[n % 2]) for n in range(20)]
    assert (
        "20 photos, but only two different views."
        in told(shots("harbour", 20), two)["pears"].sentence
    )


def test_what_nearly_every_class_lacks_is_said_once():
    found = told(*(shots(name, 20, author="ann") for name, _ in CLASSES))
    assert list(found) == [EVERYTHING] and "by one person" in found[EVERYTHING].sentence


def test_nothing_follows_from_what_is_not_known():
    assert traits_of([Shot(f"p{n}", "pears") for n in range(9)]) == []
    assert light_range([None]) == (0.0, 0.0)


def test_two_classes_that_are_taken_for_each_other_are_to_be_photographed_close_up():
    mixed = [
        *shots("harbour", 4, taken_for="pears"),
        *shots("harbour", 16),
        *shots("pears", 1, taken_for="harbour"),
        *shots("pears", 19),
    ]
    one = told(mixed, shots("grid", 20))["harbour"]
    assert one.sentence == (
        "*Harbour* or *Three Pears*? 5 of these 40 photos are mistaken for the other. Take "
        "close-ups of what sets them apart."
    )
    assert one.other == "pears" and one.photos == ("harbour0", "harbour1", "harbour2")


def test_a_photo_or_two_taken_for_another_class_are_no_pattern():
    assert (
        told(
            shots("harbour", 2, taken_for="pears"),
            shots("harbour", 18),
            shots("pears", 20),
            shots("grid", 20),
        )
        == {}
    )


def test_the_list_as_text_has_numbers_and_no_marks():
    assert (
        as_text(go_and_shoot([("a", "A")], []))
        == "1. A: no photo yet. Take five: from the front, from the left, "
        "from the right, from further away, and close up."
    )
