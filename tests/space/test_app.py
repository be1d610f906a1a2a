"""The whole app behind a real port, asked by Gradio's own Python client and by plain HTTP as
curl would."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from data_cards.errors import TooBusy
from data_cards.installed_files import page_file
from tests.fixtures.colours import COLOURS, photo_of
from tests.fixtures.visitors import (
    PASSWORD,
    built,
    free_port,
    in_a_loop,
    serving,
    sesame,
    settings_in,
    small_gallery,
)

ORIGIN = "https://ann.github.io"
MARK = {"X-Vitrine": "light-table"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the app is; it has a light table."""
    folder = tmp_path_factory.mktemp("app")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        small_gallery(folder / "dataset")
        settings = settings_in(
            folder,
            dataset=str(folder / "dataset"),
            origins=(ORIGIN,),
            questions_a_minute=6000,
            most_photo_bytes=200_000,
        )
        with serving(built(settings)) as url:
            yield url


@pytest.fixture
def http(address: str) -> Iterator[httpx.Client]:
    """Plain HTTP."""
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


def sent(http: httpx.Client, data: bytes, name: str = "a.jpg") -> dict[str, Any]:
    """An uploaded photo, as a parameter."""
    [path] = http.post("/gradio_api/upload", files={"files": (name, data)}).json()
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def ask(http: httpx.Client, endpoint: str, *parameters: Any) -> Any:
    """What curl does: one call for the event, one for its stream."""
    event = http.post(f"/gradio_api/call/{endpoint}", json={"data": list(parameters)}).json()[
        "event_id"
    ]
    lines = http.get(f"/gradio_api/call/{endpoint}/{event}").text.splitlines()
    assert lines[0] == "event: complete", lines
    [said] = json.loads(lines[1].removeprefix("data: "))
    return said


def test_curl_s_way_gets_an_answer_whose_pictures_can_be_fetched(http: httpx.Client) -> None:
    said = ask(http, "predict", sent(http, photo_of("ochre")))
    assert (said["answer"], said["label"], len(said["candidates"])) == ("sure", "ochre", 3)
    picture = http.get(said["similar"][0]["url"])
    assert picture.headers["content-type"] == "image/jpeg"


def test_the_python_client_speaks_every_endpoint(address: str, tmp_path: Path) -> None:
    from gradio_client import Client, handle_file

    photo = tmp_path / "Ünï code.jpg"
    photo.write_bytes(photo_of("red-grid"))
    client = Client(address, verbose=False, download_files=False)
    try:
        said = client.predict(image=handle_file(str(photo)), api_name="/predict")
        assert said["label"] == "red-grid"
        assert (
            len(client.predict(handle_file(str(photo)), 2, api_name="/predict")["candidates"]) == 2
        )
        batch = client.predict(
            [handle_file(str(photo)), handle_file(str(photo))], api_name="/predict_batch"
        )
        assert [one["label"] for one in batch] == ["red-grid"] * 2
        assert (
            client.predict(handle_file(str(photo)), 2, api_name="/similar")[0]["label"]
            == "red-grid"
        )
        assert [one["label"] for one in client.predict(api_name="/classes")] == list(COLOURS)
        receipt = client.predict(said["prediction_id"], "none", api_name="/feedback")["receipt"]
        assert client.predict(receipt, api_name="/receipt")["fate"] == "counted"
    finally:
        client.close()


def test_the_listed_endpoints_are_those_of_the_contract(http: httpx.Client) -> None:
    listed = http.get("/gradio_api/info").json()["named_endpoints"]
    named = {name: [one["parameter_name"] for one in listed[name]["parameters"]] for name in listed}
    assert named == {
        "/predict": ["image", "top_k"],
        "/predict_batch": ["images"],
        "/similar": ["image", "k"],
        "/classes": [],
        "/feedback": ["prediction_id", "label", "consent"],
        "/receipt": ["receipt"],
    }


