"""The app: one FastAPI with Gradio's page in it.

    from space.app import create_app, run
    run(SpaceSettings(model="out/model", dataset="out/dataset"))

`create_app` starts nothing; the model begins to load when a server runs the app.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI

from data_cards.errors import BadAddress, NotAllowed, TooBusy, VitrineError
from data_cards.settings import default_cache
from space.api import ENDPOINTS, Endpoints, Recognizer, parameters_of
from space.app_state import AppState, Load, Settled, newest_of
from space.auth import Access, access_for
from space.settings import ON_THIS_MACHINE, OWNER, SpaceSettings

if TYPE_CHECKING:
    from curation.light_table.pages.rounds import Rounds

BACKLOG = 128  # connections that wait until the server is up


def create_app(
    settings: SpaceSettings,
    load: Load | None = None,
    access: Access | None = None,
    settled: Settled = lambda trouble: None,
) -> FastAPI:
    """Pages, API and light table; `load`: from an address to a recognizer. Raises what opening a
    dataset raises."""
    import gradio as gr
    from gradio.utils import get_upload_folder
    from starlette.middleware.cors import CORSMiddleware

    from space.gradio_page import build_page, page_options
    from space.request_guard import RequestGuard
    from space.routes import pages, serve_assets

    app_state = AppState(settings, load or partial(_load, settings.cache, settings.engine), settled)
    access = access or access_for(settings)

    def uploads() -> Path:
        return Path(get_upload_folder())

    endpoints = Endpoints(
        app_state.recognizer,
        app_state.inbox,
        app_state.fate,
        uploads,
        settings.feedback_a_minute,
        settings.most_photos,
        settings.most_photo_bytes,
    )
    rounds = _rounds(app_state, settings)
    app = FastAPI(
        title="Vitrine",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_lifespan(app_state, rounds, settings.behind),
    )
    defaults = {name: parameters_of(name) for name in ENDPOINTS}
    app.add_middleware(RequestGuard, settings=settings, uploads=uploads, defaults=defaults)
    # Added whether or not a page elsewhere may call: with it in place Gradio's own layer, which
    # reflects every origin, stands aside.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=("GET", "POST"),
        allow_headers=("*",),
        max_age=3600,
    )
    app.include_router(pages(app_state, rounds.for_visitors if rounds else lambda: ""))
    app.include_router(access.router())
    light_table = _light_table(app, rounds, access, settings)
    serve_assets(app)
    if settings.hub_sign_in:
        from gradio.oauth import attach_oauth

        attach_oauth(app)
    page = build_page(endpoints, settings, light_table)
    # Mounted pages count as never launched, and Gradio then skips its own check of file parameters.
    page.has_launched = True
    return gr.mount_gradio_app(app, page, **page_options(settings))


def run(
    settings: SpaceSettings, access: Access | None = None, opened: Callable[[], None] = lambda: None
) -> None:
    """Serve until interrupted; `opened` is called once questions can be answered.

    Raises TooBusy when the port is taken, NotAllowed where strangers would share the machine
    with fastdup, and what loading raised when the model cannot be served.
    """
    import uvicorn

    check_neighbours(settings.host, find_spec("fastdup") is not None)
    door = _bound(settings.host, settings.port)
    troubles: list[VitrineError] = []

    def settled(trouble: VitrineError | None) -> None:
        if trouble is None:
            opened()
        else:
            troubles.append(trouble)
            server.should_exit = True

    app = create_app(settings, access=access, settled=settled)
    # Who asks is worked out in space/rate_limit.py, from one trusted proxy at most.
    server = uvicorn.Server(
        uvicorn.Config(app, proxy_headers=False, log_level="warning", timeout_graceful_shutdown=5)
    )
    try:
        server.run(sockets=[door])
    finally:
        if settings.behind:  # whoever presses Ctrl-C twice ends the server before it has closed
            from curation.retrain.job_runner import JobRunner

            JobRunner(settings.state / "jobs").stop()
    if troubles:
        raise troubles[0]


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
    """Raises TooBusy for a port that cannot be opened, before long work that would end there."""
    _bound(host, port).close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        # A name of this machine is an address of one of the two kinds.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:  # a label of a name may be too long to be encoded
        raise BadAddress(NO_HOST.format(host=host), host=host) from error
    family, *_, place = found[0]
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(place)
        door.listen(
            BACKLOG
        )  # who reads the address and comes at once waits, and is not turned away
    except OSError as error:
        door.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise BadAddress(NO_HOST.format(host=host), host=host) from error
        raise TooBusy(
            f"Port {port} of {host} cannot be opened: {error.strerror}. Choose another with --port."
        ) from error
    return door


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
    app: FastAPI, rounds: Rounds | None, access: Access, settings: SpaceSettings
) -> Callable[[], None] | None:
    if rounds is None:
        return None
    from curation.light_table.routes import light_table_router, light_table_tab

    app.include_router(
        light_table_router(rounds.table, access.who, is_owner=settings.is_owner, rounds=rounds)
    )
    return light_table_tab


def _load(cache: Path | None, engine: str, address: str) -> Recognizer:
    from train.inference.predictor import load_predictor

    return load_predictor(address, cache, engine)


def _lifespan(
    app_state: AppState, rounds: Rounds | None, behind: tuple[str, ...]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app_state.open()
        if behind and rounds:
            rounds.begin(behind, OWNER)
        yield
        if behind and rounds:
            rounds.stop()
        app_state.close()

    return lifespan
