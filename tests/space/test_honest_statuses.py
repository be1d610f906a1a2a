"""Whatever strangers send, the answer is a 4xx with a sentence, and the log stays short."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fixtures.colours import photo_of
from tests.fixtures.visitors import built, serving, settings_in, small_gallery

CALL = "/gradio_api/call/"
JOIN = "/gradio_api/queue/join"
JSON = {"content-type": "application/json"}
DEEP = "[" * 400_000
SURROGATE = '{"data": ["\\ud800"]}'
PHOTO = {"path": "{photo}", "meta": {"_type": "gradio.FileData"}}
BODIES: dict[str, tuple[str, Any]] = {
    "deep JSON": (CALL + "predict", DEEP),
    "deep objects": (CALL + "predict", '{"data":' * 100_000),
    "deep within a list": (CALL + "predict", '{"data": [' + "[" * 5_000 + "]" * 5_000 + "]}"),
    "half a character": (CALL + "receipt", SURROGATE),
    "half a character as a key": (CALL + "receipt", '{"data": [{"\\udfff": 1}]}'),
    "half a character to the queue": (JOIN, '{"fn_index": 5, "data": ["\\ud800"]}'),
    "no number": (CALL + "predict", '{"data": [NaN]}'),
    "an endless number": (CALL + "predict", '{"data": [1e999, Infinity]}'),
    "a very long number": (CALL + "predict", '{"data": [' + "9" * 10_000 + "]}"),
    "no UTF-8": (CALL + "receipt", b'{"data": ["\xff"]}'),
    "nothing": (CALL + "predict", b""),
    "no object": (CALL + "predict", "[1, 2]"),
    "no data": (CALL + "predict", "{}"),
    "data as text": (CALL + "predict", '{"data": "photo"}'),
    "data as an object": (CALL + "predict", '{"data": {"image": 1}}'),
    "text for a photo": (CALL + "predict", '{"data": ["photo"]}'),
    "nothing for a photo": (CALL + "predict", '{"data": [null]}'),
    "a list for a photo": (CALL + "predict", '{"data": [[1, 2], 3]}'),
    "a photo for photos": (CALL + "predict_batch", {"data": [PHOTO]}),
    "text among photos": (CALL + "predict_batch", {"data": [[PHOTO, "b"]]}),
    "a list of how many": (CALL + "predict", {"data": [PHOTO, [3]]}),
    "text of how many": (CALL + "similar", {"data": [PHOTO, "three"]}),
    "too many parameters": (CALL + "classes", '{"data": [1]}'),
    "a list for a text": (CALL + "feedback", '{"data": [["a"], "b", false]}'),
    "an object for a text": (CALL + "receipt", '{"data": [{"a": 1}]}'),
    "a number for a text": (CALL + "receipt", '{"data": [7]}'),
    "text for yes or no": (CALL + "feedback", '{"data": ["a", "b", "yes"]}'),
    "a very long text": (CALL + "receipt", json.dumps({"data": ["x" * 5_000]})),
    "an unknown endpoint": (CALL + "nothing", '{"data": []}'),
    "no endpoint": (CALL, '{"data": []}'),
    "an endpoint of signs": (CALL + "%00", '{"data": []}'),
    "an endpoint by named parameters": (CALL + "v2/nothing", "{}"),
    "an unknown named parameter": (CALL + "v2/predict", '{"picture": 1}'),
    "text for a named photo": (CALL + "v2/predict", '{"image": "photo"}'),
    "number 99": (JOIN, '{"fn_index": 99, "data": [], "session_hash": "a"}'),
    "number -1": (JOIN, '{"fn_index": -1, "data": [], "session_hash": "a"}'),
    "number true": (JOIN, '{"fn_index": true, "data": [], "session_hash": "a"}'),
    "no endpoint's number": (JOIN, '{"fn_index": "x", "data": []}'),
    "no number at all": (JOIN, '{"data": [], "session_hash": "a"}'),
    "a list for a session": (JOIN, '{"fn_index": 3, "data": [], "session_hash": ["a"]}'),
    "no session": (JOIN, '{"fn_index": 3, "data": []}'),
    "a component's function": ("/gradio_api/component_server", '{"fn_name": "x", "data": 1}'),
    "cancel of nothing": ("/gradio_api/cancel", "[]"),
    "cancel of odd things": ("/gradio_api/cancel", '{"session_hash": ["a"], "fn_index": {}}'),
    "a sign-in of half a character": ("/sign-in", '{"name": "\\ud800", "password": "\\ud800"}'),
    "a sign-in of a list": ("/sign-in", '{"name": ["a"], "password": 7}'),
    "a deep sign-in": ("/sign-in", DEEP),
    "moves of nobody": ("/light-table/moves", SURROGATE),
}
ADDRESSES = (
    "/pwa_icon/64",
    "/pwa_icon/99999999",
    "/manifest.json/x",
    "/gradio_api/component_server",
    "/gradio_api/custom_component/1/client/component/x",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file=%00",
    "/gradio_api/file=../../etc/passwd",
    "/gradio_api/call/predict/no-such-event",
    "/gradio_api/queue/data",
    "/gradio_api/nothing",
    "/gradio_api/stream/a/b/c/playlist.m3u8",
    "/monitoring/x",
    "/static/../../etc/passwd",
    "/similar-photo/nothing",
    "/reference/%00",
    "/reference/..%2f..%2fetc",
    "/vitrine/nothing.js",
    "/nothing",
    "/light-table/photo/x",
    "/light-table/look?count=x",
)


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Somebody who visits an app with a light table."""
    folder = tmp_path_factory.mktemp("statuses")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        small_gallery(folder / "dataset")
        settings = settings_in(folder, dataset=str(folder / "dataset"), questions_a_minute=60_000)
        with serving(built(settings)) as url, httpx.Client(base_url=url, timeout=60) as client:
            yield client


