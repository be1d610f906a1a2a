"""The grid: everything that wears one label, the doubtful first, so that twenty look-alikes
get their class with one key.

Photos of the sealed test are not here: their order would be the model's opinion of them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from curation.light_table.placard import Records
from curation.light_table.queue import Item, Queue

MOST_CELLS = 240
MOST_CHOICES = 3


def look_alikes(class_id: str, records: Records, queue: Queue, who: str) -> dict[str, Any]:
    """For one person: `cells` (image_id, key of the open question if there is one, what is suggested, doubt 0..1)
    sorted by doubt, and `choices`: the classes suggested most often among them."""
    wearing = [
        image_id
        for image_id, label in records.labels.items()
        if label.label == class_id and label.status == "labelled" and not records.is_sealed(image_id)
    ]
    cells = sorted((_cell(image_id, records, queue, who) for image_id in wearing), key=_order)
    suggested = Counter(cell["suggested"]["id"] for cell in cells if cell["suggested"])
    choices = [records.named(name) for name, _ in suggested.most_common(MOST_CHOICES)]
    return {
        "labelled": records.named(class_id),
        "cells": cells[:MOST_CELLS],
        "total": len(cells),
        "choices": choices,
    }


def _cell(image_id: str, records: Records, queue: Queue, who: str) -> dict[str, Any]:
    item = queue.items.get(f"labels/{image_id}")
    if item is None or queue.is_settled(item.key, who):
        return {"image_id": image_id, "key": None, "suggested": None, "doubt": None}
    doubt = round(item.first.score, 3)
    return {"image_id": image_id, "key": item.key, "suggested": _suggested(item, records), "doubt": doubt}


def _suggested(item: Item, records: Records) -> dict[str, str] | None:
    wanted = next((one.suggested_label for one in item.findings if one.suggested_label), None)
    return records.named(wanted) if wanted in records.collection else None


def _order(cell: dict[str, Any]) -> tuple[bool, float, str]:
    return (cell["doubt"] is None, -(cell["doubt"] or 0.0), cell["image_id"])
