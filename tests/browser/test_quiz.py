"""A visitor plays the quiz on a phone; the annotator reads what visitors said beside the photo."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_cards.annotations.journal import Journal, known
from data_cards.dataset.repo import open_dataset
from data_cards.dataset.schema import Finding, Split
from data_cards.dataset.tables import findings_file, splits_file
from data_cards.photos.image import image_id
from tests.browser.test_demo import ASK, PHONE
from tests.fixtures.axe import findings
from tests.fixtures.colours import photo_of
from tests.fixtures.visitors import built, serving, settings_in, small_gallery

DOUBTED = image_id(photo_of("low-moon"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the app keeps its things."""
    return tmp_path_factory.mktemp("quiz")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """The app, with the quiz on; one photo's label is doubted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", os.environ.get("GRADIO_TEMP_DIR", str(folder / "uploads")))
        made = small_gallery(folder / "dataset")
        doubt = Finding(
            DOUBTED, "label", 0.9, "The two harbours.", "low-moon", "first-study", (), "01SCAN"
        )
        files = dict(
            [
                splits_file(Split(name, name, "train") for name in made.photos()),
                findings_file("01SCAN", [doubt]),
            ]
        )
        made.commit(files, "Scan")
        settings = settings_in(folder, dataset=str(folder / "dataset"), quiz=True)
        with serving(built(settings)) as at:
            yield at + "/"


def options(page: Any) -> Any:
    """The three answers."""
    page.locator(f"{ASK} .options:not(:has(:disabled)) button").nth(2).wait_for()
    return page.locator(f"{ASK} .options button")


def test_a_visitor_plays_five_photos_and_the_table_shows_it_as_second_opinions(
    open_page: Any, url: str, folder: Path
) -> None:
    page = open_page(url, **PHONE)
    page.get_by_role("button", name="Quiz", exact=True).click()
    page.get_by_role("button", name="Begin").click()
    for number in range(1, 6):
        page.get_by_text(f"Photo {number} of 5").wait_for()
        assert options(page).count() == 3
        assert page.evaluate(
            """async () => { const image = document.querySelector("vitrine-ask").shadowRoot
                 .querySelector(".asked img"); await image.decode(); return image.naturalWidth; }"""
        )
        if number == 1:
            assert findings(page) == []
        options(page).first.click()
        page.get_by_role("button", name="Next" if number < 5 else "How did I do?").click()
    page.get_by_text("of 4 right").wait_for()
    page.get_by_role("button", name="Close").last.click()
    page.locator(f"{ASK} dialog").wait_for(state="detached")
    said = known(open_dataset(str(folder / "dataset")), Journal(folder / "state" / "journal"))
    assert len(said.opinions) == 5 and not said.decisions
    assert DOUBTED in {one.image_id for one in said.opinions}


def asked(url: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    """Status and answer of a question to the app."""
    request = urllib.request.Request(
        url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("quiz/answer", {"round": "forged", "number": 0, "label": "ochre"}, 404),
        ("quiz/answer", {}, 404),
        ("quiz/answer", [], 422),
        ("quiz/round", "x", 422),
    ],
)
def test_what_is_forged_is_refused_in_a_sentence(url: str, path: str, body: Any, status: int):
    told = asked(url, path, body)
    assert told[0] == status and told[1]["error"]


def test_a_photo_has_no_address_outside_a_round(url: str) -> None:
    for path in ("quiz/photo/forged/0", f"quiz/photo/{DOUBTED}/0", "quiz/photo/x/-1"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url + path)
        assert refused.value.code in (404, 422)
        refused.value.close()
