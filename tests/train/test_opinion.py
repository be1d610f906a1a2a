"""Two probes: which one is fitted, and the middle between what they say of photos they had not seen."""

import numpy as np
import pytest

from train import discriminant, probe
from train.opinion import ENOUGH, fitted, out_of_fold


def test_it_is_the_middle_between_a_regression_and_a_discriminant():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x, groups = rng.normal(size=(40, 5)) + y[:, None], np.arange(40) // 2
    both = [one.out_of_fold(x, y, groups, 2) for one in (probe, discriminant)]
    np.testing.assert_allclose(out_of_fold(x, y, groups, 2), np.mean(both, axis=0))


@pytest.mark.parametrize(("photos", "fit"), [(ENOUGH + 1, probe.fit_probe),
                                             (ENOUGH + 2, discriminant.fit_discriminant)])
def test_of_very_few_photos_it_is_the_regression(photos, fit):
    y = np.arange(photos) % 2
    x = np.random.default_rng(0).normal(size=(photos, 5)).astype(np.float32) + y[:, None]
    np.testing.assert_array_equal(fitted(x, y, 2).w, fit(x, y, 2).w)
