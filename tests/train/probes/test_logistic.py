"""A linear probe, and what it thinks of photos it never saw."""

import math

import numpy as np
import pytest

from tests.fixtures.gaussians import clouds
from train.probes import logistic as probe
from train.probes.logistic import (
    OF_EACH,
    _few,
    enough,
    fit_probe,
    folds_of,
    known_by,
    out_of_fold,
    shots_that_teach,
)


def test_it_learns_what_can_be_learned():
    x, y = clouds()
    assert (fit_probe(x, y, 3).probabilities(x).argmax(axis=1) == y).all()


def test_it_finds_the_same_optimum_as_sklearn():
    from sklearn.linear_model import LogisticRegression

    x, y = clouds(spread=1.5)
    probe = fit_probe(x, y, 3, strength=2.0, rounds=2000)
    z = (x - probe.mean) / probe.scale
    expected = LogisticRegression(C=0.5, max_iter=2000, tol=1e-8).fit(z, y).predict_proba(z)
    np.testing.assert_allclose(probe.probabilities(x), expected, atol=5e-3)


def test_a_class_without_photos_is_never_the_answer():
    x, y = clouds()
    p = fit_probe(x, y, 5, rounds=1).probabilities(x)
    assert p.shape == (60, 5) and p[:, 3:].max() < 1e-6, "from the first round on"


def test_a_feature_that_never_changes_does_no_harm():
    x, y = clouds()
    x[:, 0] = 4.0
    assert np.isfinite(fit_probe(x, y, 3).probabilities(x)).all()


def test_a_group_never_crosses_a_fold():
    groups = np.random.default_rng(0).integers(0, 12, 100)
    fold = folds_of(np.arange(100) % 4, groups, 5)
    assert all(len(set(fold[groups == g])) == 1 for g in set(groups))


def test_folds_spread_each_class_evenly():
    y = np.repeat([0, 1], [50, 10])
    fold = folds_of(y, range(60), 5)
    assert [(fold[y == 1] == f).sum() for f in range(5)] == [2] * 5
    assert [(fold[y == 0] == f).sum() for f in range(5)] == [10] * 5


def test_a_class_with_fewer_photos_than_folds_is_still_judged():
    x, y = clouds(62)
    y[60:] = 3
    x[60:] = 9.0
    p = out_of_fold(x, y, range(62), 4)
    assert (p[60:].argmax(axis=1) == 3).all(), "the one photo vouches for the other"


def test_the_same_seed_gives_the_same_folds():
    y = np.arange(40) % 4
    assert (folds_of(y, range(40), 5, seed=3) == folds_of(y, range(40), 5, seed=3)).all()
    assert (folds_of(y, range(40), 5, seed=3) != folds_of(y, range(40), 5, seed=4)).any()


@pytest.mark.parametrize("n", [1, 2])
def test_hardly_any_photos_are_no_error(n):
    p = out_of_fold(np.ones((n, 3)), np.zeros(n, int), range(n), 2)
    assert p.shape == (n, 2)


def test_of_very_many_photos_enough_are_learned_from_and_rare_classes_are_not_lost():
    y = np.array([0] * 5000 + [1] * 30 + [2] * 70)
    rows = np.arange(5, len(y))
    taken = enough(y, rows, most=500)
    assert (
        set(taken) <= set(rows)
        and (np.diff(taken) > 0).all()
        and 500 <= len(taken) <= 500 + 3 * OF_EACH
    )
    counts = np.bincount(y[taken])
    assert counts[1] == 30 and OF_EACH <= counts[2] < 70 and counts[0] > 400
    np.testing.assert_array_equal(enough(y, rows, most=len(y)), rows)


def test_of_very_many_photos_two_probes_are_asked(monkeypatch):
    asked = []
    monkeypatch.setattr(probe, "folds_of", lambda *told: asked.append(told[2]) or folds_of(*told))
    for photos in (500, 2 * probe.MOST):
        y = np.arange(photos) % 2
        p = out_of_fold(
            y[:, None] + np.zeros((photos, 2), np.float32), y, np.arange(photos) // 50, 2
        )
        assert (p.argmax(axis=1) == y).all()
    assert asked == [5, 2]


def test_of_very_many_photos_half_the_rounds_do(monkeypatch):
    asked = []
    fitted = probe._fitted
    y = np.arange(60) % 2
    monkeypatch.setattr(
        probe, "_fitted", lambda *told, rounds: asked.append(rounds) or fitted(*told, rounds=rounds)
    )
    for most in (60, 59):
        monkeypatch.setattr(probe, "MOST", most)
        out_of_fold(y[:, None] + np.zeros((60, 2), np.float32), y, range(60), 2)
    assert asked == [probe.ROUNDS] * 5 + [probe.ROUNDS // 2] * 5


@pytest.mark.parametrize(
    "photos", [1, 20, 100, 101, 120, 125, 126, 150, 166, 167, 201, 500, 100_000]
)
def test_fewer_folds_leave_about_as_many_to_learn_from(photos):
    folds = _few(photos, 5, most=100)
    left = photos - math.ceil(photos / folds)
    assert 2 <= folds <= 5 and left >= 0.82 * min(100, photos * 4 // 5) - 1
    assert folds == (2 if photos >= 167 else 5 if photos <= 125 else folds)


def test_a_label_is_taught_by_other_shots_of_its_class():
    y = np.array([0, 0, 0, 1, 1, 2])
    shots = np.array([7, 7, 8, 9, 9, 3])
    assert shots_that_teach(y, shots).tolist() == [1, 1, 1, 0, 0, 0]
    assert shots_that_teach(y, np.arange(6)).tolist() == [2, 2, 2, 1, 1, 0]
    assert shots_that_teach(np.zeros(0, int), np.zeros(0, int)).tolist() == []


def test_a_shot_of_the_same_fold_teaches_nothing():
    y = np.zeros(4, int)
    shots = np.arange(4)
    fold = np.array([0, 0, 0, 1])
    assert shots_that_teach(y, shots, fold).tolist() == [1, 1, 1, 3]


def test_a_photo_that_does_not_count_teaches_nobody_and_is_taught():
    y = np.zeros(3, int)
    shots = np.arange(3)
    assert shots_that_teach(y, shots, teachers=np.array([True, False, False])).tolist() == [0, 1, 1]


def test_a_shot_under_two_labels_teaches_neither_about_itself():
    assert shots_that_teach(np.array([0, 1, 0]), np.array([5, 5, 6])).tolist() == [1, 0, 1]


def test_a_label_whose_whole_class_is_held_out_together_is_known_by_nobody():
    y = np.array([0] * 2 + [1] * 30)
    shots = np.arange(32)
    assert known_by(y, shots)[:2].tolist() == [1, 1]
    fold = folds_of(y, shots)
    assert fold[0] != fold[1]
    assert (known_by(y, np.zeros(32, int)) == 0).all(), "one shot of everything"
