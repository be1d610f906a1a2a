"""The small twin: kept only where it answers as the whole release does, and is small."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from data_cards.errors import BadModel, ExportDisagrees
from data_cards.photos.image import encode_jpeg
from tests.fixtures.small_twins import dataset_in, with_small_twin
from tests.fixtures.tiny_models import picture, write_tiny_release
from train.__main__ import main
from train.inference.network import weights_mark
from train.inference.predictor import load_predictor
from train.release import small_twin as room
from train.release.forget_photos import forget_photos
from train.release.small_twin import (
    Agreement,
    agreement,
    export_twins,
    in_browser,
    told_the_same,
)
from train.release.twin import (
    KEPT,
    SMALL_TWIN,
    TWIN,
    export_twin,
    kept_twin,
    photos_in,
    release_in,
    write_twins,
)


@pytest.fixture(scope="module")
def model(exported_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with both twins."""
    return with_small_twin(exported_release, tmp_path_factory.mktemp("small"))


@pytest.fixture
def mine(model: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    shutil.copytree(model, tmp_path / "mine")
    return tmp_path / "mine"


def told(model: Path) -> dict[str, object]:
    """What the small twin's twin.json says."""
    read: dict[str, object] = json.loads((model / f"vitrine/{SMALL_TWIN}/twin.json").read_text())
    return read


def test_it_is_kept_beside_the_whole_one_and_says_on_how_many_photos_it_agrees(model: Path) -> None:
    small = model.parent / "small"
    assert kept_twin(model) == model / KEPT
    assert kept_twin(model, SMALL_TWIN) == model / f"vitrine/{SMALL_TWIN}"
    assert told(model)["weights"] == weights_mark(model)
    assert told(model)["small"] == {"same": 7, "photos": 7, "weights": weights_mark(small)}
    assert release_in(model / f"vitrine/{SMALL_TWIN}")["model"]["repo"] == "small"


def test_in_a_browser_it_answers_as_the_small_release(model: Path) -> None:
    small = load_predictor(model.parent / "small")
    photo = encode_jpeg(picture(1, 70))
    found = in_browser(model / f"vitrine/{SMALL_TWIN}", small).predict(photo)
    assert found.label == "rose" and abs(found.confidence - small.predict(photo).confidence) < 0.01


@pytest.mark.parametrize(
    ("same", "photos", "enough"),
    [
        (63, 63, True),
        (62, 63, True),
        (61, 63, False),
        (49, 50, True),
        (26, 27, False),
        (0, 0, False),
    ],
)
def test_98_of_100_answers_must_be_the_same(same: int, photos: int, enough: bool) -> None:
    assert Agreement(same, photos).is_enough is enough


def test_the_same_is_told_where_answer_and_class_are_the_same(model: Path) -> None:
    said = load_predictor(model).predict(encode_jpeg(picture(0)))
    assert told_the_same(said, replace(said, confidence=0.5, similar=(), lead=True))
    assert not told_the_same(said, replace(said, label="rose"))
    assert told_the_same(said, replace(said, answer="one_of"))
    assert not told_the_same(said, replace(said, answer="none", label=None))


def test_only_test_photos_that_neither_learned_from_are_asked(model: Path, tmp_path: Path) -> None:
    dataset = dataset_in(tmp_path / "dataset")
    whole = load_predictor(model)
    assert agreement(dataset, whole, whole) == Agreement(7, 7)
    one = next(name for name, row in dataset.labels().items() if row.status == "none_of_these")
    patched = room.learned
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "learned", lambda folder: {*patched(folder), one})
        assert agreement(dataset, whole, whole) == Agreement(6, 6)


def refused(model: Path, small: Path, tmp_path: Path) -> ExportDisagrees:
    """Why a small twin isn't written; the whole one is, and the one before stays."""
    shutil.rmtree(model / KEPT)
    before = told(model)
    with pytest.raises(ExportDisagrees) as raised:
        dataset = dataset_in(tmp_path / "dataset")
        list(export_twins(str(model), str(small), dataset.address, tmp_path / "cache"))
    assert kept_twin(model) is not None and told(model) == before
    return raised.value