def sent(visitor: httpx.Client) -> str:
    files = {"files": ("a.jpg", photo_of("ochre"))}
    return str(visitor.post("/gradio_api/upload", files=files).json()[0])


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_makes_no_sense_is_told_so(
    visitor: httpx.Client, capfd: pytest.CaptureFixture, caplog, name: str
) -> None:
    path, body = BODIES[name]
    if isinstance(body, dict):
        body = json.dumps(body).replace("{photo}", sent(visitor))
    capfd.readouterr()
    with caplog.at_level(logging.INFO, "vitrine"):
        mark = JSON | {"x-vitrine": "light-table"}
        answer = visitor.post(path, content=body, headers=mark)
    assert 400 <= answer.status_code < 500, answer.text
    said = answer.json()
    assert said.get("error") or said.get("detail")
    told = capfd.readouterr()
    assert "Traceback" not in told.err + told.out
    assert len((told.err + told.out).splitlines()) + len(caplog.records) <= 1


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_address_of_nothing_is_told_so(
    visitor: httpx.Client, capfd: pytest.CaptureFixture, path: str
) -> None:
    capfd.readouterr()
    for method in ("GET", "HEAD", "DELETE"):
        answer = visitor.request(method, path, headers=JSON)
        assert 400 <= answer.status_code < 500, (method, answer.text)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x"],
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing of a form",
        b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\ntext\r\n--x--\r\n',
        b"--x\r\nContent-Disposition: form-data\r\n\r\ntext\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="files"; filename=".."\r\n\r\na\r\n--x--\r\n',
        b"--x\r\n" + b"A" * 100_000,
    ],
)
def test_an_upload_that_is_no_form_is_told_so(
    visitor: httpx.Client, capfd: pytest.CaptureFixture, kind: str, body: bytes
) -> None:
    capfd.readouterr()
    answer = visitor.post("/gradio_api/upload", content=body, headers={"content-type": kind})
    assert answer.status_code < 500 and "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("path", [CALL + "predict", "/gradio_api/upload", "/sign-in"])
def test_whoever_leaves_in_the_middle_leaves_no_trace(
    visitor: httpx.Client, capfd: pytest.CaptureFixture, path: str
) -> None:
    capfd.readouterr()
    host, port = visitor.base_url.host, visitor.base_url.port
    for _ in range(3):
        with socket.create_connection((host, port)) as connection:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n"
            kind = "Content-Type: multipart/form-data; boundary=x\r\n" if "upload" in path else ""
            connection.sendall((head + (kind or "Content-Type: application/json\r\n")).encode())
            connection.sendall(b"\r\n--x\r\n")
    assert visitor.get("/room").status_code == 200
    assert "Traceback" not in capfd.readouterr().err


def test_afterwards_questions_are_answered_as_before(visitor: httpx.Client) -> None:
    asked = json.dumps({"data": [PHOTO, 3]}).replace("{photo}", sent(visitor))
    for path, body in (
        (CALL + "predict", asked),
        (CALL + "v2/predict", json.dumps({"image": PHOTO}).replace("{photo}", sent(visitor))),
    ):
        event = visitor.post(path, content=body, headers=JSON).json()["event_id"]
        lines = visitor.get(f"{path}/{event}").text.splitlines()
        assert lines[0] == "event: complete"
        assert "sure" in lines[1]


def test_nobody_can_fill_the_log(visitor: httpx.Client, caplog, capfd) -> None:
    capfd.readouterr()
    with caplog.at_level(logging.INFO, "vitrine"):
        for number in range(60):
            visitor.get(f"/gradio_api/call/predict/{number}")
            visitor.post(JOIN, content=f'{{"fn_index": {number + 50}}}', headers=JSON)
    told = capfd.readouterr()
    assert len(caplog.records) + len((told.err + told.out).splitlines()) <= 3
