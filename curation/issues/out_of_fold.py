"""What a probe says of every photo it had not seen: chances, nearest photos, and which labels
that puts in doubt."""

from __future__ import annotations

from collections import abc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from curation.issues.label_beliefs import NEIGHBOURS, OWN_SHOT
from curation.issues.label_issues import judge
from curation.issues.scanned_classes import opinions_today, scanned_classes
from curation.measures.neighbours import (
    WORTH_REMEMBERING,
    Near,
    Search,
    evened,
    nearest,
    nearest_of,
    nearest_remembered,
)
from data_cards.annotations.decision import NONE_OF_THESE
from data_cards.bulk.batching import batches
from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Label, Opinion
from data_cards.progress import say
from train.probes.ensemble import fitted, out_of_fold
from train.probes.logistic import AT_ONCE, known_by, numbered

FEWEST_NONE = 5  # photos of nothing in the collection, before "none of these" counts as an opinion
BEST = 3
NEAR = 12
LOOK_ALIKES = 12  # that are remembered: some are of the same shot


@dataclass(frozen=True, slots=True)
class Doubt:
    """A label in doubt: score 0..1, the likely class ("none": none of these), its and the given
    label's chance."""

    image_id: str
    score: float
    likely: str
    chance: float


@dataclass(frozen=True)
class Opinions:
    """`rows`: of every photo; `suspects`: whose label a person should see; `doubts`: in theirs,
    and in labels of shots that more than one photo shows, which may contradict each other."""

    rows: abc.Collection[Opinion] = ()
    doubts: Mapping[str, Doubt] = field(default_factory=dict)
    suspects: frozenset[str] = frozenset()


def form_opinions(
    collection: Collection,
    labels: Mapping[str, Label],
    ids: Sequence[str],
    x: np.ndarray,
    groups: Mapping[str, str],
    near: Near | None = None,
    kept: Path | None = None,
    search: Search = nearest_of,
) -> Opinions:
    """Out-of-fold opinions on labelled photos, and a probe's on the others. Empty with fewer
    than two classes.

    `near`: the nearest photos of each, where somebody knows them already. `kept`: a file that
    remembers the look-alikes of very many labelled photos, which `search` finds.
    """
    named = [_class_of(labels.get(image_id)) for image_id in ids]
    none_too = named.count(NONE_OF_THESE) >= FEWEST_NONE
    classes = [*collection.ids, *([NONE_OF_THESE] if none_too else [])]
    place = {name: n for n, name in enumerate(classes)}
    in_training = np.array([n for n, name in enumerate(named) if name in place], np.int64)
    y = np.array([place[named[n] or ""] for n in in_training], np.int64)
    if len(np.unique(y)) < 2:
        say("There are fewer than two classes with photos, so no label can be doubted yet.")
        return Opinions()
    say("Asking a probe about every photo it has not seen ...")
    shots = numbered(groups.get(image_id, image_id) for image_id in ids)
    own = x if len(in_training) == len(x) else x[in_training]
    chances = out_of_fold(own, y, shots[in_training], len(classes))
    best = _Best(len(ids), len(classes))
    for rows in batches(range(len(in_training)), AT_ONCE):
        best.put(in_training[rows], chances[rows])
    others = np.setdiff1d(np.arange(len(ids)), in_training)
    if len(others):
        probe = fitted(own, y, len(classes))
        for part in batches(others.tolist(), AT_ONCE):
            best.put(np.array(part), probe.probabilities(x[part]))
    alike = None
    if kept and len(in_training) > WORTH_REMEMBERING:
        alike = _of_others(
            nearest_remembered(
                [ids[n] for n in in_training], own, kept, LOOK_ALIKES, evened, search
            ),
            shots[in_training],
        )
    # A copy that a person set aside does not count as a second photo of its class.
    others_speak = known_by(
        y,
        shots[in_training],
        np.array([not _is_copy(labels.get(ids[n])) for n in in_training], bool),
    )
    verdicts = judge(y, chances, own, shots[in_training], alike, others_speak)
    suspects = frozenset(ids[n] for row, n in enumerate(in_training) if verdicts.shown[row])
    wanted = verdicts.shown | (np.bincount(shots)[shots[in_training]] > 1)
    doubts = {
        ids[n]: Doubt(
            ids[n],
            min(_share(verdicts.doubt[row]), float(verdicts.chance[row])),
            classes[verdicts.likely[row]],
            float(chances[row, y[row]]),
        )
        for row, n in enumerate(in_training)
        if wanted[row]
    }
    best.forget(in_training[others_speak == 0])
    return Opinions(Said(ids, best, classes, near or nearest(x, NEAR), shots), doubts, suspects)


