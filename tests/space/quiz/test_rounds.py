"""A round of the quiz: five photos, three answers each, at least two of them known."""

import random

from hypothesis import given
from hypothesis import strategies as st

from space.quiz.rounds import CHOICES, KNOWN, PHOTOS, Material, draw

CLASSES = ("cup", "mug", "jug", "bowl")


def material(known: int = 6, doubted: int = 6, sure: int = 0, classes=CLASSES) -> Material:
    """Photos k0.. are known to be mugs, d0.. are doubted: a cup, or a mug."""
    names = [f"k{n}" for n in range(known)]
    return Material(
        dict.fromkeys(names, "mug"),
        frozenset(names[:sure]),
        {f"d{n}": ["cup", "mug", "gone"] for n in range(doubted)},
        classes,
        lambda image_id: ["jug"],
    )


def drawn(of: Material, seed: int = 0, shown=lambda image_id: True):
    return draw(of, shown, random.Random(seed))


@given(st.integers(0, 1000), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_there_are_five_photos_with_three_answers_each_or_none_at_all(seed, known, doubted, sure):
    found = drawn(material(known, doubted, sure), seed)
    assert len(found) == (PHOTOS if known + min(doubted, PHOTOS - KNOWN) >= PHOTOS else 0)
    assert len({one.image_id for one in found}) == len(found)
    for one in found:
        assert len(set(one.choices)) == CHOICES and set(one.choices) <= set(CLASSES)


@given(st.integers(0, 1000))
def test_at_least_two_are_known_and_their_answer_is_among_the_three(seed):
    found = drawn(material(), seed)
    gold = [one for one in found if one.known]
    assert len(gold) == KNOWN and all(one.known in one.choices for one in gold)


def test_where_fewer_are_doubted_known_ones_take_their_places():
    assert sum(one.known is not None for one in drawn(material(doubted=1))) == PHOTOS - 1


def test_what_was_said_of_a_doubted_photo_can_be_answered():
    for one in drawn(material()):
        if not one.known:
            assert {"cup", "mug"} < set(one.choices)


def test_labels_that_a_person_decided_are_asked_before_those_that_only_nobody_doubts():
    gold = {one.image_id for one in drawn(material(sure=2)) if one.known}
    assert gold == {"k0", "k1"}


def test_a_photo_that_may_not_be_shown_is_never_asked_about():
    found = drawn(material(known=9), shown=lambda one: one not in ("k0", "d0", "d1", "d2", "d3"))
    assert len(found) == PHOTOS
    assert not {one.image_id for one in found} & {"k0", "d0", "d1", "d2", "d3"}
    assert drawn(material(), shown=lambda one: False) == ()


def test_two_classes_are_no_quiz():
    assert drawn(material(classes=("cup", "mug"))) == ()


def test_the_right_answer_stands_at_every_place():
    places = {
        one.choices.index("mug")
        for seed in range(40)
        for one in drawn(material(), seed)
        if one.known
    }
    assert places == {0, 1, 2}
