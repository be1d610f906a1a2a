"""What is loaded behind the app, and what happens while it is not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from data_cards.dataset.repo import open_dataset
from data_cards.errors import BadModel, NoModelYet, TooBusy
from space.app_state import AppState, newest_of
from space.recent_answers import Recent
from space.routes import pages
from tests.fixtures.colours import Colours, photo_of
from tests.fixtures.visitors import settings_in, small_gallery


def browsing(app_state: AppState) -> TestClient:
    """A browser at our own routes."""
    app = FastAPI()
    app.include_router(pages(app_state))
    return TestClient(app)


def test_health_is_503_until_the_model_answers(tmp_path: Path) -> None:
    go = threading.Event()

    def load(address: str) -> Colours:
        go.wait(10)
        return Colours()

    told: list[object] = []
    app_state = AppState(settings_in(tmp_path), load, told.append)
    browser = browsing(app_state)
    app_state.open()
    health = browser.get("/healthz")
    assert (health.status_code, health.json()["code"], health.headers["retry-after"]) == (
        503,
        "not_ready",
        "2",
    )
    assert browser.get("/room").status_code == 503
    assert browser.get("/reference/ochre").status_code == 404
    with pytest.raises(TooBusy):
        app_state.recognizer()
    go.set()
    app_state.close()
    assert told == [None]
    assert browser.get("/healthz").status_code == 200
    assert browser.get("/room").json()["classes"] == 6


def test_a_model_that_cannot_be_loaded_stays_503_and_tells_strangers_no_path(
    tmp_path: Path,
) -> None:
    def load(address: str) -> Colours:
        raise BadModel("There is no model at /home/ann/secret.")

    told: list[object] = []
    app_state = AppState(settings_in(tmp_path), load, told.append)
    app_state.open()
    app_state.close()
    assert isinstance(told[0], BadModel)
    health = browsing(app_state).get("/healthz")
    assert (health.status_code, health.json()["code"]) == (503, "no_model")
    assert "/home" not in health.text and "/home" not in browsing(app_state).get("/room").text


def test_without_a_dataset_questions_are_kept_on_this_machine(tmp_path: Path) -> None:
    app_state = AppState(settings_in(tmp_path), lambda address: Colours())
    app_state.open()
    app_state.close()
    recent = Recent()
    recent.keep("p", photo_of("ochre"), "ochre", "r1")
    receipt = app_state.inbox().ask(recent.find("p"), "none", True, recent)
    assert app_state.fate(receipt)["fate"] == "waiting for a person"
    again = AppState(settings_in(tmp_path), lambda address: Colours())
    again.open()
    again.close()
    assert again.fate(receipt)["fate"] == "waiting for a person"


def test_closing_sends_photos_and_questions_to_the_dataset(tmp_path: Path) -> None:
    small_gallery(tmp_path / "dataset")
    app_state = AppState(
        settings_in(tmp_path, dataset=str(tmp_path / "dataset")), lambda address: Colours()
    )
    app_state.open()
    app_state._thread.join()  # type: ignore[union-attr]
    recent = Recent()
    recent.keep("p", photo_of("ochre", 300, 200), "ochre", "r1")
    receipt = app_state.inbox().ask(recent.find("p"), "red-grid", True, recent)
    app_state.close()
    after = open_dataset(str(tmp_path / "dataset"))
    [line] = after.ledger()
    assert line["id"] == receipt
    assert line["image_id"] in after.inbox()


def test_the_room_about_people_tells_its_policy_and_that_no_photo_is_kept(tmp_path: Path) -> None:
    app_state = AppState(settings_in(tmp_path), lambda address: Colours("people"))
    app_state.open()
    app_state.close()
    told = browsing(app_state).get("/room").json()
    assert told["keeps_photos"] is False
    assert told["intended_use"] and told["consent"] and told["legal_basis"]


class FirstReleases:
    """There is no model until `made`; then a release with such facts."""

    def __init__(self) -> None:
        self.made: dict[str, object] | None = None

    def __call__(self, address: str) -> Colours:
        if self.made is None:
            raise NoModelYet(f"There is no model at /home/ann/{address}.")
        served = Colours()
        served.model = {"repo": "m", "revision": "r1", "dataset_revision": "d", **self.made}
        return served


def waiting_room(tmp_path: Path, load: FirstReleases, told: list[object]) -> AppState:
    """A room with a dataset and no model."""
    small_gallery(tmp_path / "dataset")
    app_state = AppState(
        settings_in(tmp_path, dataset=str(tmp_path / "dataset")), load, told.append
    )
    app_state.open()
    app_state._thread.join()  # type: ignore[union-attr]
    return app_state


def test_a_dataset_without_a_model_is_open_and_says_so(tmp_path: Path) -> None:
    told: list[object] = []
    app_state = waiting_room(tmp_path, FirstReleases(), told)
    browser = browsing(app_state)
    assert told == [None], "the light table is open"
    for path in ("/healthz", "/room"):
        answer = browser.get(path)
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (
            503,
            "no_model_yet",
            "10",
        )
        assert (
            answer.json()["error"].startswith("There is no model yet.")
            and "/home" not in answer.text
        )
    assert (app_state.serving().missing, app_state.serving().loading) == (True, False)
    with pytest.raises(NoModelYet, match="There is no model yet"):
        app_state.recognizer()
    app_state.close()


def test_the_first_model_answers_without_a_restart(tmp_path: Path) -> None:
    load = FirstReleases()
    app_state = waiting_room(tmp_path, load, [])
    app_state.reload()
    app_state._reloading.join()  # type: ignore[union-attr]
    assert app_state.serving().missing and not app_state.serving().problem, (
        "a look in vain changes nothing"
    )
    load.made = {}
    app_state.reload()
    app_state._reloading.join()  # type: ignore[union-attr]
    browser = browsing(app_state)
    assert browser.get("/healthz").json()["ready"] is True
    assert (app_state.serving().missing, app_state.serving().provisional) == (False, "")
    recent = Recent()
    recent.keep("p", photo_of("ochre"), "ochre", "r1")
    assert app_state.inbox().ask(recent.find("p"), "none", False, recent)
    app_state.close()


def test_a_provisional_model_says_how_good_it_is(tmp_path: Path) -> None:
    load = FirstReleases()
    load.made = {"provisional": {"value": 0.9, "n": 40}}
    app_state = waiting_room(tmp_path, load, [])
    assert app_state.serving().provisional == "right first time on 90 % of 40 test photos"
    app = FastAPI()
    app.include_router(pages(app_state, lambda: app_state.serving().provisional))
    said = TestClient(app).get("/room").json()
    assert (said["notice"], said["revision"]) == (
        "right first time on 90 % of 40 test photos",
        "r1",
    )
    app_state.close()


def test_a_missing_model_without_a_dataset_is_an_error_as_before(tmp_path: Path) -> None:
    told: list[object] = []
    app_state = AppState(settings_in(tmp_path), FirstReleases(), told.append)
    app_state.open()
    app_state.close()
    assert isinstance(told[0], NoModelYet)


class Releases:
    """Loads a release each time it is asked: `go` lets a load end, `fails` makes the next ones
    fail."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = threading.Event()
        self.fails = False
        self.go.set()

    def __call__(self, address: str) -> Colours:
        self.asked.append(address)
        self.go.wait(10)
        if self.fails:
            raise BadModel("This is no model.")
        made = Colours()
        made.model = {"repo": "m", "revision": f"r{len(self.asked)}", "dataset_revision": "d"}
        return made


