"""What is worth most in a few minutes, and a receipt that was measured."""

import numpy as np
import pytest

from curation.active_learning.worth import (
    FEWEST_GAPS,
    Question,
    gain_in_words,
    gain_of,
    pace_of,
    worth_most,
)


def ask(*rows):
    return [Question(f"{pile}/{n}", pile, score) for n, (pile, score) in enumerate(rows)]


def test_the_surest_questions_come_first_whatever_they_take():
    chosen = worth_most(ask(("quality", 0.9), ("labels", 0.3), ("labels", 0.99)), 600)
    assert chosen == ["labels/2", "labels/1", "quality/0"]


def test_then_by_gain_a_second_at_ones_own_pace():
    questions = ask(*[("labels", 0.99)] * 3, ("labels", 0.6), ("unlabelled", 0.9))
    assert worth_most(questions, 600)[3] == "labels/3"
    assert worth_most(questions, 600, {"labels": 30.0})[3] == "unlabelled/4"


@pytest.mark.parametrize(("seconds", "count"), [(0, 0), (1, 1), (11, 3), (10_000, 5)])
def test_as_many_as_fit_into_the_time(seconds, count):
    assert len(worth_most(ask(*[("labels", 0.5)] * 5), seconds)) == count


def test_a_pace_is_known_after_some_decisions_and_pauses_do_not_count():
    moments = [("labels", 3.0 * n) for n in range(FEWEST_GAPS + 1)]
    assert pace_of(moments) == {"labels": 3.0}
    assert pace_of([*moments, ("labels", 9_999.0)]) == {"labels": 3.0}
    assert pace_of(moments[:-1]) == {}


def collection(wrong, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.arange(240) % 3
    x = (np.eye(3)[truth] * 4 + rng.normal(size=(240, 3))).astype(np.float32)
    tested = np.arange(240) % 4 == 0
    before = np.where((rng.random(240) < wrong) & ~tested, (truth + 1) % 3, truth)
    return x, before, truth, tested


def test_labels_put_right_gain_points_and_none_gain_nothing():
    x, before, truth, tested = collection(0.6)
    assert gain_of(x, before, truth, tested).difference > 0.2
    found = gain_of(x, truth, truth, tested)
    assert found.difference == 0 and found.low <= 0 <= found.high


def test_a_test_that_is_too_small_measures_nothing():
    x, before, truth, tested = collection(0.5)
    assert gain_of(x, before, truth, tested & (np.arange(240) < 40)) is None
    nothing = np.full(240, -1)
    assert gain_of(x, nothing, truth, tested).before == 0
    assert "cannot be measured" in gain_in_words(None, 1, 2)


def test_the_receipt_says_how_many_how_much_and_how_sure():
    x, before, truth, tested = collection(0.6)
    said = gain_in_words(gain_of(x, before, truth, tested), 31, 44)
    assert said.startswith("44 decisions, 31 of them a change: about +")
    assert "on 60 test photos" in said
