"""The twin on the app's own page: fetched while the app answers, and answering when it is gone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from data_cards.photos.image import encode_jpeg
from space.app import create_app
from space.settings import SpaceSettings
from tests.fixtures.screens import faults
from tests.fixtures.tiny_models import picture
from tests.fixtures.visitors import in_a_loop, serving, sesame
from train.release.twin import export_twin

ASK = "vitrine-ask"
PHONE: dict[str, Any] = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def model(tiny_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny release with its twin; its weights are hardly rounded."""
    made = tmp_path_factory.mktemp("app-twin") / "model"
    shutil.copytree(tiny_release, made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("train.release.twin.STEPS", (32767,))
        export_twin(str(made), made.parent / "cache")
    return made


def choose(page: Any, number: int) -> str:
    """Choose a photo of a thing, by its number; what the answer says."""
    page.locator(f"{ASK} input[type=file]").first.set_input_files(
        {"name": "a", "mimeType": "image/jpeg", "buffer": encode_jpeg(picture(number, 50))}
    )
    page.locator(f"{ASK} main[data-state=answer]").wait_for()
    return str(page.locator(f"{ASK} .answer").inner_text())


def test_it_is_fetched_with_its_size_told_and_answers_when_the_app_is_gone(
    open_page: Any, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", os.environ.get("GRADIO_TEMP_DIR", str(tmp_path / "up")))
    settings = SpaceSettings(model=str(model), state=tmp_path / "state", cache=tmp_path / "cache")
    with serving(in_a_loop(lambda: create_app(settings, access=sesame()))) as url:
        page = open_page(f"{url}/healthz", **PHONE)
        page.wait_for_function(
            "() => fetch('/healthz').then((one) => one.ok)", polling=200, timeout=60_000
        )
        page.goto(url)
        page.get_by_text("Tiny things").first.wait_for()
        assert page.evaluate("crossOriginIsolated")
        page.get_by_role("button", name="Offline").click()
        page.get_by_role("button", name="Download 4 MB").click()
        page.get_by_role("button", name="Remove").wait_for()
        assert faults(page) == {}
        page.get_by_role("button", name="Compare").click()
        page.get_by_text("Same answer on 26 of 26 photos").wait_for()
        page.keyboard.press("Escape")
        said = choose(page, 1)
        assert "Rose" in said and "Answered by the app" in said
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(url)
    page.get_by_text("Tiny things").first.wait_for()
    said = choose(page, 2)
    assert "Ship" in said and "Answered on this device" in said
    assert page.evaluate("crossOriginIsolated")
    assert page.get_by_role("button", name="That's wrong").count() == 0
