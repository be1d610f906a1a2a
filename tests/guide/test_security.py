"""Each threat of the page on security names tests that are there."""

from __future__ import annotations

import re

from tests.guide.pages import ROOT

PAGE = (ROOT / "docs" / "guide" / "security.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "tests/" in line]


def test_each_threat_has_a_test_that_is_there() -> None:
    assert len(ROWS) > 12
    for row in ROWS:
        named = re.findall(r"`(tests/[\w/.]+)`", row.split("|")[3])
        assert named, row
        assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_page_says_where_to_report() -> None:
    assert "SECURITY.md" in PAGE and (ROOT / "SECURITY.md").is_file()
