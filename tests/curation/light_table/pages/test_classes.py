"""The page of classes: what it tells, and what it lets a button do."""

from dataclasses import replace

import pytest
from ulid import ULID

from curation.light_table.pages.classes import ClassList
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.errors import BadDecision
from tests.fixtures.light_table import small_dataset


@pytest.fixture
def table(tmp_path):
    return LightTable(small_dataset(tmp_path / "set", 12, sealed=2), Journal(tmp_path / "journal"))


@pytest.fixture
def page(table):
    return ClassList(table)


def move(do, **more):
    return {"id": str(ULID()), "do": do, **more}


def opened(page, class_id="harbour"):
    return page.show("ann", {"class": class_id})["open"]


def test_every_class_is_there_with_its_count_and_a_picture_where_there_is_one(page):
    seen = {
        info["id"]: (info["count"], info["picture"]) for info in page.show("ann", {})["classes"]
    }
    assert seen == {
        "harbour": (12, "reference/harbour"),
        "harbour-study": (0, None),
        "red-grid": (0, None),
    }


def test_photos_of_the_sealed_test_are_counted_but_cannot_become_the_picture(page, table):
    shown = opened(page)
    assert shown["count"] == 12 and len(shown["photos"]) == 10
    assert not any(table.records.is_sealed(photo) for photo in shown["photos"])


def test_history_says_who_changed_what_and_keeps_what_stood_there(page):
    first = move("edit_card", label="harbour", card={"summary": "New."}, before={})
    page.act(
        "ann",
        {"moves": [move("rename_class", label="harbour", title="Low Moon")], "class": "harbour"},
    )
    page.act("ann", {"moves": [first], "class": "harbour"})
    page.act("bob", {"moves": [move("merge_class", label_before="red-grid", label="harbour")]})
    page.act("bob", {"moves": [move("undo")]})
    lines = [one["line"].split(",")[0] for one in opened(page)["history"]]
    assert lines == [
        "bob put *red-grid* into it",
        "ann changed the description",
        "ann called it *Low Moon*",
    ]
    assert opened(page)["history"][0]["line"].endswith("taken back")
    assert opened(page)["history"][1]["earlier"] == {"summary": "A night harbour with a red quay."}


def test_a_merged_class_is_named_as_it_was_and_asking_for_it_shows_the_list(page):
    after = page.act(
        "ann",
        {
            "moves": [move("merge_class", label_before="red-grid", label="harbour")],
            "class": "harbour",
        },
    )
    assert after["open"]["history"][0]["line"].startswith("ann put *Red <b>Grid</b>* into it, ")
    assert after["open"]["card"]["aliases"] == ["red-grid", "Red <b>Grid</b>", "grid"]
    assert "classes" in page.show("ann", {"class": "red-grid"})


def test_a_new_class_is_opened_at_once(page):
    assert (
        page.act("ann", {"moves": [move("add_class", title="Lighthouse")]})["open"]["title"]
        == "Lighthouse"
    )


def test_a_chosen_photo_is_the_picture_at_once_and_until_it_is_erased(page, table):
    photo = opened(page)["photos"][3]
    page.act(
        "ann",
        {"moves": [move("edit_card", label="red-grid", card={"reference": photo}, before={})]},
    )
    assert opened(page, "red-grid")["picture"] == f"photo/{photo}" and table.records.has_reference(
        "red-grid"
    )
    left = {name: one for name, one in table.records.photos.items() if name != photo}
    table.records = replace(table.records, photos=left)
    assert table.picture_of("red-grid") == "reference/red-grid" and not table.records.has_reference(
        "red-grid"
    )


@pytest.mark.parametrize(
    "wanted", [{}, {"moves": []}, {"moves": "x"}, {"moves": [{"do": "junk", "image_id": "p"}]}]
)
def test_other_moves_are_refused(page, wanted):
    with pytest.raises(BadDecision):
        page.act("ann", wanted)
