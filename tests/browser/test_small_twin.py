"""The small twin on the page: both are offered, one of them is kept, and it can be changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_cards.photos.image import encode_jpeg
from space.pages import config_text, worker_text, write_pages
from tests.fixtures.screens import faults
from tests.fixtures.small_twins import with_small_twin
from tests.fixtures.static_site import StaticSite, copy_served
from tests.fixtures.tiny_models import picture

ASK = "vitrine-ask"
PHONE: dict[str, Any] = {"width": 390, "height": 844}
SAVES_DATA = """Object.defineProperty(navigator, "connection", { value: { saveData: true } })"""


@pytest.fixture(scope="module")
def made(tiny_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page without an app, with both twins in it."""
    folder = tmp_path_factory.mktemp("both")
    model = with_small_twin(tiny_release, folder)
    write_pages(str(model), "", folder / "site", folder / "cache")
    return folder / "site"


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Iterator[StaticSite]:
    """That page, served."""
    yield from copy_served(made, tmp_path / "site")


def on_device(page: Any) -> list[str]:
    """The folders of the twins that the browser keeps."""
    names: list[str] = page.evaluate("caches.keys()")
    return sorted(name.split("/")[-2] for name in names if name.startswith("vitrine-twin"))


def fetched(page: Any, which: str) -> None:
    """Choose one of the twins in the open sheet and download it."""
    page.get_by_role("radio", name=which).check()
    page.get_by_role("button", name="Download 4 MB").click()
    page.get_by_role("button", name="Download 4 MB").wait_for(state="hidden")
    page.get_by_role("button", name="Remove").wait_for()


def test_both_are_offered_with_what_they_cost_and_one_is_kept(
    open_page: Any, site: StaticSite
) -> None:
    page = open_page(site.url, **PHONE)
    page.get_by_role("button", name="Offline").click()
    assert page.get_by_role("radio", name="Whole · 4 MB The most accurate").is_checked()
    page.get_by_text("The same name for 7 of 7 test photos").wait_for()
    assert faults(page) == {}
    fetched(page, "Small")
    assert on_device(page) == ["twin-small"] and faults(page) == {}
    assert page.get_by_role("radio", name="Small").is_checked()
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("Same answer on 26 of 26 photos").wait_for()
    page.keyboard.press("Escape")
    page.locator(f"{ASK} input[type=file]").first.set_input_files(
        {"name": "a", "mimeType": "image/jpeg", "buffer": encode_jpeg(picture(1, 50))}
    )
    page.locator(f"{ASK} main[data-state=answer]").wait_for()
    assert "Rose" in page.locator(f"{ASK} .placard").first.inner_text()
    assert page.get_by_text("Answered on this device").is_visible()
    page.get_by_role("button", name="Next photo").click()
    page.get_by_role("button", name="Offline").click()
    fetched(page, "Whole")
    assert on_device(page) == ["twin"]
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Download 4 MB").wait_for()
    assert on_device(page) == []


def test_where_data_is_saved_the_small_one_comes_first(open_page: Any, site: StaticSite) -> None:
    page = open_page(site.url, **PHONE)
    page.add_init_script(SAVES_DATA)
    page.reload()
    page.locator(f"{ASK} input[type=file]").first.set_input_files(
        {"name": "a", "mimeType": "image/jpeg", "buffer": encode_jpeg(picture(2, 50))}
    )
    page.get_by_role("radio", name="Small").wait_for()
    assert page.get_by_role("radio", name="Small").is_checked() and faults(page) == {}
    page.get_by_role("button", name="Download 4 MB").click()
    page.locator(f"{ASK} main[data-state=answer]").wait_for()
    assert on_device(page) == ["twin-small"]


def test_a_small_one_that_is_offered_no_more_leaves_the_browser(
    open_page: Any, site: StaticSite
) -> None:
    page = open_page(site.url, **PHONE)
    page.get_by_role("button", name="Offline").click()
    fetched(page, "Small")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    shutil.rmtree(site.folder / "twin-small")
    (site.folder / "config.js").write_text(config_text("", ("twin",)))
    (site.folder / "sw.js").write_text(worker_text(site.folder))
    page.reload()
    page.wait_for_function(
        "() => caches.keys().then((all) => !all.some((one) => one.includes('twin-small')))"
    )
