"""The light table as an annotator meets it: keys, a thumb, the grid, somebody else at the next seat."""

from curation.journal import Journal
from curation.light_table.table import LightTable
from tests.browser.conftest import Door
from tests.light_table import TellingOpinions, small_dataset
from tests.light_table_page import all_kept, decisions_in, labels_in, photo_on_screen, wait_for_photo


def test_many_keys_in_a_row_lose_nothing_and_double_nothing(url, folder, open_page):
    page = open_page(url)
    photo_on_screen(page)
    for _ in range(30):
        page.keyboard.press("2")
    page.wait_for_function(
        """() => document.querySelector("vitrine-light-table").shadowRoot
                  .querySelector(".progress").textContent.startsWith("30 of 40")"""
    )
    all_kept(page)
    assert len(decisions_in(folder)) == 30
    for _ in range(30):
        page.keyboard.press("Backspace")
    page.wait_for_function(
        """() => document.querySelector("vitrine-light-table").shadowRoot
                  .querySelector(".progress").textContent.startsWith("0 of 40")"""
    )
    all_kept(page)
    assert {label.label for label in labels_in(folder).values()} == {"harbour"}


def test_a_class_is_searched_and_given_and_markup_in_its_title_stays_text(url, folder, open_page):
    page = open_page(url)
    photo = photo_on_screen(page)
    page.keyboard.press("/")
    page.keyboard.type("grid")  # at once: behind a slash that still waits for its photo, no letter is a decision
    page.wait_for_selector("vitrine-light-table [role=option][aria-selected=true] b:text-is('Red <b>Grid</b>')")
    page.keyboard.press("Enter")
    wait_for_photo(page, photo)
    all_kept(page)
    assert labels_in(folder)[photo].label == "red-grid"


def test_a_photo_of_the_sealed_test_shows_no_opinion(url, open_page):
    page = open_page(url)
    photo_on_screen(page)
    words = page.locator("vitrine-light-table .card").inner_text()
    assert "without the model's opinion" in words and "%" not in words


def test_look_alikes_get_one_class_together_and_one_undo_takes_all_back(url, folder, open_page):
    page = open_page(url)
    first = photo_on_screen(page)
    page.keyboard.press("Enter")
    wait_for_photo(page, first)
    page.keyboard.press("g")
    cells = page.locator("vitrine-light-table .cell")
    cells.first.wait_for()
    before = cells.count()
    cells.nth(0).click()
    cells.nth(19).click(modifiers=["Shift"])
    assert page.locator("vitrine-light-table .picked").inner_text() == "20 selected"
    page.keyboard.press("1")
    all_kept(page)
    assert cells.count() == before - 20
    assert sum(label.label != "harbour" for label in labels_in(folder).values()) == 20
    page.keyboard.press("Backspace")
    cells.nth(before - 1).wait_for()
    assert {label.label for label in labels_in(folder).values()} == {"harbour"}


def test_on_a_phone_everything_is_under_the_thumb(url, folder, open_page):
    page = open_page(url, 390, 844, has_touch=True, is_mobile=True)
    photo = photo_on_screen(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    keep = page.locator("vitrine-light-table .act.main", has_text="keep label")
    box = keep.bounding_box()
    assert box["y"] > 700 and box["height"] >= 44
    keep.tap()
    wait_for_photo(page, photo)
    all_kept(page)
    page.locator("vitrine-light-table .act.more").tap()
    page.locator("vitrine-light-table dialog").get_by_text("junk").tap()
    all_kept(page)
    assert sorted(one.action for one in decisions_in(folder)) == ["junk", "keep"]


def test_keys_do_nothing_while_another_tab_is_open_or_somebody_writes(serve, folder, open_page):
    server = serve("tests.light_table", str(folder), "gradio")
    page = open_page(server.url)
    photo = photo_on_screen(page)
    page.get_by_role("tab", name="Ask").click()
    page.keyboard.press("j")
    page.locator("textarea").fill("n j u")
    page.get_by_role("tab", name="Light table").click()
    assert photo_on_screen(page) == photo
    page.keyboard.press("j")
    wait_for_photo(page, photo)
    all_kept(page)
    assert len(decisions_in(folder)) == 1


def test_two_people_at_once_see_different_photos(tables, table, folder, open_page):
    pages = [open_page(tables(table, Door(name))) for name in ("ann", "bob")]
    seen = []
    for _ in range(5):
        for page in pages:
            photo = photo_on_screen(page)
            seen.append(photo)
            page.keyboard.press("Enter")
            wait_for_photo(page, photo)
    assert len(set(seen)) == 10


def test_when_nothing_is_left_it_says_what_to_do_next(tables, tmp_path, open_page):
    few = small_dataset(tmp_path / "few", 4)
    page = open_page(tables(LightTable(few, Journal(tmp_path / "journal"), TellingOpinions)))
    photo_on_screen(page)
    for _ in range(2):
        page.keyboard.press("Enter")
    page.locator("vitrine-light-table").get_by_text("Go on with 1 near-duplicate").click()
    photo = photo_on_screen(page)
    page.keyboard.press("d")
    page.wait_for_selector("text=Train again, or look for what is missing.")
    page.keyboard.press("Backspace")
    assert photo_on_screen(page) == photo


def test_a_class_that_is_missing_is_added_while_labelling(url, folder, open_page):
    page = open_page(url)
    photo = photo_on_screen(page)
    page.keyboard.press("/")
    page.locator("vitrine-light-table dialog input").press_sequentially("Blue <i>Hour</i>")
    page.locator("vitrine-light-table [role=option]", has_text="Add “Blue <i>Hour</i>”").click()
    wait_for_photo(page, photo)
    all_kept(page)
    assert labels_in(folder)[photo].label == "Blue-iHouri"
    page.keyboard.press("/")
    page.locator("vitrine-light-table dialog input").press_sequentially("blue")
    page.wait_for_selector("vitrine-light-table [role=option] b:text-is('Blue <i>Hour</i>')")
