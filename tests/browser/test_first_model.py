"""From photos without a label to a model that answers, in one sitting: nothing is started again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import space.app
from curation.light_table.pages.rounds import RetrainSetup, Rounds
from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import create_dataset
from data_cards.dataset.schema import Label, Photo, Source
from data_cards.dataset.tables import images_file, labels_file
from data_cards.errors import NoModelYet
from data_cards.photos.image import image_id
from space.app import create_app
from space.app_state import AppState
from tests.fixtures.colours import COLOURS, SIDE, Colours, photo_of
from tests.fixtures.screens import faults
from tests.fixtures.visitors import PASSWORD, in_a_loop, serving, sesame, settings_in

PATIENCE = 30_000  # ms; the machine may be busy
ASK = "vitrine-ask"
TABLE = "vitrine-light-table"
# What the page starts instead of a training: a quick model, and a better one when `gate` is gone.
TRAINS = """
import sys, time
from pathlib import Path
from curation.retrain.job_runner import JobProgress
model, telling = Path(sys.argv[2]), JobProgress(Path(sys.argv[-1]))
telling.step(1, 2, "Training a first, quick model")
model.mkdir(exist_ok=True)
(model / "quick").touch()
telling.made()
telling.step(2, 2, "Training", 30.0)
print("Fine-tuning: epoch 1 of 7, step 5 of 20, about 4 min left.", flush=True)
while (model.parent / "gate").exists():
    time.sleep(0.05)
(model / "quick").unlink()
telling.made()
telling.done("It went well.")
"""
FAILS = TRAINS.replace(
    '(model / "quick").unlink()', 'sys.exit(telling.failed("The disk is full."))'
)


def bare_dataset(folder: Path) -> str:
    """Photos of all paintings, without a label or a class."""
    made = create_dataset(str(folder), Collection("cups", "Cups", ()))
    rows = [
        (Photo(image_id(data), SIDE + n, SIDE, (Source(path=f"{n}.jpg"),)), data)
        for n, name in enumerate(COLOURS)
        for data in [photo_of(name, SIDE + n, SIDE)]
    ]
    files = [
        images_file(rows),
        labels_file(Label(photo.image_id, None, "unlabelled") for photo, _ in rows),
    ]
    return made.commit(dict(files), "Photos came in").address


def loading(model: Path) -> Colours:
    """The release in a folder, as far as the pretended trainer has come."""
    if not model.is_dir():
        raise NoModelYet(f"There is no model at {model}.")
    found = Colours()
    if (model / "quick").exists():
        found.model = {**found.model, "revision": "r0", "provisional": {"value": 0.9, "n": 40}}
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "gate").touch()
    return tmp_path


@pytest.fixture
def opened(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`opened(code)`: the address of an app with photos and no model, whose trainer only
    pretends."""
    kept: list[Any] = []

    def begin(code: str, behind: tuple[str, ...] = ()) -> str:
        def rounds(app_state: AppState, settings: Any) -> Rounds:
            assert app_state.archive.table is not None
            kept.append(
                Rounds(
                    app_state.archive.table,
                    RetrainSetup(
                        settings.model,
                        place / "cache",
                        place / "jobs",
                        app_state.serving,
                        app_state.reload,
                        ("-c", code),
                    ),
                    lambda: [],
                )
            )
            return kept[-1]

        monkeypatch.setattr(space.app, "_rounds", rounds)
        monkeypatch.setenv(
            "GRADIO_TEMP_DIR", os.environ.get("GRADIO_TEMP_DIR", str(place / "uploads"))
        )
        settings = settings_in(
            place,
            model=str(place / "model"),
            dataset=bare_dataset(place / "set"),
            owners=("ann",),
            behind=behind,
        )
        app = in_a_loop(
            lambda: create_app(
                settings, load=lambda address: loading(Path(address)), access=sesame()
            )
        )
        served = serving(app)
        kept.append(served)
        return served.__enter__() + "/"

    yield begin
    (place / "gate").unlink(missing_ok=True)
    for one in kept:
        if isinstance(one, Rounds):
            one.stop()
        else:
            one.__exit__(None, None, None)


def to_the_table(page: Page) -> None:
    """From the visitors' page to the light table, signed in."""
    page.get_by_role("button", name="Open the light table").click(timeout=PATIENCE)
    page.get_by_label("Name").fill("ann", timeout=PATIENCE)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{TABLE} .mat img", timeout=PATIENCE)


def name_it(page: Page, words: str, done: int) -> None:
    """Type what the photo on screen shows."""
    page.get_by_role("button", name=re.compile("type what it is|another class")).click(
        timeout=PATIENCE
    )
    page.get_by_role("combobox").fill(words)
    page.get_by_role("option", name=words).wait_for(timeout=PATIENCE)
    page.get_by_role("combobox").press("Enter")
    expect(page.locator(f"{TABLE} .progress")).to_contain_text(f"{done} of 6", timeout=PATIENCE)


@pytest.mark.parametrize("width", [1280, 390])
def test_from_no_label_to_an_answer_without_a_restart(
    open_page: Any, opened: Any, place: Path, width: int
) -> None:
    page = open_page(opened(TRAINS), width=width)
    expect(page.get_by_role("heading", name="There is no model yet.")).to_be_visible(
        timeout=PATIENCE
    )
    expect(page.locator(f"{ASK} .placard")).to_have_css("opacity", "1")
    assert not faults(page)
    to_the_table(page)
    told = page.locator(f"{TABLE} .model")
    expect(told).to_have_text(
        re.compile(r"No model yet: label 6 photos, of two classes or more \(0 so far\)")
    )
    name_it(page, "Cup", 1)
    expect(page.locator(f"{TABLE} .choice", has_text="Cup")).to_be_visible(timeout=PATIENCE)
    name_it(page, "Bowl", 2)
    expect(told).to_contain_text("(2 so far)", timeout=PATIENCE)
    assert not faults(page)
    told.get_by_role("button", name="Train the first model").click()
    # The page's own button: until it is there, the last of that name is the one just pressed.
    page.get_by_role("region", name="Was it worth it?").get_by_role(
        "button", name="Train the first model"
    ).click(timeout=PATIENCE)
    expect(page.get_by_text("About 5 minutes left")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("tab", name="Ask").click()
    notice = page.locator(f"{ASK} .notice")
    expect(notice).to_contain_text("right first time on 90 % of 40 test photos", timeout=PATIENCE)
    (place / "gate").unlink()
    expect(notice).to_have_text("A better model answers now.", timeout=PATIENCE)
    page.locator(f"{ASK} input[type=file]").first.set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo_of("ochre")}
    )
    expect(page.locator(f"{ASK} .placard")).to_contain_text("Ochre Noon", timeout=PATIENCE)


def test_a_training_that_fails_is_said_and_the_quick_model_goes_on(
    open_page: Any, opened: Any, place: Path
) -> None:
    page = open_page(opened(FAILS, ("-c", FAILS, "dataset", str(place / "model"))))
    notice = page.locator(f"{ASK} .notice")
    expect(notice).to_contain_text("A better one is being trained", timeout=PATIENCE)
    (place / "gate").unlink()
    expect(notice).to_contain_text(
        "The better one could not be trained, so this one stays.", timeout=PATIENCE
    )
    page.locator(f"{ASK} input[type=file]").first.set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo_of("red-grid")}
    )
    expect(page.locator(f"{ASK} .placard")).to_contain_text("Red Grid", timeout=PATIENCE)
