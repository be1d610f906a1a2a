"""Every state of the visitor's page, by axe-core and by a ruler: nothing is wrong with it, nothing
is lost on a narrow screen, on its side, or with large letters, and little has to be fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser.test_demo import ASK, choose, placard
from tests.fixtures.axe import findings
from tests.fixtures.colours import photo_between, photo_of, photo_of_nothing
from tests.fixtures.screens import faults
from tests.fixtures.visitors import serving_gallery

MOST_BYTES = 300_000  # before the first answer
SMALLER_THAN_A_THUMB = """() => { const every = (root) => [...root.querySelectorAll("*")].flatMap((one) =>
    [one, ...(one.shadowRoot ? every(one.shadowRoot) : [])]);
  return every(document).filter((one) => one.matches("button, select, summary, input:not([type=file]), .top a, .more a")
    && one.checkVisibility()).filter((one) => {
      const target = one.closest("label") ?? one;
      const { width, height } = target.getBoundingClientRect();
      return width && (width < 43.5 || height < 43.5); }).map((one) => one.outerHTML.slice(0, 90)); }"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app."""
    with serving_gallery(tmp_path_factory.mktemp("axe")) as at:
        yield at


def states(page: Any, url: str) -> Iterator[str]:
    """The page in each of its states, one after another, by name."""
    page.get_by_role("button", name="What I know").wait_for()
    yield "start"
    for place in ("things", "thing/ochre", "receipts", "hunt", "hunt/counts"):
        page.evaluate("place => { location.hash = `#/${place}`; }", place)
        page.locator(f"{ASK} dialog[open]").wait_for()
        yield place
        page.keyboard.press("Escape")
        page.locator(f"{ASK} dialog").wait_for(state="detached")
    for name, data in (
        ("sure", photo_of("ochre")),
        ("one of", photo_between("low-moon", "first-study")),
        ("none", photo_of_nothing()),
    ):
        choose(page, data)
        placard(page)
        yield name
        if name == "sure":
            for act in ("Compare", "Why?"):
                page.get_by_role("button", name=act).click()
                page.locator(f"{ASK} dialog[open]").wait_for()
                yield act
                page.keyboard.press("Escape")
                page.locator(f"{ASK} dialog").wait_for(state="detached")
        if name == "one of":
            page.get_by_role("button", name="Harbour, First Study").click()
            page.locator(f"{ASK} .kick", has_text="You chose").wait_for()
            yield "chosen"
            page.get_by_role("button", name="Tell us").click()
            yield "told"
            page.keyboard.press("Escape")
        if name == "none":
            page.get_by_role("button", name="It should be here").click()
            page.locator("dialog[open]").wait_for()
            yield "suggest"
            page.keyboard.press("Escape")
        page.get_by_role("button", name="Next photo").click()
    choose(page, b"hello")
    page.get_by_role("heading", name="We can't open this file").wait_for()
    yield "no photo"


def wrong_in(page: Any, url: str, look: Callable[[Any], Any]) -> dict[str, Any]:
    """What `look` finds in each state where it finds anything."""
    found = {name: look(page) for name in states(page, url)}
    return {name: what for name, what in found.items() if what}


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_axe_has_nothing_to_say_of_any_state(
    open_page: Any, url: str, width: int, scheme: str
) -> None:
    page = open_page(url, width, 844, color_scheme=scheme, reduced_motion="reduce")
    assert wrong_in(page, url, findings) == {}


@pytest.mark.parametrize(("width", "height"), [(320, 568), (844, 390)])
def test_nothing_is_lost_on_a_narrow_screen_or_on_its_side_and_a_thumb_hits_everything(
    open_page: Any, url: str, width: int, height: int
) -> None:
    page = open_page(url, width, height, reduced_motion="reduce")

    def look(page: Any) -> list[str]:
        beyond = faults(page).get("beyond", [])
        wide = page.evaluate("document.documentElement.scrollWidth")
        return [
            *beyond,
            *([f"{wide} wide"] if wide > width else []),
            *page.evaluate(SMALLER_THAN_A_THUMB),
        ]

    assert wrong_in(page, url, look) == {}


def test_large_letters_are_honoured(open_page: Any, url: str) -> None:
    page = open_page(url, 390, 844)
    choose(page, photo_of("ochre"))
    placard(page)
    size = "getComputedStyle(document.querySelector('vitrine-ask').shadowRoot.querySelector('.summary')).fontSize"
    assert page.evaluate(size) == "15px"
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(size) == "30px"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_little_is_fetched_before_the_first_answer_and_pictures_are_small(
    open_page: Any, url: str
) -> None:
    page = open_page(f"{url}healthz", 390, 844)
    sizes: dict[str, int] = {}

    def weigh(response: Any) -> None:
        if response.request.method == "GET" and "/reference/" in response.url:
            sizes[response.url] = len(response.body())

    page.on("response", weigh)
    page.goto(url)
    page.get_by_role("button", name="What I know").wait_for()
    page.wait_for_load_state("networkidle")
    fetched = page.evaluate(
        "performance.getEntriesByType('resource').reduce((sum, one) => sum + one.transferSize, 0)"
    )
    assert 50_000 < fetched < MOST_BYTES
    assert sizes and max(sizes.values()) < 40_000
