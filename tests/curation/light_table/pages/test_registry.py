"""Pages beside the photos: only for people who signed in, the owner's only for the owner."""

import re
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from curation.light_table import routes as tab
from curation.light_table.pages.page import Page
from curation.light_table.pages.registry import pages_of
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from tests.fixtures.light_table import small_dataset

MARK = {"X-Vitrine": "light-table"}
KEPT = Page(
    "kept", "Kept", lambda who, asked: {"who": who, **asked}, lambda who, wanted: {"wanted": wanted}
)
MONEY = Page("money", "Money", lambda who, asked: {}, lambda who, wanted: {}, of_owner=True)


@pytest.fixture
def page(tmp_path, monkeypatch):
    table = LightTable(small_dataset(tmp_path / "set", 6), Journal(tmp_path / "journal"))
    monkeypatch.setattr(tab, "pages_of", lambda *given: {"kept": KEPT, "money": MONEY})
    app = FastAPI()
    who = lambda request: request.headers.get("x-name")  # noqa: E731
    app.include_router(tab.light_table_router(table, who, is_owner=lambda name: name == "olga"))
    return TestClient(app)


def test_a_page_knows_who_asks_and_for_what(page):
    answer = page.get("/light-table/page/kept?class=harbour", headers={"X-Name": "ann"})
    assert answer.json() == {"who": "ann", "class": "harbour"}


def test_a_button_reaches_its_page(page):
    answer = page.post("/light-table/page/kept", json={"do": "x"}, headers={"X-Name": "ann"} | MARK)
    assert answer.json() == {"wanted": {"do": "x"}}


@pytest.mark.parametrize("path", ["pages", "page/kept"])
def test_nobody_reads_a_page_without_signing_in(page, path):
    assert page.get(f"/light-table/{path}").status_code == 401


def test_another_site_cannot_press_a_button(page):
    assert (
        page.post("/light-table/page/kept", json={}, headers={"X-Name": "ann"}).status_code == 403
    )


def test_the_owners_pages_are_the_owners(page):
    assert page.get("/light-table/page/money", headers={"X-Name": "ann"}).status_code == 403
    assert (
        page.post("/light-table/page/money", json={}, headers={"X-Name": "ann"} | MARK).status_code
        == 403
    )
    assert page.get("/light-table/page/money", headers={"X-Name": "olga"}).status_code == 200


def test_the_menu_lists_what_somebody_may_open(page):
    named = {
        name: [
            row["name"] for row in page.get("/light-table/pages", headers={"X-Name": name}).json()
        ]
        for name in ("ann", "olga")
    }
    assert named == {"ann": ["kept"], "olga": ["kept", "money"]}


def test_a_page_that_does_not_exist_is_a_sentence(page):
    answer = page.get("/light-table/page/cellar", headers={"X-Name": "ann"})
    assert (answer.status_code, answer.json()["error"]) == (
        404,
        "The light table has no such page.",
    )


def test_every_page_has_its_screen_and_every_screen_its_page(tmp_path):
    table = LightTable(small_dataset(tmp_path / "set", 6), Journal(tmp_path / "journal"))
    rounds = SimpleNamespace(show=None, act=None)
    screens = {path.stem for path in (tab.STATIC / "pages").glob("*.js")}
    # page.js is what screens have in common
    assert set(pages_of(table, rounds=rounds)) == screens - {"page"}


def test_a_page_is_added_in_the_registry_and_nowhere_else():
    screens = {path.stem for path in (tab.STATIC / "pages").glob("*.js")} - {"page"}
    table = (tab.STATIC / "light_table.js").read_text("utf-8")
    assert not [name for name in screens if f"opened?.{name}" in table or f"opened.{name}" in table]
    app = (tab.STATIC.parents[2] / "space" / "app.py").read_text("utf-8")
    assert not re.search(r"\bPage\(", app)
