"""docs/decisions/adding-things.md: the files that each change opens, and the names in them, are
there."""

from __future__ import annotations

import re

import pytest

from tests.guide.pages import ROOT

PAGE = ROOT / "docs" / "decisions" / "adding-things.md"
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in PAGE.read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| change")
]
FILE = re.compile(r"`([\w/<>]+(?:\.py|\.js|/))`")
NAME = re.compile(r"`([A-Z]\w+)`")


@pytest.mark.parametrize(("change", "opens", "held_by"), ROWS, ids=[row[0] for row in ROWS])
def test_the_files_and_names_of_a_change_are_there(change, opens, held_by):
    files = FILE.findall(opens)
    there = [file for file in files if "<name>" not in file]
    missing = [file for file in (*there, *FILE.findall(held_by)) if not (ROOT / file).exists()]
    assert not missing
    text = "".join((ROOT / file).read_text() for file in there)
    assert [name for name in NAME.findall(opens) if name not in text] == []


@pytest.mark.parametrize(("change", "opens", "held_by"), ROWS, ids=[row[0] for row in ROWS])
def test_a_change_opens_at_most_three_files_of_the_product(change, opens, held_by):
    product = [file for file in FILE.findall(opens) if not file.startswith("tests/")]
    assert 1 <= len(product) <= 3


def test_every_change_has_a_row():
    assert len(ROWS) == 8
