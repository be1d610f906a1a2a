"""Every screen of the light table by a strict eye: legible and inside the window, dark or light,
narrow or wide; what has to be always there is there; the focus is never lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.errors import HubUnreachable
from tests.fixtures.axe import findings
from tests.fixtures.light_table import TellingOpinions, small_dataset
from tests.fixtures.light_table_page import all_kept, decisions_in, photo_on_screen, wait_for_photo
from tests.fixtures.screens import faults

ROOT = "vitrine-light-table"
PHONE: dict[str, Any] = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
SIZES: dict[int, dict[str, Any]] = {390: PHONE, 1280: {"width": 1280, "height": 800}}
# Where everything has to find a place: the smallest phone, and one on its side.
NARROW: dict[int, dict[str, Any]] = {
    320: PHONE | {"width": 320, "height": 568},
    844: PHONE | {"width": 844, "height": 390},
}
PAGES = (
    "What the scan found",
    "Copies",
    "What is missing",
    "Classes",
    "History",
    "Ten minutes",
    "Add photos",
    "People",
)
FOCUSED = f"document.querySelector('{ROOT}').shadowRoot.activeElement"


def go(page: Any, words: str) -> None:
    """To a page or a pile, by the menu or by a phone's sheet."""
    if page.viewport_size["width"] < 760:
        page.locator(f"{ROOT} .act.more").click()
        page.locator(f"{ROOT} dialog button", has_text=words).click()
    else:
        page.locator(f"{ROOT} .head").get_by_role("button", name=words).click()


def to_page(page: Any, title: str) -> None:
    go(page, title)
    page.locator(f"{ROOT} .page h1", has_text=title).wait_for()


def past_the_sealed(page: Any) -> Any:
    """On the first photo of which the model may speak."""
    photo_on_screen(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROOT} .why:not(.sealed)")
    return page


def in_view(page: Any, selector: str) -> bool:
    """Whether this is what a finger in its middle would touch."""
    return bool(
        page.locator(f"{ROOT} {selector}").first.evaluate("""one => {
        const { left, top, width, height } = one.getBoundingClientRect();
        const hit = one.getRootNode().elementFromPoint(left + width / 2, top + height / 2);
        return Boolean(hit) && (one.contains(hit) || hit.contains(one) && hit.matches("p")); }""")
    )


@pytest.mark.parametrize(
    ("width", "dark"),
    [(390, False), (390, True), (1280, False), (1280, True), (320, False), (844, False)],
)
def test_no_word_is_faint_or_beyond_the_window_no_button_too_small_and_axe_finds_nothing(
    url: str, open_page: Callable[..., Any], width: int, dark: bool
) -> None:
    page = open_page(url, **(SIZES | NARROW)[width], reduced_motion="reduce")
    page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
    first = photo_on_screen(page)
    wrong = {}

    def look(name: str, ready: str) -> None:
        page.wait_for_selector(f"{ROOT} {ready}")
        wrong[name] = faults(page)
        # Once in each colour is enough: what axe looks at beside colours is the same at any width.
        if (width, dark) in ((390, False), (1280, True)) and (found := findings(page)):
            wrong[name]["axe"] = found

    look("the sealed test", ".why.sealed")
    page.keyboard.press("Enter")
    wait_for_photo(page, first)
    look("one photo", ".choice")
    for key, opened in (("?", ".help"), ("i", ".cards"), ("/", ".search li")):
        page.keyboard.press(key)
        look(key, opened)
        page.keyboard.press("Escape")
        page.wait_for_selector(f"{ROOT} dialog", state="detached")
    page.keyboard.press("g")
    look("the grid", ".cell")
    page.keyboard.press("x")
    look("the grid, all selected", ".cell[aria-selected=true]")
    page.keyboard.press("g")
    go(page, "near-duplicate")
    look("a pair", ".stage.two")
    for title in PAGES:
        to_page(page, title)
        look(title, ".page h1")
        if title == "Copies":
            page.keyboard.press("z")
            look("copies, large", ".viewer")
            page.keyboard.press("Escape")
            page.wait_for_selector(f"{ROOT} dialog", state="detached")
        if title == "Classes":
            page.locator(f"{ROOT} .class-row").first.click()
            look("a class", ".class-photo .take")
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("width", list(SIZES))
def test_over_a_large_photo_stands_its_label_why_it_is_here_what_is_kept_and_the_keys(
    url: str, open_page: Callable[..., Any], width: int
) -> None:
    page = open_page(url, **SIZES[width])
    photo_on_screen(page)
    to_page(page, "Copies")
    page.keyboard.press("z")
    page.locator(f"{ROOT} .viewer").wait_for()
    words = page.locator(f"{ROOT} .viewer").inner_text()
    for said in (
        "labelled Harbour at Low Moon",
        "suggested",
        "kept here ✓",
        "all sent ✓",
        "keep this one",
        "magnify",
    ):
        assert said in words
    page.keyboard.press("z")
    page.wait_for_selector(f"{ROOT} .viewer .mat.zoomed")
    assert all(
        in_view(page, f".viewer {part}") for part in (".over b", ".why", ".state", ".foot .main")
    )


def test_on_a_phone_label_and_reason_stay_below_the_photo_when_the_card_is_scrolled(
    url: str, open_page: Callable[..., Any]
) -> None:
    page = past_the_sealed(open_page(url, **PHONE))
    short = page.locator(f"{ROOT} .short")
    assert not short.is_visible()
    page.locator(f"{ROOT} .body").evaluate("body => { body.scrollTop = body.scrollHeight; }")
    short.wait_for()
    assert short.inner_text().startswith(
        "Harbour at Low Moon · The model gives this label only a 2 % chance."
    )
    assert in_view(page, ".short")
    page.locator(f"{ROOT} .body").evaluate("body => { body.scrollTop = 0; }")
    short.wait_for(state="hidden")


