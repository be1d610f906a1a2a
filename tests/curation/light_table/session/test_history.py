"""Lines a person reads about a photo's past."""

import pytest

from curation.light_table.session.history import decision_lines, history
from data_cards.annotations.decision import Decision
from data_cards.dataset.schema import Finding, Photo, Source

SOURCE = Source(
    path="a.jpg",
    given_label="moon",
    given_split="test",
    author="Ilse",
    added_at="2026-03-03T10:00:00Z",
)


def lines(source=SOURCE, findings=()):
    return history(Photo("p", 1, 1, (source,)), findings, str.title)


def told(*decisions, stands=True):
    return decision_lines(decisions, lambda one: stands, str.title)


def test_it_says_where_a_photo_came_from():
    assert lines() == ["imported as Moon by Ilse (test split), 3 March 2026"]
    assert lines(Source(origin="visitor", added_at="no date")) == ["sent in by a visitor"]


def test_it_says_who_decided_what_and_whether_it_still_stands():
    word = Decision("1", "2026-04-01T08:00:00Z", "ann", "p", "relabel", label="sun")
    undo = Decision("2", "2026-04-02T08:00:00Z", "ann", "p", "undo", undoes="1")
    assert told(word) == ["ann: said Sun, 1 April 2026 (unasked)"]
    assert told(word, undo, stands=False) == ["ann: said Sun, 1 April 2026 (unasked), taken back"]


def test_one_scan_is_told_once():
    twice = [Finding("p", kind, 0.5, "r", scan_id="01ABCD") for kind in ("label", "quality")]
    assert lines(findings=twice)[1:] == ["flagged by the scan"]


def test_a_question_of_a_training_is_no_scans():
    again = Finding("p", "label", 0.5, "r", scan_id="round-01JD7YQKG0000000000000000A")
    assert lines(findings=[again])[1:] == ["asked again after a training, 21 November 2024"]


def test_who_follows_a_visitor_who_says_none_of_these_said_so():
    word = Decision("1", "2026-04-01T08:00:00Z", "ann", "p", "accept_visitor", label="none")
    assert told(word) == ["ann: said none of these, 1 April 2026 (unasked)"]


def test_the_name_of_a_scan_tells_its_day():
    scan = Finding("p", "label", 0.5, "r", scan_id="01JD7YQKG0000000000000000A")
    asked = Finding("p", "visitor", 0.5, "r", scan_id="01JD7YQKG0000000000000000A")
    assert lines(findings=[scan, asked])[1:] == [
        "flagged by the scan, 21 November 2024",
        "asked about by a visitor, 21 November 2024",
    ]


def test_a_visitors_question_tells_which_model_had_answered():
    asked = Finding("p", "visitor", 0.5, "r", scan_id="x", model_revision="4f1c09aa31")
    assert lines(findings=[asked])[1:] == ["asked about by a visitor (model 4f1c09a had answered)"]


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        (
            {"finding": "01S/label", "model_revision": "4f1c09aa31", "shown": "moon"},
            "model 4f1c09a said Moon",
        ),
        (
            {"finding": "01S/label", "model_revision": "4f1c09aa31", "shown": "none"},
            "model 4f1c09a said none of these",
        ),
        ({"finding": "01S/label", "model_revision": "4f1c09aa31"}, "shown model 4f1c09a"),
        ({"finding": "01S/label"}, "without the model's opinion"),
        ({"finding": "01S/quality", "model_revision": "4f1c09aa31"}, "asked about its quality"),
        ({"finding": "01S/conflict"}, "to settle a disagreement"),
        ({"finding": "01S/pair"}, "to settle a disagreement"),
        ({"finding": "01JD7YQKG0000000000000000A"}, "asked by a visitor"),
        ({}, "unasked"),
    ],
)
def test_it_says_what_a_person_was_shown(more, shown):
    word = Decision("1", "2026-04-01T08:00:00Z", "ann", "p", "relabel", label="sun", **more)
    assert told(word) == [f"ann: said Sun, 1 April 2026 ({shown})"]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("sun", "kept Sun"),
        ("none", "kept none of these"),
        (None, "left it as it was"),
    ],
)
def test_who_kept_a_label_is_told_with_the_label_they_kept(label, words):
    kept = Decision("1", "2026-04-01T08:00:00Z", "ann", "p", "keep", label=label)
    assert told(kept) == [f"ann: {words}, 1 April 2026 (unasked)"]


def test_a_disagreement_is_told_without_names():
    for kind in ("conflict", "pair"):
        assert lines(findings=[Finding("p", kind, 0.5, "r", scan_id="01S")] * 2)[1:] == [
            "two people differ"
        ]
