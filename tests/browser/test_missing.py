"""What is missing, as somebody reads it on the way to the museum; and photos that nobody has
named yet."""

import pytest

from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import Changes, create_dataset
from data_cards.dataset.schema import Finding, Label, Photo, Source
from data_cards.dataset.tables import findings_file, images_file, labels_file
from data_cards.photos.image import image_id
from tests.fixtures.light_table import COLLECTION, drawn
from tests.fixtures.light_table_page import all_kept, labels_in, photo_on_screen, wait_for_photo


def open_missing(page):
    """Through the menu of a wide window."""
    photo_on_screen(page)
    page.get_by_role("button", name="What is missing").click()
    page.wait_for_selector("vitrine-light-table .wishes li")


def test_the_list_names_classes_without_photos_and_can_be_copied(url, open_page):
    page = open_page(url, permissions=["clipboard-read", "clipboard-write"])
    open_missing(page)
    wishes = page.locator("vitrine-light-table .wishes li").all_inner_texts()
    assert wishes[0].startswith("Harbour, First Study: no photo yet. Take five: from the front,")
    assert wishes[1].startswith("Red <b>Grid</b>: no photo yet.")
    page.keyboard.press("c")
    page.wait_for_selector("vitrine-light-table .notice.shown")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Room 12: what to photograph\n1. Harbour, First Study: no photo yet.")


def test_without_a_clipboard_the_list_is_laid_out_to_be_marked(url, open_page):
    page = open_page(url)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    open_missing(page)
    page.get_by_role("button", name="Copy the list", exact=True).click()
    field = page.locator("vitrine-light-table textarea")
    field.wait_for()
    assert "2. Red <b>Grid</b>: no photo yet." in field.input_value()


def test_a_thumb_gets_there_and_back(url, open_page):
    page = open_page(url, 390, 844, has_touch=True)
    photo = photo_on_screen(page)
    page.locator("vitrine-light-table .act.more").tap()
    page.locator("vitrine-light-table dialog").get_by_text("What is missing").tap()
    page.wait_for_selector("vitrine-light-table .wishes li")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("vitrine-light-table .act").get_by_text("back to the photos").tap()
    assert photo_on_screen(page) == photo


@pytest.fixture
def unnamed(tmp_path):
    """Three photos that nobody has named, the second one the first to label."""
    data = [drawn("#23415c", number) for number in range(3)]
    photos = [
        Photo(image_id(one), 120, 90, (Source(path=f"unlabelled/{n}.png"),))
        for n, one in enumerate(data)
    ]
    scores = (0.8, 1.0, 0.6)
    found = [
        Finding(photo.image_id, "unlabelled", score, f"Asked with {score}.")
        for photo, score in zip(photos, scores, strict=True)
    ]
    files = dict(
        [
            images_file(list(zip(photos, data, strict=True))),
            findings_file("01SCAN", found),
            labels_file(Label(photo.image_id, None, "unlabelled") for photo in photos),
        ]
    )
    dataset = create_dataset(str(tmp_path / "set"), COLLECTION)
    return dataset.update("Begin", lambda _: Changes(add=files)), [
        photo.image_id for photo in photos
    ]


def test_photos_without_a_label_are_named_with_digits_in_the_order_of_the_scan(
    unnamed, tables, tmp_path, open_page
):
    dataset, (first, second, third) = unnamed
    page = open_page(tables(LightTable(dataset, Journal(tmp_path / "journal"))))
    assert photo_on_screen(page) == second
    words = page.locator("vitrine-light-table .table").inner_text()
    assert (
        "0 of 3 photos without a label" in words
        and "No label yet" in words
        and "Asked with 1.0." in words
    )
    page.keyboard.press("2")
    assert wait_for_photo(page, second) == first
    page.keyboard.press("n")
    assert wait_for_photo(page, first) == third
    all_kept(page)
    labels = labels_in(tmp_path / "set")
    assert labels[second].label == "harbour-study" and labels[first].status == "none_of_these"


def test_an_empty_table_leads_to_what_is_missing(unnamed, tables, tmp_path, open_page):
    page = open_page(tables(LightTable(unnamed[0], Journal(tmp_path / "journal"))))
    for _ in range(3):
        photo_on_screen(page)
        page.keyboard.press("1")
    page.locator("vitrine-light-table .empty").get_by_role("button", name="What is missing").click()
    page.wait_for_selector("vitrine-light-table .wishes li")
    assert {label.label for label in labels_in(tmp_path / "set").values()} == {"harbour"}
