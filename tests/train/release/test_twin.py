"""The release as a browser runs it: what is written, how small, and only where it answers the same."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_cards.errors import BadModel, ExportDisagrees
from data_cards.photos.image import encode_jpeg
from tests.fixtures.tiny_models import picture
from train.inference.predictor import Predictor, load_predictor
from train.release import twin as room
from train.release.twin import (
    KEPT,
    export_twin,
    kept_twin,
    photos_in,
    same_answer,
    travelling,
    write_twin,
)

ROOM = {"title": "Tiny things"}


@pytest.fixture(scope="module")
def predictor(exported_release: Path) -> Predictor:
    """The tiny release, opened."""
    return load_predictor(exported_release)


@pytest.fixture(scope="module")
def written(
    exported_release: Path, predictor: Predictor, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Its twin."""
    out = tmp_path_factory.mktemp("twin") / "twin"
    write_twin(exported_release, predictor, out, ROOM)
    return out


def release_of(twin: Path) -> dict[str, Any]:
    """What its release.json.gz says."""
    read: dict[str, Any] = json.loads(gzip.decompress((twin / "release.json.gz").read_bytes()))
    return read


def test_what_is_told_is_what_lies_there(written: Path) -> None:
    told = json.loads((written / "twin.json").read_text())
    assert told["room"] == ROOM
    assert told["bytes"] == told["runtime"]["bytes"] + sum(one["bytes"] for one in told["files"])
    for one in told["files"]:
        assert (written / one["name"]).stat().st_size == one["bytes"]
    listed = {one["name"] for one in told["files"]} | {"twin.json", "golden.json"}
    there = {path.relative_to(written).as_posix() for path in written.rglob("*.*")}
    assert {name for name in there if not name.startswith("golden/")} == listed


def test_classes_come_with_cards_and_pictures_in_the_order_of_the_network(
    written: Path, predictor: Predictor
) -> None:
    classes = release_of(written)["classes"]
    assert [one["label"] for one in classes] == list(predictor.classes)
    assert classes[1]["title"] == "Rose" and classes[1]["summary"] == "A rose."
    assert all((written / one["picture"]).read_bytes()[:2] == b"\xff\xd8" for one in classes)


def test_features_are_those_of_the_index_row_by_row(written: Path, predictor: Predictor) -> None:
    photos = release_of(written)["photos"]
    features = np.frombuffer(gzip.decompress((written / "features.gz").read_bytes()), np.float16)
    np.testing.assert_array_equal(
        features.reshape(len(photos), -1), np.asarray(predictor.index.features, np.float16)
    )
    assert [one["image_id"] for one in photos] == predictor.index.ids
    start, end = photos[3]["picture"]
    small = predictor.thumbnail(photos[3]["image_id"])
    assert (written / "alike.bin").read_bytes()[start:end] == small


def test_the_answers_that_it_is_held_against_travel_too(
    written: Path, predictor: Predictor
) -> None:
    for row in json.loads((written / "golden.json").read_text()):
        answer = predictor.predict((written / row["photo"]).read_bytes())
        assert (row["answer"], row["label"]) == (answer.answer, answer.label)
        assert answer.similar[0]["image_id"] in row["similar"]


def test_a_second_one_replaces_the_first_and_is_the_same_to_the_byte(
    exported_release: Path, predictor: Predictor, written: Path, tmp_path: Path
) -> None:
    out = tmp_path / "twin"
    (out / "old").mkdir(parents=True)
    write_twin(exported_release, predictor, out, ROOM)
    assert not (out / "old").exists()
    first, second = (json.loads((one / "twin.json").read_text()) for one in (written, out))
    assert first["revision"] == second["revision"]


def test_more_bits_are_taken_until_the_answers_are_the_same(
    exported_release: Path, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        room, "same_answer", lambda found, expected: asked.append(1) is None and len(asked) > 2
    )
    assert write_twin(exported_release, predictor, tmp_path / "twin", ROOM).bits > 8


def test_a_twin_that_never_agrees_is_not_written_and_the_one_before_stays(
    exported_release: Path, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin/old.json").write_text("{}")
    monkeypatch.setattr(room, "STEPS", (127, 32767))
    monkeypatch.setattr(room, "same_answer", lambda found, expected: False)
    with pytest.raises(ExportDisagrees, match="answer differently"):
        write_twin(exported_release, predictor, tmp_path / "twin", ROOM)
    assert (tmp_path / "twin/old.json").is_file()


def test_a_release_that_compares_points_is_refused_with_the_reason(
    exported_release: Path, predictor: Predictor, tmp_path: Path
) -> None:
    folder = tmp_path / "release"
    shutil.copytree(exported_release, folder)
    (folder / "vitrine/references.npz").write_bytes(b"")
    with pytest.raises(BadModel, match="point by point"):
        write_twin(folder, predictor, tmp_path / "twin", ROOM)


def test_an_answer_is_the_same_where_a_visitor_is_told_the_same(predictor: Predictor) -> None:
    said = predictor.predict(encode_jpeg(picture(0)))
    assert same_answer(said, replace(said, confidence=said.confidence - 0.009))
    for other in (
        replace(said, confidence=said.confidence - 0.02),
        replace(said, answer="one_of"),
        replace(said, label="rose"),
        replace(said, lead=True),
        replace(said, similar=said.similar[1:]),
    ):
        assert not same_answer(said, other)


def test_of_two_photos_that_are_as_much_alike_either_may_come_first(predictor: Predictor) -> None:
    said = predictor.predict(encode_jpeg(picture(0)))
    first, second = ({**said.similar[0], "image_id": name, "score": 0.9} for name in "ab")
    other = replace(said, similar=(second, first))
    assert same_answer(other, replace(said, similar=(first, second)))
    less = {**second, "score": 0.89}
    assert not same_answer(other, replace(said, similar=(first, less)))


def test_of_many_photos_each_class_keeps_as_many() -> None:
    labels = ["a"] * 6 + ["b"] * 2 + ["c"]
    assert travelling(labels, 5) == [0, 1, 6, 7, 8]
    assert travelling(labels, 6) == [0, 1, 2, 6, 7, 8]
    assert travelling(labels, 99) == list(range(9))
    assert travelling([], 5) == []


def test_a_release_keeps_its_twin_and_the_page_copies_it(
    exported_release: Path, predictor: Predictor, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(exported_release, model)
    assert kept_twin(model) is None
    (model / KEPT / "pictures").mkdir(parents=True)
    (model / KEPT / "pictures/99.jpg").write_bytes(b"of an earlier one")
    assert export_twin(str(model), tmp_path / "cache") == model / KEPT
    assert kept_twin(model) == model / KEPT
    assert not (model / KEPT / "pictures/99.jpg").exists()
    assert photos_in(model / KEPT, model) >= set(predictor.index.ids)
    twin = write_twin(model, predictor, tmp_path / "out", ROOM)
    told = json.loads((tmp_path / "out/twin.json").read_text())
    assert (
        told["room"] == ROOM and told["revision"] == twin.revision and told["bytes"] == twin.bytes
    )
    assert (tmp_path / "out/weights.gz").read_bytes() == (model / KEPT / "weights.gz").read_bytes()


def test_a_twin_of_other_weights_answers_for_nobody(exported_release: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(exported_release, model)
    (model / KEPT).mkdir(parents=True)
    (model / KEPT / "twin.json").write_text('{"weights": "of another"}')
    assert kept_twin(model) is None
