"""Copies side by side: one verified group after another, with a suggestion which to keep.

A person's answer goes through `LightTable.act` like every key; this page only shows groups. A
person who sees a group holds its questions, so that nobody else is asked about it meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from curation.light_table.session.placard import Records
from curation.light_table.session.questions import COPIES, Item
from curation.light_table.session.queue import Queue
from curation.light_table.session.table import LightTable
from curation.measures.pixels import SIDE, detail
from curation.near_duplicates.best_copy import Candidate, best_of, labels_of
from data_cards.errors import BadPhoto
from data_cards.photos.image import open_photo

SHOWN = 24
MOST_MEMBERS = 60  # of one group on the screen; the others come once these are decided
SET_ASIDE = ("duplicate", "junk")


@dataclass(frozen=True)
class Group:
    """Photos of one shot, and the questions that the scan asks about them; `sure` unless they
    only look alike."""

    photos: frozenset[str]
    keys: tuple[str, ...]
    score: float
    sure: bool = True

    def key_of(self, image_id: str) -> str | None:
        """The question about one of its photos, where there is one."""
        asked = (f"{pile}/{image_id}" for pile in COPIES)
        return next((key for key in asked if key in self.keys), None)


def groups_of(items: Iterable[Item]) -> list[Group]:
    """Questions about duplicates -> groups, surest first."""
    keys: dict[frozenset[str], list[str]] = {}
    scores: dict[frozenset[str], float] = {}
    verified: set[frozenset[str]] = set()
    for item in items:
        for finding in item.findings if item.pile in COPIES else ():
            photos = frozenset((item.image_id, *finding.related))
            if len(photos) > 1:
                keys.setdefault(photos, []).append(item.key)
                scores[photos] = max(finding.score, scores.get(photos, 0.0))
                if finding.kind != "looks_alike":
                    verified.add(photos)
    found = [
        Group(photos, tuple(dict.fromkeys(sorted(named))), scores[photos], photos in verified)
        for photos, named in keys.items()
    ]
    return sorted(found, key=lambda group: (-group.score, group.keys))


class Groups:
    """The page: `show` gives the next groups, held for whoever asks."""

    def __init__(self, table: LightTable) -> None:
        self._table = table
        self._known: tuple[Queue, list[Group]] | None = None
        self._sharpness: dict[str, float] = {}

    def show(self, who: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """`groups` as they are laid out, labels that disagree first, what only looks alike last;
        `left`: how many are open, these included."""
        table = self._table
        with table.lock:
            now = time.monotonic()  # the clock of the table's leases
            records = self._table.records_for(who)
            opened = self._open(who, records)
            held: list[tuple[Group, list[Candidate]]] = []
            for group, members in opened:
                if len(held) < SHOWN and table.queue.reserve(who, group.keys, now):
                    held.append((group, members))
        self._look_at({one.image_id for _, members in held for one in members})
        with table.lock:
            return {"groups": [self._laid(*one, records) for one in held], "left": len(opened)}

    def _open(self, who: str, records: Records) -> list[tuple[Group, list[Candidate]]]:
        queue = self._table.queue
        if self._known is None or self._known[0] is not queue:
            self._known = (queue, groups_of(queue.items.values()))
        waiting = (
            group
            for group in self._known[1]
            if not all(queue.is_settled(key, who) for key in group.keys)
        )
        found = [
            (group, members)
            for group in waiting
            for members in [self._members(group, who, records)]
            if len(members) > 1
        ]
        return sorted(found, key=lambda one: (not one[0].sure, len(labels_of(one[1])) < 2))

    def _members(self, group: Group, who: str, records: Records) -> list[Candidate]:
        """Members that nobody has set aside or judged, sealed ones first."""
        queue = self._table.queue
        left = list[Candidate]()
        for image_id in sorted(
            group.photos, key=lambda photo: (not records.is_sealed(photo), photo)
        ):
            key = group.key_of(image_id)
            label = records.labels.get(image_id)
            judged = key is not None and queue.is_settled(key, who)
            if (
                image_id in records.photos
                and not judged
                and (label is None or label.status not in SET_ASIDE)
            ):
                left.append(self._candidate(image_id, records))
        return left[:MOST_MEMBERS]

    def _candidate(self, image_id: str, records: Records) -> Candidate:
        photo = records.photos[image_id]
        label = records.labels.get(image_id)
        return Candidate(
            image_id,
            photo.width,
            photo.height,
            self._sharpness.get(image_id, 0.0),
            label.label if label else None,
            records.is_sealed(image_id),
        )

    def _laid(self, group: Group, members: list[Candidate], records: Records) -> dict[str, Any]:
        by_id = {one.image_id: self._candidate(one.image_id, records) for one in members}
        labels = labels_of(list(by_id.values()))
        sharpest = max(one.sharpness for one in by_id.values())
        # If labels disagree, the right one is asked for first and given to all; after that only the
        # pixels decide.
        best = best_of(
            [replace(one, label=None) if len(labels) > 1 else one for one in by_id.values()]
        )
        return {
            "name": group.keys[0],
            "keys": list(group.keys),
            "sure": group.sure,
            "reason": best.reason,
            # Of photos that only look alike, both labels may be right.
            "labels": [records.named(label) for label in labels]
            if len(labels) > 1 and group.sure
            else [],
            "members": [
                {
                    "image_id": image_id,
                    "key": group.key_of(image_id),
                    "doubt": self._doubt(image_id),
                    "width": by_id[image_id].width,
                    "height": by_id[image_id].height,
                    "sharp": round(by_id[image_id].sharpness / sharpest, 2) if sharpest else None,
                    "sealed": by_id[image_id].sealed,
                    "labelled": records.named(by_id[image_id].label),
                }
                for image_id in best.order
            ],
        }

    def _doubt(self, image_id: str) -> str | None:
        """The open question about this photo's label, if there is one."""
        queue = self._table.queue
        key = f"labels/{image_id}"
        return key if key in queue.items and not queue.is_settled(key) else None

    def _look_at(self, photos: set[str]) -> None:
        """Measure the sharpness of photos that are seen for the first time: outside the lock, it
        reads their pixels."""
        for image_id, data in self._table.dataset.read_photos(photos - set(self._sharpness)):
            self._sharpness[image_id] = sharpness(data)


def sharpness(data: bytes) -> float:
    """Fine detail by contrast, on a small grey copy of one size; 0 for a photo that cannot be
    opened."""
    try:
        grey = open_photo(data, at_least=SIDE).convert("L")
    except BadPhoto:  # one bad photo never stops a page
        return 0.0
    grey.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return detail(np.asarray(grey))
