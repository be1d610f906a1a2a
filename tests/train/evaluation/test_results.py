import numpy as np
import pytest

from train.evaluation.results import (
    Answered,
    against,
    answers_given,
    answers_told,
    metrics_text,
    mix_ups,
    name_of_test,
    report,
)

CLASSES = ("a", "b")
TITLES = ("A thing", "B thing")


def three(n: int = 3) -> Answered:
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])[:n]
    return Answered(
        p,
        np.array([0, 1, 1])[:n],
        np.array([False, False, True])[:n],
        np.array([True, True, False, True]),
    )


def test_a_report_counts_what_was_right_and_says_on_how_many():
    said = report(three(), CLASSES, TITLES)
    assert (
        said["n"] == 3
        and said["top1"]["value"] == pytest.approx(2 / 3)
        and said["top3"]["value"] == 1.0
    )
    assert said["top1"]["low"] < 2 / 3 < said["top1"]["high"]
    assert said["classes"]["b"] == {"title": "B thing", "n": 2, "recall": 0.5, "precision": 1.0}
    assert said["mix_ups"] == [{"was": "b", "answered": "a", "photos": 1}]


def test_refusals_are_counted_on_known_things_and_on_others():
    refused = report(three(), CLASSES, TITLES)["rejection"]
    assert refused["known_refused"]["value"] == pytest.approx(1 / 3)
    assert refused["none_refused"]["value"] == 0.75
    assert refused["right_and_given"]["value"] == pytest.approx(2 / 3)


def test_an_empty_test_is_reported_and_not_divided_by():
    said = report(
        Answered(np.zeros((0, 2)), np.zeros(0, int), np.zeros(0, bool), np.zeros(0, bool)),
        CLASSES,
        TITLES,
    )
    assert said["n"] == 0 and said["top1"]["value"] is None and said["ece"] is None
    assert "nothing was measured" in metrics_text(said | {"previous": None})


def test_mix_ups_come_most_frequent_first():
    table = np.array([[5, 1, 0], [0, 5, 3], [0, 0, 5]])
    assert [row["photos"] for row in mix_ups(table, "abc")] == [3, 1]


def test_the_round_before_is_compared_and_another_test_is_named_as_such():
    now = report(three(), CLASSES, TITLES) | {"test_digest": "one"}
    before = {"top1": {"value": 0.5}, "test_digest": "two"}
    assert against(now, {}) is None
    assert against(now, before | {"test_digest": "one"})["same_test"] is True
    assert "another test" in metrics_text(now | {"previous": against(now, before)})


def test_a_test_is_named_by_its_photos_and_labels_in_any_order():
    assert name_of_test("ab", "xy") == name_of_test("ba", "yx") != name_of_test("ab", "yx")


def test_the_report_says_how_often_each_answer_is_given():
    confidence = np.array([0.95, 0.9, 0.7, 0.4, 0.99])
    right = np.array([True, False, True, True, True])
    refused = np.array([False, False, False, False, True])
    said = answers_given(confidence, right, refused, 0.8)
    shares = {name: said[name]["value"] for name in said}
    assert shares == {
        "sure": 0.4,
        "probably": 0.2,
        "one_of": 0.2,
        "none": 0.2,
        "sure_wrong": 0.5,
        "right_sure": 0.25,
    }
    assert "sure of 40 % (50 % of these wrongly)" in answers_told(said)