def test_on_a_phone_the_grid_s_label_stays_when_it_is_scrolled_and_photos_stand_in_rows(
    url: str, open_page: Callable[..., Any]
) -> None:
    page = past_the_sealed(open_page(url, **PHONE))
    page.keyboard.press("g")
    page.wait_for_selector(f"{ROOT} .cell")
    row = page.locator(f"{ROOT} .cell").evaluate_all("""all => {
        all[0].querySelector(".foot-of-cell span").textContent = "A name that takes two lines and more";
        return all.slice(0, 3).map((one) => one.querySelector("img").offsetTop);
    }""")
    assert len(set(row)) == 1
    page.locator(f"{ROOT} .body").evaluate("body => { body.scrollTop = body.scrollHeight; }")
    assert in_view(page, ".grid-bar .lab em")


def test_what_is_read_opens_at_its_beginning(url: str, open_page: Callable[..., Any]) -> None:
    page = open_page(url, **PHONE)
    photo_on_screen(page)
    for key in ("?", "i"):
        page.keyboard.press(key)
        page.wait_for_selector(f"{ROOT} dialog")
        assert page.locator(f"{ROOT} dialog").evaluate("one => one.scrollTop") == 0
        page.keyboard.press("Escape")
        page.wait_for_selector(f"{ROOT} dialog", state="detached")


def test_escape_leaves_a_search_at_once_and_the_next_key_is_for_the_photo(
    url: str, folder: Path, open_page: Callable[..., Any]
) -> None:
    page = open_page(url, **PHONE)
    photo = photo_on_screen(page)
    page.keyboard.press("/")
    page.keyboard.type("harb")
    page.wait_for_selector(f"{ROOT} [role=option][aria-selected=true] kbd")
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{ROOT} dialog", state="detached")
    page.locator(f"{ROOT} .act.more").click()
    page.keyboard.press("Escape")
    page.keyboard.press(" ")  # skips, and does not press the button that opened the sheet
    photo = wait_for_photo(page, photo)
    page.keyboard.press("j")
    wait_for_photo(page, photo)
    all_kept(page)
    assert [(one.action, one.image_id) for one in decisions_in(folder)][-1] == ("junk", photo)


def test_a_page_laid_anew_gives_the_focus_back_and_a_list_is_found_where_it_was_left(
    url: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(url, 1280, 500)
    photo_on_screen(page)
    to_page(page, "People")
    page.get_by_role("radio", name="Two people about every photo").press("Enter")
    page.locator(f"{ROOT} [role=radio][aria-checked=true]", has_text="every photo").wait_for()
    assert page.evaluate(f"{FOCUSED}.textContent").startswith("Two people about every photo")
    body = page.locator(f"{ROOT} .body")
    to_page(page, "Classes")
    assert body.evaluate("one => one.scrollTop") == 0
    body.evaluate("""one => {
        const tall = document.createElement("style");
        tall.textContent = ".class-rows { padding-top: 300px; padding-bottom: 900px }";
        one.getRootNode().append(tall);
        one.scrollTop = 250; }""")
    page.locator(f"{ROOT} .class-row").first.click()
    page.wait_for_selector(f"{ROOT} .class-form")
    assert body.evaluate("one => one.scrollTop") == 0
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{ROOT} .class-rows")
    assert body.evaluate("one => one.scrollTop") == 250


def test_where_the_disk_is_not_kept_the_second_sign_is_the_one_that_counts(
    tables: Callable[..., str],
    tmp_path: Path,
    open_page: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = small_dataset(tmp_path / "few", 9)
    kept, lost = (
        LightTable(few, Journal(tmp_path / name), TellingOpinions, disk_is_kept=is_kept)
        for name, is_kept in (("kept", True), ("lost", False))
    )
    colours = []
    for table in (kept, lost):
        page = open_page(tables(table))
        photo_on_screen(page)
        colours.append(
            [
                page.locator(f"{ROOT} .state {sign}").evaluate("one => getComputedStyle(one).color")
                for sign in (".kept", ".sent")
            ]
        )
    assert colours[0] == colours[1][::-1] and colours[0][0] != colours[0][1]
    page.get_by_text("only what is sent is safe").wait_for()

    def unreachable(*sent: Any) -> None:
        raise HubUnreachable("The Hub does not answer.")

    monkeypatch.setattr("curation.light_table.session.table.flush", unreachable)
    page.keyboard.press("j")
    page.get_by_text("1 not sent yet, send now").click()
    page.get_by_text(
        "kept on this machine; next try in a minute. A restart before that loses them."
    ).wait_for()
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.keyboard.press("j")
    page.locator(f"{ROOT} .state", has_text="not kept yet").wait_for()


def test_a_key_waits_for_a_photo_that_is_slow_to_come(
    url: str, folder: Path, open_page: Callable[..., Any]
) -> None:
    page = open_page(f"{url}sign-in")
    held = []
    page.route("**/photo/*side=1280", lambda route: held.append(route))
    page.goto(url, wait_until="commit")  # its load event waits for the photo held back
    page.wait_for_selector(f"{ROOT} .choice")
    page.keyboard.press("1")
    page.keyboard.press("3")
    assert decisions_in(folder) == () and page.locator(f"{ROOT} .progress").inner_text().startswith(
        "0 of"
    )
    while held:
        held.pop(0).continue_()
    page.unroute("**/photo/*side=1280")
    page.locator(f"{ROOT} .progress", has_text="2 of 40").wait_for()
    all_kept(page)
    assert len({one.image_id for one in decisions_in(folder)}) == 2
