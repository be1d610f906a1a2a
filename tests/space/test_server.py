"""The server as Gradio is told to make it; what it answers is in test_app.py."""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import clear_cache

import httpx
import pytest

from space.api import parameters_of
from space.questions import ENDPOINTS
from space.server import OFF, IdleSessions, impatient, launch_options
from space.settings import SpaceSettings
from tests.fixtures.colours import photo_of
from tests.fixtures.visitors import built, serving, settings_in

SETTINGS = SpaceSettings("colours", at_once=3, waiting_room=7, most_photo_bytes=1000)
QUESTIONS = 12


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What Gradio made of an app without a dataset."""
    folder = tmp_path_factory.mktemp("server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        app = built(settings_in(folder, at_once=3, waiting_room=7, most_photo_bytes=1000))
        with serving(app):
            yield app.get_blocks()


def test_every_endpoint_is_public_and_its_defaults_are_those_that_call_fills_in(
    blocks: Any,
) -> None:
    made = {fn.api_name: fn for fn in blocks.fns.values()}
    assert set(made) == set(ENDPOINTS)
    for name, fn in made.items():
        assert tuple(block.value for block in fn.inputs) == parameters_of(name)
        assert fn.api_visibility == "public"


def test_as_many_photos_are_looked_at_at_once_as_the_settings_say(blocks: Any) -> None:
    at_once = {fn.api_name: fn.concurrency_limit for fn in blocks.fns.values()}
    assert at_once == {
        "predict": 3,
        "predict_batch": 3,
        "similar": 3,
        "classes": 8,
        "feedback": 8,
        "receipt": 8,
    }


def test_the_queue_is_closed_to_shortcuts_bounded_and_keeps_no_statistics(blocks: Any) -> None:
    assert blocks.api_open is False
    assert blocks._queue.max_size == 7
    assert blocks._queue.server_app is blocks.server_app
    assert sys.maxsize == blocks._queue.ANAYLTICS_CACHE_FREQUENCY
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False" and not blocks.analytics_enabled


def test_a_photo_that_is_too_large_is_refused_by_gradio_as_well(blocks: Any) -> None:
    assert blocks.max_file_size == 1000


@pytest.mark.parametrize(
    "option", ["show_error", "share", "run_history", "mcp_server", "enable_monitoring", "ssr_mode"]
)
def test_what_tells_strangers_too_much_is_off(option: str) -> None:
    assert option in OFF
    assert launch_options(SETTINGS)[option] is False


@pytest.mark.parametrize(("host", "named"), [("::1", "[::1]"), ("127.0.0.1", "127.0.0.1")])
def test_an_address_of_version_six_is_put_in_brackets(host: str, named: str) -> None:
    settings = SpaceSettings("colours", host=host)
    assert launch_options(settings)["server_name"] == named


def test_uploads_are_deleted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    with serving(built(settings_in(tmp_path))) as url:
        sent = httpx.post(url + "/gradio_api/upload", files={"files": ("a.jpg", b"x")}).json()
        assert Path(sent[0]).is_file()
    assert not Path(sent[0]).exists()


class Queue:
    """What is looked at of Gradio's queue."""

    def __init__(self) -> None:
        self.pending_messages_per_session: dict[str, Any] = {}
        self.pending_event_ids_session: dict[str, set[str]] = {}
        self.event_ids_to_events: dict[str, object] = {}

    def ask(self, session: str, *events: str, is_running: bool = False) -> None:
        self.pending_messages_per_session.setdefault(session, object())
        self.pending_event_ids_session.setdefault(session, set()).update(events)
        self.event_ids_to_events.update({event: event for event in events if is_running})

    def sessions(self) -> set[str]:
        assert set(self.pending_messages_per_session) == set(self.pending_event_ids_session)
        return set(self.pending_messages_per_session)


def test_sessions_that_ask_nothing_more_are_let_go_at_the_second_look() -> None:
    queue = Queue()
    idle = IdleSessions(queue)
    queue.ask("fetched")
    queue.ask("left unread", "e1")
    queue.ask("at work", "e2", is_running=True)
    idle.forget()
    queue.ask("new", "e3")
    assert queue.sessions() == {"fetched", "left unread", "at work", "new"}
    idle.forget()
    assert queue.sessions() == {"at work", "new"}


def test_an_answer_that_came_since_the_last_look_is_kept() -> None:
    queue = Queue()
    idle = IdleSessions(queue)
    queue.ask("asks often", "e1")
    idle.forget()
    queue.ask("asks often", "e2")
    idle.forget()
    assert queue.sessions() == {"asks often"}


def test_a_messages_queue_without_events_is_let_go_as_well() -> None:
    queue = Queue()
    queue.pending_messages_per_session["closed"] = object()
    idle = IdleSessions(queue)
    idle.forget()
    idle.forget()
    assert not queue.pending_messages_per_session


def test_nothing_is_kept_of_a_question_but_what_that_s_wrong_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    monkeypatch.setattr("space.server.MOST_SESSIONS", 4)
    app = built(settings_in(tmp_path, questions_a_minute=6000))
    with serving(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        idle = IdleSessions(app.get_blocks()._queue)
        kept = []
        for _ in range(4):  # the first is for what is made once
            for _ in range(QUESTIONS):
                asked(http)
            for _ in range(2):
                idle.forget()
            clear_cache()  # of addresses, which is bounded
            gc.collect()
            kept.append(Counter(type(one).__name__ for one in gc.get_objects()))
    # What is kept grows every time; what was only under way at one look does not.
    grown = (kept[2] - kept[1]) & (kept[3] - kept[2])
    assert grown.pop("Remembered") == QUESTIONS
    assert not {name: count for name, count in grown.items() if count >= QUESTIONS}


def asked(http: httpx.Client) -> None:
    """A question in a session of its own."""
    [path] = http.post(
        "/gradio_api/upload", files={"files": ("a.jpg", photo_of("ochre", 64, 64))}
    ).json()
    photo = {"path": path, "meta": {"_type": "gradio.FileData"}}
    event = http.post("/gradio_api/call/predict", json={"data": [photo, 3]}).json()["event_id"]
    assert "event: complete" in http.get(f"/gradio_api/call/predict/{event}").text


def test_a_connection_that_asks_nothing_is_closed() -> None:
    calls: list[Any] = []

    class Loop:
        def call_later(self, seconds: float, call: Any) -> Any:
            calls.append((seconds, call))
            return self

        def cancel(self) -> None:
            calls.clear()

    class Plain:
        def __init__(self) -> None:
            self.loop, self.cycle = Loop(), None

        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def connection_lost(self, error: Exception | None) -> None:
            pass

    class Transport:
        closed = False

        def close(self) -> None:
            self.closed = True

    made = impatient(Plain, 7.0)
    silent, asked = made(), made()
    for one in (silent, asked):
        one.connection_made(Transport())
    asked.cycle = object()
    assert [seconds for seconds, _ in calls] == [7.0, 7.0]
    for _, call in list(calls):
        call()
    assert (silent.transport.closed, asked.transport.closed) == (True, False)
    silent.connection_lost(None)
    assert calls == []
