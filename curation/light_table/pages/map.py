"""The page "Map": every photo as a point beside those it looks like, coloured by what is known."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from curation.contact_sheet.columns import Columns
from curation.light_table.pages.sheet import Sheet, held_back
from curation.light_table.session.table import LightTable
from data_cards.dataset.schema import Finding
from data_cards.wording import counted

COLOURS = ("class", "status", "split")
NO_MAP = (
    "The map is drawn by a scan on this machine: vitrine scan DATASET. Then load this page again."
)
# What may be pointed out: kinds of findings, and what their places on the map mean.
MARKS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "copies": (
        ("near_duplicate", "exact_duplicate"),
        "near-copies",
        "Points on top of each other: photos of one shot, of which one is enough.",
    ),
    "alike": (
        ("looks_alike",),
        "look-alikes",
        "Points close to each other: one shot, or two things of one shape. Nobody knows yet.",
    ),
    "doubts": (
        ("label",),
        "doubtful labels",
        "Points among those of another class: their labels may be wrong.",
    ),
    "shortcuts": (
        ("shortcut",),
        "shortcuts",
        "A heap that shares something beside the thing, such as a wall or the light: a model may "
        "learn that instead.",
    ),
}


class Map:
    """Places of photos and what colours them. Safe to call from many threads."""

    def __init__(self, table: LightTable, sheet: Sheet) -> None:
        self._table = table
        self._sheet = sheet
        self._placed: tuple[object, tuple[list[str], np.ndarray]] | None = None

    def show(self, who: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """`ids` (32 bytes each), `places` (two int16 each) and `colours` (one int16 each, -1 for
        none), as base64; `marks` to point out; `problem` where there is no map."""
        table = self._table
        photos = table.records.photos
        ids, places = self._places()
        columns = self._sheet.columns(who)
        here = [n for n, name in enumerate(ids) if name in columns.row_of]
        ids = [ids[n] for n in here]
        places = places[here]
        rows = np.array([columns.row_of[name] for name in ids], np.int64)
        told = ~columns.sealed[rows] if len(rows) else np.zeros(0, bool)
        rows = rows[told]
        with table.lock:
            queue = table.queue
            open_ones = [one for one in queue.items.values() if not queue.is_settled(one.key, who)]
            findings = [finding for item in open_ones for finding in item.findings]
        return {
            "photos": len(photos),
            "problem": "" if len(ids) else NO_MAP,
            "held": held_back(int((~told).sum())),
            "without": missing_in_words(len(photos) - len(ids)) if len(ids) else "",
            "ids": _packed(
                np.frombuffer(bytes.fromhex("".join(columns.ids[r] for r in rows)), np.uint8)
            ),
            "places": _packed((places[told] * 32_000).astype("<i2")),
            "colours": [_colour(columns, name, rows) for name in COLOURS if name in columns.facets]
            + [_doubt(columns, rows)],
            "marks": _marks(findings, columns, rows),
        }

    def _places(self) -> tuple[list[str], np.ndarray]:
        """Read once for each revision, when every photo has a place: seconds for 100,000."""
        table = self._table
        photos = table.records.photos
        if self._placed is not None and self._placed[0] is photos:
            return self._placed[1]
        found = table.remembered.places(table.dataset)
        if table.dataset.photos().keys() <= set(found[0]):
            self._placed = (photos, found)
        return found

    def act(self, who: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """This page changes nothing itself."""
        return self.show(who, {})


def missing_in_words(count: int) -> str:
    """A sentence; empty for none."""
    if not count:
        return ""
    are = "is" if count == 1 else "are"
    return f"{counted(count, 'photo')} {are} not on the map yet: the next scan places them."


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _colour(columns: Columns, name: str, rows: np.ndarray) -> dict[str, Any]:
    """The first value of a filter that each photo has."""
    tags = columns.facets[name]
    codes = np.full(len(columns), -1, np.int64)
    codes[tags.rows[::-1]] = tags.codes[::-1]
    return {
        "id": name,
        "title": tags.title,
        "values": [title for _, title in tags.values],
        "codes": _packed(codes[rows].astype("<i2")),
    }


def _doubt(columns: Columns, rows: np.ndarray) -> dict[str, Any]:
    """In tenths: -1 where nothing is doubted."""
    doubts = columns.numbers["doubt"][rows]
    tenths = np.where(np.isnan(doubts), -1, np.minimum(doubts * 10, 9)).astype("<i2")
    return {"id": "doubt", "title": "doubt", "values": [], "codes": _packed(tenths)}


def _marks(findings: Sequence[Finding], columns: Columns, rows: np.ndarray) -> list[dict[str, Any]]:
    place = {int(row): n for n, row in enumerate(rows)}
    marks = []
    for name, (kinds, title, sentence) in MARKS.items():
        photos = {
            photo
            for one in findings
            if one.kind in kinds
            # What a doubted label is compared with is not doubted itself.
            for photo in (one.image_id, *(() if one.kind == "label" else one.related))
            if photo in columns.row_of
        }
        found = sorted(place[row] for row in (columns.row_of[p] for p in photos) if row in place)
        if found:
            marks.append({"id": name, "title": title, "sentence": sentence, "points": found})
    return marks
