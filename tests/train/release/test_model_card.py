"""The card says what the files say, and admits what they do not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from data_cards.dataset.collection import ClassInfo, Collection, write_collection
from data_cards.errors import BadModel
from train.evaluation.label_value import Effort
from train.evaluation.results import Answered, report
from train.evaluation.rounds import Round, Story, settle
from train.inference.model_folder import read_json
from train.release.model_card import (
    calibrated,
    effort,
    measured,
    model_folder_card,
    promises,
    rounds_told,
)
from train.splits.certificate import NOTHING_MEASURED, Certificate
from train.statistics.metrics import wilson
from train.statistics.paired import paired
from train.uncertainty.rejection import Rejection, rejection_words, strangers_words


def test_a_share_keeps_its_interval_and_its_number_of_photos():
    (row,) = measured({"top1": wilson(9, 10).to_json(), "ece": 0.1})
    assert (row.value, row.n) == (0.9, 10)
    assert row.low < 0.9 < row.high


def test_what_evaluation_writes_is_what_the_card_reads():
    answered = Answered(np.eye(2), np.arange(2), np.array([True, False]), np.zeros(0, bool))
    rows = {row.name: row for row in measured(report(answered, ["a", "b"], ["A", "B"]))}
    assert rows["first answer right (top-1)"].value == 1.0
    assert rows['known things answered "none"'].value == 0.5
    assert rows['other things answered "none"'].value is None


def test_a_weak_certificate_is_told_with_its_classes():
    split = Certificate(
        leaks="no leaks", weak=("jar", "fan"), kept_in_train=("cup",), untested=("bow",)
    )
    said = promises(split.to_json())
    assert len(said) == 4
    assert said[1].startswith("weak: same burst on both sides: jar, fan.")
    assert "cup" in said[2]
    assert "bow" in said[3]


def test_where_nothing_could_be_tested_the_card_says_so_and_no_more():
    said = promises(Certificate(leaks=NOTHING_MEASURED, untested=("a", "b")).to_json())
    assert len(said) == 1 and "nothing can be measured" in said[0]


def test_a_line_on_logits_is_told_without_the_word_of_another_measure():
    said = rejection_words({"threshold": -3.0, "by_logits": True, "guarantee": "No guarantee."})
    assert "Mahalanobis" not in said and said.endswith("No guarantee.")


def test_no_certificate_promises_nothing():
    assert promises({}) == ()


def test_a_threshold_is_told_with_what_it_rests_on(tmp_path):
    Rejection(
        threshold=1.2345,
        n=60,
        by="validation",
        guarantee="At most 5 % refused, from 60 photos.",
        none_n=7,
    ).save(tmp_path)
    said = rejection_words(read_json(tmp_path / "rejection.json"))
    assert "above 1.23." in said
    assert "from 60 photos" in said
    assert "7 photos of other things" in said


def test_the_card_says_how_many_strangers_are_named_and_what_the_owner_asked_for():
    said = strangers_words({"strangers_n": 40, "strangers_named": 0.03, "wanted": 0.05})
    assert (
        "at most 5 may be named. Of 100 photos of strangers' objects about 3 would be named: each "
        "of 40" in said
    )
    assert "taken away" in strangers_words(
        {"strangers_n": 40, "strangers_named": 0.03, "by_logits": True}
    )
    assert "could not be simulated" in strangers_words(
        {"strangers_n": 0, "strangers_named": None, "wanted": 0.05}
    )
    assert strangers_words({}) == ""


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


def write_model(folder):
    card, classes = write_collection(Collection("b", "Barques", (ClassInfo("b1", "First"),)))
    (folder / "vitrine/collection").mkdir(parents=True)
    (folder / "vitrine/collection/card.md").write_text(card)
    (folder / "vitrine/collection/classes.yaml").write_text(classes)


def a_story():
    first = Round(0, "2026-11-20T10:00:00+00:00", "d1", wilson(70, 100), Effort(0))
    found = paired([1] * 70 + [0] * 30, [1] * 85 + [0] * 15)
    return (
        Story()
        .then(first, "")
        .then(
            Round(
                0,
                "2026-11-21T10:00:00+00:00",
                "d2",
                wilson(85, 100),
                Effort(48),
                found=found,
                against=1,
            ),
            "rev-1",
        )
    )


def test_what_a_round_came_to_is_read_without_knowing_rounds(tmp_path):
    first, second = rounds_told(a_story().to_json())
    assert (first.on, first.decisions, first.value, first.served) == ("2026-11-20", 0, 0.7, False)
    assert (second.decisions, second.n, second.served) == (48, 100, True)
    assert second.bought.startswith("The last 48 decisions moved top-1 from 70 % to 85 %")


def test_the_card_compares_with_the_round_before_and_shows_the_chart(tmp_path):
    write_model(tmp_path)
    settle(tmp_path, a_story())
    card = model_folder_card(tmp_path, "you/things")
    assert (
        "## Was cleaning worth it?" in card and "| 2, served | 2026-11-21 | 48 | 85.0 % |" in card
    )
    assert "![Top-1 of each round with its interval](vitrine/charts/rounds.svg)" in card


def test_a_single_round_has_no_story_to_tell(tmp_path):
    write_model(tmp_path)
    settle(tmp_path, Story().then(Round(0, "2026-11-20", "d1", wilson(70, 100)), ""))
    assert "worth it" not in model_folder_card(tmp_path, "you/things")


def test_the_card_says_how_long_training_took_and_on_what_also_after_a_resume():
    once = effort(
        {"machine": "2 x86_64 cores"}, {"seconds": {"train": 640.0}, "epochs": [{"seconds": 500.0}]}
    )
    assert once == (("trained in", "11 min on 2 x86_64 cores"),)
    resumed = effort(
        {}, {"seconds": {"train": 30.0}, "epochs": [{"seconds": 200.0}, {"seconds": 900.0}]}
    )
    assert resumed == (("trained in", "15 min on a machine that was not noted"),)
    assert effort({}, {}) == ()


def test_the_card_says_how_far_confidence_was_off_before_and_after_calibration(tmp_path):
    write_model(tmp_path)
    (tmp_path / "vitrine/calibration.json").write_text(
        '{"n": 60, "ece_before": 0.051, "ece_after": 0.02}'
    )
    assert "5.1 points before calibration, 2.0 after" in model_folder_card(tmp_path, "you/things")
    assert calibrated({"temperature": 1.0, "n": 0}) == ()
