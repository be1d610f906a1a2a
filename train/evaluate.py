"""The sealed test: a release is asked about photos that nothing was chosen by.

    python -m train evaluate MODEL DATASET       last line: {"top1": ..., "top3": ..., "top5": ..., "n": ...}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.dataset import Dataset, open_dataset
from data_cards.progress import track
from train.material import Material, gather
from train.metrics import softmax
from train.preprocessing import Preprocessing
from train.release import model_folder
from train.report import Answered, name_of_test, report
from train.sealing import sealed


@dataclass(frozen=True)
class Answers:
    """What a model said about photos: `logits` (n, c) and `embeddings` (n, d), row by row; unreadable ones left out."""

    ids: tuple[str, ...]
    logits: np.ndarray
    embeddings: np.ndarray

    def of(self, ids: Iterable[str]) -> Answers:
        """The answers about these photos, in this order."""
        row = {image_id: number for number, image_id in enumerate(self.ids)}
        kept = [image_id for image_id in ids if image_id in row]
        rows = [row[image_id] for image_id in kept]
        return Answers(tuple(kept), self.logits[rows], self.embeddings[rows])


def ask(folder: Path, dataset: Dataset, ids: Sequence[str], what: str = "Asking the model") -> Answers:
    """Run the model in `folder` on photos of a dataset, exactly as it will be served."""
    from train.engine import TorchEngine
    from train.features import Embedder
    from train.vit import load_answering

    asked = Embedder(TorchEngine(load_answering(folder)), Preprocessing.from_folder(folder))
    parts = list(asked.stream(track(dataset.read_photos(ids), what, len(set(ids)))))
    if not parts:
        return Answers((), np.zeros((0, len(classes_of(folder)))), np.zeros((0, 0)))
    return Answers(tuple(image_id for part in parts for image_id in part.ids),
                   np.concatenate([part.arrays[0] for part in parts]),
                   np.concatenate([part.arrays[1] for part in parts]))


def classes_of(folder: Path) -> tuple[str, ...]:
    """Class ids by class number, from a model's config.json."""
    names = json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"]
    return tuple(names[str(number)] for number in range(len(names)))


def examine(folder: Path, dataset: Dataset, material: Material) -> dict[str, Any]:
    """Ask the model in `folder` the test of `material`, once; the plain values of metrics.json."""
    truth = {image_id: material.classes[label] for image_id, label in material.test}
    answers = ask(folder, dataset, [*truth, *material.none["test"]], "The sealed test")
    known, other = answers.of(truth), answers.of(material.none["test"])
    return measure(folder, known, [truth[image_id] for image_id in known.ids], other, material)


def measure(folder: Path, known: Answers, truth: Sequence[str], other: Answers, material: Material) -> dict[str, Any]:
    """The report on answers whose true class ids are `truth`; a class the model does not know is always missed."""
    learned = classes_of(folder)
    classes = (*learned, *(class_id for class_id in material.classes if class_id not in learned))
    number = {class_id: position for position, class_id in enumerate(classes)}
    chances = softmax(known.logits)
    padded = np.concatenate([chances, np.zeros((len(chances), len(classes) - len(learned)))], axis=1)
    answered = Answered(padded, np.array([number[class_id] for class_id in truth], int),
                        np.zeros(len(truth), bool), np.zeros(len(other.ids), bool))
    titles = [material.collection.title_of(name) if name in material.collection else name for name in classes]
    return report(answered, classes, titles) | {"test_digest": name_of_test(known.ids, truth)}


def evaluate_model(model: str, dataset: str, *, cache: Path) -> dict[str, Any]:
    """The sealed test of the dataset at an address, asked of the model at another. Raises MissingFile, CannotSplit."""
    folder, revision = model_folder(model, cache)
    source = sealed(open_dataset(dataset))
    metrics = examine(folder, source.dataset, gather(source))
    return metrics | {"model_revision": revision, "dataset": source.dataset.address,
                      "dataset_revision": source.dataset.revision}