def test_an_error_is_a_sentence_and_a_word_inside_the_stream(http: httpx.Client) -> None:
    said = ask(http, "predict", sent(http, b"just text", "a.jpg"))
    assert said["code"] == "bad_photo"
    assert "/" not in said["error"] and "Traceback" not in said["error"]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "http://127.0.0.1/x.jpg", "https://example.org/x.jpg"]
)
def test_no_address_and_no_file_of_the_machine_is_opened(http: httpx.Client, path: str) -> None:
    image = {"path": path, "meta": {"_type": "gradio.FileData"}}
    for endpoint, parameters in (
        ("predict", [image, 3]),
        ("feedback", [image, image, True]),
        ("receipt", [image]),
    ):
        refused = http.post(f"/gradio_api/call/{endpoint}", json={"data": parameters})
        assert (refused.status_code, refused.json()["code"]) == (422, "not_uploaded")
    joined = http.post(
        "/gradio_api/queue/join", json={"data": [image, 3], "fn_index": 0, "session_hash": "s"}
    )
    assert joined.status_code == 422


def test_a_photo_that_is_too_large_is_a_413(http: httpx.Client) -> None:
    assert (
        http.post("/gradio_api/upload", files={"files": ("a.jpg", b"x" * 300_000)}).status_code
        == 413
    )
    assert (
        http.post("/gradio_api/upload", files={"files": ("a.jpg", b"x" * 900_000)}).json()["code"]
        == "too_large"
    )


def test_health_says_what_is_served(http: httpx.Client) -> None:
    told = http.get("/healthz")
    assert told.status_code == 200
    model = {"repo": "tests/colours", "revision": "r1", "dataset_revision": "d1"}
    assert told.json() == {"ready": True, "model": model}


@pytest.mark.parametrize(
    ("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://evil.example", None), ("null", None)]
)
def test_only_the_pages_named_may_call_from_elsewhere(
    http: httpx.Client, origin: str, allowed: str | None
) -> None:
    for answer in (
        http.get("/healthz", headers={"origin": origin}),
        http.get("/config", headers={"origin": origin}),
        http.options(
            "/gradio_api/queue/join",
            headers={
                "origin": origin,
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type",
            },
        ),
    ):
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert "access-control-allow-credentials" not in answer.headers


def test_the_page_asks_nobody_else_and_shows_no_chrome_of_gradio(http: httpx.Client) -> None:
    page = http.get("/")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    config = http.get("/config").json()
    assert (
        config["footer_links"] == []
        and config["analytics_enabled"] is False
        and config["show_error"] is False
    )


