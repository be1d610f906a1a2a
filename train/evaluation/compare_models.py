"""Two models answer the same sealed test, with today's labels, and are compared photo by photo.

python -m train compare out/model@3f2a9c out/model museum
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.annotations.framed_photos import framed
from data_cards.annotations.journal import known
from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.errors import BadModel, MissingFile
from data_cards.progress import say
from data_cards.wording import and_joined, percent, points
from train.evaluation.label_value import effort_of, how_sure, what_changed
from train.evaluation.rounds import Round
from train.inference.batch_predict import ask
from train.inference.current_classes import classes_today
from train.inference.model_folder import OURS, classes_of, model_folder
from train.inference.photo_index import Index
from train.splits.seal import Sealed, sealed, usable
from train.splits.training_set import Material, gather
from train.statistics.paired import Changed, Paired, changed, paired
from train.uncertainty.decision_rule import Judgement

COMPARISON = (
    "comparison.json"  # written beside a release's metrics: how it compared with the previous model
)


@dataclass(frozen=True)
class Contest:
    """The result of a comparison. `left_out`: test photos that one of the models had learned
    from."""

    found: Paired
    changed: tuple[Changed, ...]
    left_out: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **self.found.to_json(),
            "left_out": self.left_out,
            "changed": [asdict(row) | {"better": row.is_better} for row in self.changed],
        }


def compare_models(first: str, second: str, dataset: str, cache: Path) -> Contest:
    """The models at two addresses on the sealed test of a dataset. Raises MissingFile, BadModel,
    CannotSplit."""
    source = sealed(open_dataset(dataset))
    source = replace(source, dataset=framed(source.dataset))
    material = gather(source)
    before, after = (model_folder(address, cache)[0] for address in (first, second))
    answers = [
        answers_of(folder, source.dataset, material, f"Model {n}")
        for n, folder in ((1, before), (2, after))
    ]
    return contest(
        truth_of(material), answers[0], answers[1], source, learned(before) | learned(after)
    )


def contest(
    truth: Mapping[str, str],
    before: Mapping[str, str],
    after: Mapping[str, str],
    source: Sealed,
    learned_from: Collection[str] = (),
) -> Contest:
    """From true class ids and both models' answers, by image_id."""
    asked = [image_id for image_id in truth if image_id in before and image_id in after]
    both = [image_id for image_id in asked if image_id not in learned_from]
    was, now = (
        np.array([said[image_id] == truth[image_id] for image_id in both], bool)
        for said in (before, after)
    )
    groups = [source.splits[image_id].group for image_id in both]
    kept = {image_id: truth[image_id] for image_id in both}
    return Contest(
        paired(was, now, groups), tuple(changed(kept, before, after)), len(asked) - len(both)
    )


def against_before(
    folder: Path, source: Sealed, material: Material, after: Mapping[str, str]
) -> Contest | None:
    """Ask the model in `folder` about the test that `after` answered, and compare; None where that
    model cannot be asked."""
    try:
        before = answers_of(folder, source.dataset, material, "The round before, on the same test")
    except (BadModel, MissingFile) as error:
        say(f"The previous model can't be compared: {error.sentence}")
        return None
    return contest(truth_of(material), before, after, source, learned(folder))


def truth_of(material: Material) -> dict[str, str]:
    """image_id -> class id of the test."""
    return {image_id: material.classes[label] for image_id, label in material.test}


def answers_of(folder: Path, dataset: Dataset, material: Material, what: str) -> dict[str, str]:
    """image_id -> class id as it is called today, for each test photo that can be read."""
    answers = ask(folder, dataset, [image_id for image_id, _ in material.test], what)
    if not answers.ids:
        return {}
    todays = classes_today(folder, classes_of(folder), dataset, material.collection)
    chances = todays.merged(Judgement.load(folder / OURS).probabilities(answers.logits))
    return {
        image_id: todays.ids[int(row.argmax())]
        for image_id, row in zip(answers.ids, chances, strict=True)
    }


def learned(folder: Path) -> set[str]:
    """Photos that the model in `folder` learned from or was steered by."""
    return set(Index.load(folder / OURS / "index").ids)


def test_changes(now: Dataset, revision: str) -> str:
    """What happened to the test since an earlier revision of the dataset, in words; empty when
    nothing did."""
    try:
        before = _test_of(Dataset(now.repo, revision))
        after = _test_of(now)
    except (MissingFile, KeyError, ValueError):  # another dataset, or one without its history
        return ""
    relabelled = sum(before[i] != after[i] for i in set(before) & set(after))
    came = len(set(after) - set(before))
    left = len(set(before) - set(after))
    parts = [
        f"{count} {words}"
        for count, words in ((relabelled, "got another label"), (came, "joined"), (left, "left"))
        if count
    ]
    if not parts or not before:
        return ""
    return (
        f"Of the test photos, {and_joined(parts)} since the round before; both models answered "
        "today's test."
    )


def known_then(last: Round, now: Dataset) -> int:
    """How many decisions the round before knew."""
    if last.effort.decisions:
        return last.effort.decisions
    try:
        return effort_of(known(Dataset(now.repo, last.dataset_revision)).decisions, ()).decisions
    except MissingFile:  # trained on another dataset
        return 0


def comparison_text(found: Contest) -> str:
    """For people."""
    pair = found.found
    if not pair.n:
        return how_sure(pair)
    lines = [
        f"On {pair.n} sealed test photos: {percent(pair.before / pair.n)} before, "
        f"{percent(pair.after / pair.n)} "
        f"after, {points(pair.difference)} points (95 % interval {points(pair.low)} to "
        f"{points(pair.high)}; "
        f"McNemar's exact test: p = {pair.p:.2g}).",
        what_changed(pair),
        how_sure(pair),
    ]
    if found.left_out:
        lines.append(
            f"{found.left_out} test photos were left out, since one of the models had learned from "
            "them."
        )
    return " ".join(line for line in lines if line)


def _test_of(dataset: Dataset) -> dict[str, str | None]:
    labels = usable(dataset.labels())
    return {
        i: labels[i] for i, row in dataset.splits().items() if row.split == "test" and i in labels
    }
