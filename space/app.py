"""The app: our own page and routes on Gradio's server.

    from space.app import create_app, run
    run(SpaceSettings(model="out/model", dataset="out/dataset"))

`create_app` starts nothing; the model begins to load when the app is launched.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from starlette.types import ASGIApp

from data_cards.errors import BadAddress, NotAllowed, TooBusy, VitrineError
from data_cards.photos.image import PhotoLimits
from data_cards.photos.photo_check import MOST_MEMORY, PhotoCheck
from data_cards.settings import default_cache
from space.agents.api_pages import api_pages
from space.api import Endpoints, Recognizer, Together, parameters_of
from space.app_state import AppState, Load, Settled, newest_of
from space.auth import Access, access_for
from space.hunt.finds import Finds
from space.questions import ENDPOINTS
from space.quiz.quiz import Quiz
from space.server import launch, server_behind, stop
from space.settings import ON_THIS_MACHINE, OWNER, SpaceSettings

if TYPE_CHECKING:
    from gradio import Server

    from curation.light_table.pages.rounds import Rounds
    from train.inference.predictor import Predictor

VERSION = 1  # of the API
MCP_PATH = "/mcp"
M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3  # of glibc's malloc.h
# Bytes: what photos are decoded to. From 64 kB on it costs 4 ms more a photo and saves no memory.
LARGE_BLOCK = 1_000_000
MOST_OF_BASE64 = 2  # a photo in base64 is a third larger, with JSON around it


def create_app(
    settings: SpaceSettings,
    load: Load | None = None,
    access: Access | None = None,
    settled: Settled = lambda trouble: None,
) -> Server:
    """Page, API and light table, to be started by `launch`; `load`: from an address to a
    recognizer. Raises what opening a dataset raises."""
    from gradio.utils import get_upload_folder

    from space.endpoints import add_endpoints
    from space.offline import OfferedTwins, OfflinePage
    from space.routes import config_of_app, pages, serve_page
    from space.visitor_routes import visitor_routes

    app_state = AppState(settings, load or partial(_load, settings.cache, settings.engine), settled)
    access = access or access_for(settings)

    def uploads() -> Path:
        return Path(get_upload_folder())

    def is_asked(event: str) -> bool:
        waiting = app.get_blocks()._queue.pending_event_ids_session
        return any(event in events for events in list(waiting.values()))

    check = PhotoCheck(
        settings.checks_at_once, PhotoLimits(settings.most_photo_bytes, max_memory=MOST_MEMORY)
    )
    endpoints = Endpoints(
        app_state.recognizer,
        app_state.inbox,
        app_state.fate,
        uploads,
        settings.feedback_a_minute,
        settings.most_photos,
        settings.most_photo_bytes,
        check.check,
    )
    endpoints.withdraw = app_state.take_back
    finds = Finds(settings.state / "hunt.json")
    endpoints.count_find = finds.add
    rounds = _rounds(app_state, settings)
    archive = app_state.archive
    quiz = Quiz(
        settings.quiz,
        archive.table,
        app_state.recognizer,
        archive.journal.append,
        archive.is_erased,
    )
    if settings.zero_gpu:
        endpoints.look_together(_on_a_borrowed_gpu())
    tools = _tools(endpoints, settings) if settings.mcp else None
    app = server_behind(
        partial(_doors, settings=settings, uploads=uploads, is_asked=is_asked),
        _lifespan(app_state, rounds, settings.behind, check.close, tools),
        settings,
    )
    app.include_router(api_pages("Vitrine", str(VERSION), with_mcp=tools is not None))
    if tools is not None:
        app.mount(MCP_PATH, tools.app)
    notice = rounds.for_visitors if rounds else lambda: ""
    app.include_router(pages(app_state, notice, quiz.is_open))
    app.include_router(access.router())
    _light_table(app, rounds, access, settings)
    twins = OfferedTwins(app_state)
    config = partial(config_of_app, rounds is not None, settings.blur_faces)
    serve_page(app, config, app_state.recognizer, twins.now)
    offline = OfflinePage(twins.now, app_state.recognizer, config)
    app.include_router(offline.routes())
    if settings.hub_sign_in:
        from gradio.oauth import attach_oauth

        attach_oauth(app)
    add_endpoints(app, endpoints, settings)
    app.include_router(visitor_routes(endpoints, finds, quiz, settings))
    return app


@dataclass(frozen=True)
class _Tools:
    """What answers language models, and what runs while the app does."""

    app: ASGIApp
    running: Callable[[], AbstractAsyncContextManager[None]]


def _tools(endpoints: Endpoints, settings: SpaceSettings) -> _Tools:
    from space.agents.mcp_tools import mcp_app, mcp_server

    server = mcp_server(endpoints, "Vitrine")
    app = mcp_app(server, MOST_OF_BASE64 * settings.most_photo_bytes)
    return _Tools(app, lambda: server.session_manager.run())


def _on_a_borrowed_gpu() -> Together:
    from space.hosting.zero_gpu import LookedAhead, declared

    look = declared()
    return lambda recognizer, photos: LookedAhead(cast("Predictor", recognizer), photos, look)


def _doors(
    app: ASGIApp,
    settings: SpaceSettings,
    uploads: Callable[[], Path],
    is_asked: Callable[[str], bool],
) -> ASGIApp:
    from starlette.middleware.cors import CORSMiddleware

    from space.request_guard import RequestGuard

    defaults = {name: parameters_of(name) for name in ENDPOINTS}
    return CORSMiddleware(
        RequestGuard(app, settings, uploads, defaults, is_asked),
        allow_origins=settings.origins,
        allow_methods=("GET", "POST"),
        allow_headers=("*",),
        max_age=3600,
    )


def run(
    settings: SpaceSettings, access: Access | None = None, opened: Callable[[], None] = lambda: None
) -> None:
    """Serve until interrupted; `opened` is called once questions can be answered.

    Raises TooBusy when the port is taken, NotAllowed where strangers would share the machine
    with fastdup, and what loading raised when the model cannot be served.
    """
    check_neighbours(settings.host, find_spec("fastdup") is not None)
    check_port(settings.host, settings.port)
    give_memory_back()
    troubles: list[VitrineError] = []
    ended = threading.Event()

    def settled(trouble: VitrineError | None) -> None:
        if trouble is None:
            opened()
        else:
            troubles.append(trouble)
            ended.set()

    app = create_app(settings, access=access, settled=settled)
    try:
        running = launch(app, os.environ)
        try:
            _wait(ended)
        finally:
            stop(running)
    finally:
        if settings.behind:  # a second Ctrl-C ends the server before it has closed
            from curation.retrain.job_runner import JobRunner

            JobRunner(settings.state / "jobs").stop()
    if troubles:
        raise troubles[0]


def give_memory_back(library: Callable[[None], object] = ctypes.CDLL) -> None:
    """Have glibc share two heaps among all threads and give large blocks back at once: photos that
    are kept and dropped would leave holes in a heap of every thread."""
    set_option = getattr(library(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option:
        set_option(M_ARENA_MAX, 2)
        set_option(M_MMAP_THRESHOLD, LARGE_BLOCK)


def _wait(ended: threading.Event) -> None:
    """Until `ended`, Ctrl-C (KeyboardInterrupt), or a polite end by the system (SystemExit)."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        ended.wait()
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        ended.wait()
    finally:
        signal.signal(signal.SIGTERM, before)


