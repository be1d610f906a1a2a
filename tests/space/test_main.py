"""The commands, as somebody types them."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import space.__main__ as door
import space.app
import space.loop
import train.inference.predictor
from data_cards.dataset.repo import open_dataset
from data_cards.errors import BadModel, LabelsWanted
from space.app import check_neighbours, run
from space.passwords import is_password, read_passwords
from space.settings import SpaceSettings
from tests.fixtures.colours import Colours, photo_of
from tests.fixtures.visitors import free_port, small_gallery


@pytest.fixture(autouse=True)
def small_recognizer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a model's address leads to."""
    monkeypatch.setattr(
        train.inference.predictor,
        "load_predictor",
        lambda address, cache=None, engine="auto": Colours(),
    )


def test_predict_prints_a_line_for_each_photo_also_for_bad_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    good = tmp_path / "a b.jpg"
    bad = tmp_path / "b.jpg"
    good.write_bytes(photo_of("ochre"))
    bad.write_text("no photo")
    status = door.main(["predict", "model", str(good), str(bad), str(tmp_path / "gone.jpg")])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["photo"] for line in lines] == [str(good), str(bad), str(tmp_path / "gone.jpg")]
    assert [line.get("label") or line["code"] for line in lines] == [
        "ochre",
        "bad_photo",
        "missing",
    ]
    assert all(one["url"] is None for one in lines[0]["similar"])
    assert status == 1


def test_predict_takes_a_folder_for_the_photos_in_it_and_waits_for_no_pipe(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for name in ("in/a/1.jpg", "in/drafts/2.jpg", "in/.thumbnails/3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(photo_of("ochre"))
    os.mkfifo(tmp_path / "pipe.jpg")
    asked = [
        "predict",
        "model",
        str(tmp_path / "in"),
        str(tmp_path / "pipe.jpg"),
        "--exclude",
        "drafts",
    ]
    assert door.main(asked) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["photo"] for line in lines] == [
        str(tmp_path / "in/a/1.jpg"),
        str(tmp_path / "pipe.jpg"),
    ]
    assert lines[0]["label"] == "ochre" and "not a regular file" in lines[1]["error"]


def test_the_engine_that_is_asked_for_reaches_the_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wanted: list[str] = []

    def loaded(address: str, cache: Path | None = None, engine: str = "auto") -> Colours:
        wanted.append(engine)
        return Colours()

    monkeypatch.setattr(train.inference.predictor, "load_predictor", loaded)
    door.main(["predict", "model", str(tmp_path / "gone.jpg")])
    door.main(["predict", "model", str(tmp_path / "gone.jpg"), "--engine", "openvino"])
    load = space.app._load
    monkeypatch.setattr(
        space.app,
        "run",
        lambda settings, access, opened: load(None, settings.engine, settings.model),
    )
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    door.main(["serve", "model", "--state", str(tmp_path / "state"), "--engine", "torch"])
    door.main(["serve", "model", "--state", str(tmp_path / "state")])
    assert wanted == ["auto", "openvino", "torch", "auto"]


def test_what_cannot_be_done_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def missing(address: str, cache: Path | None = None, engine: str = "auto") -> Colours:
        raise BadModel("There is no model there.")

    monkeypatch.setattr(train.inference.predictor, "load_predictor", missing)
    assert door.main(["predict", "nowhere", "a.jpg"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "There is no model there.\n")


def test_an_annotator_is_added_with_a_hash_and_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door.getpass, "getpass", lambda prompt: "sesame-sesame")
    file = tmp_path / "who.json"
    for name in ("ann", "bob"):
        assert door.main(["annotator", name, str(file)]) == 0
    accounts = read_passwords(file)
    assert set(accounts) == {"ann", "bob"} and is_password("sesame-sesame", accounts["ann"])
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "short"), ("a b", "sesame-sesame"), ("", "sesame-sesame")]
)
def test_a_weak_password_or_an_odd_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, password: str
) -> None:
    monkeypatch.setattr(door.getpass, "getpass", lambda prompt: password)
    assert door.main(["annotator", name, str(tmp_path / "who.json")]) == 2
    assert not (tmp_path / "who.json").exists()


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = SpaceSettings("model", state=tmp_path, port=taken.getsockname()[1])
        with pytest.raises(door.VitrineError, match="Choose another with --port"):
            run(settings)


def test_fastdup_stays_off_a_machine_that_strangers_reach() -> None:
    with pytest.raises(door.VitrineError, match="pip uninstall fastdup"):
        check_neighbours("0.0.0.0", fastdup=True)
    check_neighbours("0.0.0.0", fastdup=False)
    check_neighbours("127.0.0.1", fastdup=True)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[SpaceSettings]:
    """The settings of every page that was opened; each is closed at once."""
    pages: list[SpaceSettings] = []

    def run(settings: SpaceSettings, access: object, opened: Callable[[], None]) -> None:
        pages.append(settings)
        opened()

    monkeypatch.setattr(space.app, "run", run)
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    monkeypatch.setenv("VITRINE_CACHE", str(tmp_path / "cache"))
    return pages


