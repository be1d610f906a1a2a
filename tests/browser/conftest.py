"""One headless Chromium for all browser tests, and a server that can be killed."""

from __future__ import annotations

import itertools
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from curation.light_table.routes import light_table_router
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import open_dataset
from tests.fixtures.light_table import PAGE, TellingOpinions, small_dataset

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser, which on a machine that does much else may be
    late once; twice is a fault, and what is compared without waiting is one at once."""
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(
                pytest.mark.flaky(reruns=1, only_rerun=["TimeoutError", "Locator expected"])
            )


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """The browser, started once."""
    if not shutil.which(CHROMIUM):
        pytest.skip("Debian's chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium) -> Iterator[Callable]:
    """`open_page(url, width=..., ...)`: a page of its own, closed at the end; what its scripts
    complain about fails the test, and so does a request to another host."""
    pages = []
    complaints = []

    def begin(url: str, width: int = 1280, height: int = 800, **more):
        context = chromium.new_context(viewport={"width": width, "height": height}, **more)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _stay(request.url, url, complaints))
        page.goto(url)
        pages.append(context)
        return page

    yield begin
    for context in pages:
        context.close()
    assert not complaints, complaints


def _stay(asked: str, url: str, complaints: list[str]) -> None:
    if not asked.startswith(("data:", "blob:", url.split("/", 3)[0] + "//" + url.split("/", 3)[2])):
        complaints.append(f"asked another host: {asked}")


class Served:
    """A module run as a server in a process of its own: started, killed, started again on the
    same port."""

    def __init__(self, module: str, *arguments: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._command = [sys.executable, "-W", "ignore", "-m", module, *arguments, str(self.port)]
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Returns once it answers."""
        self._process = subprocess.Popen(self._command, cwd=ROOT)
        end = time.monotonic() + 90
        while time.monotonic() < end:
            assert self._process.poll() is None, "the server ended by itself"
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        raise AssertionError("the server did not answer")

    def kill(self) -> None:
        """As a power cut would: nothing is told to it."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """`serve("module", *arguments)`: a running server; the port comes last on its command line."""
    running: list[Served] = []

    def begin(module: str, *arguments: str) -> Served:
        running.append(Served(module, *arguments))
        running[-1].start()
        return running[-1]

    yield begin
    for served in running:
        served.kill()


class Door:
    """Lets everybody in by name, or nobody."""

    def __init__(self, name: str | None = "ann") -> None:
        self.name = name

    def who(self, request: Request) -> str | None:
        """Whoever is let in."""
        return self.name

    def open(self) -> dict[str, str]:
        """Any name and password will do."""
        self.name = "ann"
        return {"name": "ann"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset of 60 photos, 40 of them doubted, one of these in the sealed test."""
    small_dataset(tmp_path / "set", 60, sealed=1)
    return tmp_path / "set"


@pytest.fixture(scope="session")
def tables() -> Iterator[Callable[..., str]]:
    """`tables(table, door) -> url`: each light table at an address of its own, all served by one
    thread."""
    app = FastAPI()
    numbers = itertools.count()
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)

    def add(table: LightTable, door: Door | None = None) -> str:
        place = APIRouter(prefix=f"/{next(numbers)}")
        door = door or Door()
        place.add_api_route("/", lambda: HTMLResponse(PAGE))
        place.add_api_route(
            "/sign-in", lambda: {"how": "password", "hint": "The password is anything."}
        )
        place.add_api_route("/sign-in", door.open, methods=["POST"])
        place.include_router(light_table_router(table, door.who))
        app.include_router(place)
        if not thread.is_alive():
            thread.start()
            while not server.started:
                thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}{place.prefix}/"

    yield add
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def table(folder: Path) -> LightTable:
    """The light table over `folder`, with a model that shows its opinion."""
    return LightTable(
        open_dataset(str(folder)), Journal(folder.parent / "journal"), TellingOpinions
    )


@pytest.fixture
def url(tables: Callable[..., str], table: LightTable) -> str:
    """A light table that ann sits at."""
    return tables(table)
