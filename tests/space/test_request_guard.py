"""The doorway on its own: a tiny app behind it, no Gradio."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from space.request_guard import Refused, RequestGuard, check_files, completed, is_upload
from space.settings import SpaceSettings

CALL = "/gradio_api/call/predict"


async def _echo(request: Request) -> JSONResponse:
    return JSONResponse(json.loads(await request.body() or b"null"))


def _visitor(tmp_path: Path, **changes: Any) -> TestClient:
    app = Starlette(routes=[Route("/{path:path}", _echo, methods=["GET", "POST"])])
    settings = SpaceSettings(model="m", **{"most_photo_bytes": 1_000, **changes})
    app.add_middleware(
        RequestGuard, settings=settings, uploads=lambda: tmp_path, defaults={"predict": (None, 3)}
    )
    return TestClient(app, raise_server_exceptions=False)


def _asked(tmp_path: Path, name: str = "a.jpg") -> dict[str, Any]:
    (tmp_path / name).write_bytes(b"a photo")
    return {"path": str(tmp_path / name), "meta": {"_type": "gradio.FileData"}}


def test_left_out_parameters_are_filled_in(tmp_path: Path) -> None:
    image = _asked(tmp_path)
    assert _visitor(tmp_path).post(CALL, json={"data": [image]}).json() == {"data": [image, 3]}


@pytest.mark.parametrize("given", [[], [1, 2, 3]])
def test_too_few_or_too_many_parameters_are_refused_in_words(given: list[Any]) -> None:
    with pytest.raises(Refused, match="/predict takes 1 parameter, at most 2"):
        completed("predict", given, (None, 3))


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "http://169.254.169.254/latest",
        "https://example.org/a.jpg",
        "{uploads}/../../etc/passwd",
        "a.jpg",
        7,
        None,
        "{uploads}/a\0.jpg",
        "file:///etc/passwd",
        "{uploads}",
        "{uploads}/",
        "{uploads}/folder",
        "{uploads}/folder/.",
        "{uploads}/gone.jpg",
        "{uploads}/a.jpg/",
        "{uploads}/" + "a" * 300,
        "{uploads}/\ud800.jpg",
    ],
)
def test_only_uploads_get_through_as_files(tmp_path: Path, path: Any) -> None:
    (tmp_path / "folder").mkdir()
    named = path.format(uploads=tmp_path) if isinstance(path, str) else path
    body = json.dumps({"data": [{"x": [{"path": named}]}]})
    kind = {"content-type": "application/json"}
    refused = _visitor(tmp_path).post(CALL, content=body, headers=kind)
    code = "bad_json" if "\ud800" in str(path) else "not_uploaded"
    assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_a_link_out_of_the_folder_is_no_upload(tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "uploads" / "link").symlink_to(tmp_path / "secret")
    assert not is_upload(str(tmp_path / "uploads" / "link"), tmp_path / "uploads")


def test_files_are_found_however_deep(tmp_path: Path) -> None:
    nested: Any = {"path": "/etc/passwd"}
    for _ in range(5_000):
        nested = [nested]
    with pytest.raises(Refused):
        check_files(nested, tmp_path)


@pytest.mark.parametrize("body", [b"no json", b"[1]", b"[" * 100_000])
def test_what_is_no_question_is_refused(tmp_path: Path, body: bytes) -> None:
    refused = _visitor(tmp_path).post(
        CALL, content=body, headers={"content-type": "application/json"}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_json")


def test_the_wrong_kind_is_refused(tmp_path: Path) -> None:
    assert (
        _visitor(tmp_path)
        .post(CALL, content=b"{}", headers={"content-type": "text/plain"})
        .status_code
        == 415
    )
    assert _visitor(tmp_path).post("/gradio_api/upload", json={}).status_code == 415


@pytest.mark.parametrize("path", [CALL, "/gradio_api/upload", "/anything"])
def test_what_is_too_large_is_refused_before_it_is_read(tmp_path: Path, path: str) -> None:
    refused = _visitor(tmp_path).post(
        path, content=b"x" * 1_000_001, headers={"content-type": "application/json"}
    )
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


def test_too_large_without_a_length_is_refused_too(tmp_path: Path) -> None:
    refused = _visitor(tmp_path).post(
        CALL,
        content=(b"x" * 100_000 for _ in range(20)),
        headers={"content-type": "application/json"},
    )
    assert refused.status_code == 413


def test_too_many_questions_get_429_and_when_to_come_back(tmp_path: Path) -> None:
    visitor = _visitor(tmp_path, questions_a_minute=4)
    answers = [visitor.post(CALL, json={"data": [_asked(tmp_path)]}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 15
    assert answers[-1].json()["code"] == "too_many"


def test_one_client_does_not_use_up_anothers_allowance_behind_a_proxy(tmp_path: Path) -> None:
    visitor = _visitor(tmp_path, questions_a_minute=2, behind_proxy=True)

    def ask(forwarded: str) -> int:
        return visitor.post(
            CALL, json={"data": [_asked(tmp_path)]}, headers={"x-forwarded-for": forwarded}
        ).status_code

    assert [ask("9.9.9.9, 1.1.1.1"), ask("8.8.8.8, 1.1.1.1"), ask("9.9.9.9, 2.2.2.2")] == [
        200,
        429,
        200,
    ]


@pytest.mark.parametrize(
    "path", ["/gradio_api/run/predict", "/gradio_api/proxy=http://x", "/monitoring/summary"]
)
def test_doors_that_nobody_needs_are_closed(tmp_path: Path, path: str) -> None:
    assert _visitor(tmp_path).get(path).status_code == 404


def test_every_answer_carries_the_headers(tmp_path: Path) -> None:
    visitor = _visitor(tmp_path)
    for answer in (
        visitor.get("/x"),
        visitor.post(CALL, content=b"", headers={"content-type": "application/json"}),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors" in answer.headers["content-security-policy"]


def _upload(visitor: TestClient, size: int, client: str = "1.1.1.1") -> int:
    kind = {"content-type": "multipart/form-data; boundary=x", "x-forwarded-for": client}
    return visitor.post(
        "/gradio_api/upload", content=b" " * (size - 1) + b"0", headers=kind
    ).status_code


def test_one_client_cannot_fill_the_disk_and_others_still_send(tmp_path: Path) -> None:
    visitor = _visitor(
        tmp_path, behind_proxy=True, most_photo_bytes=2_000, most_upload_bytes_of_one=10_000
    )
    assert [_upload(visitor, 4_500), _upload(visitor, 4_500)] == [
        200,
        200,
    ]
    assert _upload(visitor, 4_500) == 429
    assert _upload(visitor, 4_500, "2.2.2.2") == 200


def test_all_clients_together_cannot_fill_the_disk(tmp_path: Path) -> None:
    visitor = _visitor(
        tmp_path, behind_proxy=True, most_photo_bytes=2_000, most_upload_bytes=10_000
    )
    came = [_upload(visitor, 4_500, f"1.1.1.{number}") for number in range(4)]
    assert came == [200, 200, 429, 429]


def test_an_upload_that_does_not_say_its_size_counts_as_the_largest(tmp_path: Path) -> None:
    visitor = _visitor(tmp_path, most_photo_bytes=2_000, most_upload_bytes_of_one=10_000)
    kind = {"content-type": "multipart/form-data; boundary=x"}
    came = [
        visitor.post("/gradio_api/upload", content=iter([b"0"]), headers=kind).status_code
        for _ in range(2)
    ]
    assert came == [200, 429]


def test_nothing_is_taken_in_where_the_disk_is_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("space.request_guard._free", lambda folder: 1_000)
    refused = _visitor(tmp_path).post("/gradio_api/upload", files={"files": ("a.jpg", b"x")})
    assert (refused.status_code, refused.json()["code"]) == (503, "no_room")


@pytest.mark.parametrize(
    ("url", "header", "strict"),
    [
        ("https://testserver/x", {}, True),
        ("http://testserver/x", {"x-forwarded-proto": "https"}, True),
        ("http://testserver/x", {}, False),
    ],
)
def test_who_came_by_https_is_told_to_stay_there(tmp_path: Path, url, header, strict) -> None:
    answer = _visitor(tmp_path).get(url, headers=header)
    assert ("strict-transport-security" in answer.headers) is strict


def test_the_policy_allows_no_inline_script_and_no_eval(tmp_path: Path) -> None:
    policy = _visitor(tmp_path).get("/x").headers["content-security-policy"]
    assert "unsafe" not in policy and policy.startswith("default-src 'self'")


@pytest.mark.parametrize(
    "name", ["x-forwarded-host", "X-Forwarded-Host", "forwarded", "x-forwarded-port"]
)
def test_what_a_client_says_of_the_host_is_not_passed_on(tmp_path: Path, name: str) -> None:
    async def told(request: Request) -> JSONResponse:
        return JSONResponse(dict(request.headers))

    app = Starlette(routes=[Route("/", told)])
    app.add_middleware(
        RequestGuard, settings=SpaceSettings(model="m"), uploads=lambda: tmp_path, defaults={}
    )
    told_back = TestClient(app).get("/", headers={name: "evil.example"}).text
    assert "evil" not in told_back


def test_a_body_that_stops_coming_is_not_waited_for(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("space.request_guard.SECONDS_FOR_A_PIECE", 0.01)
    guard = RequestGuard(_never, SpaceSettings(model="m"), lambda: tmp_path, {"predict": (None, 3)})
    scope = {
        "type": "http",
        "method": "POST",
        "path": CALL,
        "headers": [(b"content-type", b"application/json")],
        "client": ("1.1.1.1", 1),
    }

    async def silent() -> Any:
        await asyncio.Event().wait()

    async def told(message: Any) -> None:
        raise AssertionError(message)

    # In a thread of its own: a browser's loop may run in this one.
    with ThreadPoolExecutor(1) as thread:
        refused = asyncio.wait_for(guard(scope, silent, told), 10)
        thread.submit(asyncio.run, refused).result()


async def _never(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("it is not passed on")