def test_a_dataset_is_served_without_a_model_and_told_so(
    opened: list[SpaceSettings], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    home = tmp_path / "dataset"
    small_gallery(home)
    for given in (["--dataset", str(home)], [str(tmp_path / "later"), "--dataset", str(home)]):
        assert door.main(["serve", *given, "--port", "7001"]) == 0
    assert [page.model for page in opened] == [str(tmp_path / "model"), str(tmp_path / "later")]
    said = capsys.readouterr().out
    assert f"There is no model yet; the first one will be made at {tmp_path / 'model'}." in said
    assert "sign in as owner with " in said and "open at http://127.0.0.1:7001" in said


def test_neither_a_model_nor_a_dataset_is_a_sentence(capsys: pytest.CaptureFixture) -> None:
    assert door.main(["serve"]) == 2
    assert capsys.readouterr().err.startswith("Name a model to serve, or --dataset DATASET")


def test_a_place_that_holds_something_else_is_no_place_for_a_first_model(
    opened: list[SpaceSettings], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    small_gallery(tmp_path / "dataset")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("Dear Ann")
    assert (
        door.main(["serve", str(tmp_path / "letters"), "--dataset", str(tmp_path / "dataset")]) == 2
    )
    assert "holds other files already" in capsys.readouterr().err and not opened
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["dear.txt"]


def test_a_demo_opens_as_soon_as_the_photos_are_in(
    opened: list[SpaceSettings], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for name in ("ochre", "red-grid"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "1.jpg").write_bytes(photo_of(name))
    out = tmp_path / "out"
    free = str(free_port())
    asked = [str(tmp_path / "photos"), str(out), "--port", free, "--no-fastdup", "--budget", "3m"]
    assert door.main(["demo", *asked]) == 0
    [page] = opened
    assert page.behind == (
        "-m",
        "space",
        "loop",
        str(out / "dataset"),
        str(out),
        "--no-fastdup",
        "--budget=3m",
        "--probe-first",
    )
    assert (page.model, page.dataset, str(page.port)) == (
        str(out / "model"),
        str(out / "dataset"),
        free,
    )
    assert len(open_dataset(page.dataset).photos()) == 2 and not (out / "model").exists()
    said = capsys.readouterr().out
    assert (
        "a quick one and then a better one are being trained" in said
        and "sign in as owner with " in said
    )
    assert f"open at http://127.0.0.1:{free}" in said


def test_a_demo_of_photos_without_labels_says_what_comes_first(
    opened: list[SpaceSettings], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(photo_of("ochre"))
    assert (
        door.main(
            ["demo", str(tmp_path / "photos"), str(tmp_path / "out"), "--port", str(free_port())]
        )
        == 0
    )
    said = capsys.readouterr().out
    assert (
        "There is no model yet. No photo has a label yet" in said
        and "Label about 20 photos" in said
    )
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [(["--budget", "soon"], 2, "10m or 1h30m"), (["--budget", "5m", "--epochs", "2"], 2, "either")],
)
def test_a_demo_that_cannot_be_meant_collects_nothing(
    opened: list[SpaceSettings],
    tmp_path: Path,
    more: list[str],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture,
) -> None:
    asked = ["demo", "museum:20", str(tmp_path / "out"), "--port", str(free_port()), *more]
    assert door.main(asked) == code and said in capsys.readouterr().err
    assert not opened and not (tmp_path / "out").exists()


def test_a_demo_whose_port_is_taken_says_so_before_it_collects(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert door.main(["demo", "museum:20", str(tmp_path / "out"), "--port", port]) == 1
    assert (
        "Choose another with --port" in capsys.readouterr().err and not (tmp_path / "out").exists()
    )


def test_a_loop_that_lacks_labels_ends_with_3_and_where_the_summary_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    def lacking(photos: str, out: Path, settings: object, cache: Path, tell: object) -> Path:
        raise LabelsWanted("No photo has a label yet.", summary=out / "summary.json")

    monkeypatch.setattr(space.loop, "run_loop", lacking)
    assert (
        door.main(["loop", "photos", str(tmp_path), "--status", str(tmp_path / "told.json")]) == 3
    )
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'summary.json'}\n" and said.err.endswith(
        "No photo has a label yet.\n"
    )
    assert json.loads((tmp_path / "told.json").read_text())["state"] == "done", "nothing went wrong"
