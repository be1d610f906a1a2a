"""Who may use the light table.

Off a Space: name and password, from a file (see `space/passwords.py`), or one is made up at the
start for the name `owner` and shown to whoever started the server. Who is signed in is held
here, in memory; the browser only gets a random token in an HttpOnly cookie, so nothing a client
makes up is believed. A restart signs everybody out.

On a Space: Hugging Face's sign-in, and only where Hugging Face itself set it up (see
`space/settings.py`); who is signed in must also be on the list of annotators.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from data_cards.errors import NotAllowed, VitrineError
from data_cards.wording import counted
from space.passwords import hash_password, is_password, made_up_password, read_passwords
from space.questions import Refused, read_question
from space.rate_limit import Allowance, client_of, is_https
from space.request_guard import SECURE
from space.settings import OWNER, SpaceSettings

COOKIE = "vitrine"
MARK = ("x-vitrine", "light-table")
SIGNED_IN_SECONDS = 30 * 24 * 3600.0
MOST_SESSIONS = 1_000
TRIES_A_MINUTE = 6
CHECKS_AT_ONCE = 2  # of passwords; each takes 32 MB and a tenth of a second


class Access(Protocol):
    """Who asks, and how to sign in."""

    def who(self, request: Request) -> str | None:
        """The name of a signed-in annotator who is allowed in, else None."""

    def router(self) -> APIRouter:
        """GET and POST /sign-in, POST /sign-out."""


@dataclass(frozen=True)
class Signed:
    """One signed-in browser."""

    name: str
    until: float


class PasswordAccess:
    """Names and passwords, sessions in this process's memory. `hint`: a sentence for the sign-in
    form."""

    def __init__(
        self,
        accounts: Mapping[str, str],
        hint: str = "",
        behind_proxy: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = dict(accounts)
        self._hint = hint
        self._behind_proxy = behind_proxy
        self._clock = clock
        self._sessions: dict[str, Signed] = {}
        self._lock = threading.Lock()
        self._tries = Allowance(TRIES_A_MINUTE, burst=TRIES_A_MINUTE, clock=clock)
        self._at_once = threading.BoundedSemaphore(CHECKS_AT_ONCE)
        # Checked for unknown names, so that the time of an answer reveals nothing.
        self._nobody = hash_password(secrets.token_hex(16))

    def who(self, request: Request) -> str | None:
        """The name behind the cookie's token."""
        token = request.cookies.get(COOKIE)
        signed = self._sessions.get(_digest(token)) if token else None
        return (
            signed.name
            if signed and signed.until > self._clock() and signed.name in self._accounts
            else None
        )

    def sign_in(self, name: str, password: str, client: str) -> str:
        """A new token. Raises NotAllowed; evidence `wait` when there were too many tries."""
        # Counted per client and never per name: otherwise anybody who knows a name could lock its
        # owner out.
        wait = self._tries.take(client)
        if wait:
            raise NotAllowed(
                f"Too many attempts. Wait {counted(round(wait), 'second')}, then sign in again.",
                code="too_many",
                wait=wait,
            )
        with self._at_once:
            right = is_password(password, self._accounts.get(name, self._nobody))
        if not right or name not in self._accounts:
            raise NotAllowed("Wrong name or password.", code="wrong_password")
        self._tries.give_back(client)  # a class behind one address signs in together
        token = secrets.token_urlsafe(32)
        with self._lock:
            now = self._clock()
            alive = {key: signed for key, signed in self._sessions.items() if signed.until > now}
            self._sessions = dict(list(alive.items())[-MOST_SESSIONS + 1 :])
            self._sessions[_digest(token)] = Signed(name, now + SIGNED_IN_SECONDS)
        return token

    def sign_out(self, token: str) -> None:
        """Forget a browser."""
        with self._lock:
            self._sessions.pop(_digest(token), None)

    def router(self) -> APIRouter:
        """The routes that the light table's form talks to."""
        router = APIRouter(include_in_schema=False)

        @router.get("/sign-in")
        def how(request: Request) -> JSONResponse:
            return _told(
                {"how": "password", "url": "", "name": self.who(request), "hint": self._hint}
            )

        @router.post("/sign-in")
        async def sign_in(request: Request) -> JSONResponse:
            from starlette.concurrency import run_in_threadpool

            return await run_in_threadpool(self._signed_in, request, await request.body())

        @router.post("/sign-out")
        def sign_out(request: Request) -> JSONResponse:
            if not _from_the_page(request):
                return _not_from_the_page()
            self.sign_out(request.cookies.get(COOKIE, ""))
            response = _told({"name": None})
            response.delete_cookie(COOKIE, path="/")
            return response

        return router

    def _signed_in(self, request: Request, body: bytes) -> JSONResponse:
        if not _from_the_page(request):
            return _not_from_the_page()
        try:
            name, password = _credentials(body)
            client = client_of(
                request.headers, request.client.host if request.client else "", self._behind_proxy
            )
            token = self.sign_in(name, password, client)
        except NotAllowed as error:
            return _refused(error)
        response = _told({"name": name})
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(SIGNED_IN_SECONDS),
            httponly=True,
            samesite="lax",
            secure=bool(request.scope.get(SECURE)) or is_https(request.url.scheme, request.headers),
            path="/",
        )
        return response


