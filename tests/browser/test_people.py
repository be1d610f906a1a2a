"""Two people at two browsers, asked about the same photos without knowing of each other; a third
settles the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.annotations.overlap import Asking
from tests.browser.conftest import Door
from tests.fixtures.light_table import TellingOpinions, small_dataset
from tests.fixtures.light_table_page import all_kept, labels_in, photo_on_screen, wait_for_photo

HOST = "vitrine-light-table"


@pytest.fixture
def sit(
    tmp_path: Path, tables: Callable[..., str], open_page: Callable[..., Any]
) -> Callable[..., Any]:
    """`sit(name)`: somebody sits down at a table where two are asked about every photo."""
    small_dataset(tmp_path / "set", 30)
    from data_cards.dataset.repo import open_dataset

    table = LightTable(
        open_dataset(str(tmp_path / "set")),
        Journal(tmp_path / "journal"),
        TellingOpinions,
        asking=Asking(1.0),
    )

    def begin(name: str, **more: Any) -> Any:
        page = open_page(tables(table, Door(name)), **more)
        photo_on_screen(page)
        return page

    return begin


def leave(page: Any) -> None:
    """Another pile, so that nothing of this one is held any more."""
    page.get_by_role("button", name="near-duplicates").click()
    page.wait_for_selector(f"{HOST} .stage.two")


def words(page: Any, where: str) -> str:
    return page.locator(f"{HOST} {where}").first.inner_text()


def test_two_answer_without_knowing_and_a_third_settles_what_they_differ_on(
    sit: Any, tmp_path: Path
) -> None:
    ann = sit("ann")
    asked = photo_on_screen(ann)
    before = words(ann, ".card")
    ann.keyboard.press("1")  # Harbour, First Study
    wait_for_photo(ann, asked)
    all_kept(ann)
    leave(ann)
    bob = sit("bob")
    assert photo_on_screen(bob) == asked and words(bob, ".card") == before
    assert words(bob, ".progress").startswith("0 of 20")
    bob.keyboard.press("3")  # Red Grid
    wait_for_photo(bob, asked)
    all_kept(bob)
    cy = sit("cy")
    cy.get_by_role("button", name="disagreements").click()
    cy.get_by_text("One person says Harbour, First Study, another says Red <b>Grid</b>.").wait_for()
    assert photo_on_screen(cy) == asked
    assert "ann" not in words(cy, ".history") and "bob" not in words(cy, ".history")
    cy.keyboard.press("2")
    cy.get_by_text("No disagreements are left").wait_for()
    all_kept(cy)
    assert labels_in(tmp_path / "set")[asked].label == "red-grid"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_owner_chooses_how_many_are_asked_and_everybody_sees_their_own_figures(
    sit: Any, width: int
) -> None:
    page = sit("ann", width=width)
    if width < 760:
        page.get_by_role("button", name="more…").click()
    page.get_by_role("button", name="People").click()
    page.get_by_text("No decision yet.").wait_for()
    assert (
        page.get_by_role("radio", name="Two people about every photo").get_attribute("aria-checked")
        == "true"
    )
    page.get_by_role("radio", name="One person per photo").click()
    page.locator(f"{HOST} [aria-checked=true] >> text=One person per photo").wait_for()
    page.keyboard.press("Escape")
    photo_on_screen(page)
