"""Screens that no other test walks through, at every size: the report, the way in, the offline sheet,
the map. axe-core has nothing to say, nothing is lost, and a thumb hits everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import open_dataset
from data_cards.photos.image import encode_jpeg
from space.pages import write_pages
from tests.browser.conftest import Door
from tests.browser.test_accessibility import SMALLER_THAN_A_THUMB
from tests.browser.test_sheet import Placed
from tests.fixtures.axe import findings
from tests.fixtures.screens import faults
from tests.fixtures.static_site import StaticSite
from tests.fixtures.tiny_models import picture
from train.evaluation.report_page import AskedPhoto, Examined, report_page, shown_photos
from train.evaluation.results import Answered, report

ROOT = "vitrine-light-table"
SIZES = [(320, 568, "light"), (390, 844, "dark"), (844, 390, "light"), (1280, 800, "dark")]
every_size = pytest.mark.parametrize(("width", "height", "scheme"), SIZES)


def wrong_with(page: Any) -> list[str]:
    """What is wrong with the page as it stands, a line each."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    width = page.viewport_size["width"]
    found = [f"{wide} wide"] if wide > width else []
    found += [f"{kind}: {one}" for kind, all in faults(page).items() for one in all]
    if width < 900:
        found += [f"thumb: {one}" for one in page.evaluate(SMALLER_THAN_A_THUMB)]
    return found + findings(page)


@pytest.fixture(scope="module")
def made(tiny_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticSite]:
    """The page with the release in it, and a report beside it."""
    out = tmp_path_factory.mktemp("sizes")
    write_pages(str(tiny_release), "", out, out / "cache")
    (out / "report.html").write_text(a_report(), encoding="utf-8")
    site = StaticSite(out)
    yield site
    site.close()


def a_report() -> str:
    """A report in which everything is shown that may be: mistakes, refusals, curves."""
    titles = {"agra": "Agra Fort", "charminar": "Charminar", "hampi": "The ruins of Hampi"}
    classes = list(titles)
    rows = [("agra", "agra", 0.9), ("agra", "charminar", 0.97), ("hampi", "charminar", 0.6)] * 4
    photos = [AskedPhoto(f"{n:064x}", *row, refused=n == 5) for n, row in enumerate(rows)]
    chances = np.full((len(rows), 3), 0.01)
    for row, photo in enumerate(photos):
        chances[row, classes.index(photo.answered)] = photo.chance
    truth = np.array([classes.index(photo.truth) for photo in photos], int)
    refused = np.array([photo.refused for photo in photos])
    given = (np.ones(4, bool), np.linspace(0, 1, len(rows)), np.ones(4))
    metrics = report(Answered(chances, truth, refused, *given), classes, list(titles.values()))
    made = {
        "dataset_revision": "abc123def456789",
        "made_at": "2026-11-21T10:00:00",
        "training": {"seed": 7},
    }
    card = {"leaks": "0 of 12 test photos have a near-copy in train", "threshold": 0.9, "seed": 7}
    pictures = dict.fromkeys(shown_photos(photos), encode_jpeg(picture(1, 5)))
    return report_page(Examined("Forts and gates", metrics, card, made, photos, pictures))


@every_size
def test_the_report(open_page: Any, made: StaticSite, width: int, height: int, scheme: str) -> None:
    # Its own policy runs no script, axe-core's neither.
    page = open_page(f"{made.url}report.html", width, height, color_scheme=scheme, bypass_csp=True)
    assert wrong_with(page) == []


@every_size
def test_the_offline_sheet_before_while_and_after_it_is_fetched(
    open_page: Any, made: StaticSite, width: int, height: int, scheme: str
) -> None:
    page = open_page(made.url, width, height, color_scheme=scheme, reduced_motion="reduce")
    page.route("**/weights.gz*", lambda route: route.abort())
    page.get_by_role("button", name="Offline").click()
    load = page.get_by_role("button", name="Download")
    load.wait_for()
    found = {"before": wrong_with(page)}
    load.click()
    page.get_by_text("The download stopped").wait_for()
    found["stopped"] = wrong_with(page)
    page.unroute("**/weights.gz*")
    load.click()
    page.get_by_role("button", name="Remove").wait_for()
    found["kept"] = wrong_with(page)
    assert {name: what for name, what in found.items() if what} == {}


@every_size
def test_the_way_into_the_light_table(
    open_page: Any, tables: Callable[..., str], table: Any, width: int, height: int, scheme: str
) -> None:
    door = Door()
    door.name = None
    page = open_page(
        tables(table, door), width, height, color_scheme=scheme, reduced_motion="reduce"
    )
    page.locator(f"{ROOT} input[name=password]").wait_for()
    assert wrong_with(page) == []


def on_a_map(folder: Path) -> LightTable:
    """A light table whose photos have places."""
    journal = Journal(folder.parent / "journal")
    return LightTable(open_dataset(str(folder)), journal, remembered=Placed())


@every_size
def test_the_map(
    open_page: Any, tables: Callable[..., str], folder: Path, width: int, height: int, scheme: str
) -> None:
    page = open_page(
        f"{tables(on_a_map(folder))}#/light-table/map",
        width,
        height,
        color_scheme=scheme,
        reduced_motion="reduce",
        has_touch=width < 900,
        is_mobile=width < 900,
    )
    page.locator(f"{ROOT} canvas.points").wait_for()
    assert wrong_with(page) == []
