"""Classes change at the table, in Chromium: what a person types, merges or splits is on the
disk, and comes back."""

from dataclasses import replace

import pytest

from data_cards.annotations.class_card import read_card
from data_cards.texts.place import find_place
from tests.browser.conftest import Door
from tests.fixtures.light_table_page import decisions_in, labels_in, photo_on_screen

SHADOW = "vitrine-light-table"


def open_classes(page, title=None):
    """The page, and one of its classes."""
    photo_on_screen(page)
    page.get_by_role("button", name="Classes", exact=True).click()
    page.wait_for_selector(f"{SHADOW} .class-row")
    if title:
        page.locator(f"{SHADOW} .class-row").get_by_text(title, exact=True).click()
        page.wait_for_selector(f"{SHADOW} .class-form")


def said(page, words):
    """Wait until the table says this."""
    page.wait_for_function(
        """words => document.querySelector("vitrine-light-table").shadowRoot
                            .querySelector(".notice").textContent === words""",
        arg=words,
        polling=50,
    )


def field(page, name):
    return page.locator(f"{SHADOW} .class-form [name={name}]")


def test_a_name_and_a_text_are_kept_and_taken_back_together(url, folder, open_page):
    page = open_page(url)
    open_classes(page, "Harbour, First Study")
    field(page, "title").fill("First Study")
    field(page, "facts").fill("Painter: Ilse Maren\nMade: 1929")
    page.get_by_role("button", name="Keep", exact=True).click()
    said(page, "Kept.")
    rename, text = decisions_in(folder)
    assert (rename.action, rename.title, rename.at) == ("rename_class", "First Study", text.at)
    assert read_card(text.card) == {"facts": [["Painter", "Ilse Maren"], ["Made", "1929"]]}
    assert page.locator(f"{SHADOW} .class-history").inner_text().startswith("ann ")
    page.locator(f"{SHADOW} .class-head").click()  # out of the field: the next key is for the table
    page.keyboard.press("Backspace")
    said(page, "Taken back.")
    page.wait_for_selector(f"{SHADOW} .class-head h2:text-is('Harbour, First Study')")
    assert field(page, "facts").input_value() == "" and len(decisions_in(folder)) == 4


def test_a_draft_is_marked_until_somebody_accepts_it(folder, open_page, request):
    place = find_place(str(folder))
    first, *others = place.collection().classes
    draft = replace(first, summary="Written by a program.", draft=True)
    place.write(lambda now: now.with_classes([draft, *others]), "Draft a text")
    page = open_page(request.getfixturevalue("url"))
    open_classes(page)
    assert "draft" in page.locator(f"{SHADOW} .class-row").first.inner_text()
    page.locator(f"{SHADOW} .class-row").first.click()
    page.get_by_role("button", name="Accept the draft").click()
    said(page, "Accepted. Visitors see it from now on.")
    (accepted,) = decisions_in(folder)
    assert read_card(accepted.card) == {"draft": False}
    assert page.get_by_role("button", name="Accept the draft").count() == 0


def test_two_classes_become_one_after_a_word_about_what_happens(url, folder, open_page):
    page = open_page(url)
    open_classes(page, "Harbour at Low Moon")
    page.get_by_role("button", name="Merge it into another").click()
    page.keyboard.type("first")
    page.wait_for_selector(
        f"{SHADOW} [role=option][aria-selected=true] b:text-is('Harbour, First Study')"
    )
    page.keyboard.press("Enter")
    dialog = page.locator(f"{SHADOW} dialog.confirm")
    assert "60 photos of Harbour at Low Moon become Harbour, First Study." in dialog.inner_text()
    page.keyboard.press("Enter")
    assert decisions_in(folder) == (), "nothing is preselected"
    dialog.get_by_role("button", name="Merge").click()
    said(page, "Harbour at Low Moon is Harbour, First Study now.")
    assert {label.label for label in labels_in(folder).values()} == {"harbour-study"}
    assert "60 photos" in page.locator(f"{SHADOW} .class-head").inner_text()
    page.keyboard.press("Backspace")
    said(page, "Taken back.")
    assert {label.label for label in labels_in(folder).values()} == {"harbour"}


def test_a_class_is_split_from_its_photos(url, folder, open_page):
    page = open_page(url)
    open_classes(page, "Harbour at Low Moon")
    page.get_by_role("button", name="Split it").click()
    cells = page.locator(f"{SHADOW} .cell")
    cells.first.wait_for()
    cells.nth(0).click()
    cells.nth(4).click(modifiers=["Shift"])
    page.keyboard.press("c")
    page.wait_for_selector(f"{SHADOW} dialog.search input")
    page.keyboard.type("Harbour, torn")
    page.get_by_text("Add “Harbour, torn”").click()
    page.wait_for_selector(f"{SHADOW} .kept")
    named = [one for one in decisions_in(folder) if one.action == "add_class"]
    assert [one.title for one in named] == ["Harbour, torn"]
    assert sum(label.label == named[0].label for label in labels_in(folder).values()) == 5


