"""The owner's page in a browser: train again, watch, compare, release, go back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Page, expect

from curation.light_table.pages.rounds import Rounds
from curation.light_table.routes import light_table_router
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import Changes, open_dataset
from tests.fixtures.light_table import PAGE, small_dataset
from tests.fixtures.retraining import BREAKS, lay_candidate, model_with_rounds, setup_in
from tests.fixtures.stories import story_of
from tests.fixtures.visitors import serving

PATIENCE = 30_000  # ms; the machine may be busy
WIDE = 1280
THUMB = 390


@pytest.fixture
def place(folder: Path, tiny_release: Path) -> Path:
    """A dataset, a model with two rounds, and what a pretended training would lay beside it."""
    home = folder.parent
    shutil.copytree(tiny_release, home / "release")
    model_with_rounds(tiny_release, home / "model")
    (home / "changed").write_text(" ".join(sorted(open_dataset(str(folder)).photos())[:2]))
    return home


@pytest.fixture
def at(place: Path) -> Iterator[dict[str, object]]:
    """Where the page is served: to olga, who owns it, or to whoever is the last of `people`."""
    people = ["olga"]
    table = LightTable(open_dataset(str(place / "set")), Journal(place / "journal"))
    page = Rounds(table, setup_in(place, place / "model"))
    app = FastAPI()
    app.add_api_route("/", lambda: HTMLResponse(PAGE))
    app.include_router(
        light_table_router(table, lambda request: people[-1], is_owner="olga".__eq__, rounds=page)
    )
    with serving(app) as url:
        yield {"url": url + "/", "people": people}
        (place / "gate").unlink(missing_ok=True)
        page.act("olga", {"do": "stop"})


def opened(page: Page) -> Page:
    """The page, from the menu or from the sheet of a phone."""
    menu = page.get_by_role("button", name="Was it worth it?")
    if page.viewport_size["width"] < 760:
        page.get_by_role("button", name="more").click(timeout=PATIENCE)
    menu.first.click(timeout=PATIENCE)
    expect(page.get_by_role("heading", name="Was it worth it?")).to_be_visible(timeout=PATIENCE)
    return page


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words).click(timeout=PATIENCE)


@pytest.mark.parametrize("width", [WIDE, THUMB])
def test_from_training_to_release_and_back(open_page, at, place, width):
    (place / "gate").touch()
    page = opened(open_page(at["url"], width=width))
    press(page, "Train again")
    expect(page.get_by_text("step 3 of 5")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("progressbar")).to_be_visible()
    (place / "gate").unlink()
    expect(page.get_by_role("heading", name="Round 3 waits")).to_be_visible(timeout=PATIENCE)
    expect(
        page.get_by_text("The last 40 decisions moved top-1 from 75 % to 90 %").first
    ).to_be_visible()
    expect(page.get_by_text("Against round 2: 16 photos better, 1 worse.")).to_be_visible()
    press(page, "Release it")
    expect(page.get_by_text("Round 3 · served")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Go back to it").first.click()
    expect(page.get_by_text("Round 2 · served")).to_be_visible(timeout=PATIENCE)
    assert story_of(str(place / "model"), place / "cache").served == 2


def test_a_page_that_is_loaded_again_finds_the_training_and_stops_it(open_page, at, place):
    (place / "gate").touch()
    page = opened(open_page(at["url"]))
    press(page, "Train again")
    expect(page.get_by_text("step 3 of 5")).to_be_visible(timeout=PATIENCE)
    page.goto(page.url.split("#")[0])
    opened(page)
    expect(page.get_by_text("step 3 of 5")).to_be_visible(timeout=PATIENCE)
    press(page, "Stop")
    expect(
        page.get_by_text("It was stopped. If you start it again, it continues where it stopped.")
    ).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Train again")).to_be_enabled()


def test_photos_that_changed_stay_hidden_until_somebody_asks(open_page, at, place):
    lay_candidate(place / "model", place / "release", place / "changed")
    page = opened(open_page(at["url"]))
    shelf = page.locator(".round-shelf img")
    expect(shelf.first).to_be_hidden(timeout=PATIENCE)
    page.get_by_text("Which photos changed").click()
    expect(shelf.first).to_be_visible(timeout=PATIENCE)
    expect(shelf).to_have_count(2)
    assert "Right now, wrong before (1)" in page.locator(".round-waits").inner_text()
    assert "was taken for Red <b>Grid</b>" in page.locator(".round-waits").inner_text()


def test_every_round_stands_in_the_chart_with_its_interval(open_page, at, place):
    lay_candidate(place / "model", place / "release")
    page = opened(open_page(at["url"]))
    chart = page.locator(".round-chart svg")
    expect(chart).to_be_visible(timeout=PATIENCE)
    assert chart.get_attribute("aria-label").endswith("round 1: 70 %, round 2: 75 %, round 3: 90 %")
    assert (
        chart.locator(".interval").count(),
        chart.locator(".served").count(),
        chart.locator(".waits").count(),
        chart.locator(".way").count(),
    ) == (3, 1, 1, 1)


@pytest.mark.parametrize("width", [WIDE, THUMB])
def test_nothing_is_wider_than_the_window(open_page, at, place, width):
    lay_candidate(place / "model", place / "release", place / "changed")
    page = opened(open_page(at["url"], width=width))
    body = page.locator("vitrine-light-table .body")
    assert body.evaluate("body => body.scrollWidth <= body.clientWidth")


def test_whoever_does_not_own_it_does_not_find_it(open_page, at):
    at["people"].append("ann")
    page = open_page(at["url"])
    expect(page.get_by_role("button", name="What is missing")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Was it worth it?")).to_have_count(0)


def test_a_failed_training_says_why(open_page, place, folder):
    table = LightTable(open_dataset(str(folder)), Journal(place / "journal"))
    rounds = Rounds(table, setup_in(place, place / "model", BREAKS))
    app = FastAPI()
    app.add_api_route("/", lambda: HTMLResponse(PAGE))
    app.include_router(light_table_router(table, lambda request: "olga", rounds=rounds))
    with serving(app) as url:
        page = opened(open_page(url + "/"))
        press(page, "Train again")
        expect(page.get_by_text("The disk is full.")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_role("button", name="Train again")).to_be_enabled()


def test_an_owner_whose_table_is_empty_is_led_to_the_training_and_nobody_else_is(place, open_page):
    few = small_dataset(place / "few", 4)
    people = ["olga"]
    few = few.update(
        "Nothing to ask",
        lambda now: Changes(
            delete=tuple(path for path in now.paths if path.startswith("findings/"))
        ),
    )
    table = LightTable(few, Journal(place / "few-journal"))
    page = Rounds(table, setup_in(place, place / "model"))
    app = FastAPI()
    app.add_api_route("/", lambda: HTMLResponse(PAGE))
    app.include_router(
        light_table_router(table, lambda request: people[-1], is_owner="olga".__eq__, rounds=page)
    )
    with serving(app) as url:
        owner = open_page(url + "/")
        owner.locator("vitrine-light-table .empty").get_by_role("button", name="Train again").click(
            timeout=PATIENCE
        )
        expect(owner.get_by_role("heading", name="Was it worth it?")).to_be_visible(
            timeout=PATIENCE
        )
        people.append("ann")
        helper = open_page(url + "/").locator("vitrine-light-table .empty")
        expect(helper.get_by_role("button", name="What is missing")).to_be_visible(timeout=PATIENCE)
        expect(helper.get_by_role("button", name="Train again")).to_have_count(0)
