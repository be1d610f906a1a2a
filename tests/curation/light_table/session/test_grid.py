"""The grid: everything under one label, the doubtful first."""

import pytest

from curation.light_table.session.grid import side_by_side
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from tests.fixtures.light_table import small_dataset


@pytest.fixture
def table(tmp_path):
    return LightTable(small_dataset(tmp_path / "set", 12), Journal(tmp_path / "journal"))


def test_doubtful_photos_come_first_with_what_they_might_be(table):
    grid = table.grid("ann", "harbour")
    doubts = [cell["doubt"] for cell in grid["cells"]]
    assert doubts[0] == max(doubts[:8]) and None not in doubts[:8]
    assert doubts[8:] == [None] * 4
    assert grid["cells"][0]["suggested"]["title"] == "Harbour, First Study"
    assert {choice["id"] for choice in grid["choices"]} == {"harbour-study", "red-grid"}


def test_a_class_that_no_photo_wears_gives_an_empty_grid(table):
    assert table.grid("ann", "red-grid")["cells"] == []


def test_what_may_be_the_same_class_lies_together_and_can_be_had_alone(table):
    names = [
        cell["suggested"]["id"]
        for cell in table.grid("ann", "harbour")["cells"]
        if cell["suggested"]
    ]
    assert names == ["harbour-study"] * 4 + ["red-grid"] * 4
    alone = table.grid("ann", "harbour", "red-grid")
    assert (alone["total"], alone["everything"]) == (4, 12)
    assert {cell["suggested"]["id"] for cell in alone["cells"]} == {"red-grid"}
    assert [(choice["id"], choice["count"]) for choice in alone["choices"]] == [
        ("harbour-study", 4),
        ("red-grid", 4),
    ]


def cells(*names, suggested="grid"):
    return [{"image_id": name, "suggested": {"id": suggested}, "doubt": 0.9} for name in names]


def test_look_alikes_are_neighbours_and_every_photo_is_there_once():
    near = {"a": ["d"], "d": ["a", "f"], "b": ["e"], "e": ["b", "x"]}
    laid = side_by_side(cells("a", "b", "c", "d", "e", "f"), lambda name: near.get(name, ()))
    assert [cell["image_id"] for cell in laid] == ["a", "d", "f", "b", "e", "c"]


def test_photos_of_another_suspicion_never_come_between():
    near = {"a": ["b"]}
    laid = side_by_side(
        [*cells("a"), *cells("b", suggested="study"), *cells("c")], lambda name: near.get(name, ())
    )
    assert [cell["image_id"] for cell in laid] == ["a", "c", "b"]