def test_a_class_is_added_and_described(url, folder, open_page):
    page = open_page(url)
    open_classes(page)
    page.get_by_role("button", name="Add a class").click()
    page.keyboard.type("Lighthouse")
    page.get_by_text("Add “Lighthouse”").click()
    said(page, "Lighthouse is a class now. Add a description.")
    field(page, "summary").fill("White, with a red top.")
    field(page, "summary").press("Escape")
    page.wait_for_selector(f"{SHADOW} .class-row b:text-is('Lighthouse')")
    page.locator(f"{SHADOW} .class-row").get_by_text("Lighthouse", exact=True).click()
    page.wait_for_selector(f"{SHADOW} .class-form")
    assert field(page, "summary").input_value() == "White, with a red top.", "what is typed waits"
    page.goto(page.url.split("#")[0])
    open_classes(page, "Lighthouse")
    assert field(page, "summary").input_value() == "White, with a red top.", (
        "even when the page is loaded again"
    )
    page.get_by_role("button", name="Keep", exact=True).click()
    said(page, "Kept.")
    assert [one.action for one in decisions_in(folder)] == ["add_class", "edit_card"]


def test_of_two_who_write_at_once_the_second_sees_both_texts(tables, table, folder, open_page):
    ann, bob = (open_page(tables(table, Door(name))) for name in ("ann", "bob"))
    for page in (ann, bob):
        open_classes(page, "Harbour, First Study")
    field(ann, "summary").fill("By Ann.")
    ann.get_by_role("button", name="Keep", exact=True).click()
    said(ann, "Kept.")
    field(bob, "summary").fill("By Bob.")
    bob.get_by_role("button", name="Keep", exact=True).click()
    bob.wait_for_selector(f"{SHADOW} .theirs:text-is('It now says: By Ann.')")
    assert field(bob, "summary").input_value() == "By Bob." and len(decisions_in(folder)) == 1
    bob.get_by_role("button", name="Keep", exact=True).click()
    said(bob, "Kept.")
    assert read_card(decisions_in(folder)[1].card_before) == {"summary": "By Ann."}
    assert "before: By Ann." in bob.locator(f"{SHADOW} .class-history").inner_text()


def test_a_thumb_chooses_the_reference_picture_and_everybody_sees_it(url, table, folder, open_page):
    page = open_page(url, 390, 844, has_touch=True)
    photo_on_screen(page)
    page.locator(f"{SHADOW} .act.more").tap()
    page.locator(f"{SHADOW} dialog").get_by_text("Classes", exact=True).tap()
    page.locator(f"{SHADOW} .class-row").get_by_text("Harbour at Low Moon", exact=True).tap()
    page.locator(f"{SHADOW} .class-photos .take").nth(2).tap()
    page.wait_for_selector(f"{SHADOW} .class-photos .take[aria-pressed=true]")
    chosen = read_card(decisions_in(folder)[0].card)["reference"]
    assert table.picture_of("harbour") == f"photo/{chosen}" and chosen in table.records.photos
    assert page.locator(f"{SHADOW} .body").evaluate("body => body.scrollWidth") <= 390
    page.locator(f"{SHADOW} .act").get_by_text("all classes").tap()
    page.wait_for_selector(f"{SHADOW} .class-row")


@pytest.mark.parametrize("wrong", ["", "HARBOUR AT LOW MOON"])
def test_a_name_that_cannot_be_is_refused_and_stays_in_the_field(url, folder, open_page, wrong):
    page = open_page(url)
    open_classes(page, "Harbour, First Study")
    field(page, "title").fill(wrong)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.wait_for_selector(f"{SHADOW} .notice.shown")
    assert field(page, "title").input_value() == wrong and decisions_in(folder) == ()


def test_a_text_that_is_kept_without_a_network_waits_and_is_sent_once(url, folder, open_page):
    page = open_page(url)
    open_classes(page, "Harbour, First Study")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    for text in ("A first try.", "Upright, and no quay at all."):
        field(page, "summary").fill(text)
        page.get_by_role("button", name="Keep", exact=True).click()
        page.wait_for_selector(
            f"{SHADOW} .class-keep [role=status]:text('It waits in this browser')"
        )
    field(page, "facts").fill("Painter: somebody")  # typed, and not kept
    assert decisions_in(folder) == ()
    page.context.set_offline(False)
    page.wait_for_selector(f"{SHADOW} .kept")
    page.wait_for_selector(f"{SHADOW} .class-history li >> nth=1")
    written = [read_card(one.card) for one in decisions_in(folder)]
    assert written == [{"summary": "A first try."}, {"summary": "Upright, and no quay at all."}]
    assert field(page, "facts").input_value() == "Painter: somebody"
    page.goto(page.url.split("#")[0])
    open_classes(page, "Harbour, First Study")
    assert field(page, "summary").input_value() == "Upright, and no quay at all."
    assert field(page, "facts").input_value() == "Painter: somebody"


def test_a_text_that_waits_is_not_put_over_what_somebody_else_wrote(
    tables, table, folder, open_page
):
    ann, bob = (open_page(tables(table, Door(name))) for name in ("ann", "bob"))
    for page in (ann, bob):
        open_classes(page, "Harbour, First Study")
    ann.wait_for_load_state("networkidle")
    ann.context.set_offline(True)
    field(ann, "summary").fill("By Ann.")
    ann.get_by_role("button", name="Keep", exact=True).click()
    ann.wait_for_selector(f"{SHADOW} .class-keep [role=status]:text('It waits in this browser')")
    field(bob, "summary").fill("By Bob.")
    bob.get_by_role("button", name="Keep", exact=True).click()
    said(bob, "Kept.")
    ann.context.set_offline(False)
    ann.wait_for_selector(f"{SHADOW} .theirs:text-is('It now says: By Bob.')")
    assert field(ann, "summary").input_value() == "By Ann." and len(decisions_in(folder)) == 1
