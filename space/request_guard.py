"""The doorway: what is refused before it reaches Gradio or a route of ours, and the headers
every answer carries.

Sizes (413), kinds (415), sense (422) and rates (429) of requests. Gradio would fetch any address
that a file parameter names, and copy files of this machine when it is mounted into another app,
so only photos that were uploaded here get through. Refusals are JSON: {"error": sentence,
"code": word}.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data_cards.errors import FULL
from data_cards.progress import say
from data_cards.wording import counted
from space.questions import NAMES, Refused, clean_question, completed, name_of, read_question
from space.rate_limit import Allowance, client_of, is_https
from space.settings import SpaceSettings
from space.uploads import LEFT_FREE, UploadQuota, is_upload

__all__ = ["Refused", "RequestGuard", "check_files", "completed", "is_upload"]

MOST_JSON_BYTES = 1_000_000
MCP = "/mcp"
UPLOAD = "/gradio_api/upload"
JOIN = "/gradio_api/queue/join"
CALL = "/gradio_api/call/"
CALL_NAMED = "/gradio_api/call/v2/"
FILE = ("/gradio_api/file=", "/gradio_api/file/")
ANSWERS = "/gradio_api/queue/data"
GRADIO = "/gradio_api/"
# Parts of Gradio that this app does not use; each accepts work from strangers.
CLOSED = (
    "/gradio_api/process_recording",
    "/gradio_api/vibe",
    "/gradio_api/undo-vibe",
    "/gradio_api/proxy=",
    "/gradio_api/deep_link",
    "/gradio_api/run-history",
    "/gradio_api/run/",
    "/gradio_api/api/",
    "/gradio_api/stream/",
    "/gradio_api/component_server",
    "/gradio_api/custom_component",
    "/gradio_api/profiling",
    "/gradio_api/runs",
    "/gradio_api/reset",
    "/gradio_api/token",
    "/gradio_api/dev/",
    "/monitoring",
    "/pwa_icon",
    "/svelte/",
    "/static/",
    "/assets/",
    "/theme.css",
    "/favicon.ico",
    "/manifest.json",
)
# We serve nothing of Gradio's front end, so the policy needs no inline scripts and no `eval`.
POLICY = (
    "default-src 'self'; frame-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
)
ORIGIN = re.compile(r"https?://[\w.*-]+(:\d+)?")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Content-Security-Policy": POLICY,
}

# A photo of 20 MB over a weak phone line takes a minute; a piece of it never takes that long.
SECONDS_FOR_A_BODY = 120.0
SECONDS_FOR_A_PIECE = 20.0
FAULTS_A_MINUTE = 2  # lines of the log for each kind of fault
A_YEAR = 365 * 24 * 3600
SECURE = "vitrine.secure"  # in a scope: whether the browser came by https
ONLY_BY_HTTPS = {"Strict-Transport-Security": f"max-age={A_YEAR}"}
# Gradio writes what these say into its answers.
FORWARDED = frozenset((b"x-forwarded-host", b"x-forwarded-port", b"forwarded", b"x-original-host"))


def _most_bytes(path: str, settings: SpaceSettings) -> int:
    if path.startswith(UPLOAD):
        return settings.most_photo_bytes * 4
    return settings.most_photo_bytes * 2 if path.startswith(MCP) else MOST_JSON_BYTES


def headers_for(embedders: Sequence[str]) -> dict[str, str]:
    """The headers of every answer. `embedders`: origins whose pages may show this one inside
    theirs; entries that are not origins are ignored."""
    named = "".join(f" {one}" for one in embedders if ORIGIN.fullmatch(one))
    return {**HEADERS, "Content-Security-Policy": POLICY + named}


Defaults = Mapping[str, Sequence[Any]]


class RequestGuard:
    """ASGI middleware. `defaults`: per endpoint, the parameters that /call may leave out at the
    end (None: needed). `is_asked`: whether there is an answer, or will be one, by its event's
    name."""

    def __init__(
        self,
        app: ASGIApp,
        settings: SpaceSettings,
        uploads: Callable[[], Path],
        defaults: Defaults,
        is_asked: Callable[[str], bool] = lambda event: True,
    ) -> None:
        self._app = app
        self._settings = settings
        self._uploads = uploads
        self._defaults = defaults
        self._is_asked = is_asked
        self._questions = Allowance(settings.questions_a_minute)
        self._headers = headers_for(settings.embedders)
        self._uploading = Allowance(settings.questions_a_minute)
        self._faults = Allowance(FAULTS_A_MINUTE, burst=1)
        self._quota = UploadQuota(settings.most_upload_bytes_of_one, settings.most_upload_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _without_forwarded(scope, self._settings.behind_proxy)
        send = _with_headers(scope, send, self._headers)
        try:
            receive = await self._checked(scope, receive)
        except Refused as refusal:
            await refusal.response()(scope, receive, send)
            return
        except ClientDisconnect:
            return
        await self._passed_on(scope, receive, send)

    async def _passed_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The app's answer; a fault of the app as a sentence and at most one line of the log."""
        held = Held(send)
        trouble: Exception | None = None
        try:
            await self._app(scope, receive, held)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - strangers must not fill the log with tracebacks
            trouble = error
        if trouble is None and not held.failed:
            return
        refusal = _fault_of(_path(scope), str(scope["method"]), trouble)
        if trouble is not None and not self._faults.take(type(trouble).__name__):
            say(f"Not answered, {_path(scope)[:80]!a}: {type(trouble).__name__}: {trouble!s:.200}")
        if not held.started:
            await refusal.response()(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        path = _path(scope)
        headers = Headers(scope=scope)
        if path.startswith(CLOSED):
            raise Refused(404, "no_such_door", "There is nothing here.")
        if path.startswith(FILE) and not is_upload(path[len(FILE[0]) :], self._uploads()):
            raise Refused(404, "no_such_door", "There is nothing here.")
        if path.startswith(ANSWERS) and not Request(scope).query_params.get("session_hash"):
            raise Refused(422, "bad_session", "To fetch an answer, give its `session_hash`.")
        fetched = path.startswith(CALL) and scope["method"] == "GET"
        if fetched and not self._is_asked(path.rpartition("/")[2]):
            raise Refused(404, "no_such_answer", "There is no such answer here.")
        if scope["method"] not in ("POST", "PUT", "PATCH", "DELETE"):
            return receive
        receive = _in_time(receive)
        limit = _most_bytes(path, self._settings)
        _check_announced(headers, limit, self._settings)
        client = client_of(
            headers, (scope.get("client") or ("", 0))[0], self._settings.behind_proxy
        )
        if path.startswith(UPLOAD):
            _check_rate(self._uploading, client)
            _check_kind(
                headers, "multipart/form-data", "Photos are uploaded as multipart/form-data."
            )
            # A request without a length is assumed to bring as much as is allowed.
            self._check_room(client, int(headers.get("content-length", limit)))
            return _counted(receive, limit)
        if path.startswith(MCP):
            _check_rate(self._questions, client)
            return _counted(receive, limit)
        if path.startswith((JOIN, CALL)):
            _check_rate(self._questions, client)
            _check_kind(headers, "application/json", "Send requests as application/json.")
            return _replayed(self._question(path, await _body(receive, limit)))
        return _counted(receive, limit)

    def _check_room(self, client: str, size: int) -> None:
        if _free(self._uploads()) < LEFT_FREE + size:
            sentence = (
                "The disk here is nearly full, so no photos can be taken in. Come back later."
            )
            raise Refused(503, "no_room", sentence, 600.0)
        wait = self._quota.take(client, size)
        if wait:
            minutes = counted(math.ceil(wait / 60), "minute")
            raise Refused(
                429,
                "too_much",
                f"Too many photos came at once. Send more in {minutes}.",
                wait,
            )

    def _question(self, path: str, body: bytes) -> bytes:
        asked = read_question(body)
        check_files(asked, self._uploads())
        if path.startswith(CALL_NAMED):
            return json.dumps(self._named(path.removeprefix(CALL_NAMED).strip("/"), asked)).encode()
        name = name_of(asked, path.removeprefix(CALL).strip("/") if path.startswith(CALL) else "")
        if name in self._defaults:
            asked = clean_question(name, asked, self._defaults[name], self._uploads())
        return json.dumps(asked).encode()

    def _named(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        """A question whose parameters have names."""
        name = name_of({}, name)
        names = NAMES[name]
        unknown = sorted(set(asked) - set(names))
        if unknown:
            said = (
                f"/{name} takes {', '.join(names) or 'no parameters'}, and no “{unknown[0][:60]}”."
            )
            raise Refused(422, "bad_parameters", said)
        given = [asked.get(one) for one in names]
        given = [
            default if value is None else value
            for value, default in zip(given, self._defaults[name], strict=True)
        ]
        cleaned = clean_question(name, {"data": given}, self._defaults[name], self._uploads())
        return dict(zip(names, cleaned["data"], strict=True))


def check_files(value: Any, uploads: Path) -> None:
    """Refuse every file parameter, however deep, that is not an upload of this app. Raises
    Refused."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if "path" in one and not is_upload(one["path"], uploads):
                raise Refused(
                    422,
                    "not_uploaded",
                    "Photos are uploaded to /gradio_api/upload first; addresses and "
                    "other files are not opened.",
                )
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)


def _free(folder: Path) -> int:
    """Bytes left on the disk of a folder that may not be made yet."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(there).free


def _path(scope: Scope) -> str:
    return "/" + str(scope["path"]).lstrip("/")


def _check_announced(headers: Headers, limit: int, settings: SpaceSettings) -> None:
    announced = headers.get("content-length", "0")
    if (
        not (announced.isascii() and announced.isdecimal() and len(announced) < 20)
        or int(announced) > limit
    ):
        raise _too_large(settings.most_photo_bytes if limit > MOST_JSON_BYTES else limit)


def _check_kind(headers: Headers, kind: str, sentence: str) -> None:
    if not headers.get("content-type", "").lower().startswith(kind):
        raise Refused(415, "wrong_kind", sentence)


def _check_rate(allowance: Allowance, client: str) -> None:
    wait = allowance.take(client)
    if wait:
        seconds = max(1, math.ceil(wait))
        raise Refused(
            429,
            "too_many",
            f"Too many questions from one place. Ask again in {seconds} "
            f"second{'s' * (seconds != 1)}.",
            wait,
        )


def _too_large(limit: int) -> Refused:
    return Refused(413, "too_large", f"This is too large: up to {limit / 1e6:.0f} MB can be sent.")


def _in_time(receive: Receive) -> Receive:
    """A body that stops coming, or comes in drops, is as if the client had left."""
    until = time.monotonic() + SECONDS_FOR_A_BODY

    async def receiving() -> Message:
        left = min(SECONDS_FOR_A_PIECE, until - time.monotonic())
        try:
            return await asyncio.wait_for(receive(), max(left, 0.0))
        except TimeoutError:
            return {"type": "http.disconnect"}

    return receiving


async def _body(receive: Receive, limit: int) -> bytes:
    read = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        read += message.get("body", b"")
        if len(read) > limit:
            raise _too_large(limit)
        if not message.get("more_body"):
            return bytes(read)


def _replayed(body: bytes) -> Receive:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


def _counted(receive: Receive, limit: int) -> Receive:
    """A body without an announced size is cut off at the limit, as if the client had left."""
    read = 0

    async def counting() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        return message if read <= limit else {"type": "http.disconnect"}

    return counting


class Held:
    """Passes answers on, except those with status 500, whose text we write ourselves."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.failed = False

    async def __call__(self, message: Message) -> None:
        """Send, or hold back."""
        if message["type"] == "http.response.start":
            self.failed = message["status"] >= 500 and message["status"] != 503
            self.started = not self.failed
        if not self.failed:
            await self._send(message)


def _fault_of(path: str, method: str, trouble: Exception | None) -> Refused:
    """The answer when Gradio or a route of ours failed. Gradio fails on requests that make no sense
    to it."""
    if isinstance(trouble, OSError) and trouble.errno in FULL:
        return Refused(507, "no_room", "The disk here is full. Come back later.")
    if path.startswith(UPLOAD):
        return Refused(400, "bad_upload", "This upload cannot be read. Send it again.")
    if path.startswith(GRADIO) and method == "GET":
        return Refused(404, "no_such_answer", "There is no such answer here.")
    if path.startswith(GRADIO):
        return Refused(422, "bad_question", "We don't understand this request.")
    return Refused(500, "fault", "Something went wrong here. Try again in a while.")


def _without_forwarded(scope: Scope, behind_proxy: bool) -> Scope:
    """Drop what a client says about the host it asked, and about the route if there is no proxy."""
    gone = FORWARDED if behind_proxy else FORWARDED | {b"x-forwarded-proto"}
    secure = is_https(scope.get("scheme", "http"), Headers(scope=scope))
    headers = [pair for pair in scope["headers"] if pair[0].lower() not in gone]
    return {**scope, "headers": headers, SECURE: secure}


def _with_headers(scope: Scope, send: Send, given: Mapping[str, str]) -> Send:
    always = dict(given) | (ONLY_BY_HTTPS if scope[SECURE] else {})

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in always.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
