"""With the camera open the frame of a flat thing is found, and the photo is straightened by it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.browser.test_demo import ASK, FAKE_CAMERA, placard
from tests.fixtures.axe import findings
from tests.fixtures.colours import COLOURS, jpeg, photo_of
from tests.fixtures.screens import faults
from tests.fixtures.visitors import serving_gallery

OCHRE = COLOURS["ochre"][0]
# Where the picture hangs in what the camera sees, seen from the left.
CORNERS = [(245, 120), (400, 80), (400, 390), (245, 350)]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app."""
    with serving_gallery(tmp_path_factory.mktemp("live")) as at:
        yield at


def on_a_wall(corners: list[tuple[int, int]]) -> bytes:
    """A picture of one colour on a wall of another, as a JPEG."""
    seen = Image.new("RGB", (640, 480), (214, 205, 190))
    ImageDraw.Draw(seen).polygon(corners, fill=OCHRE)
    return jpeg(seen)


def camera_that_sees(data: bytes) -> str:
    """A script that gives the page this camera."""
    return FAKE_CAMERA % base64.b64encode(data).decode()


POINTS = f"() => document.querySelector('{ASK}').shadowRoot.querySelector('.found polygon').getAttribute('points')"


@pytest.mark.parametrize(("width", "height"), [(390, 844), (844, 390), (1280, 800)])
def test_the_frame_of_what_hangs_there_is_drawn_over_the_picture(
    open_page: Any, url: str, width: int, height: int
) -> None:
    page = open_page(f"{url}healthz", width, height, reduced_motion="reduce")
    page.add_init_script(camera_that_sees(on_a_wall(CORNERS)))
    page.goto(url)
    page.get_by_role("button", name="Open the camera").click()
    page.get_by_text("Got its frame").wait_for()
    box = page.locator(f"{ASK} video").bounding_box()
    scale = max(box["width"] / 640, box["height"] / 480)
    seen = (box["width"] / scale, box["height"] / scale)
    left, top = (640 - seen[0]) / 2, (480 - seen[1]) / 2
    found = [tuple(map(float, one.split(","))) for one in page.evaluate(POINTS).split()]
    for (x, y), (cx, cy) in zip(found, CORNERS, strict=True):
        assert abs(x - (cx - left) / seen[0]) < 0.03 and abs(y - (cy - top) / seen[1]) < 0.03
    assert faults(page) == {} and findings(page) == []
    page.get_by_role("button", name="Close").click()
    assert page.evaluate(POINTS) == ""


def test_without_a_flat_thing_nothing_is_drawn(open_page: Any, url: str) -> None:
    page = open_page(f"{url}healthz", 390, 844)
    round_thing = Image.new("RGB", (640, 480), (214, 205, 190))
    ImageDraw.Draw(round_thing).ellipse((220, 140, 420, 340), fill=OCHRE)
    page.add_init_script(camera_that_sees(jpeg(round_thing)))
    page.goto(url)
    page.get_by_role("button", name="Open the camera").click()
    page.get_by_text("Fit it in the frame").wait_for()
    page.wait_for_timeout(600)
    assert page.evaluate(POINTS) == ""


STRAIGHT = """async ([photo, reference]) => {
  const { compareSheet } = await import("./vitrine/closer.js");
  const sheet = compareSheet(photo, { title: "Ochre", picture: reference });
  document.body.append(sheet);
  sheet.showModal();
  for (let turn = 0; turn < 50 && !sheet.querySelector("canvas"); turn++) await new Promise((done) => setTimeout(done, 100));
  const drawn = sheet.querySelector("canvas");
  if (!drawn) return null;
  const { width, height } = drawn;
  const at = (x, y) => [...drawn.getContext("2d").getImageData(x * width, y * height, 1, 1).data].slice(0, 3);
  return [at(0.03, 0.03), at(0.97, 0.03), at(0.97, 0.97), at(0.03, 0.97)];
}"""


def as_address(data: bytes) -> str:
    """A photo in an address."""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def test_the_photo_is_straightened_by_its_frame_where_the_app_knows_no_better(
    open_page: Any, url: str
) -> None:
    page = open_page(url, 390, 844)
    photo, reference = (
        as_address(one) for one in (on_a_wall(CORNERS), photo_of("ochre", 180, 320))
    )
    for colour in page.evaluate(STRAIGHT, [photo, reference]):
        assert max(abs(one - two) for one, two in zip(colour, OCHRE, strict=True)) < 30
    wide = as_address(photo_of("ochre", 600, 100))  # another shape: it is not the same picture
    assert page.evaluate(STRAIGHT, [photo, wide]) is None


def test_a_photo_is_taken_with_the_frame_on_the_screen(open_page: Any, url: str) -> None:
    page = open_page(f"{url}healthz", 390, 844)
    page.add_init_script(camera_that_sees(on_a_wall([(60, 20), (590, 30), (580, 460), (50, 450)])))
    page.goto(url)
    page.get_by_role("button", name="Open the camera").click()
    page.locator(f"{ASK} .shutter").click()
    assert placard(page)
    assert page.evaluate(POINTS) == ""
