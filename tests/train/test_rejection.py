"""When to say "none of these": the score, the threshold's promise, the three-way answer."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.rejection import (
    HIGHEST_SURE,
    LOWEST_SURE,
    SURE_AT,
    Rejection,
    answer,
    conformal_threshold,
    fit_foreignness,
    fit_rejection,
    sure_threshold,
)


def things(n, classes=4, d=24, seed=0, foreign=False):
    """Embeddings of known things, or of things nobody showed."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(2 * classes, d)) + 1.0
    y = np.arange(n) % classes
    return centres[y + classes * foreign] + 0.25 * rng.normal(size=(n, d)), y


@pytest.mark.parametrize(("p", "score", "expected"), [
    ([0.9, 0.1], 0.0, "sure"), ([0.8, 0.2], 0.0, "sure"), ([0.6, 0.4], 0.0, "one_of"),
    ([0.99, 0.01], 1.5, "none"), ([0.99, 0.01], 1.0, "sure")])
def test_the_three_way_answer(p, score, expected):
    assert answer(p, score, threshold=1.0, sure_at=0.8) == expected


def test_things_nobody_showed_are_more_foreign_than_known_ones():
    score = fit_foreignness(*things(80))
    assert score(things(40, seed=1)[0]).max() < score(things(40, seed=1, foreign=True)[0]).min()


def test_the_score_is_the_distance_to_the_nearest_class_less_the_one_to_everything():
    """Both in units of the spread, a tenth of the average variance standing in where photos are too few."""
    x, y = things(80, d=5)
    z = x / np.linalg.norm(x, axis=1, keepdims=True)
    means = np.stack([z[y == c].mean(axis=0) for c in range(4)])

    def distance(residuals, differences):
        spread = residuals.T @ residuals / len(residuals)
        spread = 0.9 * spread + 0.1 * np.trace(spread) / 5 * np.eye(5)
        return np.einsum("nd,de,ne->n", differences, np.linalg.inv(spread), differences)

    near = np.min([distance(z - means[y], z - mean) for mean in means], axis=0)
    expected = near - distance(z - z.mean(axis=0), z - z.mean(axis=0))
    np.testing.assert_allclose(fit_foreignness(x, y)(x), expected, rtol=1e-2, atol=1e-2)


def test_the_length_of_an_embedding_says_nothing():
    score, (x, _) = fit_foreignness(*things(80)), things(10, seed=1)
    np.testing.assert_allclose(score(x * 7), score(x), rtol=1e-3)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.floats(0.01, 0.5))
def test_the_threshold_refuses_at_most_the_promised_share_of_what_it_rests_on(scores, alpha):
    known = np.array(scores)
    assert (known > conformal_threshold(known, alpha)).mean() <= alpha


def test_the_threshold_keeps_its_promise_on_new_photos():
    """A thousand times 40 calibration photos and one new one: refused at most once in ten, and not much less."""
    rng = np.random.default_rng(0)
    refused = [rng.normal() > conformal_threshold(rng.normal(size=40), 0.1) for _ in range(4000)]
    assert 0.08 < np.mean(refused) < 0.11


def test_known_things_are_kept_and_foreign_ones_refused():
    x, y = things(80)
    found = fit_rejection(x, y, things(40, seed=1)[0])
    assert (found.by, found.n) == ("validation", 40)
    assert (found.scores(things(200, seed=2)[0]) > found.threshold).mean() <= 0.1
    assert (found.scores(things(200, seed=2, foreign=True)[0]) > found.threshold).mean() >= 0.9


def test_the_promise_is_a_sentence_with_its_number():
    x, y = things(80)
    assert "the 40 validation photos, at most 5.0% are refused" in fit_rejection(x, y, things(40, seed=1)[0]).guarantee
    few = fit_rejection(x, y, things(12, seed=1)[0])
    assert "at most 7.7% are refused" in few.guarantee, "12 photos cannot promise 5 %"


def test_photos_of_nothing_move_the_line_and_are_counted():
    x, y = things(80)
    found = fit_rejection(x, y, things(40, seed=1)[0], none=things(30, seed=3, foreign=True)[0])
    assert (found.none_n, found.none_refused) == (30, 1.0)
    assert 0.02 <= found.alpha <= 0.10
    assert "at most 10.0%" in found.guarantee


def test_with_few_validation_photos_folds_of_the_training_photos_stand_in():
    x, y = things(80)
    found = fit_rejection(x, y, x[:3])
    assert (found.by, found.n) == ("folds", 80)
    assert "folds that did not see them" in found.guarantee


def test_with_hardly_any_photos_nothing_is_refused_and_it_says_so():
    x, y = things(6)
    found = fit_rejection(x, y, x[:0])
    assert found.threshold == float("inf") and "every photo gets an answer" in found.guarantee
    assert fit_rejection(x[:0], y[:0], x[:0]) == Rejection()


@pytest.mark.parametrize("n", [80, 6])
def test_it_comes_back_from_the_models_folder(tmp_path, n):
    x, y = things(n)
    found = fit_rejection(x, y, things(40, seed=1)[0][:n // 2])
    found.save(tmp_path)
    again = Rejection.load(tmp_path)
    assert again == found
    np.testing.assert_allclose(again.scores(x), found.scores(x), rtol=1e-5)
    assert "Infinity" not in (tmp_path / "rejection.json").read_text()
    json.loads((tmp_path / "rejection.json").read_text())


def test_a_folder_without_it_refuses_nothing(tmp_path):
    assert Rejection.load(tmp_path) == Rejection()
    assert Rejection().scores(np.ones((3, 2))).tolist() == [0, 0, 0]


def confident(*rows):
    """(probabilities, truth) from (confidence, right) pairs."""
    p = np.array([[c, 1 - c] for c, _ in rows])
    return p, np.array([0 if right else 1 for _, right in rows])


def test_sure_is_said_from_where_answers_were_right():
    rows = [(0.99 - i / 1000, True) for i in range(40)] + [(0.9 - i / 100, i % 2 == 0) for i in range(20)]
    assert 0.85 < sure_threshold(*confident(*rows)) < 0.95


def test_sure_needs_no_more_than_usual_where_nothing_was_wrong():
    assert sure_threshold(*confident(*[(0.98, True)] * 20)) == SURE_AT
    assert sure_threshold(*confident(*[(0.55, True)] * 20)) == LOWEST_SURE


def test_sure_is_rare_where_nothing_was_right_and_usual_where_nobody_knows():
    assert sure_threshold(*confident(*[(0.9, False)] * 20)) == HIGHEST_SURE
    assert sure_threshold(*confident((0.9, False))) == SURE_AT
