"""The map at the table: places and colours of what this person may see."""

import base64

import numpy as np
import pytest

from curation.light_table.pages.map import Map
from curation.light_table.pages.sheet import Sheet
from curation.light_table.session.table import LightTable
from curation.scan.remembered import NothingRemembered
from data_cards.annotations.journal import Journal
from tests.fixtures.light_table import small_dataset


class Placed(NothingRemembered):
    """Everything along a line, but for one photo that is new."""

    def places(self, dataset):
        ids = list(dataset.photos())[:-1]
        line = np.linspace(-1, 1, len(ids), dtype=np.float32)
        return [*ids, "gone"], np.stack([np.append(line, 0)] * 2, axis=1)


def page(tmp_path, remembered):
    data = small_dataset(tmp_path / "set", 12, sealed=2)
    table = LightTable(data, Journal(tmp_path / "journal"), remembered=remembered)
    return Map(table, Sheet(table, lambda name: name == "olga")), table


def unpacked(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


@pytest.fixture
def laid(tmp_path):
    return page(tmp_path, Placed())


def test_every_photo_but_those_of_the_sealed_test_has_a_place(laid):
    shown, table = laid[0].show("ann", {}), laid[1]
    ids = unpacked(shown["ids"], np.uint8).reshape(-1, 32)
    named = {row.tobytes().hex() for row in ids}
    assert named == {i for i in list(table.records.photos)[:-1] if not table.records.is_sealed(i)}
    assert unpacked(shown["places"], "<i2").size == 2 * len(ids)
    assert shown["held"].startswith("2 photos") and shown["without"].startswith("1 photo is not")


def test_colours_have_a_code_for_each_point_and_the_split_is_the_owners(laid):
    for who, names in (
        ("ann", ["class", "status", "doubt"]),
        ("olga", ["class", "status", "split", "doubt"]),
    ):
        colours = laid[0].show(who, {})["colours"]
        assert [one["id"] for one in colours] == names
        assert {unpacked(one["codes"], "<i2").size for one in colours} == {9}


def test_what_is_pointed_out_comes_with_a_sentence(laid):
    marks = {one["id"]: one for one in laid[0].show("ann", {})["marks"]}
    assert set(marks) == {"copies", "doubts"}
    assert all(mark["sentence"] and max(mark["points"]) < 9 for mark in marks.values())


def test_without_a_scan_it_is_said_what_it_takes(tmp_path):
    shown = page(tmp_path, NothingRemembered())[0].show("ann", {})
    assert "vitrine scan" in shown["problem"] and shown["ids"] == ""


def test_places_are_read_once_while_the_photos_stay_and_again_until_each_has_one(tmp_path):
    asked = []

    class Counting(Placed):
        def places(self, dataset):
            asked.append(1)
            ids, places = Placed.places(self, dataset)
            return (list(dataset.photos()), places) if len(asked) > 1 else (ids, places)

    shown, _ = page(tmp_path, Counting())
    withouts = [shown.show("ann", {})["without"] for _ in range(3)]
    assert withouts == ["1 photo is not on the map yet: the next scan places them.", "", ""]
    assert len(asked) == 2


def test_as_many_labels_are_pointed_out_as_are_asked_about(laid):
    page, table = laid
    records, queue = table.records, table.queue

    def asked():
        return {
            item.image_id
            for item in queue.items.values()
            if item.pile == "labels" and not queue.is_settled(item.key, "ann")
            if not records.is_sealed(item.image_id)
        }

    def pointed_out():
        shown = page.show("ann", {})
        ids = unpacked(shown["ids"], np.uint8).reshape(-1, 32)
        marks = {one["id"]: one["points"] for one in shown["marks"]}
        return {ids[point].tobytes().hex() for point in marks.get("doubts", [])}

    placed = set(list(records.photos)[:-1])
    assert pointed_out() == asked() & placed
    one = sorted(asked() & placed)[0]
    move = {
        "id": "01JDAAAAAAAAAAAAAAAAAAAAA1",
        "do": "keep",
        "key": f"labels/{one}",
        "image_id": one,
    }
    assert table.act("ann", [[move]])["outcomes"][0]["ok"]
    assert pointed_out() == asked() & placed and one not in pointed_out()
