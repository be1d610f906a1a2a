"""A probe in closed form: the same classifier as the textbook's, sure as often as it is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.gaussians import clouds
from train.probes import logistic as probe
from train.probes.lda import SHRUNK, fit_discriminant, out_of_fold
from train.statistics.metrics import softmax


def test_it_is_the_discriminant_of_sklearn_but_for_how_sure_it_is():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    x, y = clouds(spread=1.5)
    theirs = (
        LinearDiscriminantAnalysis("lsqr", SHRUNK, priors=[1 / 3] * 3)
        .fit(x, y)
        .decision_function(x)
    )
    ours = fit_discriminant(x, y, 3).logits(x)
    ours, theirs = (some - some.mean(axis=1, keepdims=True) for some in (ours, theirs))
    np.testing.assert_allclose(ours, theirs * (ours / theirs).mean(), rtol=1e-3, atol=1e-4)


def test_what_it_says_holds_as_often_as_it_says():
    (x, y), (more, truth) = clouds(600, d=3, spread=1.0), clouds(6000, d=3, spread=1.0)
    p = fit_discriminant(x, y, 3).probabilities(more)
    assert abs(p.max(axis=1).mean() - (p.argmax(axis=1) == truth).mean()) < 0.05


def test_from_five_photos_a_thing_it_knows_more_than_a_regression():
    """What photos of one thing differ in is the same for all things: learned together, and of no
    account then."""
    rng = np.random.default_rng(0)
    things = rng.normal(size=(40, 30))
    sway = 4 * rng.normal(size=(3, 30))

    def photos(of_each):
        y = np.repeat(np.arange(40), of_each)
        return things[y] + rng.normal(size=(len(y), 3)) @ sway + 0.5 * rng.normal(
            size=(len(y), 30)
        ), y

    (x, y), (more, truth) = photos(5), photos(10)
    ours, theirs = (
        (fit(x, y, 40).logits(more).argmax(axis=1) == truth).mean()
        for fit in (fit_discriminant, probe.fit_probe)
    )
    assert ours > theirs + 0.05


def test_wrong_labels_bend_it_less_than_a_regression():
    (x, y), (more, truth) = clouds(400, 10, 40, spread=0.7), clouds(400, 10, 40, spread=0.7)
    rng = np.random.default_rng(1)
    given = np.where(rng.random(400) < 0.4, rng.integers(0, 10, 400), y)
    ours, theirs = (
        (fit(x, given, 10).logits(more).argmax(axis=1) == truth).mean()
        for fit in (fit_discriminant, probe.fit_probe)
    )
    assert ours > theirs


def test_a_class_without_photos_is_never_the_answer():
    x, y = clouds()
    p = fit_discriminant(x, y, 5).probabilities(x)
    assert p.shape == (60, 5) and p[:, 3:].max() < 1e-6


def test_a_feature_that_never_changes_does_no_harm():
    x, y = clouds()
    x[:, 0] = 4.0
    assert (fit_discriminant(x, y, 3).probabilities(x).argmax(axis=1) == y).all()


def test_where_nothing_is_within_a_class_photos_still_tell_classes_apart():
    """One photo of each, and copies of one: no spread is known."""
    x = np.eye(4, 6)
    for photos, y in ((x, np.arange(4)), (np.repeat(x, 3, axis=0), np.repeat(np.arange(4), 3))):
        p = fit_discriminant(photos, y, 4).probabilities(photos)
        assert (p.argmax(axis=1) == y).all() and p.max() <= 1


def test_of_one_photo_each_it_is_not_sure_of_others():
    rng = np.random.default_rng(0)
    p = fit_discriminant(rng.normal(size=(10, 100)), np.arange(10), 10).probabilities(
        rng.normal(size=(50, 100))
    )
    assert p.max(axis=1).mean() < 0.5


@given(st.integers(1, 12), st.integers(1, 4), st.integers(1, 5), st.integers(0, 9))
def test_any_few_photos_get_chances_that_sum_to_one(n, classes, d, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)).astype(np.float16)
    y = rng.integers(0, classes, n)
    for p in (
        fit_discriminant(x, y, classes).probabilities(x),
        out_of_fold(x, y, range(n), classes),
    ):
        assert p.shape == (n, classes) and np.isfinite(p).all()
        np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)


def test_what_a_fold_says_is_what_a_probe_without_it_says():
    x, y = clouds(spread=1.0)
    fold = probe.folds_of(y, range(60), 5)
    p = out_of_fold(x, y, range(60), 3)
    held = fold == 2
    alone = fit_discriminant(x[~held], y[~held], 3).logits(x[held])
    said = np.log(p[held])
    said, alone = (some - some.mean(axis=1, keepdims=True) for some in (said, alone))
    np.testing.assert_allclose(said, alone * (said / alone).mean(), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("far", [0.0, 1e3])
def test_where_features_lie_makes_no_difference(far):
    x, y = clouds()
    here = fit_discriminant(x, y, 3).logits(x)
    there = fit_discriminant(x + far, y, 3).logits(x + far)
    np.testing.assert_allclose(softmax(here), softmax(there), atol=0.02)
