"""Classes change at the table: everybody sees it at once, it is on disk, and every step can be
taken back."""

import pytest
from ulid import ULID

from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from tests.fixtures.light_table import TellingOpinions, small_dataset


@pytest.fixture
def open_again(tmp_path):
    laid = small_dataset(tmp_path / "set", 12)
    return lambda: LightTable(laid.newest(), Journal(tmp_path / "journal"), TellingOpinions)


@pytest.fixture
def table(open_again):
    return open_again()


def move(do, item=None, **more):
    return {"id": str(ULID()), "do": do, **({"key": item["key"]} if item else {}), **more}


def classes_of(table):
    return {info.id: info.title for info in table.records.collection.classes}


def test_classes_are_merged_renamed_and_described_and_every_step_is_taken_back(table, open_again):
    photo = next(iter(table.records.photos))
    table.act("ann", [[move("relabel", image_id=photo, label="red-grid")]])
    table.act("ann", [[move("merge_class", label_before="red-grid", label="harbour")]])
    assert table.book.labels[photo].label == "harbour" and "red-grid" not in classes_of(table)
    text = move("edit_card", label="harbour", card={"summary": "New."}, before={})
    table.act("ann", [[move("rename_class", label="harbour", title="Low Moon"), text]])
    assert classes_of(open_again())["harbour"] == "Low Moon", "kept on disk"
    assert open_again().records.collection.info("harbour").summary == "New."
    assert table.look("ann")["undo"] == 3
    table.act("ann", [[move("undo")]])
    info = table.records.collection.info("harbour")
    assert (info.title, info.summary) == ("Harbour at Low Moon", "A night harbour with a red quay.")
    table.act("ann", [[move("undo")], [move("undo")]])
    assert table.book.labels[photo].label == "harbour" and "red-grid" in classes_of(table)
    assert table.look("ann")["undo"] == 0


def test_an_added_class_that_others_use_by_now_does_not_stand_in_the_way_of_undo(table):
    item = table.look("ann")["items"][0]
    table.act("ann", [[move("keep", item)], [move("add_class", title="New")]])
    table.act("bob", [[move("relabel", image_id=list(table.records.photos)[5], label="New")]])
    after = table.act("ann", [[move("undo")]])
    assert after["outcomes"] == [{"ok": True, "back": [item["key"]]}] and "New" in classes_of(table)
