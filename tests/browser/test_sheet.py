"""All photos: search, filter, select and decide, as an annotator does; and the address keeps it."""

import numpy as np
import pytest

from curation.light_table.session.table import LightTable
from curation.scan.remembered import NothingRemembered
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import open_dataset
from tests.fixtures.axe import findings
from tests.fixtures.light_table_page import (
    all_kept,
    labels_in,
    photo_on_screen,
    wait_for_photo,
)
from tests.fixtures.screens import faults

ROOT = "vitrine-light-table"
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


def sit(page):
    photo_on_screen(page)
    page.keyboard.press("b")
    page.wait_for_selector(f"{ROOT} .long-sheet .cell img[src]")
    return page.locator(f"{ROOT} .long-sheet .cell:not([hidden])")


def many(page, words):
    page.wait_for_selector(f"{ROOT} .sheet-top .lab:text-is('{words}')")


def test_photos_are_filtered_selected_and_named_and_one_key_takes_it_back(url, folder, open_page):
    page = open_page(url)
    cells = sit(page)
    many(page, "60 photos")
    page.locator(f"{ROOT} .facet-value", has_text="doubtful label").click()
    many(page, "39 of 60 photos")
    page.wait_for_selector(f"{ROOT} .held:has-text('1 photo of the sealed test is not shown')")
    cells.nth(0).click()
    cells.nth(2).click(modifiers=["Shift"])
    page.wait_for_selector(f"{ROOT} .picked:text-is('3 selected')")
    page.keyboard.press("2")
    many(page, "36 of 60 photos")
    all_kept(page)
    given = [one.label for one in labels_in(folder).values()].count("harbour-study")
    assert given == 3
    page.keyboard.press("Backspace")
    many(page, "39 of 60 photos")


def test_the_address_keeps_filters_and_order_through_a_reload_and_a_step_back(url, open_page):
    page = open_page(url)
    sit(page)
    page.keyboard.press("f")
    page.keyboard.type("1.png")
    many(page, "6 of 60 photos")
    page.locator(f"{ROOT} .sheet-top select").select_option("name")
    page.wait_for_function("location.hash.includes('sort=name')")
    page.reload()
    many(page, "6 of 60 photos")
    page.go_back()
    many(page, "6 of 60 photos")
    assert "sort" not in page.evaluate("location.hash")


def test_any_photo_opens_by_itself_and_escape_leads_back(url, open_page):
    page = open_page(url)
    cells = sit(page)
    cells.nth(1).dblclick()
    page.wait_for_selector(f"{ROOT} .mat img")
    assert "photo?id=" in page.evaluate("location.hash")
    first = photo_on_screen(page)
    page.keyboard.press("ArrowRight")
    assert wait_for_photo(page, first) != first
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{ROOT} .long-sheet .cell img[src]")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 800}], ids=["phone", "wide"])
def test_no_word_of_the_sheet_is_faint_or_beyond_the_window(url, open_page, size, dark):
    page = open_page(f"{url}#/light-table/sheet", reduced_motion="reduce", **size)
    page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
    page.wait_for_selector(f"{ROOT} .long-sheet .cell img[src]")
    assert not any(faults(page).values()), faults(page)
    assert findings(page) == []


def test_only_what_is_in_sight_exists_and_tiles_come_back(url, open_page):
    page = open_page(url, **PHONE)
    photo_on_screen(page)
    page.locator(f"{ROOT} .act.more").click()
    page.locator(f"{ROOT} dialog button", has_text="All photos").click()
    page.wait_for_selector(f"{ROOT} .long-sheet .cell img[src]")
    tiles = page.locator(f"{ROOT} .long-sheet .cell")
    first = tiles.count()
    assert first < 60
    page.locator(f"{ROOT} .body").evaluate("body => body.scrollTo(0, 1e6)")
    page.wait_for_selector(f"{ROOT} .cell[data-place='59'] img[src]")
    assert tiles.count() <= first + 9


def test_one_decision_is_taken_back_from_the_history_and_put_back(url, folder, open_page):
    page = open_page(url)
    cells = sit(page)
    cells.nth(0).click()
    page.keyboard.press("3")
    all_kept(page)
    page.keyboard.press("Escape")
    page.locator(f"{ROOT} .menu button", has_text="History").click()
    page.locator(f"{ROOT} .past button", has_text="Take back").first.click()
    page.locator(f"{ROOT} .past button", has_text="Put back").wait_for()
    assert "red-grid" not in [one.label for one in labels_in(folder).values()]
    page.locator(f"{ROOT} .past button", has_text="Put back").click()
    page.locator(f"{ROOT} .past button", has_text="Take back").wait_for()
    assert "red-grid" in [one.label for one in labels_in(folder).values()]


class Placed(NothingRemembered):
    """Photos along a line, each like its neighbours."""

    def embeddings(self, ids):
        turns = np.arange(len(ids)) / len(ids) * 3
        return list(ids), np.stack([np.cos(turns), np.sin(turns), turns], axis=1)

    def places(self, dataset):
        ids = list(dataset.photos())
        return ids, np.stack([np.linspace(-1, 1, len(ids))] * 2, axis=1).astype(np.float32)


@pytest.fixture
def placed(folder, tables):
    journal = Journal(folder.parent / "journal")
    return tables(LightTable(open_dataset(str(folder)), journal, remembered=Placed()))


def test_a_lasso_on_the_map_lays_photos_on_the_sheet_and_m_finds_more(placed, open_page):
    page = open_page(placed)
    photo_on_screen(page)
    page.locator(f"{ROOT} .menu button", has_text="Map").click()
    box = page.locator(f"{ROOT} canvas.points").bounding_box()
    page.keyboard.press("l")
    left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(left - 200, top - 200)
    page.mouse.down()
    for x, y in ((left, top - 200), (left, top), (left - 200, top)):
        page.mouse.move(x, y, steps=3)
    page.mouse.up()
    page.keyboard.press("Enter")
    cells = page.locator(f"{ROOT} .long-sheet .cell:not([hidden])")
    cells.nth(0).wait_for()
    some = cells.count()
    assert 5 <= some <= 40
    cells.nth(1).click()
    page.keyboard.press("m")
    page.wait_for_function("location.hash.includes('like=')")
    page.locator(f"{ROOT} .rail .like").wait_for()
