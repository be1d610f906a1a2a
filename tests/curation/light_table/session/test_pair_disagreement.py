"""One says a copy, another says none: both photos lie before whoever settles it."""

import json

import pytest
from ulid import ULID

from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from tests.fixtures.light_table import small_dataset


def move(do, item=None, **more):
    return {"id": str(ULID()), "do": do, **({"key": item["key"]} if item else {}), **more}


@pytest.fixture
def open_again(tmp_path):
    laid = small_dataset(tmp_path / "set", 12)
    return lambda: LightTable(laid.newest(), Journal(tmp_path / "journal"))


@pytest.fixture
def table(open_again):
    """ann called one photo a copy of another, bob said that it is none."""
    table = open_again()
    photo, other = list(table.records.photos)[6:8]
    table.act("ann", [[move("duplicate_of", image_id=photo, other=other)]])
    table.act("bob", [[move("not_duplicate", image_id=other, other=photo)]])
    return table


def conflict(table, who="cy"):
    for name in ("ann", "bob", "cy", "dan"):  # whoever holds one of the photos
        table.queue.let_go(name)
    return next(
        (item for item in table.look(who, "conflicts")["items"] if item["pile"] == "conflicts"),
        None,
    )


def counts(table):
    progress = table.queue.progress("cy", "conflicts")
    return progress.done, progress.total


def status(table, item):
    return table.book.labels[item["image_id"]].status


def test_both_photos_are_shown_and_nobody_is_named(table):
    asked = conflict(table)
    photo, other = list(table.records.photos)[6:8]
    assert (asked["image_id"], asked["pair"]["image_id"]) == (photo, other)
    assert asked["why"] == [
        "One person says that these are copies of one shot, another says that they are not."
    ]
    assert asked["choices"] == [] == asked["shelves"]
    assert not any(name in json.dumps(asked) for name in ('"ann', '"bob', "ann:", "bob:"))


@pytest.mark.parametrize(
    ("do", "turned", "after"),
    [
        ("duplicate_of", False, "duplicate"),
        ("duplicate_of", True, "labelled"),
        ("not_duplicate", False, "labelled"),
        ("keep", None, "labelled"),
    ],
)
def test_a_key_settles_it_for_good_and_undo_opens_it_again(table, open_again, do, turned, after):
    asked = conflict(table)
    named = {"image_id": asked["image_id"], "other": asked["pair"]["image_id"]}
    if turned:
        named = {"image_id": asked["pair"]["image_id"], "other": asked["image_id"]}
    table.act("cy", [[move(do, asked, **({} if turned is None else named))]])
    for laid in (table, open_again()):
        assert conflict(laid) is None and counts(laid) == (1, 1) and status(laid, asked) == after
    back = table.act("cy", [[move("undo")]])
    assert asked["key"] in back["outcomes"][0]["back"] and counts(table) == (0, 1)
    assert conflict(table)["pair"] is not None


def test_who_takes_their_word_back_ends_it(table):
    table.act("bob", [[move("undo")]])
    assert conflict(table) is None and counts(table) == (0, 0)


def test_whoever_is_unsure_leaves_it_to_others(table):
    table.act("cy", [[move("unsure", conflict(table))]])
    assert conflict(table) is None and conflict(table, "dan") is not None


def test_a_disagreement_about_the_label_comes_first_then_that_about_the_pair(table):
    photo = conflict(table)["image_id"]
    for who, label in (("ann", "red-grid"), ("bob", "harbour-study")):
        table.act(who, [[move("relabel", image_id=photo, label=label)]])
    asked = conflict(table)
    assert asked["finding"] == "conflict"
    table.act("cy", [[move("relabel", asked, label="red-grid")]])
    assert conflict(table)["finding"] == "pair"
