"""The grid: everything under one label, the doubtful first."""

import pytest

from curation.journal import Journal
from curation.light_table.table import LightTable
from tests.light_table import small_dataset


@pytest.fixture
def table(tmp_path):
    return LightTable(small_dataset(tmp_path / "set", 12), Journal(tmp_path / "journal"))


def test_doubtful_photos_come_first_with_what_they_might_be(table):
    grid = table.grid("ann", "harbour")
    doubts = [cell["doubt"] for cell in grid["cells"]]
    assert doubts[:8] == sorted(doubts[:8], reverse=True)
    assert doubts[8:] == [None] * 4
    assert grid["cells"][0]["suggested"]["title"] == "Harbour, First Study"
    assert {choice["id"] for choice in grid["choices"]} == {"harbour-study", "red-grid"}


def test_a_class_that_no_photo_wears_gives_an_empty_grid(table):
    assert table.grid("ann", "red-grid")["cells"] == []
