"""A release's two dials, fitted and kept together."""

import numpy as np

from tests.train.test_rejection import things
from train.judgement import Judgement, Seen, judge


def seen(n, seed):
    x, y = things(n, seed=seed)
    return Seen(np.eye(4)[y] * 3.0, x, y)


def test_dials_come_back_from_the_releases_folder(tmp_path):
    judgement = judge(seen(80, 0), seen(40, 1), np.zeros((0, 24)), range(80))
    judgement.save(tmp_path / "vitrine")
    again = Judgement.load(tmp_path / "vitrine")
    assert again == judgement
    foreign = things(50, seed=2, foreign=True)[0]
    assert again.refused(foreign).mean() > 0.9 and again.refused(things(50, seed=2)[0]).mean() < 0.1
    assert judgement.calibration.n == judgement.rejection.n == 40


def test_a_release_without_dials_is_taken_at_its_word(tmp_path):
    nothing = Judgement.load(tmp_path)
    assert not nothing.refused(np.ones((3, 2))).any()
    np.testing.assert_allclose(nothing.probabilities(np.array([[0.0, 0.0]])), 0.5)
