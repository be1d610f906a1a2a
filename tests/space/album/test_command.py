"""`python -m space tag`, as somebody types it."""

import pytest

import space.__main__ as door
import train.inference.predictor
from data_cards.command_line import DONE
from data_cards.errors import NOT_DONE, WRONG_USE
from space.album.metadata import read_tags, sidecar_of
from tests.fixtures.colours import Colours, photo_of

pytest.importorskip("pyexiv2", reason="pip install -r requirements-album.txt")


@pytest.fixture(autouse=True)
def small_recognizer(monkeypatch):
    monkeypatch.setattr(
        train.inference.predictor,
        "load_predictor",
        lambda address, cache=None, engine="auto": Colours(),
    )


def test_a_folder_is_looked_at_tagged_and_put_back(tmp_path, capsys):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(photo_of("ochre"))
    assert door.main(["tag", "model", str(tmp_path), "--dry-run"]) == DONE
    told = capsys.readouterr().out
    assert "1 photo would change" in told
    assert "sheet.html" in told
    assert not sidecar_of(photo).exists()
    assert door.main(["tag", "model", str(tmp_path)]) == DONE
    assert "1 photo of 1 was tagged" in capsys.readouterr().out
    assert read_tags(photo, sidecar_of(photo)).keywords
    sidecar_of(photo).write_text(
        sidecar_of(photo).read_text().replace("vitrine:Label", "vitrine:Mine")
    )
    assert door.main(["tag", "model", str(tmp_path), "--undo"]) == NOT_DONE
    assert "a.jpg.xmp: changed by somebody since" in capsys.readouterr().out


def test_undo_needs_no_model(tmp_path, capsys, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(photo_of("ochre"))
    door.main(["tag", "model", str(tmp_path)])
    monkeypatch.setattr(train.inference.predictor, "load_predictor", None)
    assert door.main(["tag", "model", str(tmp_path), "--undo"]) == DONE
    assert "1 file is as before." in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path, capsys):
    assert door.main(["tag", "model", str(tmp_path / "nothing")]) == WRONG_USE
    assert "There is no folder" in capsys.readouterr().err
