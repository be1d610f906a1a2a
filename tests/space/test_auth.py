"""Who gets to the light table, and who does not however hard they try."""

from __future__ import annotations

import hashlib
import json
import time
from base64 import b64encode
from pathlib import Path
from unittest.mock import patch

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.middleware.sessions import SessionMiddleware

from data_cards.errors import NotAllowed
from space.auth import (
    COOKIE,
    HubAccess,
    NoAccess,
    PasswordAccess,
    access_for,
    access_with_new_password,
)
from space.passwords import SCRYPT, hash_password, is_password, read_passwords
from space.settings import SpaceSettings

MARK = {"X-Vitrine": "light-table"}
ANN = {"name": "ann", "password": "sesame-sesame"}
SOUND = dict(SCRYPT)  # what hashes really cost; here they are cheap (conftest.py)
with patch.dict(SCRYPT, n=16, p=1):
    HASHED = hash_password("sesame-sesame")


class Clock:
    """Time that moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def visiting(access: object) -> TestClient:
    """A browser at an app with this access; `/who` tells who it is."""
    app = FastAPI()
    app.include_router(access.router())  # type: ignore[attr-defined]

    @app.get("/who")
    def who(request: Request) -> str | None:
        return access.who(request)  # type: ignore[attr-defined,no-any-return]

    return TestClient(app)


@pytest.fixture
def clock() -> Clock:
    """A still clock."""
    return Clock()


@pytest.fixture
def browser(clock: Clock) -> TestClient:
    """A browser where ann has an account."""
    return visiting(PasswordAccess({"ann": HASHED}, "Ask ann.", clock=clock))


def test_the_right_password_signs_in_and_signing_out_ends_it(browser: TestClient) -> None:
    assert browser.get("/sign-in").json() == {
        "how": "password",
        "url": "",
        "name": None,
        "hint": "Ask ann.",
    }
    signed = browser.post("/sign-in", json=ANN, headers=MARK)
    assert signed.json() == {"name": "ann"}
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    assert browser.get("/who").json() == "ann"
    token = browser.cookies[COOKIE]
    browser.post("/sign-out", headers=MARK)
    browser.cookies.set(COOKIE, token)
    assert browser.get("/who").json() is None


@pytest.mark.parametrize(
    "given",
    [
        {"name": "ann", "password": "sesame"},
        {"name": "bob", "password": "sesame-sesame"},
        {"name": "ann"},
        [],
        {"name": ["ann"], "password": "x"},
        {"name": "ann", "password": "x" * 1000},
    ],
)
def test_anything_else_does_not(browser: TestClient, given: object) -> None:
    refused = browser.post("/sign-in", json=given, headers=MARK)
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers
    assert browser.get("/who").json() is None


def test_a_wrong_name_and_a_wrong_password_sound_the_same(browser: TestClient) -> None:
    told = [
        browser.post("/sign-in", json=given, headers=MARK).text
        for given in ({"name": "ann", "password": "no"}, {"name": "nobody", "password": "no"})
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "cookie", ["ann", "", HASHED, "a" * 43, hashlib.sha256(b"ann").hexdigest()]
)
def test_a_cookie_that_a_client_made_up_is_nobody(browser: TestClient, cookie: str) -> None:
    browser.cookies.set(COOKIE, cookie)
    assert browser.get("/who").json() is None


def test_another_site_s_form_cannot_sign_in_or_out(browser: TestClient) -> None:
    assert browser.post("/sign-in", json=ANN).status_code == 403
    browser.post("/sign-in", json=ANN, headers=MARK)
    assert browser.post("/sign-out").status_code == 403
    assert browser.get("/who").json() == "ann"


def test_guessing_is_slowed_down_and_the_right_password_waits_too(
    browser: TestClient, clock: Clock
) -> None:
    guess = {"name": "ann", "password": "wrong-wrong"}
    statuses = [browser.post("/sign-in", json=guess, headers=MARK).status_code for _ in range(7)]
    assert statuses == [401] * 6 + [429]
    refused = browser.post("/sign-in", json=ANN, headers=MARK)
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) >= 1
    clock.now = 60
    assert browser.post("/sign-in", json=ANN, headers=MARK).status_code == 200


def test_a_session_ends_by_itself(browser: TestClient, clock: Clock) -> None:
    browser.post("/sign-in", json=ANN, headers=MARK)
    clock.now = 31 * 24 * 3600
    assert browser.get("/who").json() is None


def test_a_hash_costs_what_owasp_names_as_sound() -> None:
    assert SOUND == {"n": 2**15, "r": 8, "p": 3}


def test_passwords_are_stored_as_salted_hashes() -> None:
    assert hash_password("same") != hash_password("same")
    assert "same" not in hash_password("same")
    assert is_password("same", hash_password("same")) and not is_password(
        "other", hash_password("same")
    )


@pytest.mark.parametrize(
    "text", ["", "[]", '{"ann": "plain"}', '{"a b": "1$2$3$4$5$6"}', '{"ann": 7}']
)
def test_a_file_that_holds_no_hashes_is_refused_with_the_cure(tmp_path: Path, text: str) -> None:
    (tmp_path / "who.json").write_text(text)
    with pytest.raises(NotAllowed, match="vitrine annotator"):
        read_passwords(tmp_path / "who.json")


def test_a_new_password_lets_its_owner_in() -> None:
    access, password = access_with_new_password()
    browser = visiting(access)
    assert (
        browser.post(
            "/sign-in", json={"name": "owner", "password": password}, headers=MARK
        ).status_code
        == 200
    )
    assert password not in browser.get("/sign-in").text


def test_who_decides_how_to_sign_in(tmp_path: Path) -> None:
    (tmp_path / "who.json").write_text(json.dumps({"ann": HASHED}))
    assert isinstance(access_for(SpaceSettings("m", hub_sign_in=True)), HubAccess)
    assert isinstance(
        access_for(SpaceSettings("m", passwords=tmp_path / "who.json")), PasswordAccess
    )
    assert isinstance(access_for(SpaceSettings("m")), NoAccess)


def test_where_nobody_can_sign_in_the_form_says_why() -> None:
    told = visiting(NoAccess("Ask the owner.")).get("/sign-in").json()
    assert (told["how"], told["hint"]) == ("closed", "Ask the owner.")


def signed_cookie(name: str, secret: str, expires: float) -> str:
    """A session cookie as Gradio's sign-in makes it."""
    import itsdangerous

    info = {"oauth_info": {"userinfo": {"preferred_username": name}, "expires_at": expires}}
    return itsdangerous.TimestampSigner(secret).sign(b64encode(json.dumps(info).encode())).decode()


