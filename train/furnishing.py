"""What a release has beside its weights: how to judge, what looks alike, and a few answers to check others against.

    furnish(draft, source, material, taught, seed)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from data_cards.dataset import Dataset
from data_cards.photo import thumbnail
from data_cards.progress import say, track
from train.answers import Answers, Asking, ask
from train.card import OURS
from train.index import SIDE, write_index
from train.judgement import Seen, judge, looked
from train.material import Material
from train.metrics import top_k
from train.network import open_network
from train.plan import Example
from train.refitting import refitted
from train.release import write_golden, write_weights
from train.sealing import Sealed
from train.teaching import Taught, give_head

GOLDEN = 50  # photos whose answers travel with the model, so that an export or another machine can be checked


def furnish(draft: Path, source: Sealed, material: Material, taught: Taught, seed: int,
            named: float | None = None, asking: Asking = ask) -> Taught:
    """Ask the model in `draft` about every photo it may know of, and write what follows from that; the model, whose
    head may have been fitted anew. No test photos. `asking`: how it is asked."""
    none = (*material.none["train"], *material.none["validation"])
    known = dict((*material.train, *material.validation))
    answers = asking(draft, source.dataset, [*known, *none], "What it learned")
    units, held = source.units(answers.of(dict(material.validation)).ids), seen(answers, material.validation)
    taught, held = with_new_head(draft, taught, seen(answers, taught.learned), held, units)
    groups = [source.splits[image_id].group for image_id in answers.of(dict(material.train)).ids]
    judge(seen(answers, material.train), held, looked(answers.of(none)), groups, seed, named).save(draft / OURS)
    _write_index(draft / OURS / "index", source.dataset, answers.of(known),
                 {image_id: material.classes[label] for image_id, label in known.items()})
    _write_golden(draft, source.dataset, answers, material, taught)
    return taught


def with_new_head(draft: Path, taught: Taught, learned: Seen, held: Seen, units: Sequence[int]) -> tuple[Taught, Seen]:
    """The model in `draft` with a head fitted anew, where validation finds that better, and what heads that had not
    seen them say of validation photos; else as both are. `units`: which photos of `held` hang together."""
    anew = refitted(learned, held, units)
    if anew is None:
        return taught, held
    before, now = (top_k(said, held.truth, 1) for said in (held.logits, anew.held))
    gain = f"instead of {before:.1%}" if now > before else "as before, and surer of those"
    say(f"A head fitted anew to all photos outside the test is better: asked about validation photos it had not seen, "
        f"{now:.1%} right {gain}.")
    give_head(taught.model, anew.probe)
    taught = replace(taught, refitted=True)
    write_weights(taught, draft)
    return taught, replace(held, logits=anew.held)


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
    """Answers about photos of all classes, sure ones and unsure ones; none of the test."""
    truth = dict((*material.train, *material.validation))
    known = answers.of(truth)
    rows = spread([truth[image_id] for image_id in known.ids], margins(known.logits), GOLDEN)
    wanted = [known.ids[row] for row in rows]
    read = dict(dataset.read_photos(wanted))
    photos = {image_id: read[image_id] for image_id in wanted if image_id in read}
    # By the weights themselves: the many may have been asked of an engine that leaves out a digit.
    exact = open_network(draft, "torch")
    said = {}
    for image_id, data in photos.items():
        logits = exact.ask(data)[0]
        said[image_id] = material.classes[int(logits.argmax())], [float(value) for value in logits]
    write_golden(draft, taught.framing, photos, said)


def margins(logits: np.ndarray) -> np.ndarray:
    """(n, c) logits -> (n,): how far the first answer is ahead of the second."""
    if logits.shape[0] == 0 or logits.shape[1] < 2:
        return np.zeros(len(logits))
    best = np.sort(logits, axis=1)
    return np.asarray(best[:, -1] - best[:, -2])


def spread(classes: Sequence[int], sure: np.ndarray, most: int) -> list[int]:
    """At most so many rows (n,), class after class in turn: of each the surest, the least sure, the next surest..."""
    turns = []
    for one in sorted(set(classes)):
        order = sorted((row for row, of in enumerate(classes) if of == one), key=lambda row: -sure[row])
        ends = [order[place // 2] if place % 2 == 0 else order[-1 - place // 2] for place in range(len(order))]
        turns += [(turn, one, row) for turn, row in enumerate(ends)]
    return [row for _, _, row in sorted(turns)[:most]]
