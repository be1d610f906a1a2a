"""The line on logits, where things are recognised by one picture each."""

import numpy as np
import pytest

from train.rejection import Rejection, tuned_on_views

NONE = np.zeros((0, 3))


def tops(low, high, n=200):
    rows = np.zeros((n, 3))
    rows[:, 1] = np.linspace(low, high, n)
    return rows


def test_hardly_any_stranger_is_named_and_hardly_any_known_thing_refused():
    found = tuned_on_views(tops(10, 20), tops(0, 5), NONE)
    assert (found.scores(tops(0, 5), tops(0, 5)) > found.threshold).mean() >= 0.95
    assert not (found.scores(tops(10, 20), tops(10, 20)) > found.threshold).any()
    assert found.guarantee.startswith("No guarantee") and found.by == "views" and found.n == 200


def test_where_both_look_alike_a_tenth_of_the_known_is_the_most_that_is_given_up():
    found = tuned_on_views(tops(0, 5), tops(0, 5), NONE)
    assert found.refused is not None and 0.05 < found.refused <= 0.1


def test_photos_of_other_things_move_the_line():
    without, with_some = (tuned_on_views(tops(10, 20), tops(0, 5), some) for some in (NONE, tops(7, 8)))
    assert with_some.threshold < without.threshold and with_some.none_refused > 0.9


def test_a_line_on_logits_comes_back_and_wants_logits(tmp_path):
    found = tuned_on_views(tops(10, 20), tops(0, 5), NONE)
    found.save(tmp_path)
    again = Rejection.load(tmp_path)
    assert again == found and again.by_logits
    with pytest.raises(ValueError, match="logits"):
        again.scores(np.ones((2, 4)))
    assert again.scores(np.zeros((0, 4)), np.zeros((0, 0))).shape == (0,)


def test_the_owners_word_about_strangers_counts_more_than_what_it_costs():
    found = tuned_on_views(tops(0, 5), tops(0, 5), NONE, named=0.2)
    assert found.strangers_named == pytest.approx(0.2, abs=0.006) and found.wanted == 0.2
    assert found.refused is not None and found.refused > 0.7
