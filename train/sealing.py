"""Splits a dataset and writes splits and certificate beside the photos; from then on the test is sealed.

A test that exists stays what it is: a later split only finds a place for photos that came since.

    python -m train split DATASET
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_cards.annotations.journal import known
from data_cards.annotations.ledger import apart
from data_cards.dataset import Changes, Dataset
from data_cards.progress import say
from data_cards.rows import Label, Split, certificate_file, splits_file
from train.certificate import Certificate
from train.config import SplitSettings
from train.grouping import groups_from_findings
from train.splits import STATUSES, TEST, TRAIN, VALIDATION, split_dataset, unchecked, units_of, when_and_where

SPLIT = SplitSettings()


@dataclass(frozen=True)
class Sealed:
    """A dataset at the revision that holds these splits, and what its certificate says."""

    dataset: Dataset
    splits: Mapping[str, Split]
    certificate: Certificate

    def units(self, names: Sequence[str]) -> list[int]:
        """Which of these photos hang together, near-copies and bursts: a number for each of them."""
        photos = self.dataset.photos()
        groups = {name: self.splits[name].group for name in names}
        units = units_of(names, groups, *when_and_where({name: photos[name].sources for name in names}))
        number = {group: place for place, unit in enumerate(units) for group in unit}
        return [number[groups[name]] for name in names]


def sealed(dataset: Dataset, settings: SplitSettings = SPLIT) -> Sealed:
    """The dataset with a split for every usable photo: the one it has, else a new one, committed.

    A scan since then may have found near-copies across the line: then the training side gives them up.
    A dataset opened at an older revision is left as it is: its split is worked out and not written.
    Raises CannotSplit, BadCollection.
    """
    written = dataset.certificate()
    if written is not None and not _waiting(dataset, written) and not _crossed(dataset):
        return Sealed(dataset, dataset.splits(), Certificate.from_json(written))
    return seal(dataset, settings)


def seal(dataset: Dataset, settings: SplitSettings = SPLIT) -> Sealed:
    """Work the split out again, keep the sides that photos have, and commit. Raises CannotSplit."""
    if dataset.repo.pinned is not None:
        return Sealed(dataset, *_worked_out(dataset, settings))

    def change(base: Dataset) -> Changes:
        splits, certificate = _worked_out(base, settings)
        return Changes(dict([splits_file(splits.values()), certificate_file(certificate.to_json())]))

    split_one = dataset.update("Split without leaks", change)
    done = Sealed(split_one, split_one.splits(), Certificate.from_json(split_one.certificate() or {}))
    say(told(done))
    return done


def usable(labels: Mapping[str, Label]) -> dict[str, str | None]:
    """image_id -> class id, or None for "none of these"; junk, duplicates and the unlabelled are left out."""
    return {i: row.label if row.status == "labelled" else None for i, row in labels.items() if row.status in STATUSES}


def told(done: Sealed) -> str:
    """A split in one line."""
    counts = {side: sum(row.split == side for row in done.splits.values()) for side in (TRAIN, VALIDATION, TEST)}
    said = ", ".join(f"{count} {side}" for side, count in counts.items()) + f"; {done.certificate.leaks}."
    return f"{said} {done.certificate.carved}." if done.certificate.carved else said


def _worked_out(dataset: Dataset, settings: SplitSettings) -> tuple[dict[str, Split], Certificate]:
    return split_dataset(dataset, settings.seed, settings.test, settings.validation,
                         val_is_test=settings.val_is_test)


def _waiting(dataset: Dataset, certificate: Mapping[str, Any]) -> set[str]:
    """Usable photos that came after the split; those it removed as leaks stay away."""
    placed = {*dataset.splits(), *certificate.get("removed", ())}
    return set(usable(dataset.labels())) - placed - unchecked(dataset)


def _crossed(dataset: Dataset) -> bool:
    """Whether photos that the newest scan calls the same shot stand on both sides of the line to the test."""
    splits = dataset.splits()
    groups = groups_from_findings(splits, dataset.findings(), apart(known(dataset).decisions))
    tested = {groups[i] for i, row in splits.items() if row.split == TEST}
    return any(groups[i] in tested for i, row in splits.items() if row.split != TEST)
