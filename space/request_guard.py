"""The doorway: what is refused before it reaches Gradio or a route of ours, and the headers
every answer carries.

Sizes (413), kinds (415), sense (422) and rates (429) of requests. Gradio would fetch any address
that a file parameter names, and copy files of this machine when it is mounted into another app,
so only photos that were uploaded here get through. Refusals are JSON: {"error": sentence,
"code": word}.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data_cards.errors import NotAllowed
from data_cards.wording import counted
from space.rate_limit import Allowance, client_of, is_https
from space.settings import SpaceSettings
from space.uploads import LEFT_FREE, UploadQuota

MOST_JSON_BYTES = 1_000_000
UPLOAD = "/gradio_api/upload"
JOIN = "/gradio_api/queue/join"
CALL = "/gradio_api/call/"
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
    "/monitoring",
)
# Nothing of Gradio's front end is served, so neither inline scripts nor `eval` are needed.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Content-Security-Policy": POLICY,
}

A_YEAR = 365 * 24 * 3600
SECURE = "vitrine.secure"  # in a scope: whether the browser came by https
ONLY_BY_HTTPS = {"Strict-Transport-Security": f"max-age={A_YEAR}"}
# Gradio writes what these say into its answers.
FORWARDED = frozenset((b"x-forwarded-host", b"x-forwarded-port", b"forwarded", b"x-original-host"))

Defaults = Mapping[str, Sequence[Any]]


class Refused(NotAllowed):
    """A request that stops at the door."""

    def __init__(self, status: int, code: str, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence, code=code)
        self.status = status
        self.code = code
        self.wait = wait

    def response(self) -> JSONResponse:
        """The refusal as an HTTP answer."""
        headers = {"Retry-After": str(max(1, math.ceil(self.wait)))} if self.wait else None
        return JSONResponse({"error": self.sentence, "code": self.code}, self.status, headers)


class RequestGuard:
    """ASGI middleware. `defaults`: per endpoint, the parameters that /call may leave out at the
    end (None: needed)."""

    def __init__(
        self, app: ASGIApp, settings: SpaceSettings, uploads: Callable[[], Path], defaults: Defaults
    ) -> None:
        self._app = app
        self._settings = settings
        self._uploads = uploads
        self._defaults = defaults
        self._questions = Allowance(settings.questions_a_minute)
        self._uploading = Allowance(settings.questions_a_minute)
        self._quota = UploadQuota(settings.most_upload_bytes_of_one, settings.most_upload_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _without_forwarded(scope, self._settings.behind_proxy)
        send = _with_headers(scope, send)
        try:
            receive = await self._checked(scope, receive)
        except Refused as refusal:
            await refusal.response()(scope, receive, send)
            return
        except ClientDisconnect:
            return
        await self._app(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        path = _path(scope)
        headers = Headers(scope=scope)
        if path.startswith(CLOSED):
            raise Refused(404, "no_such_door", "There is nothing here.")
        if scope["method"] != "POST":
            return receive
        limit = self._settings.most_photo_bytes * 4 if path.startswith(UPLOAD) else MOST_JSON_BYTES
        _check_announced(headers, limit, self._settings)
        client = client_of(
            headers, (scope.get("client") or ("", 0))[0], self._settings.behind_proxy
        )
        if path.startswith(UPLOAD):
            _check_rate(self._uploading, client)
            _check_kind(
                headers, "multipart/form-data", "Photos are uploaded as multipart/form-data."
            )
            # One that does not say how much it brings may bring all that is allowed.
            self._check_room(client, int(headers.get("content-length", limit)))
            return _counted(receive, limit)
        if path.startswith((JOIN, CALL)):
            _check_rate(self._questions, client)
            _check_kind(headers, "application/json", "Questions are asked in application/json.")
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
                f"So many photos came at once that no more fit. Send more in {minutes}.",
                wait,
            )

    def _question(self, path: str, body: bytes) -> bytes:
        asked = _read(body)
        if not isinstance(asked, dict):
            raise Refused(
                422, "bad_json", "A question is a JSON object with `data`, a list of parameters."
            )
        check_files(asked, self._uploads())
        name = path.removeprefix(CALL).strip("/") if path.startswith(CALL) else ""
        if name in self._defaults and isinstance(asked.get("data"), list):
            asked["data"] = completed(name, asked["data"], self._defaults[name])
        return _written(asked)


def completed(name: str, given: list[Any], defaults: Sequence[Any]) -> list[Any]:
    """The parameters of an endpoint with the ones that were left out. Raises Refused when too
    few or too many."""
    full = [*given, *defaults[len(given) :]]
    if len(full) > len(defaults) or None in full[len(given) :]:
        needed = sum(value is None for value in defaults)
        few = f"{needed} parameter{'s' * (needed != 1)}"
        many = f", at most {len(defaults)}" * (needed < len(defaults))
        raise Refused(422, "bad_parameters", f"/{name} takes {few}{many}; {len(given)} came.")
    return full


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


def is_upload(path: Any, uploads: Path) -> bool:
    """Whether this names a plain file in the folder for uploads, links and `..` resolved: never
    the folder itself nor one in it."""
    if not isinstance(path, str) or "\0" in path or "://" in path or len(path) > 1000:
        return False
    try:
        file = Path(path).resolve() if Path(path).is_absolute() else None
        return file is not None and file.is_relative_to(uploads.resolve()) and file.is_file()
    except (OSError, ValueError, RuntimeError):  # no name, too long a name, links in a circle
        return False


def _free(folder: Path) -> int:
    """Bytes left on the disk of a folder that may not be made yet."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(there).free


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(422, "bad_json", "This is not JSON that can be read.") from error


def _written(asked: Any) -> bytes:
    try:
        return json.dumps(asked).encode()
    except RecursionError as error:
        raise Refused(422, "bad_json", "This is nested too deeply to be a question.") from error


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


def _without_forwarded(scope: Scope, behind_proxy: bool) -> Scope:
    """Without what a client says of the host it asked, and of the way where there is no proxy."""
    gone = FORWARDED if behind_proxy else FORWARDED | {b"x-forwarded-proto"}
    secure = is_https(scope.get("scheme", "http"), Headers(scope=scope))
    headers = [pair for pair in scope["headers"] if pair[0].lower() not in gone]
    return {**scope, "headers": headers, SECURE: secure}


def _with_headers(scope: Scope, send: Send) -> Send:
    always = HEADERS | (ONLY_BY_HTTPS if scope[SECURE] else {})

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in always.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
