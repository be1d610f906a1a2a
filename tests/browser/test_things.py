"""The places of the visitor's page: each thing has an address, what is wrong is said in two taps, and
the page speaks the visitor's language."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from data_cards.dataset.repo import open_dataset
from space.hunt.sheet import HuntSettings, write_hunt
from tests.browser.test_demo import ASK, FAKE_CAMERA, PHONE, choose, placard
from tests.fixtures.axe import findings
from tests.fixtures.colours import photo_between, photo_in_pieces, photo_of, photo_of_nothing
from tests.fixtures.visitors import serving_gallery

SPEECH = """window.spoken = [];
window.SpeechSynthesisUtterance = class extends EventTarget {
  constructor(text) { super(); this.text = text; } };
Object.defineProperty(window, "speechSynthesis", { value: {
  speaking: false, cancel() {}, speak(told) { window.spoken.push([told.lang, told.text]); } } });
Object.defineProperty(navigator, "share", { value: async (what) => { window.given = what; } });"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the app keeps its things."""
    return tmp_path_factory.mktemp("things")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """The app."""
    with serving_gallery(folder) as at:
        yield at


def sheet(page: Any, title: str) -> Any:
    """The sheet of that title, once it is open."""
    page.locator(f"{ASK} dialog[open] h2", has_text=title).first.wait_for()
    return page.locator(f"{ASK} dialog[open]")


def test_a_thing_has_an_address_that_back_reload_and_sharing_keep(open_page: Any, url: str) -> None:
    page = open_page(f"{url}#/thing/ochre", **PHONE)
    assert "the moon's double edge" in sheet(page, "Ochre Noon").inner_text()
    page.reload()
    sheet(page, "Ochre Noon").get_by_role("button", name="Close").click()
    page.locator(f"{ASK} dialog").wait_for(state="detached")
    assert "#/thing" not in page.url
    page.get_by_role("button", name="What I know").click()
    sheet(page, "The 6 paintings I know").get_by_role("button", name="Red Grid").click()
    sheet(page, "Red Grid")
    assert page.url.endswith("#/thing/red-grid")
    page.go_back()
    sheet(page, "The 6 paintings I know")
    page.keyboard.press("Escape")
    page.locator(f"{ASK} dialog").wait_for(state="detached")
    assert page.url.split("#")[0] == url
    page.go_forward()
    sheet(page, "The 6 paintings I know")


def test_an_address_that_names_nothing_shows_what_there_is(open_page: Any, url: str) -> None:
    page = open_page(f"{url}#/thing/nope", **PHONE)
    assert "nothing at this address" in sheet(page, "The 6 paintings I know").inner_text()


def test_a_look_alike_opens_on_tap_and_can_be_it(open_page: Any, url: str) -> None:
    page = open_page(url, **PHONE)
    choose(page, photo_of("ochre"))
    placard(page)
    other = page.locator(f"{ASK} .closest button").nth(1)
    title = other.locator("span").inner_text()
    other.click()
    sheet(page, title).get_by_role("button", name="This is it").click()
    page.locator(f"{ASK} .placard", has_text="You chose").wait_for()
    assert page.locator(f"{ASK} .placard h2").inner_text() == title
    assert page.url.split("#")[0] == url


def test_a_thing_is_read_aloud_and_its_address_given_away(open_page: Any, url: str) -> None:
    page = open_page(f"{url}healthz", **PHONE)
    page.context.add_init_script(SPEECH)
    page.goto(f"{url}#/thing/ochre")
    opened = sheet(page, "Ochre Noon")
    opened.get_by_role("button", name="Read aloud").click()
    lang, text = page.evaluate("window.spoken[0]")
    assert lang == "en" and text.startswith("Ochre Noon. The second of four")
    opened.get_by_role("button", name="Share").click()
    given = page.evaluate("window.given.url")
    assert given == f"{url}thing/ochre/"
    page.goto(given)
    sheet(page, "Ochre Noon")
    assert page.url == f"{url}#/thing/ochre"
    assert page.title().startswith("Ochre Noon · ")


