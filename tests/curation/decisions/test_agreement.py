"""Do people agree: against figures from the literature, and cases that can be counted by hand."""

import numpy as np
import pytest

from curation.decisions.agreement import (
    Pair,
    by_class,
    cohen_kappa,
    krippendorff_alpha,
    pairs_of,
    table_of,
    with_others,
)

_ = -1
# Krippendorff 2011, "Computing Krippendorff's alpha-reliability", example C: four observers,
# nominal alpha 0.743.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T

SAID = [
    ("ann", "p", "durga"),
    ("bob", "p", "durga"),
    ("ann", "q", "durga"),
    ("bob", "q", "kali"),
    ("ann", "r", "kali"),
    ("bob", "r", "durga"),
    ("ann", "s", "lalita"),
    ("cy", "s", "kali"),
    ("cy", "t", "kali"),
]


def test_alpha_is_the_published_one():
    assert krippendorff_alpha(OBSERVERS) == pytest.approx(0.743, abs=0.0005)


def test_alpha_is_one_where_all_agree_and_about_none_by_chance():
    assert krippendorff_alpha(np.array([[0, 0, _], [1, 1, 1], [2, 2, _]])) == 1
    random = np.random.default_rng(0).integers(0, 3, (5000, 3))
    assert krippendorff_alpha(random) == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("answers", [[[_, 1], [0, _]], [[0, 0], [0, 0]], np.empty((0, 2), int)])
def test_alpha_says_nothing_where_there_is_nothing_to_say(answers):
    assert krippendorff_alpha(np.array(answers)) is None


def test_kappa_of_two_raters_is_the_one_worked_out_by_hand():
    one = np.repeat([0, 0, 1, 1], [20, 5, 10, 15])
    other = np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    assert cohen_kappa(one, other) == pytest.approx(0.4)
    assert cohen_kappa(np.zeros(3, int), np.zeros(3, int)) is None
    assert cohen_kappa(np.empty(0, int), np.empty(0, int)) is None


def test_pairs_say_how_often_and_where_two_are_apart():
    first, second = pairs_of(table_of(SAID))
    assert (first.one, first.other, first.shared, first.agreed) == ("ann", "bob", 3, 1)
    assert first.apart == ("durga", "kali", 2)
    assert second == Pair("ann", "cy", 1, 0, 0.0, ("kali", "lalita", 1))


def test_a_later_answer_of_one_person_replaces_the_earlier_one():
    table = table_of([("ann", "p", "kali"), ("ann", "p", "durga")])
    assert table.classes == ("durga",) and table.answers.tolist() == [[0]]


def test_each_person_has_the_photos_they_shared_and_those_where_all_agreed():
    assert with_others(table_of(SAID)) == {"ann": (4, 1), "bob": (3, 1), "cy": (1, 0)}


def test_classes_are_told_by_how_little_people_agree_on_them():
    assert by_class(table_of(SAID)) == [("kali", 3, 0), ("lalita", 1, 0), ("durga", 3, 1)]


def test_nobody_said_anything():
    table = table_of([])
    assert pairs_of(table) == [] and by_class(table) == [] and with_others(table) == {}
    assert krippendorff_alpha(table.answers) is None
