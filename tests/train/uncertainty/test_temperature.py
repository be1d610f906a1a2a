"""Confidence that means what it says."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.uncertainty.temperature import Calibration, calibrate, calibrated_loss


def answers(n=400, sharpness=1.0, seed=0):
    """Logits of a model that is right as often as it says at sharpness 1, and too certain above."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 4))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(4, p=row) for row in p])
    return logits * sharpness, truth


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 4.0])
def test_the_temperature_undoes_what_was_too_sharp(sharpness):
    found = calibrate(*answers(2000, sharpness))
    assert found.temperature == pytest.approx(sharpness, rel=0.15)
    assert found.ece_after < 0.05
    assert found.n == 2000


def test_a_model_that_is_too_certain_is_measured_so():
    found = calibrate(*answers(sharpness=5.0))
    assert found.ece_before > 0.15 > 0.1 > found.ece_after


def test_a_few_photos_that_are_all_right_do_not_make_it_certain_for_ever():
    logits = np.eye(5)[np.arange(15) % 5] * 4
    found = calibrate(logits, np.arange(15) % 5)
    assert 0.4 < found.temperature < 1.0


def test_no_photos_change_nothing():
    assert calibrate(np.zeros((0, 3)), np.zeros(0, int)) == Calibration()


@given(st.floats(0.05, 30), st.integers(0, 50))
def test_a_temperature_never_changes_which_class_is_likeliest(temperature, seed):
    logits = np.random.default_rng(seed).normal(size=(5, 4))
    p = Calibration(temperature).probabilities(logits)
    assert (p.argmax(axis=1) == logits.argmax(axis=1)).all()
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_it_survives_as_json():
    found = calibrate(*answers(50))
    assert Calibration.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize("sharpness", [0.3, 3.0])
def test_neither_timid_nor_too_certain_answers_lose_by_it(sharpness):
    logits, truth = answers(2000)
    assert calibrated_loss(logits * sharpness, truth) == pytest.approx(
        calibrated_loss(logits, truth), abs=0.01
    )


def test_wrong_labels_teach_no_modesty_where_some_are_thought_possible():
    logits, truth = answers(3000)
    rng = np.random.default_rng(1)
    given = np.where(rng.random(3000) < 0.1, rng.integers(0, 4, 3000), truth)
    plain, aware = (calibrate(logits, given, most) for most in (0.0, 0.3))
    assert plain.temperature > 1.2
    assert aware.temperature == pytest.approx(1.0, abs=0.15)
    assert aware.slips == pytest.approx(0.1, abs=0.04)


def test_right_labels_are_believed_even_where_wrong_ones_are_thought_possible():
    assert calibrate(*answers(3000), 0.3).temperature == pytest.approx(1.0, abs=0.15)


def test_of_no_photos_to_speak_of_the_belief_is_kept():
    logits, truth = answers(1)
    assert calibrate(logits, truth, centre=3.0).temperature > calibrate(logits, truth).temperature
