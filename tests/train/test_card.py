"""The card says what the files say, and admits what they do not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from data_cards.collection import ClassInfo, Collection, write_collection
from data_cards.errors import BadModel
from train.card import measured, model_folder_card, promises, read_json, rejection_words
from train.certificate import Certificate
from train.metrics import wilson
from train.rejection import Rejection
from train.report import Answered, report


def test_a_share_keeps_its_interval_and_its_number_of_photos():
    row, = measured({"top1": wilson(9, 10).to_json(), "ece": 0.1})
    assert (row.value, row.n) == (0.9, 10)
    assert row.low < 0.9 < row.high


def test_what_evaluation_writes_is_what_the_card_reads():
    answered = Answered(np.eye(2), np.arange(2), np.array([True, False]), np.zeros(0, bool))
    rows = {row.name: row for row in measured(report(answered, ["a", "b"], ["A", "B"]))}
    assert rows["first answer right (top-1)"].value == 1.0
    assert rows['known things answered "none"'].value == 0.5
    assert rows['other things answered "none"'].value is None


def test_a_weak_certificate_is_told_with_its_classes():
    split = Certificate(leaks="no leaks", weak=("jar", "fan"), kept_in_train=("cup",), untested=("bow",))
    said = promises(split.to_json())
    assert len(said) == 4
    assert said[1].startswith("weak: same burst on both sides: jar, fan.")
    assert "cup" in said[2]
    assert "bow" in said[3]


def test_no_certificate_promises_nothing():
    assert promises({}) == ()


def test_a_threshold_is_told_with_what_it_rests_on(tmp_path):
    Rejection(threshold=1.2345, n=60, by="validation", guarantee="At most 5 % refused, from 60 photos.",
              none_n=7).save(tmp_path)
    said = rejection_words(read_json(tmp_path / "rejection.json"))
    assert "above 1.23." in said
    assert "from 60 photos" in said
    assert "7 photos of other things" in said


def test_a_model_that_refuses_nothing_says_so(tmp_path):
    Rejection().save(tmp_path)
    assert "every photo gets an answer" in rejection_words(read_json(tmp_path / "rejection.json"))
    assert rejection_words({}) == ""


def test_a_bare_folder_gets_a_card_that_admits_it(tmp_path):
    card, classes = write_collection(Collection("b", "Barques", (ClassInfo("b1", "First"),)))
    (tmp_path / "vitrine/collection").mkdir(parents=True)
    (tmp_path / "vitrine/collection/card.md").write_text(card)
    (tmp_path / "vitrine/collection/classes.yaml").write_text(classes)
    words = model_folder_card(tmp_path, "out/model")
    assert "Not measured." in words
    assert "No leak certificate" in words


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_broken_file_is_named(tmp_path, text):
    (tmp_path / "metrics.json").write_text(text)
    with pytest.raises(BadModel, match=r"metrics\.json"):
        read_json(tmp_path / "metrics.json")
    assert json.dumps(read_json(tmp_path / "none.json")) == "{}"