def opened(tmp_path: Path, load: Releases, model: str = "m") -> AppState:
    """A room that answers."""
    app_state = AppState(settings_in(tmp_path, model=model), load)
    app_state.open()
    app_state._thread.join()  # type: ignore[union-attr]
    return app_state


def test_a_newer_release_takes_over_only_when_it_is_ready(tmp_path: Path) -> None:
    load = Releases()
    app_state = opened(tmp_path, load)
    load.go.clear()
    app_state.reload()
    assert app_state.recognizer().model["revision"] == "r1" and app_state.serving().loading
    load.go.set()
    app_state.close()
    assert app_state.recognizer().model["revision"] == "r2"
    assert (
        app_state.serving().revision,
        app_state.serving().loading,
        app_state.serving().problem,
    ) == (
        "r2",
        False,
        "",
    )


def test_a_release_that_cannot_be_served_leaves_the_one_before(tmp_path: Path) -> None:
    load = Releases()
    app_state = opened(tmp_path, load)
    load.fails = True
    app_state.reload()
    app_state.close()
    assert app_state.recognizer().model["revision"] == "r1" and app_state.ready
    assert "so the previous one stays. This is no model." in app_state.serving().problem


def test_a_release_that_comes_while_another_is_loaded_is_loaded_after_it(tmp_path: Path) -> None:
    load = Releases()
    app_state = opened(tmp_path, load)
    load.go.clear()
    for _ in range(3):
        app_state.reload()
    load.go.set()
    app_state.close()
    assert len(load.asked) == 3 and app_state.recognizer().model["revision"] == "r3"


def test_a_place_set_up_with_a_revision_loads_the_newest_and_says_what_a_restart_does(
    tmp_path: Path,
) -> None:
    load = Releases()
    app_state = opened(tmp_path, load, "hf://ann/vit@0123456789abcdef")
    assert app_state.serving().note == ""
    app_state.reload()
    app_state.close()
    assert load.asked == ["hf://ann/vit@0123456789abcdef", "hf://ann/vit"]
    assert "0123456789ab and starts with it again" in app_state.serving().note


def test_an_address_without_its_revision() -> None:
    assert [newest_of(one) for one in ("hf://a/b@c1", "hf://a/b", "out/model")] == [
        "hf://a/b",
        "hf://a/b",
        "out/model",
    ]
