"""A model that was trained before classes were merged or renamed is read as they are called
today."""

from __future__ import annotations

import numpy as np
import pytest

from data_cards.annotations.class_edits import changed_collection
from data_cards.annotations.decision import Decision, parse_decision
from tests.fixtures.pictures import collection_of
from train.inference.current_classes import TodaysClasses, as_trained, todays_classes, with_own

ALL = ("a", "b", "c", "d")


def edit(number: int, action: str, label: str = "", **more: str) -> Decision:
    about = {"label": label} if label else {}
    return parse_decision(
        {
            "id": f"01HZZZZZZZZZZZZZZZZZZZZZ{number:02d}",
            "at": f"2026-11-0{number}T00:00:00Z",
            "who": "ann",
            "image_id": "",
            "action": action,
            **about,
            **more,
        }
    )


def merge(number: int, before: str, after: str) -> Decision:
    return edit(number, "merge_class", after, label_before=before)


def undo(number: int, of: Decision) -> Decision:
    return edit(number, "undo", undoes=of.id)


def read(trained: tuple[str, ...], decisions: list[Decision], known: int = 0) -> TodaysClasses:
    """`known`: how many of the decisions the model was trained with."""
    today = changed_collection(collection_of(*ALL), decisions)
    ids = {one.id for one in decisions[:known]}
    return todays_classes(trained, today, decisions, lambda one: one.id in ids)


FIRST = merge(1, "a", "b")
CHAIN = merge(2, "b", "c")
AGAIN = edit(3, "add_class", "a", title="A")
BACK = merge(2, "b", "a")


@pytest.mark.parametrize(
    ("decisions", "known", "trained", "now"),
    [
        ([], 0, ALL, "abcd"),
        ([FIRST], 0, ALL, "bbcd"),
        ([FIRST, CHAIN], 0, ALL, "cccd"),
        ([FIRST, CHAIN], 1, ("b", "c", "d"), "ccd"),
        ([FIRST, undo(2, FIRST)], 0, ALL, "abcd"),
        ([FIRST, undo(2, FIRST)], 1, ("b", "c", "d"), "bcd"),
        ([FIRST, AGAIN], 0, ALL, "bbcd"),
        ([FIRST, AGAIN], 1, ("b", "c", "d"), "bcd"),
        ([FIRST, AGAIN], 2, ALL, "abcd"),
        ([FIRST, AGAIN, merge(4, "a", "d")], 2, ALL, "dbcd"),
        ([FIRST, AGAIN, merge(4, "a", "d")], 0, ALL, "bbcd"),
        ([edit(1, "rename_class", "a", title="Other")], 0, ALL, "abcd"),
    ],
)
def test_what_each_class_of_a_model_is_today(decisions, known, trained, now):
    assert read(trained, decisions, known).now == tuple(now)


def test_chances_of_merged_classes_add_up_and_may_win():
    todays = read(ALL, [FIRST])
    assert todays.ids == ("b", "c", "d")
    merged = todays.merged(np.array([[0.3, 0.25, 0.4, 0.05]]))
    assert merged == pytest.approx(np.array([[0.55, 0.4, 0.05]]))
    assert todays.were("b") == ("a", "b") and todays.of("a") == "b" and todays.of("new") == "new"


def test_without_changes_nothing_is_computed():
    chances = np.eye(4)
    assert as_trained(ALL, collection_of(*ALL)).merged(chances) is chances
    assert read(ALL, []).merged(chances) is chances


def test_a_renamed_class_has_todays_title():
    todays = read(ALL, [edit(1, "rename_class", "a", title="Another name")])
    assert todays.collection.title_of("a") == "Another name"


def test_a_merge_that_is_not_folded_into_the_labels_yet_is_not_read_either():
    assert todays_classes(ALL, collection_of(*ALL), [FIRST], lambda one: False).now == ALL


def test_a_class_that_today_lacks_keeps_its_own_card_and_another_datasets_names_do_not_count():
    own = collection_of("a", "b")
    assert with_own(collection_of("b", "c"), own, ("a", "b")).ids == ("b", "c", "a")
    assert with_own(collection_of("x", "y"), own, ("a", "b")) is own
