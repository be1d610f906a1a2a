"""The light table as an annotator meets it: keys, a thumb, a bad network, a power cut."""

import itertools
import threading

import pytest
import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from curation.journal import Journal, known
from curation.ledger import fold, given_labels
from curation.tab import light_table_router
from curation.table import LightTable
from data_cards.dataset import open_dataset
from tests.light_table import PAGE, TellingOpinions, small_dataset

TITLE = "vitrine-light-table h1"
KEPT = "vitrine-light-table .kept"


@pytest.fixture
def folder(tmp_path):
    small_dataset(tmp_path / "set", 60, sealed=1)
    return tmp_path / "set"


@pytest.fixture(scope="module")
def tables():
    """`tables(table) -> url`: each light table at an address of its own, all served by one thread."""
    app, numbers = FastAPI(), itertools.count()
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)

    def add(table, door=None):
        place, door = APIRouter(prefix=f"/{next(numbers)}"), door or Door()
        place.add_api_route("/", lambda: HTMLResponse(PAGE))
        place.add_api_route("/sign-in", lambda: {"how": "password", "hint": "The password is anything."})
        place.add_api_route("/sign-in", door.open, methods=["POST"])
        place.include_router(light_table_router(table, door.who))
        app.include_router(place)
        if not thread.is_alive():
            thread.start()
            while not server.started:
                thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}{place.prefix}/"

    yield add
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def table(folder):
    return LightTable(open_dataset(str(folder)), Journal(folder.parent / "journal"), TellingOpinions)


class Door:
    """Lets everybody in by name, or nobody."""

    def __init__(self, name="ann"):
        self.name = name

    def who(self, request):
        return self.name

    def open(self):
        self.name = "ann"
        return {"name": "ann"}


@pytest.fixture
def url(tables, table):
    """A light table that ann sits at."""
    return tables(table)


def photo_on_screen(page):
    page.wait_for_selector("vitrine-light-table .mat img")
    return page.locator("vitrine-light-table .mat img").first.get_attribute("src").split("/")[-1].split("?")[0]


def wait_for_photo(page, other_than):
    page.wait_for_function(
        """other => { const shown = document.querySelector("vitrine-light-table").shadowRoot.querySelector(".mat img");
                      return shown && !shown.src.includes(other) }""",
        arg=other_than,
    )
    return photo_on_screen(page)


def all_kept(page):
    page.wait_for_selector(KEPT)


def labels_in(folder):
    """What the repository and the journal beside it add up to: the labels after a restart."""
    return fold(given_labels(open_dataset(str(folder)).photos()), decisions_in(folder))


def decisions_in(folder):
    return known(open_dataset(str(folder)), Journal(folder.parent / "journal")).decisions


def test_a_label_fixed_with_the_keyboard_survives_a_power_cut(serve, folder, open_page):
    server = serve("tests.light_table", str(folder), "plain")
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
    page.wait_for_selector("text=The light table does not answer. 1 decision waits in this window; trying again.")
    server.start()
    all_kept(page)
    assert labels_in(folder)[next_one].status == "junk"

    page.reload()
    assert photo_on_screen(page) not in (sealed, fixed, next_one)
    assert page.locator("vitrine-light-table .progress").inner_text().startswith("3 of 40 doubtful labels")
    for back in (next_one, fixed):
        page.keyboard.press("Backspace")
        page.wait_for_selector(f"vitrine-light-table .mat img[src*='{back}']")
    all_kept(page)
    assert page.locator(TITLE).inner_text() == "Harbour at Low Moon"
    assert labels_in(folder)[fixed].label == "harbour"


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
    page.keyboard.type("GRID")
    page.wait_for_selector("vitrine-light-table [role=option] b:text-is('Red <b>Grid</b>')")
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


def test_without_a_network_decisions_wait_and_none_is_lost_or_doubled(url, folder, open_page):
    page = open_page(url)
    photo_on_screen(page)
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    for _ in range(3):
        page.keyboard.press("j")
    page.wait_for_selector("text=The light table does not answer. 3 decisions wait in this window; trying again.")
    assert decisions_in(folder) == ()
    page.context.set_offline(False)
    all_kept(page)
    assert [one.action for one in decisions_in(folder)] == ["junk"] * 3


def test_an_answer_that_got_lost_on_the_way_does_not_make_two_decisions_of_one(url, folder, open_page):
    page, lost = open_page(url), []

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
    page.locator("vitrine-light-table input[name=password]").fill("j")
    page.keyboard.press("Enter")
    all_kept(page)
    assert [one.action for one in decisions_in(folder)] == ["junk"]


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