def _of_others(near: Near, shots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first NEIGHBOURS from other shots; photos of the same shot would only confirm its
    label."""
    cosines = np.where(shots[near.places] == shots[:, None], OWN_SHOT, near.cosines)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :NEIGHBOURS]
    return np.take_along_axis(near.places, order, axis=1), np.take_along_axis(
        cosines, order, axis=1
    )


def _share(doubt: float) -> float:
    """Any number into 0..1, in the same order, and never quite 1: that is for what is certain."""
    return float(0.5 + doubt / (1 + abs(doubt)) / 2)


def _is_copy(label: Label | None) -> bool:
    return label is not None and label.status == "duplicate"


def _class_of(label: Label | None) -> str | None:
    if label is None or label.status in ("junk", "unlabelled"):
        return None
    return NONE_OF_THESE if label.status == "none_of_these" else label.label


class _Best:
    """Of each of n photos the BEST likeliest of c classes and their chances (n, BEST), best
    first, put in part by part: of very many photos the chances of all classes are large."""

    def __init__(self, photos: int, classes: int) -> None:
        self.classes = np.zeros((photos, min(BEST, classes)), np.int32)
        self.chances = np.zeros(self.classes.shape, np.float32)

    def put(self, rows: np.ndarray, chances: np.ndarray) -> None:
        """The chances (m, c) of these photos (m,)."""
        best = np.argsort(-chances, axis=1, kind="stable")[:, :BEST]
        self.classes[rows], self.chances[rows] = best, np.take_along_axis(chances, best, axis=1)

    def forget(self, rows: np.ndarray) -> None:
        """Drop the opinions about these photos: a model that never saw their class can only name
        another."""
        self.classes[rows] = -1

    def of(self, row: int) -> list[tuple[int, float]]:
        """The classes and chances of one photo, best first; empty if there is no opinion."""
        told = zip(self.classes[row].tolist(), self.chances[row].tolist(), strict=True)
        return [(place, chance) for place, chance in told if place >= 0]


class Said(abc.Collection[Opinion]):
    """Opinions on many photos, each made when it is asked for: as objects they would be five
    times as large.

    `ids` (n), the `best` of the `classes`, `near` others of each photo, and the shot (n,) that
    each belongs to: neighbours are photos of other shots, since frames of one burst would only
    vouch for each other.
    """

    def __init__(
        self, ids: Sequence[str], best: _Best, classes: Sequence[str], near: Near, shots: np.ndarray
    ) -> None:
        self._ids = ids
        self._best = best
        self._classes = classes
        self._shots = shots
        self._near = near.places[:, :NEAR]

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Opinion]:
        return map(self._of, range(len(self)))

    def __contains__(self, one: object) -> bool:
        return any(one == row for row in self)

    def _of(self, row: int) -> Opinion:
        near = self._near[row]
        best = self._best.of(row)
        return Opinion(
            self._ids[row],
            tuple(self._classes[n] for n, _ in best),
            tuple(round(chance, 4) for _, chance in best),
            tuple(self._ids[n] for n in near[self._shots[near] != self._shots[row]].tolist()),
        )


class ScanOpinions:
    """What the last scan wrote, in the classes of today, as the light table asks for it."""

    def __init__(self, dataset: Dataset) -> None:
        now = scanned_classes(dataset)
        self._rows = {row.image_id: row for row in opinions_today(dataset.opinions(), now)}
        self._labels = dataset.labels()

    def best(self, image_id: str) -> Sequence[tuple[str, float]]:
        """Class ids with probabilities, best first, from a model that had not seen this photo."""
        row = self._rows.get(image_id)
        return list(zip(row.labels, row.chances, strict=True)) if row else ()

    def nearest(self, image_id: str, class_id: str, count: int) -> Sequence[str]:
        """The photos most like this one among those labelled `class_id`, as far as the scan kept
        them."""
        row = self._rows.get(image_id)
        alike = [other for other in row.near if self._named(other) == class_id] if row else []
        return alike[:count]

    def _named(self, image_id: str) -> str | None:
        label = self._labels.get(image_id)
        return label.label if label and label.status == "labelled" else None
