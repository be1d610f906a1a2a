"""The release in the browser: it answers what the app answers, where the app is gone and where
there is none."""

from __future__ import annotations

import gzip
import io
import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data_cards.photos.image import encode_jpeg, open_photo
from space.pages import config_text, write_pages
from tests.fixtures.screens import faults
from tests.fixtures.static_site import StaticSite, copy_served
from tests.fixtures.tiny_models import picture
from train.inference.predictor import load_predictor

ASK = "vitrine-ask"
PHONE: dict[str, Any] = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def made(tiny_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page without an app, with the tiny release in it. Its weights are hardly rounded: of a
    network of noise every digit counts, and here the rest is compared."""
    out = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("train.release.twin.STEPS", (32767,))
        write_pages(str(tiny_release), "", out, out / "cache")
    return out


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Iterator[StaticSite]:
    """That page, served."""
    yield from copy_served(made, tmp_path / "site")


def choose(page: Any, data: bytes, kind: str = "image/jpeg") -> None:
    """Choose a file."""
    page.locator(f"{ASK} input[type=file]").first.set_input_files(
        {"name": "a", "mimeType": kind, "buffer": data}
    )


def placard(page: Any) -> str:
    """What the answer says."""
    page.locator(f"{ASK} main[data-state=answer]").wait_for()
    return str(page.locator(f"{ASK} .placard").first.inner_text())


def test_without_an_app_it_answers_once_it_is_fetched(open_page: Any, site: StaticSite) -> None:
    page = open_page(site.url, **PHONE)
    choose(page, encode_jpeg(picture(1, 50)))
    page.get_by_role("button", name="Download 4 MB").click()
    assert "Rose" in placard(page)
    assert page.get_by_text("Answered on this device").is_visible()
    page.wait_for_function(f"""() => [...document.querySelector("{ASK}").shadowRoot
        .querySelectorAll(".closest img")].filter((image) => image.naturalWidth > 0).length === 3""")
    page.get_by_role("button", name="Next photo").click()
    choose(page, encode_jpeg(picture(2, 51)))
    assert "Ship" in placard(page)


ASKED = """async (photos) => {
    const { Twin } = await import("./assets/twin/twin.js");
    const twin = new Twin("twin/");
    await twin.fetch();
    const answers = [];
    for (const photo of photos) {
        const bytes = Uint8Array.from(atob(photo), (one) => one.charCodeAt(0));
        answers.push(await twin.ask(new Blob([bytes])));
    }
    return answers;
}"""


def test_fifty_photos_get_the_answer_of_the_app(
    open_page: Any, site: StaticSite, tiny_release: Path
) -> None:
    # Of things it knows and two it does not; so small that the app reads them whole.
    photos = [encode_jpeg(picture(n % 5, n, 60 + n)) for n in range(50)]
    page = open_page(f"{site.url}index.html", **PHONE)
    answers = page.evaluate(ASKED, [b64encode(data).decode() for data in photos])
    predictor = load_predictor(tiny_release)
    for data, found in zip(photos, answers, strict=True):
        expected = predictor.predict(data)
        assert (found["answer"], found["label"]) == (expected.answer, expected.label)
        assert abs(found["confidence"] - expected.confidence) <= 0.01
        assert found["similar"][0]["image_id"] == expected.similar[0]["image_id"]
        assert found["card"] == expected.card


READ = """async (photo) => {
    const { opened } = await import("./assets/twin/photo.js");
    const bytes = Uint8Array.from(atob(photo), (one) => one.charCodeAt(0));
    const { width, height, pixels } = await opened(new Blob([bytes]), { size: 224, short: 256 });
    return { width, height, pixels: [...pixels] };
}"""


@pytest.mark.parametrize(
    ("size", "saved", "most"),
    [
        ((300, 225), {"format": "JPEG", "quality": 90}, 0),
        ((225, 300), {"format": "JPEG", "quality": 90, "subsampling": 0}, 0),
        ((300, 225), {"format": "PNG"}, 0),
        ((1000, 750), {"format": "JPEG", "quality": 90}, 0.5),
        ((1600, 1201), {"format": "JPEG", "quality": 90}, 0.5),
    ],
)
def test_a_photo_is_read_as_by_the_app(
    open_page: Any, site: StaticSite, size: tuple[int, int], saved: dict[str, Any], most: float
) -> None:
    """To the pixel; a large JPEG, of which libjpeg reads a fraction, to half a grey level."""
    out = io.BytesIO()
    picture(3, 1, 700).resize(size).save(out, **saved)
    page = open_page(site.url, **PHONE)
    found = page.evaluate(READ, b64encode(out.getvalue()).decode())
    expected = np.asarray(open_photo(out.getvalue(), at_least=256), int)
    pixels = np.array(found["pixels"]).reshape(found["height"], found["width"], 3)
    assert pixels.shape == expected.shape
    assert np.abs(pixels - expected).mean() <= most


def test_a_photo_that_lies_on_its_side_is_turned(open_page: Any, site: StaticSite) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    out = io.BytesIO()
    picture(3, 1, 300).resize((300, 200)).save(out, "JPEG", exif=turned)
    page = open_page(site.url, **PHONE)
    found = page.evaluate(READ, b64encode(out.getvalue()).decode())
    expected = open_photo(out.getvalue(), at_least=256)
    assert (found["width"], found["height"]) == expected.size == (200, 300)
    assert found["pixels"] == np.asarray(expected).ravel().tolist()


def kept(page: Any) -> None:
    """Fetch it by the sheet."""
    page.get_by_role("button", name="Offline").click()
    page.get_by_role("button", name="Download 4 MB").click()
    page.get_by_role("button", name="Remove").wait_for()


def ask_app_at(site: StaticSite, address: str) -> None:
    """Let the page ask an app."""
    (site.folder / "config.js").write_text(config_text(address, ("twin",)))


def test_when_the_app_is_gone_it_offers_to_answer_here(open_page: Any, site: StaticSite) -> None:
    ask_app_at(site, site.url + "nobody")
    page = open_page(site.url, **PHONE)
    page.get_by_text("Tiny things").first.wait_for()
    choose(page, encode_jpeg(picture(1, 50)))
    page.get_by_role("heading", name="The app can't be reached").wait_for()
    assert faults(page) == {}
    page.get_by_role("button", name="Download 4 MB").click()
    assert "Rose" in placard(page)
    assert page.get_by_text("Answered on this device").is_visible()
    assert page.get_by_role("button", name="That's wrong").count() == 0


def test_after_one_visit_it_opens_and_answers_in_flight_mode(
    open_page: Any, site: StaticSite
) -> None:
    page = open_page(site.url, **PHONE)
    kept(page)
    assert faults(page) == {}
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    site.close()
    page.context.set_offline(True)
    page.goto(f"{site.url}#/")
    page.reload()
    page.get_by_text("Tiny things").first.wait_for()
    choose(page, encode_jpeg(picture(2, 50)))
    assert "Ship" in placard(page)
    page.wait_for_function(f"""() => [...document.querySelector("{ASK}").shadowRoot
        .querySelectorAll(".closest img")].filter((image) => image.naturalWidth > 0).length === 3""")


def test_it_is_compared_with_the_app_on_demand_and_removed(
    open_page: Any, site: StaticSite
) -> None:
    page = open_page(site.url, **PHONE)
    kept(page)
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("Same answer on 26 of 26 photos").wait_for()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Download 4 MB").wait_for()
    assert page.evaluate("caches.keys()") == [] or "twin" not in str(
        page.evaluate("caches.keys()")
    ).replace("vitrine-page", "")


def test_an_update_is_offered_and_the_one_before_answers_until_then(
    open_page: Any, site: StaticSite
) -> None:
    page = open_page(site.url, **PHONE)
    kept(page)
    told = site.folder / "twin/twin.json"
    told.write_text(json.dumps(json.loads(told.read_text()) | {"revision": "another"}))
    page.reload()
    page.get_by_role("button", name="Offline").click()
    page.get_by_text("A newer version is out").wait_for()
    page.keyboard.press("Escape")
    choose(page, encode_jpeg(picture(1, 50)))
    assert "Rose" in placard(page)


def test_a_download_that_breaks_off_says_so_and_goes_on(open_page: Any, site: StaticSite) -> None:
    page = open_page(site.url, **PHONE)
    page.route("**/weights.gz*", lambda route: route.abort())
    choose(page, encode_jpeg(picture(0, 50)))
    page.get_by_role("button", name="Download 4 MB").click()
    page.get_by_text("The download stopped").wait_for()
    page.unroute("**/weights.gz*")
    page.get_by_role("button", name="Download 4 MB").click()
    assert "Lion" in placard(page)


def test_a_file_of_another_release_is_not_taken(open_page: Any, site: StaticSite) -> None:
    whole = site.folder / "twin/features.gz"
    whole.write_bytes(gzip.compress(b"\0" * 64))
    page = open_page(site.url, **PHONE)
    choose(page, encode_jpeg(picture(0, 50)))
    page.get_by_role("button", name="Download 4 MB").click()
    page.get_by_text("changed on the way").wait_for()


def test_a_file_that_is_no_photo_is_said_in_a_sentence(open_page: Any, site: StaticSite) -> None:
    page = open_page(site.url, **PHONE)
    kept(page)
    page.keyboard.press("Escape")
    choose(page, b"hello")
    page.get_by_role("heading", name="This browser can't open this photo").wait_for()
    page.get_by_role("button", name="Another photo").click()


def test_where_the_server_isolates_the_page_several_threads_answer(
    open_page: Any, made: Path, tiny_release: Path
) -> None:
    site = StaticSite(made, isolated=True)
    photo = encode_jpeg(picture(1, 50))
    page = open_page(site.url, **PHONE)
    assert page.evaluate("crossOriginIsolated")
    (found,) = page.evaluate(ASKED, [b64encode(photo).decode()])
    expected = load_predictor(tiny_release).predict(photo)
    assert (found["answer"], found["label"]) == (expected.answer, expected.label)
    site.close()
