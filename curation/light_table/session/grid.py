"""The grid: everything that wears one label, the doubtful first, so that twenty look-alikes
get their class with one key.

Photos of the sealed test are not here: their order would be the model's opinion of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from curation.light_table.session.placard import Records
from curation.light_table.session.questions import Item
from curation.light_table.session.queue import Queue

MOST_CELLS = 240
MOST_CHOICES = 3
# photos asked about for likeness, and how far back in the row a likeness is looked for
NEAR = 12
LOOK_BACK = 6

Cell = dict[str, Any]


def look_alikes(
    class_id: str, records: Records, queue: Queue, who: str, suggested: str | None = None
) -> dict[str, Any]:
    """For one person: `cells` (image_id, key of the open question if there is one, what is
    suggested, doubt 0..1), what looks alike together and the doubtful first; and `choices`: the
    classes suggested most often, with their counts.

    `suggested`: only photos for which this class is suggested.
    """
    wearing = [
        image_id
        for image_id, label in records.labels.items()
        if label.label == class_id
        and label.status == "labelled"
        and not records.is_sealed(image_id)
    ]
    cells = sorted((_cell(image_id, records, queue, who) for image_id in wearing), key=_order)
    counts = Counter(cell["suggested"]["id"] for cell in cells if cell["suggested"])
    wanted = [
        cell for cell in cells if not suggested or (cell["suggested"] or {}).get("id") == suggested
    ]
    return {
        "labelled": records.named(class_id),
        "suggested": suggested,
        "cells": side_by_side(
            wanted[:MOST_CELLS], lambda photo: records.opinions.nearest(photo, class_id, NEAR)
        ),
        "total": len(wanted),
        "everything": len(cells),
        "choices": [
            {**(records.named(name) or {}), "count": n}
            for name, n in counts.most_common(MOST_CHOICES)
        ],
    }


def side_by_side(cells: Sequence[Cell], near: Callable[[str], Sequence[str]]) -> list[Cell]:
    """Cells for which the same class is suggested together, and in each such part every photo
    next to one that it looks like, beginning with the first: the order of the parts, and where a
    chain begins, stay as they came.

    `near`: the photos most like one, nearest first.
    """
    parts: dict[tuple[str | None, bool], dict[str, Cell]] = {}
    for cell in cells:
        part = ((cell["suggested"] or {}).get("id"), cell["doubt"] is None)
        parts.setdefault(part, {})[cell["image_id"]] = cell
    return [part[name] for part in parts.values() for name in _chain(part, near)]


def _chain(names: Iterable[str], near: Callable[[str], Sequence[str]]) -> list[str]:
    left = dict.fromkeys(names)
    chain = list[str]()
    while left:
        alike = (
            other for one in chain[: -LOOK_BACK - 1 : -1] for other in near(one) if other in left
        )
        chain.append(next(alike, next(iter(left))))
        del left[chain[-1]]
    return chain


def _cell(image_id: str, records: Records, queue: Queue, who: str) -> Cell:
    item = queue.items.get(f"labels/{image_id}")
    if item is None or queue.is_settled(item.key, who):
        return {"image_id": image_id, "key": None, "suggested": None, "doubt": None}
    doubt = round(item.first.score, 3)
    return {
        "image_id": image_id,
        "key": item.key,
        "suggested": _suggested(item, records),
        "doubt": doubt,
    }


def _suggested(item: Item, records: Records) -> dict[str, str] | None:
    wanted = next((one.suggested_label for one in item.findings if one.suggested_label), None)
    return records.named(wanted) if wanted in records.collection else None


def _order(cell: Cell) -> tuple[bool, float, str]:
    return (cell["doubt"] is None, -(cell["doubt"] or 0.0), cell["image_id"])
