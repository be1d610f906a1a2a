"""Links between documents lead somewhere, and each index lists its pages."""

from __future__ import annotations

import re

import pytest

from tests.guide.pages import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
INDEXED = ("decisions", "guide", "lab-log")


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_to_our_own_files_lead_somewhere(page):
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    ours = [link for link in links if not link.startswith("mailto:")]
    assert not [link for link in ours if not (page.parent / link).exists()]


@pytest.mark.parametrize("folder", INDEXED)
def test_an_index_lists_every_page_of_its_folder(folder):
    index = (ROOT / "docs" / folder / "README.md").read_text()
    pages = (path.name for path in (ROOT / "docs" / folder).glob("*.md"))
    assert not [name for name in pages if name != "README.md" and f"({name})" not in index]


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_bytes()) <= 8192
