"""The light table as an annotator meets it: keys, a thumb, the grid, somebody else at the next
seat."""

from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from tests.browser.conftest import Door
from tests.fixtures.light_table import TellingOpinions, small_dataset
from tests.fixtures.light_table_page import (
    all_kept,
    decisions_in,
    labels_in,
    photo_on_screen,
    progress,
    wait_for_photo,
)

ROOT = "vitrine-light-table"


def test_sixty_relabels_in_a_row_are_all_on_the_disk(tables, tmp_path, open_page):
    many = small_dataset(tmp_path / "many", 99)
    page = open_page(tables(LightTable(many, Journal(tmp_path / "journal"), TellingOpinions)))
    seen = []
    photo = photo_on_screen(page)
    for number in range(60):
        seen.append((photo, "harbour-study" if number % 2 else "red-grid"))
        page.keyboard.press("1" if number % 2 else "3")
        photo = wait_for_photo(page, photo)
    progress(page, 60)
    all_kept(page)
    labels = labels_in(tmp_path / "many")
    assert len(dict(seen)) == 60 and all(labels[photo].label == label for photo, label in seen)
    assert len(decisions_in(tmp_path / "many")) == 60


def test_keys_typed_faster_than_photos_come_lose_nothing_and_double_nothing(url, folder, open_page):
    page = open_page(url)
    photo_on_screen(page)
    for _ in range(30):
        page.keyboard.press("2")
    progress(page, 30)
    all_kept(page)
    assert len(decisions_in(folder)) == 30
    for _ in range(30):
        page.keyboard.press("Backspace")
    progress(page, 0)
    all_kept(page)
    assert {label.label for label in labels_in(folder).values()} == {"harbour"}


def test_a_class_is_searched_and_given_and_markup_in_its_title_stays_text(url, folder, open_page):
    page = open_page(url)
    photo = photo_on_screen(page)
    page.keyboard.press("/")
    page.keyboard.type(
        "grid"
    )  # at once: behind a slash that still waits for its photo, no letter is a decision
    page.wait_for_selector(
        "vitrine-light-table [role=option][aria-selected=true] b:text-is('Red <b>Grid</b>')"
    )
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
    server = serve("tests.fixtures.light_table", str(folder), "tabs")
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


def test_two_people_at_once_are_never_asked_the_same_and_both_are_kept(
    tables, table, folder, open_page
):
    pages = {name: open_page(tables(table, Door(name))) for name in ("ann", "bob")}
    seen = []
    for _ in range(10):
        for name, page in pages.items():
            photo = photo_on_screen(page)
            seen.append((name, photo))
            page.keyboard.press("Enter")
            wait_for_photo(page, photo)
    for page in pages.values():
        all_kept(page)
    assert len({photo for _, photo in seen}) == 20
    assert {(one.who, one.image_id) for one in decisions_in(folder)} == set(seen)


def test_what_one_is_unsure_about_somebody_else_is_asked(tables, table, open_page):
    ann, bob = (open_page(tables(table, Door(name))) for name in ("ann", "bob"))
    photo = photo_on_screen(ann)
    ann.keyboard.press("u")
    wait_for_photo(ann, photo)
    all_kept(ann)
    bob.reload()
    assert photo_on_screen(bob) == photo


def test_help_and_cards_open_and_close_and_the_next_key_is_for_the_photo(url, open_page):
    page = open_page(url)
    photo = photo_on_screen(page)
    for name, sign in (("?", ".help"), ("i", ".cards")):
        for close in (name, "Escape"):
            page.keyboard.press(name)
            page.wait_for_selector(f"{ROOT} {sign}")
            page.keyboard.press(close)
            page.wait_for_selector(f"{ROOT} {sign}", state="detached")
    page.keyboard.press("z")
    page.wait_for_selector(f"{ROOT} .mat.zoomed")
    page.keyboard.press("Enter")
    wait_for_photo(page, photo)
    page.keyboard.press("i")
    assert "A night harbour with a red quay." in page.locator(f"{ROOT} .cards").inner_text()


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


def test_a_key_that_can_do_nothing_says_why_and_shakes_lightly_unless_the_system_asks_for_calm(
    url, open_page
):
    for motion, shakes in (("no-preference", 1), ("reduce", 0)):
        page = open_page(url, reduced_motion=motion)
        photo_on_screen(page)
        page.evaluate(
            "window.shaken = 0; Element.prototype.animate = () => { window.shaken += 1; }; null"
        )
        page.keyboard.press("d")
        page.wait_for_selector("text=A duplicate of which one? Nothing like this photo was found.")
        assert page.evaluate("window.shaken") == shakes


def test_who_said_what_is_told_only_to_whoever_asks(url, open_page):
    page = open_page(url)
    photo = photo_on_screen(page)
    page.keyboard.press("n")
    wait_for_photo(page, photo)
    all_kept(page)
    page.keyboard.press("Backspace")
    progress(page, 0)
    all_kept(page)
    page.reload()
    assert photo_on_screen(page) == photo
    lines = page.locator(f"{ROOT} .history li")
    lines.wait_for(state="attached")
    assert not lines.is_visible()
    page.keyboard.press("h")
    assert lines.inner_text().startswith("ann: none of these")


def shown(page):
    """The notice that can be read, or none."""
    notice = page.locator(f"{ROOT} .notice.shown")
    return notice.inner_text() if notice.count() else ""


def test_a_notice_ends_when_it_is_no_longer_true_or_somebody_goes_on(url, open_page):
    page = open_page(url)
    photo_on_screen(page)
    page.route("**/light-table/classes", lambda route: route.abort())
    page.keyboard.press("i")
    page.locator(f"{ROOT} .notice.shown", has_text="isn't responding").wait_for()
    page.unroute("**/light-table/classes")
    page.keyboard.press(" ")  # the table answers again
    page.locator(f"{ROOT} .notice.shown", has_text="isn't responding").wait_for(
        state="detached", timeout=3000
    )
    page.keyboard.press("d")  # a duplicate of which one?
    page.locator(f"{ROOT} .notice.shown", has_text="which one").wait_for()
    page.wait_for_timeout(800)  # long enough to read it
    photo = photo_on_screen(page)
    page.keyboard.press("2")
    wait_for_photo(page, photo)
    assert "which one" not in shown(page)