def check_neighbours(host: str, fastdup: bool) -> None:
    """Raises NotAllowed for a host that strangers reach while fastdup is installed: its binary
    is closed and wants old libraries, and has no business on a machine that opens strangers'
    files."""
    if fastdup and host not in (ON_THIS_MACHINE, "localhost", "::1"):
        raise NotAllowed(
            "fastdup is installed here, and it does not belong on a machine that opens strangers' "
            "photos. "
            "Remove it first (pip uninstall fastdup); nothing else needs it.",
            host=host,
        )


NO_HOST = (
    "“{host}” is not an address of this machine. Use --host 127.0.0.1 for this machine alone, or "
    "0.0.0.0 for everyone who can reach it."
)


def check_port(host: str, port: int) -> None:
    """Raises BadAddress for a host that is not this machine's, TooBusy for a port that cannot be
    opened: before long work that would end there."""
    try:
        # A name of this machine is an address of one of the two kinds.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:  # a label of a name may be too long to be encoded
        raise BadAddress(NO_HOST.format(host=host), host=host) from error
    family, *_, place = found[0]
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(place)
            door.listen()
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise BadAddress(NO_HOST.format(host=host), host=host) from error
            raise TooBusy(
                f"Port {port} of {host} cannot be opened: {error.strerror}. "
                "Choose another with --port."
            ) from error


def _rounds(app_state: AppState, settings: SpaceSettings) -> Rounds | None:
    """The owner's page about trainings, where there is a dataset to train from."""
    if app_state.archive.table is None:
        return None
    from curation.light_table.pages.rounds import RetrainSetup, Rounds

    model = newest_of(settings.model)
    jobs = settings.state / "jobs"
    setup = RetrainSetup(
        model, settings.cache or default_cache({}), jobs, app_state.serving, app_state.reload
    )
    return Rounds(app_state.archive.table, setup)


def _light_table(
    app: Server, rounds: Rounds | None, access: Access, settings: SpaceSettings
) -> None:
    if rounds is None:
        return
    from curation.light_table.routes import light_table_router

    app.include_router(
        light_table_router(rounds.table, access.who, is_owner=settings.is_owner, rounds=rounds)
    )


def _load(cache: Path | None, engine: str, address: str) -> Recognizer:
    from train.inference.predictor import load_predictor

    predictor = load_predictor(address, cache, engine)
    predictor.expect_company()
    return predictor


def _lifespan(
    app_state: AppState,
    rounds: Rounds | None,
    behind: tuple[str, ...],
    closed: Callable[[], None],
    tools: _Tools | None = None,
) -> Callable[[Server], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Server) -> AsyncIterator[None]:
        app_state.open()
        if behind and rounds:
            rounds.begin(behind, OWNER)
        async with tools.running() if tools else nullcontext():
            yield
        if behind and rounds:
            rounds.stop()
        app_state.close()
        closed()

    return lifespan
