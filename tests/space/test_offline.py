"""The twin on the app's own page: which of its files are served, how, and when none is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Set
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from data_cards.errors import TooBusy
from space.offline import OfferedTwins, OfflinePage, released_twins
from space.routes import config_of_app, serve_page
from space.settings import SpaceSettings
from train.inference.predictor import Predictor, load_predictor
from train.release.twin import export_twin


@pytest.fixture(scope="module")
def release(tiny_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny release with its twin."""
    made = tmp_path_factory.mktemp("with-twin") / "model"
    shutil.copytree(tiny_release, made)
    export_twin(str(made), made.parent / "cache")
    return made


@pytest.fixture(scope="module")
def predictor(release: Path) -> Predictor:
    """That release, opened."""
    return load_predictor(release)


class State:
    """What the routes ask of an app's state."""

    def __init__(self, predictor: Predictor | None, erased: Set[str] = frozenset()) -> None:
        self.predictor = predictor
        self.archive = SimpleNamespace(shows_erased=lambda names: bool(erased & names))

    def recognizer(self) -> Predictor:
        """The loaded release."""
        if self.predictor is None:
            raise TooBusy("The model is being loaded.", code="not_ready")
        return self.predictor


def visitor(state: Any) -> TestClient:
    """A browser at an app with this state."""
    app = FastAPI()
    app.state.settings = SpaceSettings(model="m", state=Path("."))
    twins = OfferedTwins(state)
    config = partial(config_of_app, False, False)
    app.include_router(OfflinePage(twins.now, state.recognizer, config).routes())
    serve_page(app, config, state.recognizer, twins.now)
    return TestClient(app)


def test_the_page_is_told_of_the_twin_and_finds_its_files(predictor: Predictor) -> None:
    app = visitor(State(predictor))
    assert 'TWIN = "twin/"' in app.get("/config.js").text
    told = app.get("/twin/twin.json").json()
    assert told["room"]["title"] == "Tiny things"
    for file in told["files"]:
        assert len(app.get(f"/twin/{file['name']}").content) == file["bytes"]
    rows = app.get("/twin/golden.json").json()
    assert app.get(f"/twin/{rows[0]['photo']}").status_code == 200


def test_a_file_stays_packed_and_is_not_sent_twice(predictor: Predictor) -> None:
    app = visitor(State(predictor))
    first = app.get("/twin/weights.gz")
    assert "content-encoding" not in first.headers and first.content[:2] == b"\x1f\x8b"
    assert first.headers["cache-control"] == "no-cache" and first.headers["etag"]
    assert app.head("/twin/weights.gz").headers["content-length"] == str(len(first.content))


@pytest.mark.parametrize(
    "name",
    [
        "../release.json",
        "%2e%2e/release.json",
        "..%2Fgolden.json",
        "golden/../../index",
        "",
        "x",
        "/etc/passwd",
    ],
)
def test_nothing_else_of_the_release_is_served(predictor: Predictor, name: str) -> None:
    assert visitor(State(predictor)).get(f"/twin/{name}").status_code == 404


def test_files_that_left_with_a_photo_are_missing_until_the_release_is_loaded_anew(
    release: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(release, model)
    app = visitor(State(load_predictor(model)))
    assert app.get("/twin/alike.bin").status_code == 200
    (model / "vitrine/twin/alike.bin").unlink()
    assert app.get("/twin/alike.bin").status_code == 404


def test_with_a_twin_the_page_is_isolated_so_that_threads_compute(predictor: Predictor) -> None:
    app = visitor(State(predictor))
    page = app.get("/").headers
    assert page["cross-origin-opener-policy"] == "same-origin"
    assert page["cross-origin-embedder-policy"] == "require-corp"
    worker = app.get("/vitrine/twin/worker.js").headers
    assert worker["cross-origin-embedder-policy"] == "require-corp"
    assert "'wasm-unsafe-eval'" in worker["content-security-policy"]


def test_the_service_worker_keeps_the_page_as_it_is_served(predictor: Predictor) -> None:
    app = visitor(State(predictor))
    first, program = app.get("/sw.js").text.split("\n", 1)
    kept = json.loads(first.removeprefix("self.VITRINE = ").removesuffix(";"))
    assert {"./", "config.js", "manifest.webmanifest", "vitrine/ask.js"} <= set(kept["files"])
    assert all(app.get(f"/{name}").status_code == 200 for name in kept["files"])
    assert "addEventListener" in program and app.get("/sw.js").text.startswith(first)
    manifest = app.get("/manifest.webmanifest").json()
    assert all(app.get(f"/{icon['src']}").status_code == 200 for icon in manifest["icons"])


def test_while_the_model_loads_a_browser_keeps_what_it_has() -> None:
    app = visitor(State(None))
    assert app.get("/sw.js").status_code == 503
    assert app.get("/twin/twin.json").status_code == 404
    assert "TWIN" not in app.get("/config.js").text


def test_a_twin_that_shows_an_erased_photo_is_not_offered_and_leaves_browsers(
    predictor: Predictor,
) -> None:
    app = visitor(State(predictor, erased={predictor.index.ids[0]}))
    assert "TWIN" not in app.get("/config.js").text
    assert app.get("/twin/alike.bin").status_code == 404
    assert app.get("/manifest.webmanifest").status_code == 404
    assert "unregister" in app.get("/sw.js").text
    assert "cross-origin-opener-policy" not in app.get("/").headers


def test_a_release_without_a_twin_or_with_a_broken_one_offers_none(
    tiny_release: Path, release: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert released_twins(tiny_release) == {}
    broken = tmp_path / "model"
    shutil.copytree(release, broken)
    (broken / "vitrine/twin/release.json.gz").write_bytes(b"half")
    with caplog.at_level("INFO"):
        assert "TWIN" not in visitor(State(load_predictor(broken))).get("/config.js").text
    assert "can't be read" in caplog.text


def test_a_small_twin_is_served_beside_the_whole_one_and_never_without_it(
    release: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(release, model)
    shutil.copytree(model / "vitrine/twin", model / "vitrine/twin-small")
    app = visitor(State(load_predictor(model)))
    assert 'SMALL_TWIN = "twin-small/"' in app.get("/config.js").text
    told = app.get("/twin-small/twin.json").json()
    assert told["room"]["title"] == "Tiny things"
    for file in told["files"]:
        assert len(app.get(f"/twin-small/{file['name']}").content) == file["bytes"]
    assert app.get("/twin-small/../release.json").status_code == 404
    assert '"gone": []' in app.get("/sw.js").text
    shutil.rmtree(model / "vitrine/twin")
    assert released_twins(model) == {}
    app = visitor(State(load_predictor(release)))
    assert app.get("/twin-small/twin.json").status_code == 404
    assert '"gone": ["twin-small"]' in app.get("/sw.js").text


def test_a_photo_erased_from_the_small_twin_takes_both_away(release: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(release, model)
    shutil.copytree(model / "vitrine/twin", model / "vitrine/twin-small")
    (model / "vitrine/twin-small/golden.json").write_text('[{"image_id": "only here"}]')
    app = visitor(State(load_predictor(model), erased={"only here"}))
    assert 'TWIN = "twin' not in app.get("/config.js").text
    assert app.get("/twin/twin.json").status_code == 404
    assert "unregister" in app.get("/sw.js").text
