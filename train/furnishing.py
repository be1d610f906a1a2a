"""What a release has beside its weights: how to judge, what looks alike, and a few answers to check others against.

    furnish(draft, source, material, taught, seed)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from data_cards.dataset import Dataset
from data_cards.photo import thumbnail
from data_cards.progress import track
from train.answers import Answers, ask
from train.card import OURS
from train.index import SIDE, write_index
from train.judgement import Judgement, Seen, judge, looked
from train.material import Material
from train.network import open_network
from train.plan import Example
from train.release import write_golden
from train.sealing import Sealed
from train.teaching import Taught

GOLDEN = 5  # photos whose answers travel with the model, so that an export or another machine can be checked


def furnish(draft: Path, source: Sealed, material: Material, taught: Taught, seed: int,
            named: float | None = None) -> None:
    """Ask the model in `draft` about every photo it may know of, and write what follows from that. No test photos."""
    none = (*material.none["train"], *material.none["validation"])
    known = dict((*material.train, *material.validation))
    answers = ask(draft, source.dataset, [*known, *none], "What it learned")
    judged(answers, material, none, source, seed, named).save(draft / OURS)
    _write_index(draft / OURS / "index", source.dataset, answers.of(known),
                 {image_id: material.classes[label] for image_id, label in known.items()})
    _write_golden(draft, source.dataset, answers, material, taught)


def judged(answers: Answers, material: Material, none: Sequence[str], source: Sealed, seed: int,
           named: float | None = None) -> Judgement:
    """Both dials from what the model said about photos outside the test; `named`: see `judge`."""
    learned = seen(answers, material.train)
    groups = [source.splits[image_id].group for image_id in answers.of(dict(material.train)).ids]
    return judge(learned, seen(answers, material.validation), looked(answers.of(none)), groups, seed, named)


def seen(answers: Answers, examples: Iterable[Example]) -> Seen:
    """The answers about labelled photos, beside their labels."""
    truth = dict(examples)
    kept = answers.of(truth)
    return Seen(kept.logits, kept.embeddings, np.array([truth[image_id] for image_id in kept.ids], int), kept.early)


def _write_index(folder: Path, dataset: Dataset, answers: Answers, labels: dict[str, str]) -> None:
    small = {image_id: thumbnail(data, SIDE) for image_id, data in
             track(dataset.read_photos(answers.ids), "Small pictures", len(answers.ids))}
    write_index(folder, answers.ids, [labels[i] for i in answers.ids], answers.embeddings,
                [small[i] for i in answers.ids])


def _write_golden(draft: Path, dataset: Dataset, answers: Answers, material: Material, taught: Taught) -> None:
    """Answers about a few training photos, of different classes as far as there are some."""
    first = {label: image_id for image_id, label in reversed(material.train)}
    photos = dict(dataset.read_photos(answers.of(list(first.values())[:GOLDEN]).ids))
    # By the weights themselves: the many may have been asked of an engine that leaves out a digit.
    exact = open_network(draft, "torch")
    said = {}
    for image_id, data in photos.items():
        logits = exact.ask(data)[0]
        said[image_id] = material.classes[int(logits.argmax())], [float(value) for value in logits]
    write_golden(draft, taught.framing, photos, said)
