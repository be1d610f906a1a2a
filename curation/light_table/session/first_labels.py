"""While photos have no label: which one comes next, and which ones may get the same class at once.

Photos of one working set (curation/active_learning/first_labels.py) are handled together; when few
of them are left without a label, the next set follows. Photos that a person took out of a proposal
are remembered while the app runs; this is not a decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.active_learning.first_labels import (
    ASIDE,
    MOST,
    UNKNOWN,
    Likeness,
    Proposal,
    looked_at,
    next_to_ask,
    proposals,
)
from curation.light_table.session.placard import Records
from curation.light_table.session.queue import Queue
from data_cards.dataset.schema import Label, Photo

PILE = "unlabelled"
AHEAD = 12
FEW_LEFT = 0.25  # of a working set without a label, below which another one is taken

Embeddings = Callable[[Sequence[str]], tuple[list[str], np.ndarray]]


@dataclass
class _Set:
    """Photos that are looked at together."""

    ids: list[str]
    graph: Likeness
    began_with: int


class FirstLabels:
    """Puts the photos without a label into order and proposes. Not safe for threads: the table
    holds the lock."""

    def __init__(self, embeddings: Embeddings) -> None:
        """`embeddings(ids)`: those that are known, and their rows."""
        self._embeddings = embeddings
        self._set: _Set | None = None
        self._photos: object = None
        self._ids: list[str] = []
        self._x = np.zeros((0, 0), np.float16)
        self._refused: set[tuple[str, str]] = set()
        self._told: tuple[object, list[tuple[str, list[str]]]] = (None, [])

    def learn(self, photos: Mapping[str, Photo]) -> None:
        """Read the embeddings of a revision, unless they are read; takes a moment."""
        if self._photos is photos and len(self._ids) == len(photos):
            return
        ids, x = self._embeddings(list(photos))
        self._photos = photos
        self._ids, self._x, self._set, self._told = ids, x, None, (None, [])

    def refuse(self, photos: Sequence[str], class_id: str) -> None:
        """These are not of this class: they are not proposed for it again."""
        self._refused |= {(photo, class_id) for photo in photos}
        self._told = (None, [])

    def proposed(
        self, version: object, records: Records, queue: Queue
    ) -> list[tuple[str, list[str]]]:
        """(class id, photos that look like it), most photos first; and the queue is put into the
        order that tells most. `version`: another one whenever labels changed. Sealed photos are
        left out: what they look like is the model's opinion."""
        if self._told[0] == version:
            return self._told[1]
        found: list[tuple[str, list[str]]] = []
        working = self._working(records)
        if working is not None:
            y, names = numbered(working.ids, records)
            found = self._named(
                working, proposals(working.graph, y, self._is_refused(working, names)), names
            )
            order = next_to_ask(working.graph, y, AHEAD)
            queue.put_first(PILE, [f"{PILE}/{working.ids[place]}" for place in order])
        self._told = (version, found)
        return found

    def _named(
        self, working: _Set, found: Sequence[Proposal], names: Sequence[str]
    ) -> list[tuple[str, list[str]]]:
        return [(names[one.label], [working.ids[place] for place in one.places]) for one in found]

    def _is_refused(self, working: _Set, names: Sequence[str]) -> Callable[[int, int], bool]:
        return lambda place, label: (working.ids[place], names[label]) in self._refused

    def _working(self, records: Records) -> _Set | None:
        """The photos that are looked at together: all, or of many the set at hand until most of
        it has labels."""
        if self._set is not None:
            left = sum(_is_open(records.labels.get(photo)) for photo in self._set.ids)
            all_here = len(self._set.ids) == len(self._ids)
            if left and (all_here or left > FEW_LEFT * self._set.began_with):
                return self._set
        y, _ = numbered(self._ids, records)
        places = looked_at(y) if len(y) > MOST else np.arange(len(y))
        left = int((y[places] == UNKNOWN).sum())
        if not left:
            return None
        ids = [self._ids[place] for place in places]
        self._set = _Set(ids, Likeness.of(np.asarray(self._x[places], np.float32)), left)
        return self._set


def numbered(ids: Sequence[str], records: Records) -> tuple[np.ndarray, list[str]]:
    """(n,) class numbers as `active_learning.first_labels` reads them, and the classes' ids."""
    labels = records.labels
    names = sorted({row.label for i in ids if (row := labels.get(i)) and row.label})
    number = {name: n for n, name in enumerate(names)}
    y = np.full(len(ids), ASIDE, np.int64)
    for place, image_id in enumerate(ids):
        row = labels.get(image_id)
        if records.is_sealed(image_id):
            continue
        if _is_open(row):
            y[place] = UNKNOWN
        elif row is not None and row.label and row.status == "labelled":
            y[place] = number[row.label]
    return y, names


def _is_open(row: Label | None) -> bool:
    return row is None or row.status == "unlabelled"


def proposal_for(
    who: str, found: Sequence[tuple[str, list[str]]], records: Records, queue: Queue, now: float
) -> dict[str, Any] | None:
    """The first proposal whose photos nobody else has before them, held for this person: `label`
    and `photos` with the keys of their questions."""
    for class_id, photos in found:
        keys = [f"{PILE}/{photo}" for photo in photos if f"{PILE}/{photo}" in queue.items]
        open_ones = [key for key in keys if not queue.is_settled(key, who)]
        if class_id in records.collection and open_ones and queue.reserve(who, open_ones, now):
            return {
                "label": records.named(class_id),
                "photos": [{"image_id": key.split("/")[1], "key": key} for key in open_ones],
            }
    return None
