"""The sealed test: a release answers photos that were held back from every choice.

python -m train evaluate MODEL DATASET  last line: {"top1": ..., "top3": ..., "top5": ..., "n":
...}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.annotations.framed_photos import framed
from data_cards.dataset.repo import Dataset, open_dataset
from train.evaluation.report_page import AskedPhoto
from train.evaluation.results import Answered, name_of_test, report
from train.inference.batch_predict import Answers, Asking, ask
from train.inference.current_classes import TodaysClasses, classes_today
from train.inference.model_folder import OURS, classes_of, model_folder, read_json
from train.inference.photo_index import Index
from train.splits.seal import sealed
from train.splits.training_set import Material, gather
from train.uncertainty.decision_rule import Judgement
from train.uncertainty.rejection import rejection_words


def examine(folder: Path, dataset: Dataset, material: Material) -> dict[str, Any]:
    """Ask the model in `folder` the test of `material`, once; the plain values of metrics.json."""
    return examined(folder, dataset, material)[0]


def examined(
    folder: Path, dataset: Dataset, material: Material, asking: Asking = ask
) -> tuple[dict[str, Any], list[AskedPhoto]]:
    """The same, and beside it every test photo with the answer it got. `asking`: how it is
    asked."""
    truth = {image_id: material.classes[label] for image_id, label in material.test}
    answers = asking(folder, dataset, [*truth, *material.none["test"]], "The sealed test")
    known = answers.of(truth)
    other = answers.of(material.none["test"])
    labels = [truth[image_id] for image_id in known.ids]
    todays = classes_today(folder, classes_of(folder), dataset, material.collection)
    return (
        measure(folder, known, labels, other, material, todays),
        one_by_one(folder, known, labels, todays),
    )


def one_by_one(
    folder: Path, known: Answers, truth: Sequence[str], todays: TodaysClasses
) -> list[AskedPhoto]:
    """What the model in `folder` said of each photo, whose true class ids are `truth`."""
    if not known.ids:
        return []
    judgement = Judgement.load(folder / OURS)
    chances = todays.merged(judgement.probabilities(known.logits))
    refused = judgement.refused(known)
    return [
        AskedPhoto(image_id, was, todays.ids[int(row.argmax())], float(row.max()), bool(none))
        for image_id, was, row, none in zip(known.ids, truth, chances, refused, strict=True)
    ]


def measure(
    folder: Path,
    known: Answers,
    truth: Sequence[str],
    other: Answers,
    material: Material,
    todays: TodaysClasses,
) -> dict[str, Any]:
    """The report on answers whose true class ids are `truth`; a class the model does not know is
    always missed."""
    learned = todays.ids
    classes = (*learned, *(class_id for class_id in material.classes if class_id not in learned))
    number = {class_id: position for position, class_id in enumerate(classes)}
    judgement = Judgement.load(folder / OURS)
    chances = (
        todays.merged(judgement.probabilities(known.logits))
        if known.ids
        else np.zeros((0, len(learned)))
    )
    padded = np.concatenate(
        [chances, np.zeros((len(chances), len(classes) - len(learned)))], axis=1
    )
    answered = Answered(
        padded,
        np.array([number[class_id] for class_id in truth], int),
        judgement.refused(known),
        judgement.refused(other),
        judgement.foreign(known.logits, known.embeddings, known.early),
        judgement.foreign(other.logits, other.embeddings, other.early),
        sure_at=judgement.rejection.sure_at,
    )
    titles = [
        material.collection.title_of(name) if name in material.collection else name
        for name in classes
    ]
    threshold = judgement.rejection.threshold
    said = report(answered, classes, titles) | {"test_digest": name_of_test(known.ids, truth)}
    said["rejection"]["threshold"] = threshold if np.isfinite(threshold) else None
    said["rejection"]["promise"] = rejection_words(read_json(folder / OURS / "rejection.json"))
    said["sure_promise"] = judgement.rejection.sure_words
    said["learned_from"] = len(set(known.ids) & set(Index.load(folder / OURS / "index").ids))
    return said


def evaluate_model(model: str, dataset: str, *, cache: Path) -> dict[str, Any]:
    """The sealed test of the dataset at an address, asked of the model at another. Raises
    MissingFile, CannotSplit."""
    folder, revision = model_folder(model, cache)
    source = sealed(open_dataset(dataset))
    source = replace(source, dataset=framed(source.dataset))
    metrics = examine(folder, source.dataset, gather(source))
    return metrics | {
        "model_revision": revision,
        "dataset": source.dataset.address,
        "dataset_revision": source.dataset.revision,
    }
