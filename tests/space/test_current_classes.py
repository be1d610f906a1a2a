"""A served model names classes as the light table has them at this moment, without a new
training."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_cards.annotations.decision import decide, line_of
from data_cards.annotations.journal import Journal
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.tables import ledger_file
from data_cards.photos.image import encode_jpeg
from space.app_state import DatasetArchive
from tests.fixtures.pictures import with_photos
from tests.fixtures.tiny_models import picture
from train.evaluation.compare_models import compare_models
from train.evaluation.sealed_test import evaluate_model
from train.inference.predictor import Predictor, load_predictor

THINGS = ("lion", "rose", "ship")


@pytest.fixture
def dataset(tmp_path: Path) -> str:
    made = create_dataset(
        str(tmp_path / "data"),
        Collection(
            "tiny",
            "Tiny things",
            tuple(ClassInfo(name, name.title(), summary=f"A {name}.") for name in THINGS),
        ),
    )
    shots = {
        name: [encode_jpeg(picture(kind, shot)) for shot in range(20, 28)]
        for kind, name in enumerate(THINGS)
    }
    return with_photos(made, shots).address


def decided(address: str, *edits: dict[str, str]) -> None:
    """Class edits of a person, folded into the labels."""
    from curation.decisions.apply import fold_dataset

    lines = [line_of(decide("ann", "", one.pop("action"), **one)) for one in edits]
    fold_dataset(open_dataset(address).commit(dict([ledger_file(lines)]), "Decide"))


@pytest.fixture
def archive(dataset: str, tmp_path: Path) -> Iterator[DatasetArchive]:
    decided(
        dataset,
        {"action": "merge_class", "label_before": "ship", "label": "rose"},
        {"action": "rename_class", "label": "lion", "title": "The old lion"},
    )
    made = DatasetArchive(Journal(tmp_path / "journal"), open_dataset(dataset), True)
    yield made
    made.close()


def asked(recognizer: Predictor, kind: int) -> dict[str, object]:
    return recognizer.predict(encode_jpeg(picture(kind, 1)), top_k=3).to_json()


def test_a_merged_class_and_a_new_title_are_in_the_next_answer(
    archive: DatasetArchive, tiny_release: Path
) -> None:
    recognizer = load_predictor(tiny_release)
    before = asked(recognizer, 2)
    assert (before["label"], before["title"]) == ("ship", "Ship")
    archive.tell_today(recognizer)
    after = asked(recognizer, 2)
    assert (after["label"], after["title"]) == ("rose", "Rose")
    both = {one["label"]: one["confidence"] for one in before["candidates"]}
    assert after["confidence"] == pytest.approx(both["ship"] + both["rose"])
    assert [one["label"] for one in after["candidates"]] == ["rose", "lion"]
    assert {one["label"] for one in after["similar"]} <= {"rose", "lion"}
    assert after["card"]["summary"] == "A rose." and recognizer.typical("rose")
    assert asked(recognizer, 0)["title"] == "The old lion"
    assert recognizer.collection.ids == ("lion", "rose")


def test_what_is_taken_back_is_gone_from_the_next_answer(
    dataset: str, tmp_path: Path, tiny_release: Path
) -> None:
    merge = decide("ann", "", "merge_class", label_before="ship", label="rose")
    fold = open_dataset(dataset).commit(dict([ledger_file([line_of(merge)])]), "Merge")
    decided(fold.address, {"action": "undo", "undoes": merge.id})
    archive = DatasetArchive(Journal(tmp_path / "journal"), open_dataset(dataset), True)
    recognizer = load_predictor(tiny_release)
    archive.tell_today(recognizer)
    archive.close()
    assert asked(recognizer, 2)["label"] == "ship"


def test_an_old_model_is_measured_by_todays_classes(
    dataset: str, tmp_path: Path, tiny_release: Path
) -> None:
    as_trained = evaluate_model(str(tiny_release), dataset, cache=tmp_path)
    decided(dataset, {"action": "merge_class", "label_before": "ship", "label": "rose"})
    merged = evaluate_model(str(tiny_release), dataset, cache=tmp_path)
    assert merged["top1"]["value"] >= as_trained["top1"]["value"] > 0.9
    assert set(merged["classes"]) == {"lion", "rose"}
    found = compare_models(str(tiny_release), str(tiny_release), dataset, tmp_path)
    assert (found.found.before, found.found.better, found.found.worse) == (found.found.n, 0, 0), (
        json.dumps(found.to_json())
    )
