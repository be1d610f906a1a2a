"""All photos: every photo can be reached, decided on and found again, and none tells what is not
this person's to know."""

import numpy as np
import pytest

from curation.light_table.pages.sheet import Sheet
from curation.light_table.session.table import LightTable
from curation.scan.remembered import NothingRemembered
from data_cards.annotations.journal import Journal
from data_cards.errors import MissingFile
from tests.fixtures.light_table import TellingOpinions, small_dataset


@pytest.fixture
def table(tmp_path):
    data = small_dataset(tmp_path / "set", 12, sealed=2)
    return LightTable(data, Journal(tmp_path / "journal"), TellingOpinions)


@pytest.fixture
def sheet(table):
    return Sheet(table, lambda name: name == "olga")


def values(shown, name):
    found = next((one for one in shown["filters"] if one["id"] == name), {"values": []})
    return {one["id"]: one["count"] for one in found["values"]}


def move(table, who, **what):
    outcome = table.act(who, [[what]])["outcomes"][0]
    assert outcome["ok"], outcome


ONE = "01JDAAAAAAAAAAAAAAAAAAAAA1"


def test_every_photo_is_there_flagged_or_not(sheet, table):
    shown = sheet.show("ann", {})
    assert {cell["image_id"] for cell in shown["cells"]} == set(table.records.photos)
    assert values(shown, "status") == {"labelled": 12}


def test_a_window_is_a_part_of_the_same_order(sheet):
    every = sheet.show("ann", {})["cells"]
    part = sheet.show("ann", {"from": "4", "count": "3", "only": "cells"})
    assert part["cells"] == every[4:7] and "filters" not in part


def test_a_sealed_photo_shows_nothing_that_the_model_said(sheet):
    sealed = [cell for cell in sheet.show("ann", {})["cells"] if cell["sealed"]]
    assert len(sealed) == 2
    assert all(cell["doubt"] is None and cell["key"] is None for cell in sealed)


@pytest.mark.parametrize("asked", [{"sort": "doubt"}, {"finding": "labels"}, {"sort": "unsure"}])
def test_what_is_held_back_is_said(sheet, asked):
    shown = sheet.show("ann", asked)
    assert not any(cell["sealed"] for cell in shown["cells"])
    assert shown["held"].startswith("2 photos of the sealed test are not shown here")


def test_only_the_owner_chooses_by_the_side_of_the_split(sheet):
    assert values(sheet.show("olga", {}), "split") == {"train": 10, "test": 2}
    assert values(sheet.show("ann", {}), "split") == {}
    assert sheet.show("ann", {"split": "test"})["total"] == 12


def test_a_decision_moves_a_photo_between_filters_and_says_who_and_when(sheet, table):
    photo = sheet.show("ann", {})["cells"][0]["image_id"]
    move(table, "ann", id=ONE, do="relabel", image_id=photo, label="red-grid")
    shown = sheet.show("ann", {"by": "ann"})
    assert [cell["image_id"] for cell in shown["cells"]] == [photo]
    assert shown["cells"][0]["labelled"]["title"] == "Red <b>Grid</b>"
    assert values(shown, "class") == {"red-grid": 1}
    assert len(values(sheet.show("ann", {}), "when")) == 1


def test_the_version_is_another_one_after_a_decision(sheet, table):
    before = sheet.show("ann", {})
    move(table, "ann", id=ONE, do="junk", image_id=before["cells"][0]["image_id"])
    after = sheet.show("ann", {})
    assert before["version"] != after["version"]
    assert after["cells"][0]["status"] == "junk"


def test_the_classes_given_last_are_under_the_digits(sheet, table):
    photos = list(table.records.photos)
    move(table, "ann", id=ONE, do="relabel", image_id=photos[0], label="red-grid")
    titles = [one["id"] for one in sheet.show("ann", {})["recent"]]
    assert titles[0] == "red-grid" and len(titles) == 3


def test_any_photo_can_be_opened_and_says_where_it_came_from(table):
    quiet = next(i for i in table.records.photos if not table.queue.of_photo(i))
    item = table.item("ann", quiet)
    assert item["why"] == [] and item["labelled"]["id"] == "harbour"
    assert item["history"] == ["imported as Harbour at Low Moon, 3 March 2026"]


def test_a_photo_that_is_asked_about_opens_with_its_question(table):
    asked = next(item for item in table.queue.items.values() if item.pile == "duplicates")
    assert table.item("ann", asked.image_id)["pair"] is not None


