"""Where one is stays where one is: the address, one step back, and nothing that jumps or runs
backwards."""

from __future__ import annotations

from typing import Any

import pytest

from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import Changes
from data_cards.dataset.schema import Finding
from data_cards.dataset.tables import findings_file
from tests.fixtures.light_table import TellingOpinions, small_dataset
from tests.fixtures.light_table_page import all_kept, photo_on_screen

ROOT = "vitrine-light-table"
SHADOW = "document.querySelector('vitrine-light-table').shadowRoot"
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


@pytest.fixture
def own(tables, tmp_path):
    """`own()`: a table of 30 photos at an address of its own."""

    def begin() -> tuple[LightTable, str]:
        data = small_dataset(tmp_path / "set", 30, sealed=1)
        findings = data.findings()
        doubted = [one.image_id for one in findings if one.kind == "label"]
        poor = Finding(doubted[3], "quality", 0.9, "It is almost black.", scan_id="01SCAN")
        files = dict([findings_file("01SCAN", [*findings, poor])])
        data = data.update("Scan", lambda base: Changes(files))
        table = LightTable(data, Journal(tmp_path / "journal"), TellingOpinions)
        return table, tables(table)

    return begin


def at_grid(page: Any) -> None:
    page.locator(f"{ROOT} .sheet-of-cells .cell").first.wait_for()


def test_the_grid_has_an_address_that_reload_and_back_keep(own, open_page):
    page = open_page(own()[1])
    photo_on_screen(page)
    page.keyboard.press(" ")
    page.keyboard.press("g")
    at_grid(page)
    assert page.url.endswith("#/light-table/grid?class=harbour")
    page.keyboard.press("f")
    page.wait_for_url("**suggested=*")
    pressed = page.locator(f"{ROOT} .filters [aria-pressed=true]")
    filtered = pressed.inner_text()
    page.reload()
    at_grid(page)
    assert pressed.inner_text() == filtered and "?" in filtered
    page.go_back()
    page.locator(f"{ROOT} .filters [aria-pressed=true]", has_text="all").wait_for()
    page.keyboard.press("Escape")
    photo_on_screen(page)
    assert "grid" not in page.url


@pytest.mark.parametrize(
    "place", ["grid?class=nowhere", "photo?id=" + "0" * 64, "classes?class=nowhere", "nowhere"]
)
def test_an_address_that_leads_nowhere_leads_to_the_photos(own, open_page, place):
    page = open_page(own()[1] + "#/light-table/" + place)
    page.wait_for_function(f"{SHADOW}.querySelector('.mat img, .empty, .page')")
    assert "isn't responding" not in page.locator(f"{ROOT} .body").inner_text()


def test_escape_takes_back_one_step_at_a_time(own, open_page):
    page = open_page(own()[1])
    photo_on_screen(page)
    page.keyboard.press("z")
    page.locator(f"{ROOT} .mat.zoomed").wait_for()
    page.keyboard.press("Escape")
    page.locator(f"{ROOT} .mat.zoomed").wait_for(state="detached")
    page.locator(f"{ROOT} .shelf .thumb").first.click()
    page.locator(f"{ROOT} .stage.two").wait_for()
    page.keyboard.press("Escape")
    page.locator(f"{ROOT} .stage.two").wait_for(state="detached")
    page.evaluate("location.hash = '#/light-table/classes?class=harbour'")
    page.get_by_role("button", name="Split it").click()
    at_grid(page)
    page.locator(f"{ROOT} .cell").first.click()
    page.keyboard.press("Escape")
    page.locator(f"{ROOT} .cell[aria-selected=true]").wait_for(state="detached")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Split it").wait_for()
    page.keyboard.press("Escape")
    page.locator(f"{ROOT} .class-row").first.wait_for()
    page.keyboard.press("Escape")
    photo_on_screen(page)


def test_enter_adds_the_class_that_add_a_class_was_asked_for(own, open_page):
    page = open_page(own()[1] + "#/light-table/classes")
    for name, by_button in (("Blue Hour", True), ("Green Hour", False)):
        if by_button:
            page.get_by_role("button", name="Add a class").click()
            page.locator(f"{ROOT} dialog input").fill(name)
        else:
            page.get_by_role("searchbox", name="Search a class").fill(name)
        page.keyboard.press("Enter")
        page.locator(f"{ROOT} h2", has_text=name).wait_for()
        page.get_by_role("button", name="All classes", exact=True).click()


def test_junk_leads_where_the_photo_is_poor_whatever_is_asked(own, open_page):
    table, url = own()
    poor = next(key for key in table.queue.items if key.startswith("quality/")).partition("/")[2]
    page = open_page(url + f"#/light-table/photo?id={poor}", **PHONE)
    page.locator(f"{ROOT} .act.main", has_text="junk").wait_for()
    assert page.locator(f"{ROOT} .act.main").first.inner_text().endswith("junk")
    assert "doubtful" not in page.locator(f"{ROOT} h1").inner_text()


def test_on_a_phone_the_header_keeps_its_height_while_somebody_works(own, open_page):
    page = open_page(own()[1], **PHONE)
    photo_on_screen(page)
    page.evaluate(
        f"""window.high = new Set(); const head = {SHADOW}.querySelector('.head');
        new ResizeObserver(() => window.high.add(head.offsetHeight)).observe(head);"""
    )
    for key in ("2", " ", "n", "Backspace", "u", "2"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    all_kept(page)
    assert len(page.evaluate("[...window.high]")) == 1


def test_on_a_phone_the_grid_clips_nothing(own, open_page):
    page = open_page(own()[1] + "#/light-table/grid?class=harbour", **PHONE)
    at_grid(page)
    page.locator(f"{ROOT} .cell").nth(2).tap()
    clipped = page.evaluate(
        f"""() => {{ const root = {SHADOW}; const out = [];
        for (const one of root.querySelectorAll('.cell, .act, .picked, .grid-bar .lab, .filters button, .grid-bar .gives button')) {{
          const box = one.getBoundingClientRect();
          if (box.width && (box.left < -0.5 || box.right > innerWidth + 0.5)) out.push([one.className, box.left, box.right]);
          if (one.matches('.act') && one.scrollWidth > one.clientWidth + 1) out.push([one.textContent, one.scrollWidth]);
        }} return out; }}"""
    )
    assert clipped == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_counters_never_run_backwards_under_fast_keys(own, open_page):
    page = open_page(own()[1])
    photo_on_screen(page)
    page.evaluate(
        f"""window.counts = []; const head = {SHADOW}.querySelector('.head');
        const read = () => {{ const words = head.querySelector('.progress span:not(.bar)')?.textContent ?? '';
          const n = parseInt(words, 10); if (!Number.isNaN(n)) window.counts.push(n); }};
        new MutationObserver(read).observe(head, {{ childList: true, subtree: true, characterData: true }});"""
    )
    for _ in range(15):
        page.keyboard.press("2")
    page.locator(f"{ROOT} .progress", has_text="15 of ").wait_for()
    all_kept(page)
    counts = page.evaluate("window.counts")
    assert counts == sorted(counts) and counts[-1] == 15


def test_pictures_on_pages_open_their_photo(own, open_page):
    table, url = own()
    page = open_page(url + "#/light-table/classes?class=harbour")
    page.get_by_role("button", name="Open this photo").first.click()
    photo = photo_on_screen(page)
    assert photo in page.url and table.book.decisions() == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Split it").wait_for()
