"""The grid by mouse, keys and thumb: select many, give them one class."""

from tests.fixtures.light_table_page import all_kept, labels_in, photo_on_screen

ROOT = "vitrine-light-table"
PHONE = {"has_touch": True, "is_mobile": True}


def sit_at_grid(page):
    """The first photo is of the sealed test, whose grid nobody sees."""
    photo_on_screen(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROOT} .why:not(.sealed)")
    page.keyboard.press("g")
    page.wait_for_selector(f"{ROOT} .cell")
    return page.locator(f"{ROOT} .cell")


def selected(page, count):
    page.wait_for_selector(f"{ROOT} .picked:text-is('{count} selected')")


def middle(cell):
    box = cell.bounding_box()
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


def others(folder):
    return [label.label for label in labels_in(folder).values() if label.label != "harbour"]


def drag(page, start, end):
    page.mouse.move(**start)
    page.mouse.down()
    page.mouse.move(**end, steps=8)
    page.mouse.up()


def test_a_drag_of_the_mouse_draws_a_frame_and_what_it_touches_is_selected(url, open_page):
    page = open_page(url)
    cells = sit_at_grid(page)
    across = round(1228 / (cells.nth(1).bounding_box()["x"] - cells.nth(0).bounding_box()["x"]))
    start = middle(cells.nth(1))
    end = middle(cells.nth(across + 2))
    drag(page, start, end)
    selected(page, 4)
    chosen = cells.evaluate_all(
        "all => all.flatMap((one, place) => one.ariaSelected === 'true' ? [place] : [])"
    )
    assert chosen == [1, 2, across + 1, across + 2]
    page.mouse.move(**middle(cells.nth(4)))
    selected(page, 4)
    drag(page, start, middle(cells.nth(2)))  # from a selected one it lets go
    selected(page, 2)
    page.wait_for_selector(f"{ROOT} .band", state="detached")


def test_a_frame_may_begin_beside_the_photos_and_a_click_is_still_a_click(url, open_page):
    page = open_page(url)
    cells = sit_at_grid(page)
    box = cells.nth(0).bounding_box()
    drag(page, {"x": box["x"] - 12, "y": box["y"] - 4}, middle(cells.nth(1)))
    selected(page, 2)
    cells.nth(5).click()
    selected(page, 3)
    cells.nth(5).click()
    cells.nth(0).click()
    cells.nth(3).click(modifiers=["Shift"])
    selected(page, 4)


def test_arrows_and_space_select_without_a_mouse(url, folder, open_page):
    page = open_page(url)
    sit_at_grid(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    selected(page, 1)
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    selected(page, 4)
    page.keyboard.press("2")
    all_kept(page)
    assert others(folder) == ["harbour-study"] * 4


def test_one_suspicion_alone_and_all_of_it_at_once(url, folder, open_page):
    page = open_page(url)
    sit_at_grid(page)
    page.keyboard.press("f")
    page.wait_for_selector(f"{ROOT} .filters [aria-pressed=true] >> text=Grid")
    page.keyboard.press("x")
    selected(page, 20)
    page.keyboard.press("1")
    page.wait_for_selector("text=None of these is left.")
    all_kept(page)
    assert others(folder) == ["red-grid"] * 20


def touching(page):
    """What a finger does: `touch(kind, *points)`."""
    finger = page.context.new_cdp_session(page)
    return lambda kind, *points: finger.send(
        "Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)}
    )


def test_a_finger_that_rests_selects_as_it_goes(url, folder, open_page):
    page = open_page(url, 390, 844, **PHONE)
    cells = sit_at_grid(page)
    touch = touching(page)
    touch("touchStart", middle(cells.nth(0)))
    selected(page, 1)
    for place in (1, 2, 5):
        touch("touchMove", middle(cells.nth(place)))
    touch("touchEnd")
    selected(page, 4)
    page.locator(f"{ROOT} .gives button").nth(1).tap()
    all_kept(page)
    assert others(folder) == ["harbour-study"] * 4
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_finger_that_moves_at_once_scrolls_and_selects_nothing(url, open_page):
    page = open_page(url, 390, 844, **PHONE)
    cells = sit_at_grid(page)
    touch = touching(page)
    start = middle(cells.nth(7))
    touch("touchStart", start)
    for step in range(1, 9):
        touch("touchMove", {"x": start["x"], "y": start["y"] - 30 * step})
    touch("touchEnd")
    page.wait_for_function(
        f"document.querySelector('{ROOT}').shadowRoot.querySelector('.body').scrollTop > 100",
        polling=50,
    )
    selected(page, 0)
