"""The commands, as somebody types them."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

import space.__main__ as door
import space.app
import train.predictor
from data_cards.errors import BadModel
from space.app import check_neighbours, run
from space.passwords import is_password, read_passwords
from space.settings import SpaceSettings
from tests.colours import Colours, photo_of


@pytest.fixture(autouse=True)
def small_recognizer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a model's address leads to."""
    monkeypatch.setattr(train.predictor, "load_predictor", lambda address, cache=None, engine="auto": Colours())


def test_predict_prints_a_line_for_each_photo_also_for_bad_ones(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    good, bad = tmp_path / "a b.jpg", tmp_path / "b.jpg"
    good.write_bytes(photo_of("ochre"))
    bad.write_text("no photo")
    status = door.main(["predict", "model", str(good), str(bad), str(tmp_path / "gone.jpg")])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["photo"] for line in lines] == [str(good), str(bad), str(tmp_path / "gone.jpg")]
    assert [line.get("label") or line["code"] for line in lines] == ["ochre", "bad_photo", "missing"]
    assert all(one["url"] is None for one in lines[0]["similar"])
    assert status == 1


def test_the_engine_that_is_asked_for_reaches_the_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wanted: list[str] = []

    def loaded(address: str, cache: Path | None = None, engine: str = "auto") -> Colours:
        wanted.append(engine)
        return Colours()

    monkeypatch.setattr(train.predictor, "load_predictor", loaded)
    door.main(["predict", "model", str(tmp_path / "gone.jpg")])
    door.main(["predict", "model", str(tmp_path / "gone.jpg"), "--engine", "openvino-int8"])
    load = space.app._load
    monkeypatch.setattr(space.app, "run", lambda settings, access, opened: load(None, settings.engine, settings.model))
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    door.main(["serve", "model", "--state", str(tmp_path / "state"), "--engine", "torch"])
    door.main(["serve", "model", "--state", str(tmp_path / "state")])
    assert wanted == ["auto", "openvino-int8", "torch", "fastest"], "who serves for days waits some seconds for 8 bits"


def test_what_cannot_be_done_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    def missing(address: str, cache: Path | None = None, engine: str = "auto") -> Colours:
        raise BadModel("There is no model there.")

    monkeypatch.setattr(train.predictor, "load_predictor", missing)
    assert door.main(["predict", "nowhere", "a.jpg"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "There is no model there.\n")


def test_an_annotator_is_added_with_a_hash_and_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door.getpass, "getpass", lambda prompt: "sesame-sesame")
    file = tmp_path / "who.json"
    for name in ("ann", "bob"):
        assert door.main(["annotator", name, str(file)]) == 0
    accounts = read_passwords(file)
    assert set(accounts) == {"ann", "bob"} and is_password("sesame-sesame", accounts["ann"])
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("name", "password"), [("ann", "short"), ("a b", "sesame-sesame"), ("", "sesame-sesame")])
def test_a_weak_password_or_an_odd_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str,
                                                   password: str) -> None:
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
