"""A release's two dials, fitted and kept together."""

import numpy as np
import pytest

from tests.train.uncertainty.test_rejection import things
from train.uncertainty.decision_rule import (
    Judgement,
    Labelling,
    Promise,
    Seen,
    Unseen,
    confidence,
    judge,
)
from train.uncertainty.rejection import Rejection


def seen(n, seed, foreign=False, early=False):
    """`early`: what was seen early tells things apart, and the embedding tells nothing."""
    x, y = things(n, seed=seed, foreign=foreign)
    return Seen(np.eye(4)[y] * 3.0, np.ones_like(x) if early else x, y, x if early else None)


def test_dials_come_back_from_the_releases_folder(tmp_path):
    judgement = judge(seen(80, 0), seen(40, 1), np.zeros((0, 24)), range(80))
    judgement.save(tmp_path / "vitrine")
    again = Judgement.load(tmp_path / "vitrine")
    assert again == judgement
    assert (
        again.refused(seen(50, 2, foreign=True)).mean() > 0.9
        and again.refused(seen(50, 2)).mean() < 0.1
    )
    assert judgement.calibration.n == judgement.rejection.n == 40


def test_a_release_without_dials_is_taken_at_its_word(tmp_path):
    nothing = Judgement.load(tmp_path)
    assert not nothing.refused(seen(3, 0)).any()
    np.testing.assert_allclose(nothing.probabilities(np.array([[0.0, 0.0]])), 0.5)


def test_what_was_seen_early_tells_what_is_foreign_where_the_network_gives_it(tmp_path):
    judgement = judge(
        seen(80, 0, early=True), seen(40, 1, early=True), np.zeros((0, 24)), range(80)
    )
    judgement.save(tmp_path)
    again = Judgement.load(tmp_path)
    assert again.rejection.sees == "early"
    assert again.refused(seen(50, 2, foreign=True, early=True)).all()
    assert again.refused(seen(50, 2, early=True)).mean() < 0.1
    with pytest.raises(ValueError, match="early"):
        again.refused(seen(5, 3))


def test_the_owners_word_reaches_the_line():
    strict, usual = (
        judge(
            seen(80, 0), seen(40, 1), np.zeros((0, 24)), range(80), promise=Promise(named)
        ).rejection
        for named in (0.01, None)
    )
    assert (strict.wanted, usual.wanted) == (0.01, None)


def test_a_photo_at_the_line_may_be_refused_by_one_engine_and_not_by_another():
    rule = Judgement(rejection=Rejection(threshold=-5.0, by_logits=True))
    said = Seen(np.array([[9.0, 0], [5.01, 0], [4.99, 0], [1.0, 0]]), np.zeros((4, 1)), np.zeros(4))
    kept = np.array([False, False, False, True])
    assert rule.refused(said).tolist() == [False, False, True, True]
    assert rule.refuses_as(said, kept, 0.0).tolist() == [True, True, False, True]
    assert rule.refuses_as(said, kept, 0.01).all()
    assert rule.refuses_as(said, ~kept, 0.01).tolist() == [False, True, True, False]


def test_a_release_without_a_line_refuses_nothing():
    said = Seen(np.ones((2, 2)), np.ones((2, 1)), np.zeros(2))
    assert Judgement().refuses_as(said, np.array([False, True]), 0.01).tolist() == [True, False]


def test_answers_about_training_photos_count_as_validation_does():
    held = seen(40, 1)
    unseen = Unseen(seen(60, 0).logits, seen(60, 0).truth)
    assert confidence(held, unseen)[0].n == 100
    assert confidence(held, Unseen(unseen.logits, unseen.truth, alike=False))[0].n == 40
    assert confidence(held)[0].n == 40


def test_a_class_that_no_head_could_know_speaks_against_nobody():
    held = seen(40, 1)
    logits = np.full((60, 4), np.nan)
    assert confidence(held, Unseen(logits, seen(60, 0).truth)) == confidence(held)


def test_what_is_surely_of_a_kind_may_be_unsure_of_the_thing():
    """Two classes that nothing tells apart share a kind: no answer is sure, every kind is."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 200)
    logits = np.array([4.0, 4.0, 0.0]) + rng.normal(0, 0.01, (200, 3))
    held = Seen(logits, np.ones((200, 2)), truth)
    kinds = Labelling(kinds=np.array([0, 0, 1]))
    calibration, line, kind_line = confidence(held, None, kinds)
    assert calibration.probabilities(logits).max() < line.at
    assert kind_line.at <= calibration.probabilities(logits)[:, :2].sum(axis=1).min()
    assert confidence(held)[2] is None


def test_the_owner_says_how_often_a_sure_answer_may_be_wrong():
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1, (400, 3))
    truth = rng.integers(0, 3, 400)
    logits[np.arange(400), truth] += 3
    held = Seen(logits, np.ones((400, 2)), truth)
    strict, loose = (confidence(held, wrong=wrong)[1] for wrong in (0.01, 0.2))
    assert strict.at > loose.at
    assert "at most 20 should be wrong" in loose.words