@pytest.mark.parametrize(
    ("name", "seconds", "secret", "who"),
    [
        ("ann", 100, "real", "ann"),
        ("Ann", 100, "real", "Ann"),
        ("bob", 100, "real", None),
        ("ann", -1, "real", None),
        ("ann", 100, "forged", None),
    ],
)
def test_on_a_space_only_a_listed_name_that_hugging_face_signed(
    name: str, seconds: float, secret: str, who: str | None
) -> None:
    app = FastAPI()
    access = HubAccess(("ann",))
    app.include_router(access.router())
    app.add_middleware(SessionMiddleware, secret_key="real", same_site="none", https_only=True)

    @app.get("/who")
    def told(request: Request) -> str | None:
        return access.who(request)

    browser = TestClient(app, base_url="https://space")
    browser.cookies.set("session", signed_cookie(name, secret, time.time() + seconds))
    assert browser.get("/who").json() == who
    assert browser.get("/sign-in").json()["how"] == "hub"


def test_off_a_space_the_forged_cookie_of_gradio_s_mock_is_nobody(browser: TestClient) -> None:
    # Gradio signs its mock sessions with sha256("-v4") where there is no OAuth secret: anybody can.
    forged = signed_cookie("ann", hashlib.sha256(b"-v4").hexdigest(), time.time() + 1000)
    browser.cookies.set("session", forged)
    assert browser.get("/who").json() is None


def test_whoever_guesses_locks_nobody_else_out(clock: Clock) -> None:
    access = PasswordAccess({"ann": HASHED}, clock=clock)
    for _ in range(200):
        with pytest.raises(NotAllowed):
            access.sign_in("ann", "wrong-wrong", "203.0.113.9")
    assert access.sign_in("ann", ANN["password"], "198.51.100.7")


def test_right_passwords_from_one_address_do_not_use_up_its_tries(clock: Clock) -> None:
    access = PasswordAccess({"ann": HASHED}, clock=clock)
    for _ in range(12):
        assert access.sign_in("ann", ANN["password"], "198.51.100.7")


@pytest.mark.parametrize(
    ("base", "header", "secure"),
    [
        ("https://testserver", {}, True),
        ("http://testserver", {"x-forwarded-proto": "https"}, True),
        ("http://testserver", {"x-forwarded-proto": "https,http"}, True),
        ("http://testserver", {}, False),
    ],
)
def test_behind_https_the_cookie_goes_by_https_only(base, header, secure) -> None:
    browser = visiting(PasswordAccess({"ann": HASHED}))
    signed = browser.post(base + "/sign-in", json=ANN, headers=MARK | header)
    assert ("secure" in signed.headers["set-cookie"].lower()) is secure
