"""What the visitor's page says beside an answer is no more than the answer says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from tests.browser.test_demo import ASK, choose, placard
from tests.fixtures.colours import jpeg, painting, photo_of, photo_of_nothing
from tests.fixtures.visitors import serving_gallery


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app."""
    with serving_gallery(tmp_path_factory.mktemp("answers")) as at:
        yield at


def test_how_close_is_a_number_only_beside_what_was_named(open_page: Any, url: str) -> None:
    page = open_page(url, 390, 844)
    for photo, numbers in ((photo_of("ochre"), 3), (photo_of_nothing(), 0)):
        choose(page, photo)
        placard(page)
        assert page.locator(f"{ASK} .closest img").count() == 3
        assert page.locator(f"{ASK} .closest b").count() == numbers
        page.get_by_role("button", name="Next photo").click()


def test_of_three_it_is_none_and_not_neither(open_page: Any, url: str) -> None:
    page = open_page(url, 360, 740)
    night = Image.blend(painting("low-moon"), painting("first-study"), 0.5)
    choose(page, jpeg(Image.blend(night, painting("red-grid"), 0.33)))
    assert "One of these three".upper() in placard(page).upper()
    page.get_by_role("button", name="None", exact=True).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
