"""Where an owner wants it, faces are blurred on the visitor's device before a photo is sent."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser.test_demo import ASK, choose, placard
from tests.fixtures.axe import findings
from tests.fixtures.colours import jpeg, photo_of
from tests.fixtures.faces import drawn_face
from tests.fixtures.screens import faults
from tests.fixtures.visitors import serving_gallery


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app whose owner wants faces blurred."""
    with serving_gallery(tmp_path_factory.mktemp("faces"), blur_faces=True) as at:
        yield at


# Keeps the file of each upload, as it leaves the page.
LISTENING = """
const real = window.fetch;
window.fetch = async (where, how) => {
  const file = how?.body instanceof FormData ? how.body.get("files") : null;
  if (file) window.sent = [...new Uint8Array(await file.arrayBuffer())];
  return real(where, how);
};
"""


def visit(open_page: Any, url: str) -> Any:
    """A phone on which uploads are listened to."""
    page = open_page(f"{url}healthz", 390, 844)
    page.add_init_script(LISTENING)
    page.goto(url)
    page.get_by_text("Faces in your photo are blurred").wait_for()
    return page


def sent_by(page: Any, data: bytes) -> Image.Image:
    """The photo that leaves the device when this one is chosen."""
    choose(page, data)
    placard(page)
    return Image.open(io.BytesIO(bytes(page.evaluate("window.sent")))).convert("RGB")


def detail(image: Image.Image, box: tuple[int, int, int, int]) -> float:
    """How much neighbouring pixels differ inside a box."""
    grey = np.asarray(image.convert("L").crop(box), float)
    return float(np.abs(np.diff(grey, axis=1)).mean())


@pytest.mark.parametrize(
    ("wide", "high", "size"), [(416, 416, 1.0), (900, 600, 1.6), (600, 900, 1.3)]
)
def test_a_face_leaves_the_device_blurred_and_the_rest_as_it_is(
    open_page: Any, url: str, wide: int, high: int, size: float
) -> None:
    page = visit(open_page, url)
    before = drawn_face(wide, high, size)
    after = sent_by(page, jpeg(before))
    assert after.size == before.size
    x, y, w, h = wide / 2, high * 0.46, 70 * size, 95 * size
    eyes = (round(x - w * 0.7), round(y - h * 0.35), round(x + w * 0.7), round(y + h * 0.05))
    assert detail(after, eyes) < 0.5 * detail(before, eyes)
    corner = np.asarray(after, int)[: high // 10, : wide // 10]
    assert np.abs(corner - np.array([150, 160, 170])).max() < 12


def test_a_photo_without_a_face_is_sent_as_it_is(open_page: Any, url: str) -> None:
    sent = sent_by(visit(open_page, url), photo_of("ochre"))
    plain = Image.open(io.BytesIO(photo_of("ochre"))).convert("RGB")
    assert np.abs(np.asarray(sent, int) - np.asarray(plain, int)).mean() < 2


def test_a_photo_in_which_no_face_can_be_looked_for_is_not_sent(open_page: Any, url: str) -> None:
    page = open_page(url, 390, 844)
    page.route("**/tiny-face-detector.bin", lambda route: route.abort())
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.url) if "/upload" in request.url else None
    )
    choose(page, jpeg(drawn_face()))
    page.get_by_role("heading", name="We couldn't look for faces").wait_for()
    assert sent == [] and faults(page) == {} and findings(page) == []
    page.get_by_role("button", name="Another photo").click()
    page.unroute("**/tiny-face-detector.bin")
    choose(page, b"hello")
    page.get_by_role("heading", name="We couldn't look for faces").wait_for()
    assert sent == []


def test_what_is_said_of_it_fits_every_screen(open_page: Any, url: str) -> None:
    for width, height in ((320, 568), (844, 390), (1280, 800)):
        page = open_page(url, width, height, reduced_motion="reduce")
        page.locator(f"{ASK} .policy", has_text="Faces in your photo").wait_for()
        assert faults(page) == {} and findings(page) == []
