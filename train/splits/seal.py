"""Splits a dataset and writes splits and certificate beside the photos; from then on the test is
sealed.

An existing test never changes: a later split only places new photos.

    python -m train split DATASET
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data_cards.annotations.default_config import refresh_default_config
from data_cards.annotations.journal import known
from data_cards.annotations.ledger import apart
from data_cards.dataset.repo import Changes, Dataset
from data_cards.dataset.schema import Label, Source, Split
from data_cards.dataset.tables import certificate_file, splits_file
from data_cards.errors import CannotSplit
from data_cards.progress import say
from train.settings import SplitSettings
from train.splits.certificate import Certificate
from train.splits.groups import groups_from_findings
from train.splits.split import STATUSES, TEST, TRAIN, VALIDATION, Known, split, units_of

if TYPE_CHECKING:
    from data_cards.dataset.repo import Dataset

SPLIT = SplitSettings()


@dataclass(frozen=True)
class Sealed:
    """A dataset at the revision that holds these splits, and what its certificate says."""

    dataset: Dataset
    splits: Mapping[str, Split]
    certificate: Certificate

    def units(self, names: Sequence[str]) -> list[int]:
        """Which of these photos hang together, near-copies and bursts: a number for each of
        them."""
        photos = self.dataset.photos()
        groups = {name: self.splits[name].group for name in names}
        units = units_of(
            names, groups, *when_and_where({name: photos[name].sources for name in names})
        )
        number = {group: place for place, unit in enumerate(units) for group in unit}
        return [number[groups[name]] for name in names]


def sealed(dataset: Dataset, settings: SplitSettings = SPLIT) -> Sealed:
    """The dataset with a split for every usable photo: the existing one, or a new one, committed.
    If a later scan found near-copies across the split, the training side gives them up. A dataset
    opened at an older revision is not changed: its split is computed but not written. Raises
    CannotSplit, BadCollection."""
    written = dataset.certificate()
    if written is not None and not _waiting(dataset, written) and not _crossed(dataset):
        return Sealed(dataset, dataset.splits(), Certificate.from_json(written))
    return seal(dataset, settings)


def seal(dataset: Dataset, settings: SplitSettings = SPLIT) -> Sealed:
    """Work the split out again, keep the sides that photos have, and commit. Raises CannotSplit."""
    if dataset.repo.pinned is not None:
        return Sealed(dataset, *split_dataset(dataset, settings))

    def change(base: Dataset) -> Changes:
        splits, certificate = split_dataset(base, settings)
        return Changes(
            dict([splits_file(splits.values()), certificate_file(certificate.to_json())])
        )

    split_one = refresh_default_config(dataset.update("Split without leaks", change))
    done = Sealed(
        split_one, split_one.splits(), Certificate.from_json(split_one.certificate() or {})
    )
    say(split_text(done))
    return done


def usable(labels: Mapping[str, Label]) -> dict[str, str | None]:
    """image_id -> class id, or None for "none of these"; junk, duplicates and the unlabelled are
    left out."""
    return {
        i: row.label if row.status == "labelled" else None
        for i, row in labels.items()
        if row.status in STATUSES
    }


def split_text(done: Sealed) -> str:
    """A split in one line."""
    counts = {
        side: sum(row.split == side for row in done.splits.values())
        for side in (TRAIN, VALIDATION, TEST)
    }
    said = (
        ", ".join(f"{count} {side}" for side, count in counts.items())
        + f"; {done.certificate.leaks}."
    )
    return f"{said} {done.certificate.carved}." if done.certificate.carved else said


def _waiting(dataset: Dataset, certificate: Mapping[str, Any]) -> set[str]:
    """Usable photos that came after the split; those it removed as leaks stay away."""
    placed = {*dataset.splits(), *certificate.get("removed", ())}
    return set(usable(dataset.labels())) - placed - unchecked(dataset)


def _crossed(dataset: Dataset) -> bool:
    """Whether photos that the newest scan calls the same shot stand on both sides of the line to
    the test."""
    splits = dataset.splits()
    groups = groups_from_findings(splits, dataset.findings(), apart(known(dataset).decisions))
    tested = {groups[i] for i, row in splits.items() if row.split == TEST}
    return any(groups[i] in tested for i, row in splits.items() if row.split != TEST)


def split_dataset(
    dataset: Dataset, settings: SplitSettings = SPLIT
) -> tuple[dict[str, Split], Certificate]:
    """Split what a dataset holds now: labelled photos and "none of these", grouped as the last
    scan found them. Raises CannotSplit.
    """
    photos = dataset.photos()
    waiting = unchecked(dataset)
    rows = [
        row
        for row in dataset.labels().values()
        if row.status in STATUSES and row.image_id in photos and row.image_id not in waiting
    ]
    sources = {row.image_id: photos[row.image_id].sources for row in rows}
    # What is sealed stays sealed; a second split only places what came since.
    held = {i: row.split for i, row in dataset.splits().items() if i in sources}
    given: dict[str, str | None] = {i: _given(some) for i, some in sources.items()}
    if settings.val_is_test and TEST not in given.values():
        given = _val_as_test(given, held)
    taken_at, files = when_and_where(sources)
    groups = groups_from_findings(sources, dataset.findings(), apart(known(dataset).decisions))
    made = {i for i, some in sources.items() if _is_made_for_training(some)}
    labels = {row.image_id: row.label for row in rows}
    splits, certificate = split(
        [i for i in sources if i not in made],
        labels,
        Known(groups, given, taken_at, files, held),
        settings,
        dataset.references(),
    )
    return splits | _in_training(made, groups, splits), certificate


def _is_made_for_training(sources: Sequence[Source]) -> bool:
    """Whether a program made this photo for training: it cannot test or validate real ones."""
    return any(one.origin == "synthetic" and one.given_split == TRAIN for one in sources)


def _in_training(
    made: Collection[str], groups: Mapping[str, str], splits: Mapping[str, Split]
) -> dict[str, Split]:
    """Such photos are in training, but for near-copies of photos that are judged by."""
    judged = {row.group for row in splits.values() if row.split != TRAIN}
    found = {i: groups.get(i, i) for i in made}
    return {i: Split(i, group, TRAIN) for i, group in found.items() if group not in judged}


def _val_as_test(given: Mapping[str, str | None], held: Mapping[str, str]) -> dict[str, str | None]:
    late = [i for i, side in given.items() if side == VALIDATION and held.get(i, TEST) != TEST]
    if late:
        raise CannotSplit(
            "The split of this dataset is sealed already, so --val-is-test comes too late. Collect "
            "the "
            "photos into a new dataset, and give it there.",
            late=len(late),
        )
    return {i: TEST if side == VALIDATION else side for i, side in given.items()}


def unchecked(dataset: Dataset) -> set[str]:
    """Visitors' photos that no scan has compared with the test yet: they take no side until one
    has."""
    sent = {
        image_id
        for image_id, photo in dataset.photos().items()
        if any(source.origin == "visitor" for source in photo.sources)
    }
    return sent - {row.image_id for row in dataset.opinions()} if sent else set()


def _given(sources: Sequence[Source]) -> str | None:
    """One photo that came twice, for training and for the test, is a test photo."""
    sides = [source.given_split for source in sources if source.given_split]
    return TEST if TEST in sides else sides[0] if sides else None


def _file(sources: Sequence[Source]) -> str:
    if not sources:
        return ""
    first = sources[0]
    return first.path if first.second is None else f"{first.path}#{first.second}"


def when_and_where(
    sources: Mapping[str, Sequence[Source]],
) -> tuple[dict[str, str], dict[str, str]]:
    """When photos were taken (ISO 8601), and the names of their files: what bursts are seen by."""
    taken_at = {
        name: max((source.taken_at for source in some), default="")
        for name, some in sources.items()
    }
    return taken_at, {name: _file(some) for name, some in sources.items()}
