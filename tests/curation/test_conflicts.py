"""Where people disagree about a photo."""

import pytest

from curation.conflicts import answer_of, disagreement, settles
from curation.decision import Decision


def said(who, label, number=1, action="relabel", finding="01S/label"):
    name = f"{number:026d}"
    return Decision(name, f"2026-02-01T00:00:00.{number:06d}Z", who, "p", action, label, finding=finding)


def test_two_answers_that_differ_are_a_disagreement_in_the_order_of_their_names():
    found = disagreement([said("bob", "moon", 1), said("ann", "harbour", 2)])
    assert found.answers == ("harbour", "moon")


@pytest.mark.parametrize("others", [
    [],
    [said("bob", "moon", 2)],
    [said("ann", "harbour", 2)],  # a change of mind
    [said("bob", None, 2, "unsure")],
    [said("bob", "harbour", 2, "keep", "01S/quality")],  # sharp enough, whatever it shows
    [said("bob", "harbour", 2, "keep", "01S/near_duplicate")],
    [said("bob", "harbour", 2), said("bob", "moon", 3)],
])
def test_this_is_none(others):
    assert disagreement([said("ann", "moon"), *others]) is None


@pytest.mark.parametrize(("action", "label", "answer"), [
    ("keep", "moon", "moon"), ("keep", None, None), ("relabel", "sun", "sun"), ("none_of_these", None, "none"),
    ("junk", None, "junk"), ("accept_visitor", "none", "none"), ("duplicate_of", None, None), ("unsure", None, None),
])
def test_what_a_decision_says_that_a_photo_shows(action, label, answer):
    assert answer_of(said("ann", label, action=action)) == answer


def test_junk_against_a_name_is_a_disagreement_too():
    assert disagreement([said("ann", "moon"), said("bob", None, 2, "junk")]).answers == ("junk", "moon")


def test_a_decision_on_the_disagreement_ends_it_and_a_later_word_opens_another():
    two = [said("ann", "moon", 1), said("bob", "sun", 2)]
    settled = said("cy", "moon", 3, finding=f"{two[1].id}/conflict")
    assert settles(settled) and disagreement([*two, settled]) is None
    again = disagreement([*two, settled, said("bob", "sun", 4)])
    assert again.answers == ("moon", "sun") and {one.who for one in again.decisions} == {"cy", "bob"}
    assert again.name != disagreement(two).name


def test_whoever_is_unsure_about_a_disagreement_settles_nothing():
    assert not settles(said("cy", None, action="unsure", finding="01S/conflict"))


def test_two_names_of_what_became_one_class_agree():
    two = [said("ann", "moon", 1), said("bob", "luna", 2)]
    assert disagreement(two, lambda label: "moon" if label == "luna" else label) is None
