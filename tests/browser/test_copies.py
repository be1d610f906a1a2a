"""Copies side by side: the suggestion, another choice, not copies, all at once, and all of it
back."""

import pytest

from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import open_dataset
from tests.browser.conftest import Door
from tests.curation.light_table.pages.test_copies import dataset_of, shot
from tests.fixtures.light_table_page import all_kept, decisions_in, labels_in

ROOT = "vitrine-light-table"


@pytest.fixture
def place(tmp_path):
    """Five pairs, the second photo of each larger; the labels of the last pair disagree."""
    groups = [[shot(number), shot(number, 128)] for number in range(1, 6)]
    _, names = dataset_of(tmp_path / "set", groups, {(4, 1): "red-grid"}.items())
    return tmp_path / "set", names


@pytest.fixture
def table(place):
    folder, _ = place
    return LightTable(open_dataset(str(folder)), Journal(folder.parent / "journal"))


def sit_at_copies(page):
    """From a pair to all of its group."""
    page.wait_for_selector(f"{ROOT} .mat img")
    page.keyboard.press("g")
    page.wait_for_selector(f"{ROOT} .group")


def set_aside(folder):
    return {name for name, label in labels_in(folder).items() if label.status == "duplicate"}


def groups_left(page, count):
    page.wait_for_function(
        """count => document.querySelector("vitrine-light-table").shadowRoot
                  .querySelectorAll(".group").length === count""",
        arg=count,
        polling=50,
    )


def test_one_key_keeps_the_suggested_one_and_one_takes_it_back(url, place, open_page):
    folder, names = place
    page = open_page(url)
    sit_at_copies(page)
    page.keyboard.press("1")  # the labels of the first group disagree: this one is right
    page.keyboard.press("Enter")
    groups_left(page, 4)
    page.keyboard.press("Enter")
    groups_left(page, 3)
    all_kept(page)
    assert set_aside(folder) == {names[4][0], names[0][0]}
    assert {labels_in(folder)[name].label for name in names[4]} in ({"harbour"}, {"red-grid"})
    page.keyboard.press("Backspace")
    groups_left(page, 4)
    page.keyboard.press("Backspace")
    groups_left(page, 5)
    all_kept(page)
    labels = labels_in(folder)
    assert set_aside(folder) == set() and {labels[name].label for name in names[4]} == {
        "harbour",
        "red-grid",
    }


def test_all_suggestions_at_once_are_one_step_and_what_disagrees_is_left_to_a_person(
    url, place, open_page
):
    folder, names = place
    page = open_page(url)
    sit_at_copies(page)
    page.keyboard.press("a")
    groups_left(page, 1)
    all_kept(page)
    assert set_aside(folder) == {pair[0] for pair in names[:4]}
    page.keyboard.press("Enter")
    page.wait_for_selector("text=First say which label is right")
    page.goto(page.url.split("#")[0])
    page.wait_for_selector(f"{ROOT} .mat img")
    page.keyboard.press("Backspace")
    page.wait_for_selector("text=Taken back.")
    all_kept(page)
    assert set_aside(folder) == set()


def test_another_one_is_kept_and_what_is_no_copy_is_remembered(url, place, open_page):
    folder, names = place
    page = open_page(url)
    sit_at_copies(page)
    page.keyboard.press(" ")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    groups_left(page, 4)
    page.keyboard.press("x")
    groups_left(page, 3)
    all_kept(page)
    assert set_aside(folder) == {names[0][1]}
    apart = [one for one in decisions_in(folder) if one.action == "not_duplicate"]
    assert [{one.image_id, one.other} for one in apart] == [set(names[1])]


def test_two_people_have_different_groups_before_them(tables, table, open_page):
    ann, bob = (open_page(tables(table, Door(name))) for name in ("ann", "bob"))
    sit_at_copies(ann)
    bob.wait_for_selector(f"{ROOT} .where")
    bob.locator(ROOT).get_by_role("button", name="Copies").click()
    bob.wait_for_selector("text=Somebody else has 5 groups in front of them.")


def test_without_a_network_copies_are_decided_and_kept_later(url, place, open_page):
    folder, names = place
    page = open_page(url)
    sit_at_copies(page)
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.keyboard.press("a")
    page.wait_for_selector(
        "text=The light table isn't responding. 1 decision waits in this window; trying again."
    )
    page.context.set_offline(False)
    all_kept(page)
    assert set_aside(folder) == {pair[0] for pair in names[:4]} and len(decisions_in(folder)) == 4


def test_photos_are_laid_over_each_other_to_see_which_is_better(url, open_page):
    page = open_page(url)
    sit_at_copies(page)
    page.keyboard.press(" ")
    page.keyboard.press("z")
    shown = page.locator(f"{ROOT} .viewer .mat img")
    first = shown.get_attribute("src")
    page.keyboard.press("ArrowRight")
    assert shown.get_attribute("src") != first
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROOT} .group[aria-current] >> text=your choice")
    groups_left(page, 5)


def test_two_photos_of_a_pair_are_magnified_at_the_same_place(url, open_page):
    page = open_page(url)
    page.wait_for_selector(f"{ROOT} .stage.two")
    mats = page.locator(f"{ROOT} .mat")
    mats.first.hover(position={"x": 40, "y": 60})
    page.mouse.wheel(0, -500)
    page.wait_for_selector(f"{ROOT} .mat.zoomed >> nth=1")
    one, other = (mats.nth(place).locator("img").get_attribute("style") for place in (0, 1))
    assert "scale" in one and one == other
    page.keyboard.press("z")
    page.wait_for_selector(f"{ROOT} .mat.zoomed", state="detached")
