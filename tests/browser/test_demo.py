"""A visitor with a phone: show a photo, read the placard, say when it is wrong. And the same
with a mouse, without a camera, without a network."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_cards.dataset.repo import open_dataset
from tests.fixtures.colours import photo_between, photo_in_pieces, photo_of, photo_of_nothing
from tests.fixtures.screens import faults
from tests.fixtures.visitors import PASSWORD, built, serving, settings_in, small_gallery

ASK = "vitrine-ask"
ANSWER = f"{ASK} main[data-state=answer]"
PHONE: dict[str, Any] = {"width": 390, "height": 844}
FAKE_CAMERA = """
const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
const image = new Image();
image.src = "data:image/jpeg;base64,%s";
const draw = () => { canvas.getContext("2d").drawImage(image, 0, 0, 640, 480); };
setInterval(draw, 30);
Object.defineProperty(navigator, "mediaDevices", { value: {
  getUserMedia: async (asked) => {
    window.asked = asked;
    await image.decode();
    draw();
    return canvas.captureStream(30);
  } } });
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the app keeps its things."""
    return tmp_path_factory.mktemp("demo")


def opened(folder: Path, subject: str) -> Iterator[str]:
    """An app's address."""
    with pytest.MonkeyPatch.context() as patch:
        # One folder for both apps: Gradio has one for a process, and each doorway lets only its
        # uploads through.
        patch.setenv("GRADIO_TEMP_DIR", os.environ.get("GRADIO_TEMP_DIR", str(folder / "uploads")))
        small_gallery(folder / "dataset", subject)
        with serving(built(settings_in(folder, dataset=str(folder / "dataset")), subject)) as url:
            yield url + "/"


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """The usual app."""
    yield from opened(folder, "things")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app about people."""
    yield from opened(tmp_path_factory.mktemp("people"), "people")


def choose(page: Any, data: bytes, name: str = "photo.jpg") -> None:
    """Choose a file, as the Photos button does."""
    page.locator(f"{ASK} input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": data}
    )


def placard(page: Any) -> str:
    """What the placard says."""
    page.wait_for_selector(ANSWER)
    return str(page.locator(f"{ASK} .placard").inner_text())


def test_a_photo_is_answered_with_its_story(open_page: Any, url: str) -> None:
    page = open_page(url, **PHONE)
    choose(page, photo_of("ochre"))
    said = placard(page)
    assert "SURE · OVER 99 %" in said.upper() and "Ochre Noon" in said
    assert "Look for" in said and "Museum catalogue, CC BY 4.0" in said
    assert page.locator(f"{ASK} .closest img").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_two_that_could_be_it_are_a_shelf_and_choosing_tells_the_story(
    open_page: Any, url: str
) -> None:
    page = open_page(url, **PHONE)
    choose(page, photo_between("low-moon", "first-study"))
    assert "Which one is it?" in placard(page)
    page.get_by_role("button", name="Harbour, First Study").click()
    assert "You chose".upper() in placard(page).upper()
    page.get_by_role("button", name="Tell us").click()
    assert page.locator("dialog button.row").get_attribute("data-label") == "first-study"


def test_what_is_not_here_is_said_so(open_page: Any, url: str) -> None:
    page = open_page(url, **PHONE)
    choose(page, photo_of_nothing())
    assert "We don't know this one" in placard(page)
    page.get_by_text("none of the 6 paintings").wait_for()
    assert page.get_by_role("button", name="It should be here").is_visible()


def test_that_s_wrong_ends_with_a_receipt_whose_fate_can_be_asked(
    open_page: Any, url: str, folder: Path
) -> None:
    page = open_page(url, **PHONE)
    choose(page, photo_in_pieces("ochre"))
    placard(page)
    page.get_by_role("button", name="That's wrong").click()
    page.get_by_label("Keep my photo").check()
    page.locator("dialog button.row", has_text="Red Grid").click()
    receipt = page.locator("dialog code").inner_text()
    assert len(receipt) == 37
    page.get_by_role("button", name="Has anyone looked at it?").click()
    page.get_by_text("Someone will.").wait_for()
    assert len(list((folder / "state" / "inbox").glob("*.photo"))) == 1
    labels = open_dataset(str(folder / "dataset")).labels()
    assert all(label.status == "labelled" for label in labels.values())


def test_the_camera_s_picture_is_taken_and_asked_about(open_page: Any, url: str) -> None:
    page = open_page(f"{url}healthz", **PHONE)
    page.context.add_init_script(
        FAKE_CAMERA % base64.b64encode(photo_of("red-grid", 640, 480)).decode()
    )
    page.goto(url)
    page.get_by_role("button", name="Open the camera").click()
    page.get_by_text("Fit it in the frame").wait_for()
    assert page.evaluate("window.asked.video.facingMode.ideal") == "environment"
    page.wait_for_function(f"document.querySelector('{ASK}').video.videoWidth > 0")
    page.get_by_role("button", name="Take the photo").click()
    assert "Red Grid" in placard(page)
    page.get_by_role("button", name="Next photo").click()
    page.get_by_role("button", name="Take the photo").wait_for()


def test_without_a_camera_the_phone_s_own_is_opened(open_page: Any, url: str) -> None:
    page = open_page(f"{url}healthz", **PHONE)
    page.context.add_init_script(
        "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"
    )
    page.goto(url)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open the camera").click()
    assert chooser.value.element.get_attribute("capture") == "environment"
    page.get_by_text("This page isn't allowed to use the camera").wait_for()


def test_a_pasted_and_a_dropped_picture_are_asked_about(open_page: Any, url: str) -> None:
    page = open_page(url)
    page.get_by_text("Show it a photo").wait_for()
    for event, carrier, name, title in (
        ("paste", "clipboardData", "ochre", "Ochre Noon"),
        ("drop", "dataTransfer", "red-grid", "Red Grid"),
    ):
        page.evaluate(
            """async ([event, carrier, data]) => {
            const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
            const held = new DataTransfer();
            held.items.add(new File([bytes], "a.jpg", { type: "image/jpeg" }));
            const kind = event === "paste" ? ClipboardEvent : DragEvent;
            document.querySelector("vitrine-ask").dispatchEvent(
                new kind(event, { [carrier]: held, bubbles: true, cancelable: true, composed: true }));
        }""",
            [event, carrier, base64.b64encode(photo_of(name)).decode()],
        )
        page.locator(f"{ASK} h2", has_text=title).wait_for()


def test_where_pasting_is_refused_the_page_says_how(open_page: Any, url: str) -> None:
    page = open_page(url, **PHONE)
    # Whether Chromium refuses by itself depends on which of its windows has the focus.
    page.evaluate(
        "() => { navigator.clipboard.read = () => Promise.reject(new DOMException('no')); }"
    )
    page.get_by_role("button", name="Paste").click()
    page.get_by_text("Press Ctrl + V").wait_for()


def test_a_text_named_jpg_gets_a_sentence_and_a_way_on(open_page: Any, url: str) -> None:
    page = open_page(url, **PHONE)
    choose(page, b"hello")
    page.get_by_role("heading", name="We can't open this file").wait_for()
    page.get_by_role("button", name="Another photo").click()
    page.get_by_role("button", name="Open the camera").wait_for()


def test_when_the_network_goes_the_photo_stays_and_asks_again(open_page: Any, url: str) -> None:
    page = open_page(url, **PHONE)
    page.get_by_role("button", name="What I know").wait_for()
    page.context.set_offline(True)
    choose(page, photo_of("ochre"))
    page.get_by_role("heading", name="Your photo is still here").wait_for()
    page.context.set_offline(False)
    page.get_by_role("button", name="Again").click()
    assert "Ochre Noon" in placard(page)


def test_a_title_with_markup_stays_text(open_page: Any, url: str) -> None:
    page = open_page(f"{url}healthz", **PHONE)
    evil = (
        '{"name":"n","title":"<img src=x '
        'onerror=window.hit=1>","subject":"things","classes":6,"keeps_photos":true}'
    )
    page.route("**/room", lambda route: route.fulfill(body=evil, content_type="application/json"))
    page.goto(url)
    page.get_by_text("<img src=x").wait_for()
    assert page.evaluate("window.hit") is None


def test_people_are_described_by_dress_and_their_photos_are_not_kept(
    open_page: Any, people: str
) -> None:
    page = open_page(people, **PHONE)
    page.get_by_text("never to say who somebody is").wait_for()
    choose(page, photo_of("ochre"))
    assert "Dress and ornament most like" in placard(page)
    for policy in ("never to say who somebody is", "Legal basis: Consent in writing"):
        assert page.get_by_text(policy).is_visible()
    page.get_by_role("button", name="That's wrong").click()
    assert page.get_by_label("Keep my photo").count() == 0
    assert page.get_by_text("never the photo").is_visible()


def test_the_keyboard_alone_is_enough(open_page: Any, url: str) -> None:
    page = open_page(url)
    page.get_by_role("button", name="What I know").wait_for()
    # What the key opens is the browser's own window, which a test cannot see for sure: that it was
    # asked for is enough.
    page.evaluate(
        f"document.querySelector('{ASK}').shadowRoot.querySelector('input[type=file]')"
        ".addEventListener('click', event => { event.preventDefault(); window.opened = true; })"
    )
    page.get_by_role("button", name="Choose a photo").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("window.opened", polling=50)
    choose(page, photo_of("ochre"))
    placard(page)
    assert (
        page.evaluate(f"document.querySelector('{ASK}').shadowRoot.activeElement.textContent")
        == "Ochre Noon"
    )
    page.get_by_role("button", name="That's wrong").press("Enter")
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_word_is_faint_or_beyond_the_window(
    open_page: Any, url: str, width: int, scheme: str
) -> None:
    page = open_page(url, width, 844, color_scheme=scheme, reduced_motion="reduce")
    wrong = {}
    page.get_by_role("button", name="What I know").click()
    squeezed = page.locator(f"{ASK} dialog .row").evaluate_all(
        "all => all.filter((one) => one.clientHeight < one.querySelector('.thumb').offsetHeight + "
        "12).length"
    )
    wrong["names"] = faults(page)
    page.keyboard.press("Escape")
    wrong["start"] = faults(page)
    for name, data in (
        ("sure", photo_of("ochre")),
        ("one of", photo_between("low-moon", "first-study")),
        ("none", photo_of_nothing()),
    ):
        choose(page, data)
        placard(page)
        wrong[name] = faults(page)
        page.get_by_role("button", name="Next photo").click()
    choose(page, b"hello")
    page.get_by_role("heading", name="We can't open this file").wait_for()
    wrong["no photo"] = faults(page)
    assert not squeezed and {name: found for name, found in wrong.items() if found} == {}


def test_while_it_looks_the_page_says_so_where_it_can_be_read(open_page: Any, url: str) -> None:
    page = open_page(url)
    held = []
    fast = []
    page.get_by_role("button", name="What I know").wait_for()
    page.route("**/upload*", lambda route: route.continue_() if fast else held.append(route))
    choose(page, photo_of("ochre"))
    said = page.locator(f"{ASK} .live", has_text="Looking closely…")
    said.wait_for()
    assert said.evaluate("""one => { const { left, top, height } = one.getBoundingClientRect();
        return one.getRootNode().elementFromPoint(left + 20, top + height / 2) === one; }""")
    fast.append(True)
    for route in held:
        route.continue_()
    placard(page)


def test_the_light_table_is_behind_a_door_in_its_own_tab(open_page: Any, url: str) -> None:
    page = open_page(url)
    page.get_by_role("tab", name="Light table").click()
    page.get_by_role("textbox", name="Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").or_(page.get_by_text("ann").first).first.wait_for()


SHIFTS = """window.shift = 0; new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value;
}).observe({ type: "layout-shift", buffered: true });"""


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_jumps_and_nothing_of_gradio_s_page_is_fetched(
    open_page: Any, url: str, width: int
) -> None:
    page = open_page(f"{url}healthz", width, 844)
    asked: list[str] = []
    refused: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(url)))
    page.on("console", lambda line: "Content Security" in line.text and refused.append(line.text))
    page.context.add_init_script(SHIFTS)
    page.goto(url)
    page.get_by_role("button", name="What I know").wait_for()
    page.wait_for_function(f"""() => [...document.querySelector('{ASK}').shadowRoot
        .querySelectorAll(".hang img")].filter((image) => image.naturalWidth > 0).length === 6""")
    assert page.evaluate("window.shift") < 0.05
    assert not [name for name in asked if name.startswith(("assets/", "svelte/", "static/"))]
    assert not refused


def test_a_tab_has_an_address_that_back_and_reload_keep(open_page: Any, url: str) -> None:
    page = open_page(url)
    page.get_by_role("tab", name="Ask").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("textbox", name="Name").wait_for()
    assert page.url == f"{url}#/light-table"
    page.reload()
    page.get_by_role("textbox", name="Name").wait_for()
    page.go_back()
    page.get_by_role("button", name="Choose a photo").wait_for()
    assert page.get_by_role("tab", name="Ask", selected=True).is_visible()
