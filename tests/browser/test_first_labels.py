"""From nothing: one name typed, and one key gives it to all that look like it."""

import pytest

from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from tests.curation.light_table.session.test_first_labels import Seen, unlabelled_set
from tests.fixtures.light_table_page import all_kept, labels_in, photo_on_screen
from tests.fixtures.words_and_photos import Named

ROOT = "vitrine-light-table"
SIZES = [{"width": 1280, "height": 800}, {"width": 390, "height": 844, "has_touch": True}]


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
def test_a_name_is_typed_once_and_given_to_all_alike(tables, tmp_path, open_page, size):
    data, truth = unlabelled_set(tmp_path / "set")
    table = LightTable(data, Journal(tmp_path / "journal"), remembered=Seen(truth))
    page = open_page(tables(table), **size)
    first = photo_on_screen(page)
    page.keyboard.press("/")
    page.keyboard.type("Jetty")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROOT} .proposal em:text-is('Jetty')")
    proposed = page.locator(f"{ROOT} .proposal .thumb")
    count = proposed.count()
    assert count >= 5
    proposed.nth(0).click()
    page.locator(f"{ROOT} .proposal button", has_text=f"Give it to {count - 1} photos").wait_for()
    page.keyboard.press("Shift+Enter")
    all_kept(page)
    named = [i for i, one in labels_in(tmp_path / "set").items() if one.label]
    assert len(named) == count and {truth[i] for i in named} == {truth[first]}


def test_keys_pressed_before_the_classes_are_here_are_not_lost(tables, tmp_path, open_page):
    data, truth = unlabelled_set(tmp_path / "set")
    table = LightTable(data, Journal(tmp_path / "journal"), remembered=Seen(truth))
    page = open_page(tables(table), **SIZES[0])
    photo_on_screen(page)
    held = []
    page.route("**/classes", lambda route: held.append(route))
    page.keyboard.press("/")
    page.wait_for_selector(f"{ROOT} dialog input")
    page.keyboard.type("Jetty")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    page.wait_for_selector(f"{ROOT} .proposal em:text-is('Jetty')")


def test_a_search_typed_before_the_photo_is_here_is_not_lost(tables, tmp_path, open_page):
    data, truth = unlabelled_set(tmp_path / "set")
    url = tables(LightTable(data, Journal(tmp_path / "journal"), remembered=Seen(truth)))
    page = open_page(f"{url}sign-in", **SIZES[0])
    held = []
    page.route("**/photo/*side=1280", lambda route: held.append(route))
    page.goto(url, wait_until="commit")
    page.wait_for_selector(f"{ROOT} .choice")
    for key in ("/", *"Jettyy", "Backspace", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert not page.locator(f"{ROOT} dialog").count()
    while held:
        held.pop(0).continue_()
    page.unroute("**/photo/*side=1280")
    page.wait_for_selector(f"{ROOT} .proposal em:text-is('Jetty')")


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
def test_a_list_of_names_proposes_classes_and_one_key_gives_one(tables, tmp_path, open_page, size):
    data, truth = unlabelled_set(tmp_path / "set")
    table = LightTable(data, Journal(tmp_path / "journal"), remembered=Named(truth))
    page = open_page(tables(table), **size)
    photo_on_screen(page)
    page.keyboard.press("w")
    page.locator(f"{ROOT} textarea").fill("0, 1\n2\nunicorn")
    page.locator(f"{ROOT} button", has_text="See which fit").click()
    page.wait_for_selector(f"{ROOT} p:text-is('No photo seems to show: unicorn.')")
    first = page.locator(f"{ROOT} .proposal").first
    name = first.locator("em").text_content()
    first.locator(".thumb").nth(0).click()
    first.locator("button", has_text="Give it to 7 photos").wait_for()
    page.locator(f"{ROOT} .table").focus()
    page.keyboard.press("Shift+Enter")
    all_kept(page)
    named = [i for i, one in labels_in(tmp_path / "set").items() if one.label]
    assert len(named) == 7 and {str(truth[i]) for i in named} == {name}
    page.keyboard.press("Backspace")
    all_kept(page)
    assert not [one for one in labels_in(tmp_path / "set").values() if one.label]