def test_wrong_is_said_in_two_taps_with_the_next_guesses_first_and_once(
    open_page: Any, url: str, folder: Path
) -> None:
    page = open_page(url, **PHONE)
    choose(page, photo_in_pieces("ochre"))
    placard(page)
    page.get_by_role("button", name="That's wrong").click()
    rows = page.locator("dialog button.row").evaluate_all("all => all.map(r => r.dataset.label)")
    assert "ochre" not in rows
    assert rows[2:4] == ["none", "unknown"] and len(rows) == 7
    sent: list[str] = []
    page.on("request", lambda one: one.url.endswith("/suggestion") and sent.append(one.url))
    page.locator("dialog button.row").first.dblclick()
    page.locator("dialog code").wait_for()
    assert len(sent) == 1
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Your receipt").click()
    assert sheet(page, "Your receipts").locator("code").count() == 1


def test_a_thing_that_is_not_here_is_told_in_the_visitor_s_own_words(
    open_page: Any, url: str, folder: Path
) -> None:
    page = open_page(url, **PHONE)
    choose(page, photo_of_nothing())
    placard(page)
    page.get_by_role("button", name="It should be here").click()
    page.get_by_label("Something that isn't here").fill("a green <b>wall</b>")
    page.keyboard.press("Enter")
    page.locator("dialog code").wait_for()
    lines = [path.read_text() for path in (folder / "state" / "journal").glob("*.jsonl")]
    assert "In their words: “a green <b>wall</b>”." in "".join(lines)


def test_what_is_probably_it_stands_first_with_what_else_it_may_be_below(
    open_page: Any, url: str
) -> None:
    page = open_page(f"{url}healthz", **PHONE)
    page.context.add_init_script("""const json = JSON.parse;
        JSON.parse = (...given) => { const made = json(...given);
          const said = made?.output?.data?.[0];
          if (said?.answer === "one_of") said[window.so ?? "lead"] = true;
          return made; };""")
    page.goto(url)
    choose(page, photo_between("low-moon", "first-study", 0.45))
    said = placard(page).upper()
    assert "PROBABLY" in said and "LOOK FOR" in said
    page.get_by_role("heading", name="Or is it …?").wait_for()
    assert page.locator(f"{ASK} .candidate").count() == 1
    page.get_by_role("button", name="That's wrong").wait_for()
    page.evaluate("window.so = 'several'")
    page.get_by_role("button", name="Next photo").click()
    choose(page, photo_between("low-moon", "first-study", 0.45))
    page.get_by_role("heading", name="Which one do you mean?").wait_for()
    assert "IN YOUR PHOTO" in placard(page).upper()
    assert findings(page) == []


def test_a_german_browser_is_spoken_to_in_german_and_a_switch_is_kept(
    open_page: Any, url: str
) -> None:
    page = open_page(url, locale="de-DE", **PHONE)
    page.get_by_role("button", name="Was ich kenne: 6 Bilder").wait_for()
    assert page.evaluate("document.documentElement.lang") == "de"
    choose(page, photo_of("ochre"))
    assert "SICHER" in placard(page).upper()
    assert page.locator(f"{ASK} .placard h2").get_attribute("lang") == "de"
    assert page.locator(f"{ASK} .placard h2").inner_text() == "Ockermittag"
    page.get_by_label("Sprache").select_option("en")
    page.locator(f"{ASK} .placard h2", has_text="Ochre Noon").wait_for()
    page.reload()
    page.get_by_role("button", name="What I know").wait_for()
    choose(page, b"hello")
    page.get_by_role("heading", name="We can't open this file").wait_for()
    page.get_by_label("Language").select_option("de")
    page.goto(f"{url}#/thing/low-moon")
    assert sheet(page, "Harbour at Low Moon").locator(".body").get_attribute("lang") == "en"


