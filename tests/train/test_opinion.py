"""Two probes that had not seen a photo, and the middle between what they say."""

import numpy as np

from train import discriminant, probe
from train.opinion import out_of_fold


def test_it_is_the_middle_between_a_regression_and_a_discriminant():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x, groups = rng.normal(size=(40, 5)) + y[:, None], np.arange(40) // 2
    both = [one.out_of_fold(x, y, groups, 2) for one in (probe, discriminant)]
    np.testing.assert_allclose(out_of_fold(x, y, groups, 2), np.mean(both, axis=0))
