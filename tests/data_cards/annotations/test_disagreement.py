"""Where people disagree about a photo."""

import pytest

from data_cards.annotations.decision import Decision
from data_cards.annotations.disagreement import (
    answer_of,
    disagreement,
    filed_under,
    pair_disagreement,
    pairs_in,
    settles,
    settles_pair,
)


def said(who, label, number=1, action="relabel", finding="01S/label"):
    name = f"{number:026d}"
    return Decision(
        name, f"2026-02-01T00:00:00.{number:06d}Z", who, "p", action, label, finding=finding
    )


def test_two_answers_that_differ_are_a_disagreement_in_the_order_of_their_names():
    found = disagreement([said("bob", "moon", 1), said("ann", "harbour", 2)])
    assert found.answers == ("harbour", "moon")


@pytest.mark.parametrize(
    "others",
    [
        [],
        [said("bob", "moon", 2)],
        [said("ann", "harbour", 2)],  # a change of mind
        [said("bob", None, 2, "unsure")],
        [said("bob", "harbour", 2, "keep", "01S/quality")],  # sharp enough, whatever it shows
        [said("bob", "harbour", 2, "keep", "01S/near_duplicate")],
        [said("bob", "harbour", 2), said("bob", "moon", 3)],
    ],
)
def test_this_is_none(others):
    assert disagreement([said("ann", "moon"), *others]) is None


@pytest.mark.parametrize(
    ("action", "label", "answer"),
    [
        ("keep", "moon", "moon"),
        ("keep", None, None),
        ("relabel", "sun", "sun"),
        ("none_of_these", None, "none"),
        ("junk", None, "junk"),
        ("accept_visitor", "none", "none"),
        ("duplicate_of", None, None),
        ("unsure", None, None),
    ],
)
def test_what_a_decision_says_that_a_photo_shows(action, label, answer):
    assert answer_of(said("ann", label, action=action)) == answer


def test_junk_against_a_name_is_a_disagreement_too():
    assert disagreement([said("ann", "moon"), said("bob", None, 2, "junk")]).answers == (
        "junk",
        "moon",
    )


def test_a_decision_on_the_disagreement_ends_it_and_a_later_word_opens_another():
    two = [said("ann", "moon", 1), said("bob", "sun", 2)]
    settled = said("cy", "moon", 3, finding=f"{two[1].id}/conflict")
    assert settles(settled) and disagreement([*two, settled]) is None
    again = disagreement([*two, settled, said("bob", "sun", 4)])
    assert again.answers == ("moon", "sun") and {one.who for one in again.decisions} == {
        "cy",
        "bob",
    }
    assert again.name != disagreement(two).name


def test_whoever_is_unsure_about_a_disagreement_settles_nothing():
    assert not settles(said("cy", None, action="unsure", finding="01S/conflict"))


def test_two_names_of_what_became_one_class_agree():
    two = [said("ann", "moon", 1), said("bob", "luna", 2)]
    assert disagreement(two, lambda label: "moon" if label == "luna" else label) is None


def judged(who, number, action="duplicate_of", photo="p", other="q", finding=""):
    name = f"{number:026d}"
    return Decision(
        name, f"2026-02-01T00:00:00.{number:06d}Z", who, photo, action, other=other, finding=finding
    )


def test_a_copy_for_one_and_none_for_another_is_a_disagreement_about_the_pair():
    two = [judged("ann", 1, "not_duplicate", "q", "p"), judged("bob", 2)]
    found = pair_disagreement(two)
    assert (found.answers, found.photo, found.other) == (
        ("duplicate_of", "not_duplicate"),
        "p",
        "q",
    )
    assert filed_under(two) == "p" and found.name == two[1].id


@pytest.mark.parametrize(
    "others",
    [
        [],
        [judged("bob", 2, photo="q", other="p")],  # the other one is the copy: copies all the same
        [judged("ann", 2, "not_duplicate")],  # a change of mind
        [judged("bob", 2, "not_duplicate"), judged("cy", 3, finding=f"{2:026d}/pair")],
        [
            judged("bob", 2, "not_duplicate"),
            judged("cy", 3, "keep", other=None, finding=f"{2:026d}/pair"),
        ],
    ],
)
def test_this_is_no_disagreement_about_a_pair(others):
    (pair,) = pairs_in([judged("ann", 1), *others]).values()
    assert pair_disagreement(pair) is None


def test_each_pair_is_judged_on_its_own_and_sharpness_settles_none():
    pairs = pairs_in(
        [
            judged("ann", 1),
            judged("bob", 2, "not_duplicate", other="r"),
            judged("cy", 3, "keep", other=None, finding="01S/quality"),
        ]
    )
    assert [len(said) for said in pairs.values()] == [1, 1] and not any(
        map(pair_disagreement, pairs.values())
    )
    assert not settles_pair(judged("cy", 3, "unsure", finding="01S/pair"))
