"""Two probes: which one is fitted, and the middle between what they say of photos they had not
seen."""

import numpy as np
import pytest

from tests.fixtures.gaussians import clouds
from train.probes import lda as discriminant
from train.probes import logistic as probe
from train.probes.ensemble import ENOUGH, fitted, out_of_fold, out_of_fold_logits
from train.probes.logistic import UNSEEN

EITHER = pytest.mark.parametrize("asked", [probe.out_of_fold, discriminant.out_of_fold])


def test_it_is_the_middle_between_a_regression_and_a_discriminant():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = rng.normal(size=(40, 5)) + y[:, None]
    groups = np.arange(40) // 2
    both = [one.out_of_fold(x, y, groups, 2) for one in (probe, discriminant)]
    np.testing.assert_allclose(out_of_fold(x, y, groups, 2), np.mean(both, axis=0))


@pytest.mark.parametrize(
    ("photos", "fit"), [(ENOUGH + 1, probe.fit_probe), (ENOUGH + 2, discriminant.fit_discriminant)]
)
def test_of_very_few_photos_it_is_the_regression(photos, fit):
    y = np.arange(photos) % 2
    x = np.random.default_rng(0).normal(size=(photos, 5)).astype(np.float32) + y[:, None]
    np.testing.assert_array_equal(fitted(x, y, 2).w, fit(x, y, 2).w)


@pytest.mark.parametrize("fit", [probe.fit_probe, discriminant.fit_discriminant])
def test_the_head_is_the_same_classifier_on_raw_features(fit):
    x, y = clouds()
    one = fit(x * 5 + 3, y, 3)
    weight, bias = one.head()
    np.testing.assert_allclose((x * 5 + 3) @ weight.T + bias, one.logits(x * 5 + 3), atol=1e-3)


@EITHER
def test_a_wrong_label_is_the_most_doubtful_photo(asked):
    x, y = clouds()
    given = y.copy()
    given[7] = (y[7] + 1) % 3
    p = asked(x, given, range(60), 3)
    assert p[np.arange(60), given].argmin() == 7


@EITHER
def test_copies_never_vouch_for_each_other(asked):
    """Sixty photos of noise, each there twice: a probe that saw a copy would know its label."""
    rng = np.random.default_rng(0)
    x = np.repeat(rng.normal(size=(60, 200)), 2, axis=0)
    y = np.repeat(rng.integers(0, 2, 60), 2)
    groups = np.repeat(np.arange(60), 2)
    assert (asked(x, y, groups, 2).argmax(axis=1) == y).mean() < 0.7
    assert (asked(x, y, range(120), 2).argmax(axis=1) == y).mean() > 0.9


@EITHER
def test_a_class_in_one_group_gets_next_to_nothing(asked):
    x, y = clouds()
    p = asked(x, y, np.where(y == 2, "one group", np.arange(60).astype(str)), 3)
    assert 0 < p[y == 2, 2].max() <= 2 * UNSEEN
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_logits_are_of_probes_that_never_saw_the_photo():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = rng.normal(size=(60, 30))  # nothing to know: who saw a photo would name it all the same
    seen = (fitted(x, y, 2).logits(x).argmax(axis=1) == y).mean()
    unseen = (out_of_fold_logits(x, y, range(60), 2).argmax(axis=1) == y).mean()
    assert seen > 0.8 > 0.7 > unseen


def test_a_class_that_is_one_group_gets_no_logits():
    rng = np.random.default_rng(0)
    y = np.array([0] * 20 + [1] * 20 + [2] * 20)
    groups = [f"shot {n}" if n < 40 else "burst" for n in range(60)]
    said = out_of_fold_logits(rng.normal(size=(60, 8)) + y[:, None], y, groups, 3)
    assert np.isnan(said[40:]).all()
    assert np.isfinite(said[:40]).all()
