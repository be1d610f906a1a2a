"""The page "What the scan found": how many findings of each kind, what cannot be decided on a
single photo, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from curation.issues.scanned_classes import scanned_at
from curation.light_table.session.queue import PILES, Progress, pile_of
from curation.light_table.session.table import LightTable
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Finding

MOST_FILES = 200
ON_A_SHELF = 6
# One question, and several of them; the piles that a newer queue adds show their name until they
# have words here.
WORDS = {
    "labels": ("label looks doubtful", "labels look doubtful"),
    "leaks": (
        "photo to learn from is in the test too, or nearly",
        "photos to learn from are in the test too, or nearly",
    ),
    "duplicates": ("photo is a near-copy of another", "photos are near-copies of others"),
    "alike": (
        "photo looks like another; nobody knows yet whether it is the same shot",
        "photos look like others; nobody knows yet whether they are the same shots",
    ),
    "conflicts": (
        "photo is called different things by different people",
        "photos are called different things by different people",
    ),
    "unlabelled": ("photo has no label yet", "photos have no label yet"),
    "quality": (
        "photo is poor: dark, blurred, drawn, or of an odd shape",
        "photos are poor: dark, blurred, drawn, or of an odd shape",
    ),
    "visitors": ("visitor questioned an answer", "visitors questioned an answer"),
}


class Report:
    """What the last scan wrote, as a person reads it."""

    def __init__(self, table: LightTable) -> None:
        self._table = table
        self._read: tuple[str, list[Finding]] = ("", [])
        self._remarks: list[str] = []

    def show(self, who: str, asked: object = None) -> dict[str, Any]:
        """`scanned_at` (RFC 3339, or none), `photos`, `remarks` on the whole collection, `piles`
        with a sentence each, `unreadable` and `misnamed` files, `shortcuts` with examples, and
        `next`: a sentence and the pile it speaks of. Nothing here changes anything."""
        with self._table.lock:
            dataset = self._table.dataset
            photos = set(self._table.records.photos)
            title = self._title
            counts = {pile: self._table.queue.progress(who, pile) for pile in PILES}
        found = self._findings(dataset)
        scanned = scanned_at(dataset)
        broken = sorted(one.reason for one in found if one.kind == "unreadable")
        remarks = sorted(
            _first_sentence(one.reason)
            for one in found
            if pile_of(one) is None and one.kind == "quality"
        )
        shortcuts = [_shortcut(one, photos, title(one)) for one in found if one.kind == "shortcut"]
        piles = [_pile(pile, progress) for pile, progress in counts.items() if progress.total]
        return {
            "scanned_at": scanned.isoformat(timespec="seconds") if scanned else None,
            "photos": len(photos),
            "remarks": self._remarks,
            "piles": piles,
            "unreadable": _some(broken),
            "misnamed": _some(remarks),
            "shortcuts": shortcuts,
            "next": _next(piles, bool(shortcuts), scanned is not None),
        }

    def _title(self, finding: Finding) -> str:
        named = self._table.records.named(finding.given_label)
        return named["title"] if named else "A class"

    def _findings(self, dataset: Dataset) -> list[Finding]:
        if self._read[0] != dataset.revision:
            self._read = (dataset.revision, list(dataset.findings()))
            self._remarks = dataset.remarks()
        return self._read[1]


def _pile(pile: str, progress: Progress) -> dict[str, Any]:
    one, many = WORDS.get(pile, (pile, pile))
    return {
        "pile": pile,
        "left": progress.left,
        "total": progress.total,
        "sentence": f"{progress.total} {one if progress.total == 1 else many}.",
    }


def _first_sentence(reason: str) -> str:
    """What the file is; what that means is said once, above the list."""
    return f"{reason.split('. ')[0].rstrip('.')}."


def _some(sentences: Sequence[str]) -> dict[str, Any]:
    return {"total": len(sentences), "first": list(sentences[:MOST_FILES])}


def _shortcut(finding: Finding, photos: set[str], title: str) -> dict[str, Any]:
    shown = [image_id for image_id in finding.related if image_id in photos][:ON_A_SHELF]
    return {"title": title, "sentence": finding.reason, "photos": shown}


def _next(
    piles: Sequence[dict[str, Any]], has_shortcuts: bool, was_scanned: bool
) -> dict[str, str]:
    open_piles = [pile for pile in piles if pile["left"]]
    if open_piles:
        return {
            "pile": open_piles[0]["pile"],
            "sentence": "Start with the most certain ones; even ten minutes help.",
        }
    if not was_scanned:
        return {
            "pile": "",
            "sentence": "Nobody has scanned this collection yet: vitrine scan DATASET",
        }
    if has_shortcuts:
        return {
            "pile": "",
            "sentence": "Nothing is left to decide. Photograph the classes below again, "
            "differently.",
        }
    return {
        "pile": "",
        "sentence": "Nothing is left to decide. Train again, or look for what is missing.",
    }