def test_a_receipt_typed_in_again_tells_its_fate_and_takes_photo_and_suggestion_back(
    open_page: Any, url: str, folder: Path
) -> None:
    page = open_page(url, **PHONE)
    choose(page, photo_in_pieces("white-room"))
    placard(page)
    page.get_by_role("button", name="That's wrong").click()
    page.get_by_label("Keep my photo").check()
    page.locator("dialog button.row").nth(1).click()
    receipt = page.locator("dialog code").inner_text()
    kept = folder / "state" / "inbox"
    [photo] = kept.glob("*.photo")
    data = photo.read_bytes()
    elsewhere = open_page(url, **PHONE)
    elsewhere.get_by_role("link", name="I have a receipt").click()
    field = elsewhere.get_by_label("Receipt, 26 letters")
    field.fill("01ARZ3NDEKTSV4RRFFQ69G5FAV")
    field.press("Enter")
    elsewhere.get_by_text("know this receipt").wait_for()
    field.fill(receipt.lower())
    field.press("Enter")
    elsewhere.get_by_text("Someone will.").wait_for()
    elsewhere.get_by_role("button", name="Take it back").click()
    elsewhere.get_by_role("button", name="Really take it back").click()
    elsewhere.get_by_text("It is taken back").wait_for()
    left = [one for one in folder.rglob("*") if one.is_file() and data in one.read_bytes()]
    assert left == []
    elsewhere.get_by_role("button", name="Remove from this list").click()
    elsewhere.get_by_text("No receipt is kept in this browser").wait_for()


def test_a_hunt_ticks_off_what_is_found_on_the_phone_and_counts_finds_alone(
    open_page: Any, url: str, folder: Path
) -> None:
    page = open_page(f"{url}#/hunt", **PHONE)
    sheet(page, "Treasure hunt").get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="You have found 0 of 6").wait_for()
    choose(page, photo_of("ochre"))
    assert "You have found 1 of 6" in placard(page) and "Ochre Noon" in placard(page)
    page.get_by_role("button", name="Next photo").click()
    choose(page, photo_between("low-moon", "first-study"))
    assert "This isn't one of them" in placard(page)
    page.reload()
    page.get_by_role("button", name="You have found 1 of 6").click()
    opened = sheet(page, "Your list")
    assert opened.locator("li[data-found]").count() == 1
    page.keyboard.press("Escape")
    choose(page, photo_of("ochre"))
    assert "already" in placard(page)
    organiser = open_page(f"{url}#/hunt/counts", width=1280, height=800)
    organiser.get_by_text("1 find", exact=True).first.wait_for()
    assert (folder / "state" / "hunt.json").read_text().split() == ["{", '"ochre":', "1", "}"]


def test_a_phone_reads_the_code_on_the_printed_sheet(
    open_page: Any, url: str, folder: Path
) -> None:
    address = "https://ann-festival.hf.space"
    path = write_hunt(open_dataset(str(folder / "dataset")), folder / "hunt", HuntSettings(address))
    page = open_page(url, 900, 1200)
    page.set_content(path.read_text("utf-8"))
    seen = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert cv2.QRCodeDetector().detectAndDecode(seen)[0] == f"{address}/#/hunt"


def test_the_camera_opens_by_itself_where_the_visitor_said_so(open_page: Any, url: str) -> None:
    page = open_page(f"{url}healthz", **PHONE)
    page.context.add_init_script(
        FAKE_CAMERA % base64.b64encode(photo_of("red-grid", 640, 480)).decode()
    )
    page.goto(url)
    page.get_by_role("button", name="Open the camera").click()
    switch = page.get_by_role("button", name="Open the camera when I come")
    switch.click()
    assert switch.get_attribute("aria-pressed") == "true"
    page.goto(f"{url}healthz")
    page.goto(url)
    page.get_by_role("button", name="Take the photo").wait_for()
    assert page.evaluate("window.asked.video.facingMode.ideal") == "environment"


def test_a_photo_is_laid_beside_the_reference_and_why_says_where_it_cannot(
    open_page: Any, url: str
) -> None:
    page = open_page(url, **PHONE)
    page.get_by_role("button", name="What I know").wait_for()
    choose(page, photo_of("ochre"))
    placard(page)
    page.get_by_role("button", name="Compare").click()
    page.get_by_label("Slide to compare").fill("20")
    clip = "one => one.style.clipPath"
    straight = page.get_by_role("img", name="Your photo, straightened")
    assert straight.evaluate(clip) == "inset(0px 80% 0px 0px)"
    assert straight.evaluate("one => one.getContext('2d').getImageData(9, 9, 1, 1).data[3]") == 255
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Why?").click()
    page.get_by_text("show where the model looked").wait_for()
