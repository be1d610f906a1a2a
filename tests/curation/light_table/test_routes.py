"""The routes behind the tab: nothing without a name, nothing from another page, nothing raw."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from ulid import ULID

from curation.light_table.routes import light_table_router
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from tests.fixtures.light_table import small_dataset

MARK = {"X-Vitrine": "light-table"}
ANN = {"X-Name": "ann"}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("light-table")
    return LightTable(small_dataset(folder / "set", 9), Journal(folder / "journal"))


@pytest.fixture
def page(table):
    app = FastAPI()
    app.include_router(light_table_router(table, lambda request: request.headers.get("x-name")))
    return TestClient(app)


def a_photo(table):
    return next(iter(table.records.photos))


@pytest.mark.parametrize(
    "path", ["look", "classes", "grid?label=harbour", "photo/" + "0" * 64, "reference/harbour"]
)
def test_nobody_sees_anything_without_signing_in(page, path):
    answer = page.get(f"/light-table/{path}")
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in")


@pytest.mark.parametrize("path", ["moves", "send"])
def test_nobody_changes_anything_without_signing_in(page, path):
    assert page.post(f"/light-table/{path}", json={"groups": []}, headers=MARK).status_code == 401


@pytest.mark.parametrize("path", ["moves", "send"])
def test_another_page_cannot_act_for_somebody_who_is_signed_in(page, path):
    answer = page.post(f"/light-table/{path}", json={"groups": []}, headers=ANN)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_from_the_page")


def test_a_decision_goes_through_and_comes_back_with_the_next_photo(page):
    item = page.get("/light-table/look", headers=ANN).json()["items"][0]
    group = [{"id": str(ULID()), "do": "junk", "key": item["key"]}]
    after = page.post("/light-table/moves", json={"groups": [group]}, headers=ANN | MARK).json()
    assert after["outcomes"] == [{"ok": True, "back": []}]
    assert after["items"][0]["key"] != item["key"]


@pytest.mark.parametrize("name", ["do", "id", "key", "image_id", "other", "label", "title"])
@pytest.mark.parametrize("value", [[], {}, 5, True, [["junk"]]])
def test_a_move_that_names_something_by_no_text_is_refused_with_a_sentence(page, name, value):
    item = page.get("/light-table/look", headers=ANN).json()["items"][0]
    move = {"id": str(ULID()), "do": "relabel", "key": item["key"], "label": "harbour"} | {
        name: value
    }
    answer = page.post("/light-table/moves", json={"groups": [[move]]}, headers=ANN | MARK)
    [outcome] = answer.json()["outcomes"]
    assert (
        answer.status_code == 200
        and not outcome["ok"]
        and "nothing was changed" in outcome["error"]
    )


NO_MOVES = [
    b"{",
    b"[]",
    b"[" * 100_000,
    b'{"groups": [[{"do": "\\ud800"}]]}',
    b'{"groups": [[{"do": "\xed\xa0\x80"}]]}',
    b'{"groups": 1}',
    b'{"groups": [[]]}',
    b'{"groups": [[1]]}',
    b" " * 2_000_000,
]


@pytest.mark.parametrize("body", NO_MOVES)
def test_what_is_no_list_of_moves_gets_a_sentence(page, body):
    answer = page.post("/light-table/moves", content=body, headers=ANN | MARK)
    assert answer.status_code == 400
    assert "nothing was changed" in answer.json()["error"]


@pytest.mark.parametrize(
    "move",
    [
        {},
        {"id": "1", "do": "junk", "key": "labels/none"},
        {"id": 7, "do": "junk"},
        {"id": str(ULID()), "do": "launch"},
        {"do": "relabel", "key": ["a"]},
        {"do": "junk"},
        {"id": str(ULID()), "do": "merge_class", "label": "red-grid"},
    ],
)
def test_a_move_that_cannot_be_is_refused_and_changes_nothing(page, table, move):
    before = table.book.standing()
    move = {"image_id": a_photo(table), **move}
    answer = page.post("/light-table/moves", json={"groups": [[move]]}, headers=ANN | MARK)
    assert answer.status_code == 200
    assert answer.json()["outcomes"][0]["ok"] is False
    assert table.book.standing() == before


def test_photos_go_out_small_and_stay_private(page, table):
    answer = page.get(f"/light-table/photo/{a_photo(table)}?side=99999", headers=ANN)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content[:3] == b"\xff\xd8\xff"
    assert answer.headers["cache-control"].startswith("private")


@pytest.mark.parametrize("name", ["0" * 64, "../../README.md", "x"])
def test_a_photo_that_is_not_there_is_said_to_be_missing(page, name):
    assert page.get(f"/light-table/photo/{name}", headers=ANN).status_code == 404


def test_the_page_comes_from_its_own_folder_and_nothing_else_does(page):
    assert page.get("/light-table/static/light_table.js").status_code == 200
    assert page.get("/light-table/static/..%2ftab.py").status_code == 404
    assert page.get("/light-table/static/light_table.html").status_code == 404