class HubAccess:
    """Hugging Face's sign-in on a Space; `annotators`: who is let in."""

    def __init__(self, annotators: tuple[str, ...]) -> None:
        self._annotators = {name.casefold() for name in annotators}

    def who(self, request: Request) -> str | None:
        """The user name that Hugging Face vouched for, when it is on the list and has not
        expired."""
        signed = request.scope.get("session", {}).get("oauth_info") or {}
        name = str(signed.get("userinfo", {}).get("preferred_username", ""))
        alive = float(signed.get("expires_at") or 0) > time.time()
        return name if alive and name.casefold() in self._annotators else None

    def router(self) -> APIRouter:
        """Where the form's link leads; the sign-in itself is Gradio's /login/huggingface."""
        router = APIRouter(include_in_schema=False)

        @router.get("/sign-in")
        def how(request: Request) -> JSONResponse:
            signed = request.scope.get("session", {}).get("oauth_info") or {}
            stranger = (
                signed.get("userinfo", {}).get("preferred_username")
                if not self.who(request)
                else None
            )
            hint = (
                f"{stranger} is not on the list of annotators here. The owner of this Space can "
                "add the name."
                if stranger
                else "The owner of this Space decides who may use the light table."
            )
            return _told(
                {"how": "hub", "url": "/login/huggingface", "name": self.who(request), "hint": hint}
            )

        @router.post("/sign-out")
        def sign_out(request: Request) -> JSONResponse:
            if not _from_the_page(request):
                return _not_from_the_page()
            request.scope.get("session", {}).pop("oauth_info", None)
            return _told({"name": None})

        return router


class NoAccess:
    """Nobody can sign in here, and the form says why."""

    def __init__(self, why: str) -> None:
        self._why = why

    def who(self, request: Request) -> str | None:
        """Nobody."""
        return None

    def router(self) -> APIRouter:
        """A form that only explains."""
        router = APIRouter(include_in_schema=False)

        @router.get("/sign-in")
        def how() -> JSONResponse:
            return _told({"how": "closed", "url": "", "name": None, "hint": self._why})

        return router


def access_for(settings: SpaceSettings) -> Access:
    """Hugging Face's sign-in where it is real, passwords where there are some, else a closed
    door that says why."""
    if settings.hub_sign_in:
        return HubAccess(settings.annotators)
    if settings.passwords is not None:
        return PasswordAccess(
            read_passwords(settings.passwords), behind_proxy=settings.behind_proxy
        )
    return NoAccess(
        "Nobody can sign in here yet: this app was started without annotators. Its owner can set "
        "VITRINE_PASSWORDS, or hf_oauth on a Space."
    )


def access_with_new_password() -> tuple[Access, str]:
    """Access for the name `owner`, and the password that was made up for it."""
    password = made_up_password()
    hint = (
        f"Your name is “{OWNER}”. The password is in the window where Vitrine was started; it is a "
        "new one each "
        "time."
    )
    return PasswordAccess({OWNER: hash_password(password)}, hint), password


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _credentials(body: bytes) -> tuple[str, str]:
    try:
        row = read_question(body)
        name = row["name"]
        password = row["password"]
    except (Refused, KeyError) as error:
        raise NotAllowed("Name and password are needed.", code="bad_form") from error
    if not (
        isinstance(name, str) and isinstance(password, str) and len(name) + len(password) < 500
    ):
        raise NotAllowed("Name and password are needed.", code="bad_form")
    return name.strip(), password


def _from_the_page(request: Request) -> bool:
    # Another site's form cannot set this header, and its script would need our permission to.
    return request.headers.get(MARK[0]) == MARK[1]


def _not_from_the_page() -> JSONResponse:
    return _told(
        {"error": "This page is out of date. Load it again.", "code": "not_from_the_page"}, 403
    )


def _refused(error: VitrineError) -> JSONResponse:
    code = str(error.evidence.get("code", "not_allowed"))
    wait = error.evidence.get("wait")
    response = _told({"error": error.sentence, "code": code}, 429 if wait else 401)
    if isinstance(wait, float):
        response.headers["Retry-After"] = str(int(wait) + 1)
    return response


def _told(content: object, status: int = 200) -> JSONResponse:
    return JSONResponse(content, status, headers={"Cache-Control": "no-store"})
