"""What a person does to one photo beside naming it: notes, flags, a frame, ten minutes."""

from data_cards.annotations.framed_photos import frames_of
from data_cards.annotations.ledger import standing
from data_cards.annotations.remarks import remarks_of
from tests.fixtures.light_table import drawn
from tests.fixtures.light_table_page import all_kept, decisions_in, photo_on_screen

ROOT = "vitrine-light-table"


def test_a_note_a_flag_and_a_frame_stay_with_the_photo_and_the_question_stays_open(
    url, folder, open_page
):
    page = open_page(url)
    photo = photo_on_screen(page)
    page.keyboard.press("e")
    page.wait_for_selector("dialog[open] input, dialog[open] textarea")
    page.keyboard.type("whose hand is this?")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROOT} .remarks:has-text('whose hand')")
    page.keyboard.press("!")
    page.wait_for_selector(f"{ROOT} .remarks:has-text('flagged by ann')")
    page.keyboard.press("k")
    image = page.locator(f"{ROOT} .crop-area img").element_handle()
    page.wait_for_function("(image) => image.complete && image.naturalWidth > 0", arg=image)
    box = page.locator(f"{ROOT} .crop-area").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2, steps=4)
    page.mouse.up()
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROOT} .mat img[src*='frame=']")
    all_kept(page)
    assert photo_on_screen(page) == photo
    stand = standing(decisions_in(folder))
    remarks = remarks_of(stand)[photo]
    assert (remarks.text, remarks.flagged) == ("whose hand is this?", "ann")
    frame = frames_of(stand)[photo]
    assert frame.turn == 90 and 0.4 < frame.width < 0.6 and frame.height > 0.9


def test_no_frame_can_be_drawn_before_the_photo_is_there(url, open_page):
    page = open_page(url)
    photo_on_screen(page)
    held = []
    page.route("**/photo/*whole=1*", lambda route: held.append(route))
    with page.expect_request("**/photo/*whole=1*"):
        page.keyboard.press("k")
    words = page.locator(f"{ROOT} .crop .soft")
    words.wait_for()
    page.locator(f"{ROOT} .crop-area").evaluate("""(area) => {
      area.setPointerCapture = () => {};
      const { left, top, width, height } = area.getBoundingClientRect();
      const at = (name, x, y) => area.dispatchEvent(new PointerEvent(name, { clientX: x, clientY: y }));
      at("pointerdown", left - 1, top - 1);
      at("pointermove", left + width + 1, top + height + 1);
      at("pointerup", left + width + 1, top + height + 1);
    }""")
    assert words.inner_text().startswith("Draw a frame around what counts")
    held.pop().continue_()


def test_a_phone_reaches_notes_and_frames_behind_more(url, open_page):
    page = open_page(url, width=390, height=844, has_touch=True, is_mobile=True)
    photo_on_screen(page)
    page.locator(f"{ROOT} .act.more").click()
    page.locator(f"{ROOT} dialog button", has_text="crop or turn").click()
    page.locator(f"{ROOT} .crop button", has_text="Never mind").click()
    page.locator(f"{ROOT} .act.more").click()
    page.locator(f"{ROOT} dialog button", has_text="flag it").click()
    page.wait_for_selector(f"{ROOT} .remarks:has-text('flagged by ann')")


def test_ten_minutes_begin_with_a_question_and_end_with_a_receipt(url, open_page):
    page = open_page(url)
    photo_on_screen(page)
    page.locator(f"{ROOT} .menu button", has_text="Ten minutes").click()
    page.locator(f"{ROOT} .page-ten button", has_text="10 minutes").click()
    photo_on_screen(page)
    page.wait_for_selector(f"{ROOT} .progress:has-text('10 min left')")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROOT} .progress:has-text('1 of 41 questions')")
    page.locator(f"{ROOT} .progress button").click()
    page.locator(f"{ROOT} .page-ten button", has_text="That's it").click()
    page.wait_for_selector(f"{ROOT} .receipt:has-text('1 decision, 0 of them a change')")


def test_photos_are_added_once_somebody_says_that_they_were_understood(url, open_page, tmp_path):
    for name in ("mug", "bowl"):
        (tmp_path / "new" / name).mkdir(parents=True)
        for number in range(2):
            colour = "#335577" if name == "mug" else "#775533"
            (tmp_path / "new" / name / f"{number}.png").write_bytes(drawn(colour, number))
    page = open_page(url)
    photo_on_screen(page)
    page.locator(f"{ROOT} .menu button", has_text="Add photos").click()
    page.locator(f"{ROOT} input[webkitdirectory]").set_input_files(str(tmp_path / "new"))
    page.wait_for_selector(f"{ROOT} h2:has-text('I see 2 names with 4 photos. Is that right?')")
    page.locator(f"{ROOT} button", has_text="Yes, add 4 photos").click()
    page.wait_for_selector(f"{ROOT} .page-add .why")
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.wait_for_selector(f"{ROOT} .sheet-top .lab:text-is('64 photos')")