@pytest.mark.parametrize(
    "path",
    [
        "/similar-photo/../../etc/passwd",
        "/similar-photo/" + "0" * 64,
        "/reference/nobody",
        "/reference/..%2f..%2fetc%2fpasswd",
        "/vitrine/../space/app.py",
        "/vitrine/%2e%2e/%2e%2e/space/app.py",
    ],
)
def test_pictures_and_files_that_are_not_there_are_not_there(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code in (400, 404)


def test_a_browser_asks_whether_the_page_s_files_are_new(http: httpx.Client) -> None:
    first = http.get("/vitrine/ask.js")
    again = http.get("/vitrine/ask.js", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert first.headers["cache-control"] == again.headers["cache-control"] == "no-cache"


def test_the_light_table_opens_for_who_signed_in_and_nobody_else(http: httpx.Client) -> None:
    assert http.get("/light-table/look").status_code == 401
    signed = http.post("/sign-in", json={"name": "ann", "password": PASSWORD}, headers=MARK)
    assert signed.status_code == 200
    assert http.get("/light-table/look").json()["who"] == "ann"
    http.cookies.clear()
    assert http.get("/light-table/look").status_code == 401


def test_training_and_releasing_are_the_owners(http: httpx.Client) -> None:
    http.post("/sign-in", json={"name": "ann", "password": PASSWORD}, headers=MARK)
    assert "rounds" not in [page["name"] for page in http.get("/light-table/pages").json()]
    assert http.get("/light-table/page/rounds").status_code == 403
    assert (
        http.post("/light-table/page/rounds", json={"do": "retrain"}, headers=MARK).status_code
        == 403
    )
    http.cookies.clear()


def test_what_runs_behind_a_page_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from curation.retrain.job_runner import JobRunner

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    small_gallery(tmp_path / "dataset")
    behind = ("-c", "import time; time.sleep(600)")
    with serving(
        built(settings_in(tmp_path, dataset=str(tmp_path / "dataset"), behind=behind))
    ) as url:
        httpx.get(url + "/healthz")
        job = JobRunner(tmp_path / "state" / "jobs").report()
        assert (job["state"], job["who"]) == ("running", "owner")
    assert JobRunner(tmp_path / "state" / "jobs").report()["state"] == "stopped"


def test_what_runs_behind_a_page_ends_also_where_the_server_is_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import space.app
    from curation.retrain.job_runner import JobRunner

    small_gallery(tmp_path / "dataset")
    settings = settings_in(
        tmp_path,
        dataset=str(tmp_path / "dataset"),
        port=free_port(),
        behind=("-c", "import time; time.sleep(600)"),
    )

    def twice_interrupted(*_: object) -> None:
        JobRunner(tmp_path / "state" / "jobs").start("Training", settings.behind, "owner")
        raise KeyboardInterrupt

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    monkeypatch.setattr(space.app, "launch", twice_interrupted)
    with pytest.raises(KeyboardInterrupt):
        in_a_loop(lambda: space.app.run(settings, sesame()))
    assert JobRunner(tmp_path / "state" / "jobs").report()["state"] == "stopped"


def test_a_model_that_cannot_be_served_ends_the_app_with_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import space.app
    from data_cards.errors import BadModel

    def broken(cache: object, engine: str, address: str) -> Any:
        raise BadModel("There is no model there.")

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    monkeypatch.setattr(space.app, "_load", broken)
    settings = settings_in(tmp_path, port=free_port())
    with pytest.raises(BadModel, match="no model there"):
        in_a_loop(lambda: space.app.run(settings, sesame()))
    with socket.socket() as door:
        assert door.connect_ex(("127.0.0.1", settings.port)) != 0  # the port is free again
    with socket.socket() as neighbour:
        neighbour.bind(("127.0.0.1", settings.port))
        neighbour.listen()
        with pytest.raises(TooBusy, match="cannot be opened"):
            in_a_loop(lambda: space.app.run(settings, sesame()))


def test_the_page_is_the_one_of_github_pages_and_loads_nothing_of_gradio_s(
    http: httpx.Client,
) -> None:
    page = http.get("/").text
    wanted = set(re.findall(r'(?:src|href)="(vitrine/[^"]+)"', page))
    # What a shared link shows is the room's own; everything else is the file.
    told = re.compile(r'<(meta (property|name)="(og:|twitter:|description)|title)[^\n]*\n')
    shipped = page_file().read_text("utf-8")
    assert told.sub("", page.replace("vitrine/", "assets/")) == told.sub("", shipped)
    assert '<meta property="og:title" content="Room 12">' in page
    assert {"vitrine/page.js", "vitrine/page.css", "vitrine/icon.svg"} <= wanted
    assert {http.get("/" + name).status_code for name in wanted} == {200}
    assert "LIGHT_TABLE" in http.get("/config.js").text
    assert http.head("/").status_code == 200
    assert "unsafe" not in http.get("/").headers["content-security-policy"]


def test_the_address_of_a_thing_shows_it_and_opens_the_page(http: httpx.Client) -> None:
    for path, root in (("/thing/ochre", "../"), ("/thing/ochre/", "../../")):
        page = http.get(path)
        assert page.status_code == 200 and f'src="{root}vitrine/page.js"' in page.text
        assert '<meta property="og:title" content="' in page.text and "· Room 12" in page.text
        address = re.search(r'"og:image" content="([^"?]+)\?side=640"', page.text)
        assert address and http.get(address[1]).headers["content-type"] == "image/jpeg"
    missing = http.get("/thing/<script>")
    assert missing.status_code == 404 and "vitrine/page.js" in missing.text
    assert 'og:title" content="Room 12"' in missing.text and "<script>" not in missing.text


def test_who_asks_is_not_taken_from_a_header_that_anybody_can_write(http: httpx.Client) -> None:
    limits = [
        http.post(
            "/gradio_api/call/receipt",
            json={"data": ["x"]},
            headers={"x-forwarded-for": f"10.0.0.{number}", "x-forwarded-proto": "https"},
        ).status_code
        for number in range(3)
    ]
    assert limits == [200] * 3
    [first] = ask(http, "similar", sent(http, photo_of("ochre")), 1)
    assert first["url"].startswith("http://127.0.0.1:")
