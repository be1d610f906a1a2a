import numpy as np
import pytest

from train.statistics.metrics import (
    calibration_bins,
    calibration_error,
    confusion,
    cross_entropy,
    hits_at,
    precision_and_recall,
    softmax,
    standard_error,
    top_k,
    wilson,
)

THREE = np.array([[0.7, 0.2, 0.1], [0.3, 0.4, 0.3], [0.1, 0.3, 0.6]])


def test_the_truth_counts_when_it_is_among_the_k_likeliest():
    truth = np.array([0, 0, 0])
    assert top_k(THREE, truth, 1) == pytest.approx(1 / 3)
    assert top_k(THREE, truth, 3) == 1.0


def test_a_constant_answer_earns_nothing():
    assert top_k(np.full((4, 3), 1 / 3), np.array([0, 1, 2, 0]), 1) == 0.0


def test_a_standard_error_falls_with_the_root_of_the_photos_and_is_none_of_certainty():
    assert standard_error(0.9, 400) == pytest.approx(0.015, abs=2e-4)
    assert standard_error(0.9, 40_000) == pytest.approx(0.0015, abs=1e-5)
    assert standard_error(1.0, 27) > 0.03 and standard_error(0.0, 0) <= 0.5


def test_no_photos_make_no_hits():
    assert (
        not len(hits_at(np.zeros((0, 3)), np.zeros(0, int), 1))
        and top_k(np.zeros((0, 3)), np.zeros(0, int), 1) == 0
    )


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(25, 25, 0.867, 1.0), (8, 10, 0.490, 0.943), (0, 5, 0.0, 0.434)]
)
def test_an_interval_is_wilsons(hits, n, low, high):
    share = wilson(hits, n)
    assert share.value == hits / n
    assert (share.low, share.high) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_an_interval_of_nothing_is_everything():
    assert wilson(0, 0).to_json() == {"value": None, "low": 0.0, "high": 1.0, "n": 0}


def test_a_confusion_has_the_truth_in_its_rows():
    table = confusion(THREE, np.array([0, 2, 2]), 3)
    assert table.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]
    rows = precision_and_recall(table)
    assert rows[2] == {"n": 2, "recall": 0.5, "precision": 1.0}
    assert rows[1] == {"n": 0, "recall": None, "precision": 0.0}


def test_somebody_who_says_90_percent_and_is_right_half_the_time_is_40_points_off():
    confidence = np.full(10, 0.9)
    correct = np.arange(10) < 5
    assert calibration_error(confidence, correct) == pytest.approx(0.4)
    assert calibration_bins(confidence, correct) == [(pytest.approx(0.9), 0.5, 10)]


def test_full_confidence_has_a_bin():
    assert calibration_bins(np.array([1.0]), np.array([True])) == [(1.0, 1.0, 1)]


def test_surprise_is_in_nats_and_never_infinite():
    assert cross_entropy(np.array([[0.5, 0.5]]), np.array([0])) == pytest.approx(np.log(2))
    assert np.isfinite(cross_entropy(np.array([[0.0, 1.0]]), np.array([0])))


def test_large_logits_do_not_overflow():
    assert softmax(np.array([[1000.0, 0.0]])).tolist() == [[1.0, 0.0]]