def test_one_that_answers_differently_is_not_written(
    mine: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "told_the_same", lambda first, second: first.label != "rose")
    why = refused(mine, model.parent / "small", tmp_path)
    assert "of 7 test photos 5 get the same name" in why.sentence
    assert why.evidence == {"same": 5, "photos": 7}


def test_one_that_is_too_large_is_not_written_and_shows_fewer_photos_before(
    mine: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tight = told(model)["bytes"] - 2_000
    monkeypatch.setattr(room, "MOST_BYTES", tight)
    monkeypatch.setattr("train.release.twin.STEPS", (32767,))
    small = str(model.parent / "small")
    list(export_twins(str(mine), small, str(model.parent / "dataset"), tmp_path / "cache"))
    fewer = mine / f"vitrine/{SMALL_TWIN}"
    shown = release_in(fewer)["photos"]
    assert told(mine)["bytes"] <= tight and 0 < len(shown) < 24
    # What the page compares with is said of the photos that travel.
    rows = json.loads((fewer / "golden.json").read_text())
    alike = {name for row in rows for name in row["similar"]}
    assert alike <= {one["image_id"] for one in shown}
    monkeypatch.setattr(room, "MOST_BYTES", 1_000_000)
    assert "a small twin takes at most 1" in refused(mine, Path(small), tmp_path).sentence


def test_releases_of_other_classes_are_refused_before_anything_is_written(
    exported_release: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(exported_release, model)
    other = write_tiny_release(tmp_path / "other", ("lion", "rose", "tree"))
    with pytest.raises(BadModel, match="ship, tree"):
        list(export_twins(str(model), str(other), "", tmp_path / "cache"))
    assert not (model / KEPT).exists()


def test_one_of_other_weights_is_not_offered_and_leaves_with_the_next_export(
    mine: Path, tmp_path: Path
) -> None:
    with (mine / "model.safetensors").open("ab") as file:
        file.write(b" ")
    assert kept_twin(mine, SMALL_TWIN) is None
    made = mine / f"vitrine/{SMALL_TWIN}/twin.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "train.release.twin.write_twin",
            lambda folder, predictor, out, *_, **__: (
                out.mkdir(),
                (out / "twin.json").write_text("{}"),
            ),
        )
        patch.setattr("train.release.twin.load_predictor", lambda *given: None)
        export_twin(str(mine), tmp_path / "cache")
    assert not made.exists()


def test_the_page_gets_both_or_loses_an_earlier_small_one(
    model: Path, exported_release: Path, tmp_path: Path
) -> None:
    made = write_twins(model, load_predictor(model), tmp_path, {"title": "Tiny"})
    assert list(made) == [TWIN, SMALL_TWIN]
    assert json.loads((tmp_path / SMALL_TWIN / "twin.json").read_text())["room"]["title"] == "Tiny"
    alone = write_twins(exported_release, load_predictor(exported_release), tmp_path, {})
    assert list(alone) == [TWIN] and not (tmp_path / SMALL_TWIN).exists()


def test_with_a_photo_that_only_the_small_one_shows_both_leave(mine: Path, tmp_path: Path) -> None:
    shown = photos_in(mine / f"vitrine/{SMALL_TWIN}", mine) - photos_in(mine / KEPT, mine)
    (mine / f"vitrine/{SMALL_TWIN}/golden.json").write_text('[{"image_id": "only here"}]')
    assert not shown  # else the photo below would be one of them
    assert forget_photos(str(mine), {"only here"}, tmp_path / "cache")
    assert kept_twin(mine) is None and kept_twin(mine, SMALL_TWIN) is None


def test_the_command_takes_a_small_one_only_for_the_twin(
    exported_release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(exported_release), "--small", "x"], {}) != 0
    assert "--to twin" in capsys.readouterr().err
