"""The light table on a bad day: a power cut, no network, an answer that got lost, a sign-in that
ended."""

from tests.browser.conftest import Door
from tests.fixtures.light_table_page import (
    all_kept,
    decisions_in,
    labels_in,
    photo_on_screen,
    progress,
    wait_for_photo,
)

ROOT = "vitrine-light-table"


def test_a_label_fixed_with_the_keyboard_survives_a_power_cut(serve, folder, open_page):
    server = serve("tests.fixtures.light_table", str(folder), "plain")
    page = open_page(server.url)
    sealed = photo_on_screen(page)
    page.keyboard.press("Enter")
    fixed = wait_for_photo(page, sealed)
    page.keyboard.press("1")
    next_one = wait_for_photo(page, fixed)
    all_kept(page)
    server.kill()
    assert labels_in(folder)[fixed].label == "harbour-study"

    page.keyboard.press("j")
    page.wait_for_selector(
        "text=The light table isn't responding. 1 decision waits in this window; trying again."
    )
    server.start()
    all_kept(page)
    assert labels_in(folder)[next_one].status == "junk"

    page.reload()
    assert photo_on_screen(page) not in (sealed, fixed, next_one)
    assert (
        page.locator("vitrine-light-table .progress")
        .inner_text()
        .startswith("3 of 40 doubtful labels")
    )
    for back in (next_one, fixed):
        page.keyboard.press("Backspace")
        page.wait_for_selector(f"vitrine-light-table .mat img[src*='{back}']")
    all_kept(page)
    assert page.locator("vitrine-light-table h1").inner_text() == "Harbour at Low Moon"
    assert labels_in(folder)[fixed].label == "harbour"


def test_without_a_network_decisions_wait_and_none_is_lost_or_doubled(url, folder, open_page):
    page = open_page(url)
    photo_on_screen(page)
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    for _ in range(3):
        page.keyboard.press("j")
    page.wait_for_selector(
        "text=The light table isn't responding. 3 decisions wait in this window; trying again."
    )
    assert decisions_in(folder) == ()
    page.context.set_offline(False)
    all_kept(page)
    assert [one.action for one in decisions_in(folder)] == ["junk"] * 3


def test_an_answer_that_got_lost_on_the_way_does_not_make_two_decisions_of_one(
    url, folder, open_page
):
    page = open_page(url)
    lost = []

    def lose_the_first(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch().status)
        return route.abort()

    page.route("**/moves", lose_the_first)
    photo = photo_on_screen(page)
    page.keyboard.press("1")
    wait_for_photo(page, photo)
    all_kept(page)
    assert lost == [200]
    assert len(decisions_in(folder)) == 1


def test_who_is_signed_out_signs_in_and_nothing_is_lost(tables, table, folder, open_page):
    door = Door()
    page = open_page(tables(table, door))
    photo_on_screen(page)
    door.name = None
    page.keyboard.press("j")
    page.locator("vitrine-light-table input[name=username]").fill("ann")
    assert page.locator("vitrine-light-table .mat").count() == 0
    assert (
        "1 decision waits in this window." in page.locator("vitrine-light-table .door").inner_text()
    )
    page.locator("vitrine-light-table input[name=password]").fill("j")
    page.keyboard.press("Enter")
    all_kept(page)
    assert [one.action for one in decisions_in(folder)] == ["junk"]


def test_a_slow_network_holds_nobody_up_and_doubles_nothing(url, folder, open_page):
    page = open_page(url)
    held = []
    fast = []
    photo = photo_on_screen(page)
    page.wait_for_load_state("networkidle")
    page.route("**/moves", lambda route: route.continue_() if fast else held.append(route))
    for _ in range(5):
        page.keyboard.press("1")
        photo = wait_for_photo(
            page, photo
        )  # the next one, while the first answer is still on its way
    assert decisions_in(folder) == () and page.locator(f"{ROOT} .kept").count() == 0
    fast.append(True)
    held[0].continue_()
    all_kept(page)
    assert (
        len(held) == 1
        and len(decisions_in(folder)) == len({one.image_id for one in decisions_in(folder)}) == 5
    )


def test_thirty_steps_are_taken_back_after_a_power_cut_in_their_middle(serve, folder, open_page):
    server = serve("tests.fixtures.light_table", str(folder), "plain")
    page = open_page(server.url)
    seen = []
    photo = photo_on_screen(page)
    for number in range(30):
        if number == 15:
            all_kept(page)
            server.kill()
        seen.append(photo)
        page.keyboard.press("j" if number % 3 else "2")
        if number < 15:
            photo = wait_for_photo(page, photo)
        elif number == 20:
            server.start()
    progress(page, 30)
    all_kept(page)
    made = decisions_in(folder)
    assert len(made) == len({one.image_id for one in made}) == 30
    page.reload()
    photo_on_screen(page)
    for left in range(29, -1, -1):
        page.keyboard.press("Backspace")
        progress(page, left)
    all_kept(page)
    assert {(label.label, label.status) for label in labels_in(folder).values()} == {
        ("harbour", "labelled")
    }
    page.wait_for_selector(f"{ROOT} .mat img[src*='{seen[0]}']")
    page.keyboard.press("Backspace")
    page.wait_for_selector("text=There is nothing left to undo.")


def test_offline_for_a_while_two_windows_of_one_person_lose_and_double_nothing(
    url, folder, open_page
):
    pages = [open_page(url), open_page(url)]
    for page in pages:
        photo_on_screen(page)
        page.wait_for_load_state("networkidle")
        page.context.set_offline(True)
    for page, key in zip(pages, "jn", strict=True):
        for _ in range(4):
            page.keyboard.press(key)
        page.wait_for_selector("text=4 decisions wait in this window")
    for page in pages:
        page.context.set_offline(False)
        all_kept(page)
    made = decisions_in(folder)
    assert len(made) == len({one.id for one in made}) == 8
    # Both windows had the same four photos before them: what was kept last counts.
    assert [label.status for label in labels_in(folder).values()].count("none_of_these") == 4


def test_on_a_phone_nothing_moves_when_the_connection_is_lost_and_comes_back(url, open_page):
    page = open_page(url, width=390, height=844, has_touch=True)
    photo_on_screen(page)
    page.wait_for_load_state("networkidle")
    tops = """() => [".head", ".stage"].map((name) => {
        const box = document.querySelector("vitrine-light-table").shadowRoot.querySelector(name);
        const { top, height } = box.getBoundingClientRect();
        return [top, height];
    })"""
    before = page.evaluate(tops)
    page.context.set_offline(True)
    page.keyboard.press("j")
    told = page.locator(f"{ROOT} .problem", has_text="The light table isn't responding.")
    told.wait_for()
    assert page.evaluate(tops) == before
    box = told.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] < 80
    assert told.evaluate("one => one.scrollWidth <= one.clientWidth")
    page.context.set_offline(False)
    all_kept(page)
    assert page.evaluate(tops) == before and not told.count()