def test_a_photo_that_is_gone_is_a_sentence(table):
    with pytest.raises(MissingFile, match="no longer in the collection"):
        table.item("ann", "0" * 64)


@pytest.mark.parametrize("asked", [{"from": "x"}, {"count": "-3"}, {"from": "99999999"}])
def test_a_place_that_is_none_is_answered_all_the_same(sheet, asked):
    assert sheet.show("ann", asked)["total"] == 12


class Looked(NothingRemembered):
    """Embeddings by the place of a photo: neighbours look alike."""

    def embeddings(self, ids):
        turns = np.arange(len(ids)) / len(ids) * 3
        return list(ids), np.stack([np.cos(turns), np.sin(turns), turns], axis=1)


@pytest.fixture
def looked(tmp_path):
    data = small_dataset(tmp_path / "set", 12, sealed=2)
    table = LightTable(data, Journal(tmp_path / "journal"), remembered=Looked())
    return Sheet(table, lambda name: True)


def test_more_like_this_puts_the_asked_one_first_and_holds_the_sealed_back(looked):
    photos = list(looked._table.records.photos)
    shown = looked.show("ann", {"like": photos[5]})
    ids = [cell["image_id"] for cell in shown["cells"]]
    assert ids[0] == photos[5] and len(ids) == 10
    assert shown["held"].startswith("2 photos of the sealed test")


def test_likeness_combines_with_filters_and_negatives(looked):
    photos = list(looked._table.records.photos)
    every = looked.show("ann", {"like": photos[5], "unlike": photos[8]})
    assert photos[8] not in [cell["image_id"] for cell in every["cells"]]
    some = looked.show("ann", {"like": photos[5], "finding": "labels"})
    assert 0 < some["total"] < every["total"]


def test_what_is_like_a_sealed_photo_is_not_told(looked):
    sealed = next(i for i in looked._table.records.photos if looked._table.records.is_sealed(i))
    shown = looked.show("ann", {"like": sealed})
    assert shown["total"] == 0 and "sealed test" in shown["problem"]


def test_without_a_scan_it_is_said_what_it_takes(sheet, table):
    shown = sheet.show("ann", {"like": next(iter(table.records.photos))})
    assert "vitrine scan" in shown["problem"] or "sealed" in shown["problem"]


def test_a_selection_from_elsewhere_is_a_filter_and_says_when_it_is_gone(sheet, table):
    photos = list(table.records.photos)[3:6]
    token = sheet.act("ann", {"do": "pick", "ids": [*photos, "nobody"]})["pick"]
    assert [c["image_id"] for c in sheet.show("ann", {"pick": token})["cells"]] == photos
    gone = sheet.show("ann", {"pick": "0" * 12})
    assert gone["total"] == 0 and "selection has expired" in gone["problem"]


class Sees:
    """Photos fit words the better, the later they came."""

    def __init__(self, ids):
        self.ids = list(ids)

    def scores(self, words):
        return {image_id: n / len(self.ids) for n, image_id in enumerate(self.ids)}


class Words(NothingRemembered):
    def words(self, ids):
        return Sees(ids)


def sheet_with(tmp_path, remembered):
    data = small_dataset(tmp_path / "set", 12, sealed=3)
    table = LightTable(data, Journal(tmp_path / "journal"), remembered=remembered)
    return table, Sheet(table, lambda name: True)


def test_words_rank_photos_by_what_they_show_and_what_is_written_comes_first(tmp_path):
    table, sheet = sheet_with(tmp_path, Words())
    open_ones = [one for one in table.records.photos if not table.records.is_sealed(one)]
    found = sheet.show("ann", {"q": "boats at night"})
    assert [one["image_id"] for one in found["cells"]] == open_ones[::-1]
    assert found["sees"] and found["sort"] == "like"
    assert "3 photos of the sealed test are not shown" in found["held"]
    seventh = next(
        name for name, one in table.records.photos.items() if one.sources[0].path == "harbour/7.png"
    )
    written = sheet.show("ann", {"q": "7.png"})["cells"]
    assert written[0]["image_id"] == seventh and len(written) == 9
    assert sheet.show("ann", {"q": "boats", "sort": "name"})["sort"] == "name"
    assert [one["image_id"] for one in sheet.show("ann", {})["cells"]] == list(table.records.photos)


def test_without_such_a_scan_words_are_looked_for_in_what_is_written(tmp_path):
    _, sheet = sheet_with(tmp_path, NothingRemembered())
    found = sheet.show("ann", {"q": "boats at night"})
    assert found["total"] == 0 and not found["sees"]
