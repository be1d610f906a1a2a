"""A model's classes as they are called today: classes that were merged or renamed after it was
trained.

    todays = todays_classes(classes_of(folder), dataset.collection(), ledger.decisions, knew)
    todays.merged(chances)      # (n, classes of today that the model can name)

A renamed class keeps its id, so only its title changes. A merged class is read as the one it was
merged into, and their chances add up. A new class that took the name of a merged one is a different
thing: only a model that knew of it means it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from data_cards.annotations.decision import Decision
from data_cards.annotations.ledger import read_ledger, standing
from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import Dataset
from data_cards.errors import MissingFile
from train.inference.model_folder import OURS, read_json

SECONDS = len(
    "2026-11-21T10:30:00"
)  # of a moment in UTC, as both the ledger and a release write it
Knew = Callable[[Decision], bool]


@dataclass(frozen=True)
class TodaysClasses:
    """`trained`: class ids as the model was trained with them; `now`: what each of them is
    today, in the same order."""

    trained: tuple[str, ...]
    now: tuple[str, ...]
    collection: Collection

    @property
    def ids(self) -> tuple[str, ...]:
        """The classes of today that the model can name, each once, in the order of its own."""
        return tuple(dict.fromkeys(self.now))

    def of(self, label: str) -> str:
        """What a class that the model was trained with is today; any other is itself."""
        return self.now[self.trained.index(label)] if label in self.trained else label

    def were(self, class_id: str) -> tuple[str, ...]:
        """The classes of the model that are this one today."""
        return tuple(
            was for was, now in zip(self.trained, self.now, strict=True) if now == class_id
        )

    def merged(self, chances: np.ndarray) -> np.ndarray:
        """Chances (n, trained classes) as chances (n, `ids`); those of classes that were merged
        add up."""
        if self.ids == self.trained:
            return chances
        column = {class_id: number for number, class_id in enumerate(self.ids)}
        table = np.zeros((len(self.trained), len(column)), chances.dtype)
        for row, class_id in enumerate(self.now):
            table[row, column[class_id]] = 1.0
        return np.asarray(chances @ table)


def todays_classes(
    trained: Sequence[str], collection: Collection, decisions: Iterable[Decision], knew: Knew
) -> TodaysClasses:
    """`collection`: today's; `decisions`: all of today's; `knew`: which of them the model was
    trained with."""
    now = {class_id: class_id for class_id in trained}
    stood = standing(decisions)
    added = {one.label for one in stood if one.action == "add_class"}
    for one in stood:
        if one.action == "merge_class" and one.label and one.label_before:
            if one.label_before in collection and one.label_before not in added:
                continue  # decided, and not yet folded into the labels
            now = {
                was: one.label if is_now == one.label_before else is_now
                for was, is_now in now.items()
            }
        elif one.action == "add_class" and one.label in now and knew(one):
            now[one.label] = one.label
    return TodaysClasses(tuple(trained), tuple(now[class_id] for class_id in trained), collection)


def as_trained(trained: Sequence[str], collection: Collection) -> TodaysClasses:
    """Where no dataset says what happened since."""
    return TodaysClasses(tuple(trained), tuple(trained), collection)


def classes_today(
    folder: Path, trained: Sequence[str], dataset: Dataset, collection: Collection | None = None
) -> TodaysClasses:
    """The classes of the model in `folder` as this dataset has them. `collection`: the dataset's
    own, unless given."""
    decisions = read_ledger(dataset.ledger()).decisions
    release = read_json(folder / OURS / "release.json")
    knew = known_at(
        dataset, str(release.get("dataset_revision") or ""), str(release.get("made_at") or "")
    )
    return todays_classes(trained, collection or dataset.collection(), decisions, knew)


def known_at(dataset: Dataset, revision: str, made_at: str) -> Knew:
    """Which decisions a model of this revision of the dataset was trained with; where that
    revision is gone, or another dataset's, those from before it was `made_at`. Asked only when a
    class came back, so read only then."""

    @cache
    def known() -> frozenset[str] | None:
        try:
            return frozenset(str(row.get("id")) for row in Dataset(dataset.repo, revision).ledger())
        except MissingFile:
            return None

    def knew(one: Decision) -> bool:
        ids = known() if revision else None
        return (
            one.id in ids
            if ids is not None
            else bool(made_at) and one.at[:SECONDS] <= made_at[:SECONDS]
        )

    return knew


def with_own(today: Collection, own: Collection, ids: Sequence[str]) -> Collection:
    """Today's collection, with the model's own cards for those `ids` that it lacks. If it has none
    of them, the model's own collection: that dataset is about other things."""
    lacking = [own.info(name) for name in ids if name not in today and name in own]
    if not any(name in today for name in ids):
        return own
    return today.with_classes([*today.classes, *lacking]) if lacking else today
