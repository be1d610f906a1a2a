"""Gradio's server, with our own doors in front of it, and how it is started.

Gradio's Server mode is the queue, the uploads and the clients' protocol on a FastAPI of ours;
nothing of Gradio's front end is in the page.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Receive, Scope, Send

from data_cards.errors import TooBusy
from space.settings import SpaceSettings
from space.uploads import Sweeper, check_own, delete, forget_deleted, upload_folder

if TYPE_CHECKING:
    import uvicorn
    from gradio import Server
    from gradio.routes import App

SECONDS_TO_FINISH = 5
SECONDS_TO_ASK = 15.0  # from a connection to the end of its first request's head
MOST_CONNECTIONS = 1_000  # at once; each takes some 50 kB
# Gradio makes a state of 30 kB for each session, which is each question of most callers, and would
# keep 10,000. Our endpoints have none, so an old one is made again at no loss.
MOST_SESSIONS = 64
ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",  # no call home
    # For a dashboard that is not served here, Gradio 6.31 would put up to 10,000 events into a
    # pandas table after every answer.
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(sys.maxsize),
    "GRADIO_ANALYTICS_MAX_EVENTS": "100",
    # Who asks is worked out in space/rate_limit.py, from one trusted proxy at most; uvicorn is to
    # believe nobody.
    "FORWARDED_ALLOW_IPS": "",
}
# Each of these would tell strangers too much, start another process, or show Gradio's page.
OFF = (
    "show_error",
    "share",
    "inline",
    "inbrowser",
    "run_history",
    "enable_monitoring",
    "mcp_server",
    "ssr_mode",
    "pwa",
)


def server_behind(
    doors: Callable[[ASGIApp], ASGIApp], lifespan: Any, settings: SpaceSettings
) -> Server:
    """A server whose requests pass `doors` first: before Gradio's own layers, which `launch` puts
    around every middleware that is added the usual way."""
    from gradio import Server

    class Guarded(Server):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await guarded(scope, receive, send)

    server = Guarded(
        title="Vitrine", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    server.state.settings = settings
    guarded = doors(_without_origin(partial(Server.__call__, server)))
    return server


def launch_options(settings: SpaceSettings) -> dict[str, Any]:
    """What the server is launched with."""
    host = settings.host
    return {
        "server_name": f"[{host}]" if ":" in host else host,
        "server_port": settings.port,
        "max_file_size": settings.most_photo_bytes,
        "state_session_capacity": MOST_SESSIONS,
        "footer_links": [],
        "quiet": True,
        # Files are served and taken by this process only, behind its doors.
        "num_workers": 0,
        "prevent_thread_lock": True,
        **dict.fromkeys(OFF, False),
    }


def launch(
    server: Server, environ: MutableMapping[str, str], port: int | None = None
) -> uvicorn.Server:
    """Start serving in a thread, at the settings' port or another; returns once it listens.
    `environ`: where Gradio and uvicorn look for what `launch` has no word for.

    `should_exit` of what is returned ends it, and `thread` is what to wait for. Raises TooBusy when
    it does not start, BadAddress when uploads have no folder of their own.
    """
    from gradio.route_utils import create_lifespan_handler

    settings: SpaceSettings = server.state.settings
    settings = replace(settings, port=settings.port if port is None else port)
    environ.update(ENVIRONMENT)
    if not environ.get("GRADIO_TEMP_DIR"):
        environ["GRADIO_TEMP_DIR"] = str(upload_folder())
    uploads = Path(environ["GRADIO_TEMP_DIR"])
    check_own(uploads)
    _reach_this_machine_directly(environ)
    own = server.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        # `launch` has made the queue, and takes no limits for it.
        blocks = app.get_blocks()
        blocks.queue(api_open=False, max_size=settings.waiting_room)
        idle = IdleSessions(blocks._queue)
        loop = asyncio.get_running_loop()

        def swept() -> None:
            forget_deleted(blocks.temp_file_sets)
            loop.call_soon_threadsafe(idle.forget)

        sweeper = Sweeper(uploads, swept=swept)
        sweeper.start()
        try:
            async with own(app):
                yield
        finally:
            sweeper.stop()
            delete(list(blocks.upload_file_set), uploads)

    # Without Gradio's own deleting of uploads, which one odd name would end.
    cleaned = create_lifespan_handler(lifespan, None, None)
    try:
        server.launch(**launch_options(settings), app_kwargs={"lifespan": cleaned})
    except OSError as error:
        raise TooBusy(
            f"The app did not start on port {settings.port} of {settings.host}. "
            "Try again, or choose another port with --port."
        ) from error
    running: uvicorn.Server = server.get_blocks().server
    running.config.timeout_graceful_shutdown = SECONDS_TO_FINISH
    running.config.http_protocol_class = impatient(running.config.http_protocol_class)  # type: ignore[attr-defined]
    running.config.limit_concurrency = MOST_CONNECTIONS
    return running


def impatient(protocol: type[Any], seconds: float = SECONDS_TO_ASK) -> type[Any]:
    """uvicorn's protocol, which closes a connection that asks nothing for so long: otherwise it
    would wait forever for the end of a request's headers."""

    class Impatient(protocol):  # type: ignore[misc]
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._patience = self.loop.call_later(seconds, self._close_unless_asked)

        def connection_lost(self, error: Exception | None) -> None:
            self._patience.cancel()
            super().connection_lost(error)

        def _close_unless_asked(self) -> None:
            if self.cycle is None:
                self.transport.close()

    return Impatient


class IdleSessions:
    """Drops what Gradio's queue remembers of sessions that ask nothing any more, with answers that
    nobody fetched: it would keep them forever, and look through all of them at each question."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._before = dict[str, frozenset[str]]()

    def forget(self) -> None:
        """Let go of sessions that had nothing to be worked on at the last look already. To be
        called in the queue's own thread."""
        messages, events = (
            self._queue.pending_messages_per_session,
            self._queue.pending_event_ids_session,
        )
        asked = {one: frozenset(events.get(one, ())) for one in (*messages, *events)}
        running = self._queue.event_ids_to_events.keys()
        idle = {one: theirs for one, theirs in asked.items() if theirs.isdisjoint(running)}
        for session in idle.keys() & self._before.keys():
            if idle[session] == self._before[session]:
                messages.pop(session, None)
                events.pop(session, None)
        self._before = idle


def stop(running: uvicorn.Server) -> None:
    """End what `launch` started; returns when it has closed."""
    running.should_exit = True
    running.thread.join()  # type: ignore[attr-defined]


def _without_origin(app: ASGIApp) -> ASGIApp:
    # Gradio's layer would let any web page call, with cookies. Our outer layer has already decided
    # who may, and Gradio's ignores a request without an origin.
    async def passing(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [pair for pair in scope["headers"] if pair[0] != b"origin"]
            scope = {**scope, "headers": headers}
        await app(scope, receive, send)

    return passing


def _reach_this_machine_directly(environ: MutableMapping[str, str]) -> None:
    # `launch` asks the server over HTTP whether it is up; a proxy of the office cannot reach it.
    for name in ("no_proxy", "NO_PROXY"):
        known = environ.get(name, "")
        hosts = ("127.0.0.1", "localhost", "::1")
        missing = [host for host in hosts if host not in known.split(",")]
        environ[name] = ",".join([*filter(None, [known]), *missing])
