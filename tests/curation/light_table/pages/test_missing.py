"""The page of what is missing: it follows every decision, and shows what is meant."""

import pytest

from curation.light_table.pages.missing import Missing
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from tests.fixtures.light_table import TellingOpinions, small_dataset


@pytest.fixture
def table(tmp_path):
    return LightTable(
        small_dataset(tmp_path / "set", 12), Journal(tmp_path / "journal"), TellingOpinions
    )


def test_a_class_without_a_photo_is_wished_for_until_one_has_its_label(table):
    page = Missing(table)
    before = {
        wish["sentence"].split("*")[1]
        for wish in page.show("ann", {})["wishes"]
        if "no photo yet" in wish["sentence"]
    }
    assert before == {"Harbour, First Study", "Red <b>Grid</b>"}
    photo = next(iter(table.records.photos))
    table.act("ann", [[{"id": "0" * 26, "do": "relabel", "image_id": photo, "label": "red-grid"}]])
    wishes = page.show("ann", {})["wishes"]
    assert any(wish["sentence"].startswith("*Red <b>Grid</b>*: only one photo") for wish in wishes)
    assert {"sentence", "pictures"} == set(wishes[0])
    assert [wish["pictures"] for wish in wishes if "only one" in wish["sentence"]] == [
        [f"photo/{photo}"]
    ]


def test_the_reference_picture_shows_what_to_take(table):
    for photo in table.records.photos:
        table.act(
            "ann",
            [[{"id": photo[:26].upper(), "do": "relabel", "image_id": photo, "label": "red-grid"}]],
        )
    wishes = Missing(table).show("ann", {})["wishes"]
    assert ["reference/harbour"] in [wish["pictures"] for wish in wishes]


def test_the_list_is_there_as_text_and_says_that_nobody_scanned(table):
    shown = Missing(table).show("ann", {})
    assert shown["text"].startswith(
        "Room 12: what to photograph\n1. Harbour, First Study: no photo yet."
    )
    assert not shown["is_scanned"] and shown["unlabelled"] == 0
