"""What is said while there is no model yet, or only a quick one."""

import pytest

from curation.light_table.first_model import (
    LOOK,
    TRAIN,
    Serving,
    for_annotators,
    for_visitors,
    left_in_words,
    measured_in_words,
)

NONE = Serving(missing=True)
QUICK = Serving("r1", provisional="right first time on 91 % of 58 test photos")
USUAL = Serving("r2")
IDLE = {"state": "none"}
FAILED = {"state": "failed", "sentence": "The disk is full."}
STOPPED = {"state": "stopped", "sentence": "It was stopped."}
RUNS = {"state": "running", "left": 200.0}


@pytest.mark.parametrize(
    ("value", "count", "said"),
    [
        (0.914, 58, "right first time on 91 % of 58 test photos"),
        (1.0, 1, "right first time on 100 % of 1 test photo"),
        (None, 0, "not measured, because there are no test photos"),
    ],
)
def test_how_good_a_quick_model_is(value, count, said):
    assert measured_in_words({"value": value, "n": count}) == said


def test_a_release_that_is_not_provisional_has_no_such_words():
    assert measured_in_words(None) == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (0, ", less than a minute left"),
        (60, ", about 1 minute left"),
        (600, ", about 10 minutes left"),
    ],
)
def test_what_is_left_is_told_in_minutes(seconds, said):
    assert left_in_words(seconds) == said


@pytest.mark.parametrize(
    ("serving", "job", "said"),
    [
        (
            NONE,
            IDLE,
            "There is no model yet. The photos are being labelled first; come back in a while.",
        ),
        (
            NONE,
            FAILED,
            "There is no model yet. Training the first one failed; the owner can see why at the light table.",
        ),
        (
            NONE,
            RUNS,
            "There is no model yet. The first one is being trained, about 3 minutes left.",
        ),
        (
            QUICK,
            RUNS,
            "A first, quick model answers: right first time on 91 % of 58 test photos. A better one "
            "is being "
            "trained, about 3 minutes left.",
        ),
        (
            QUICK,
            FAILED,
            "A first, quick model answers: right first time on 91 % of 58 test photos. The better one could not be trained, so this one stays.",
        ),
        (
            NONE,
            STOPPED,
            "There is no model yet. The photos are being labelled first; come back in a while.",
        ),
        (
            QUICK,
            STOPPED,
            "A first, quick model answers: right first time on 91 % of 58 test photos. Training the better one was stopped, so this one stays.",
        ),
        (USUAL, RUNS, ""),
        (USUAL, IDLE, ""),
    ],
)
def test_visitors_are_told_what_answers(serving, job, said):
    assert for_visitors(serving, job) == said


@pytest.mark.parametrize(
    ("labelled", "photos", "lacking", "said", "button"),
    [
        (
            0,
            400,
            "No label.",
            "No model yet: label 20 photos, of two classes or more (0 so far).",
            "",
        ),
        (
            30,
            400,
            "One class.",
            "No model yet: label 20 photos, of two classes or more (30 so far).",
            "",
        ),
        (
            0,
            0,
            "No label.",
            "No photos yet: collect some first (vitrine collect PHOTOS DATASET).",
            "",
        ),
        (0, 6, "No label.", "No model yet: label 6 photos, of two classes or more (0 so far).", ""),
        (12, 400, "", "No model yet: label 20 photos (12 so far).", TRAIN),
        (20, 400, "", "20 photos labelled: the first model can be trained.", TRAIN),
        (6, 6, "", "6 photos labelled: the first model can be trained.", TRAIN),
    ],
)
def test_annotators_are_told_what_is_missing(labelled, photos, lacking, said, button):
    assert for_annotators(NONE, IDLE, labelled, photos, lacking) == {
        "words": said,
        "button": button,
    }


def test_a_training_that_failed_says_why_beside_the_photos():
    assert for_annotators(NONE, FAILED, 30, 40, "")["words"].endswith("The disk is full.")
    assert "could not be trained" in for_annotators(QUICK, FAILED, 30, 40, "")["words"]


def test_while_a_model_is_made_the_button_leads_to_how_far_it_is():
    for serving in (NONE, QUICK):
        assert for_annotators(serving, RUNS, 0, 40, "")["button"] == LOOK


def test_in_ordinary_times_nothing_is_said():
    assert for_annotators(USUAL, RUNS, 0, 40, "") is None
