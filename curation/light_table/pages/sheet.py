"""The page "All photos": the whole collection as a contact sheet, a window of it at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from curation.contact_sheet.columns import Columns, Tags
from curation.contact_sheet.query import SORTS, Found, Query, find, read_query
from curation.light_table.session.photo_columns import Collected, collected, columns_for
from curation.light_table.session.placard import Records
from curation.light_table.session.table import LightTable
from data_cards.wording import counted

WINDOW = 120  # cells in an answer, unless another number is asked for
MOST_CELLS = 2_000  # as many as one step may decide
MOST_VALUES = 200  # of one filter in an answer, those with most photos
KEPT = 16  # queries whose order is remembered, so that scrolling costs a slice
FILTERS = (
    "class",
    "status",
    "finding",
    "split",
    "by",
    "when",
    "note",
    "source",
    "camera",
    "taken",
    "added",
)


class Sheet:
    """Windows of any query on the collection, for one person at a time. Safe to call from many
    threads."""

    def __init__(self, table: LightTable, is_owner: Callable[[str], bool]) -> None:
        self._table = table
        self._is_owner = is_owner
        self._collected: tuple[object, Collected] | None = None
        self._columns: OrderedDict[str, tuple[object, Columns]] = OrderedDict()
        self._found: OrderedDict[object, Found] = OrderedDict()

    def show(self, who: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """`total` photos of `photos`, `cells` from the place `from`, and `version`, which is
        another one when the order may have changed. Unless `asked["only"]` is "cells": `filters`
        with counts, `sorts`, and what is `held` back in a sentence."""
        with self._table.lock:
            records = self._table.records_for(who)
            columns, version = self._columns_of(who, records)
            query = read_query(asked, FILTERS)
            found = self._find(who, version, columns, query)
            start = _number(asked.get("from"), 0, len(found.rows))
            count = _number(asked.get("count"), WINDOW, MOST_CELLS)
            answer = {
                "total": len(found.rows),
                "photos": len(columns),
                "version": str(version[1]),
                "from": start,
                "cells": [
                    self._cell(who, columns, records, int(row))
                    for row in found.rows[start : start + count]
                ],
            }
            if asked.get("only") == "cells":
                return answer
            return answer | {
                "filters": [
                    _filter(name, columns.facets[name], found.counts[name], query)
                    for name in FILTERS
                    if name in columns.facets
                ],
                "sorts": [
                    {"id": name, "title": words}
                    for name, (words, _) in SORTS.items()
                    if name == "stored" or np.isfinite(columns.numbers.get(name, np.nan)).any()
                ],
                "sort": query.sort,
                "held": held_back(found.held_back),
                "recent": self._recent(who, records),
            }

    def act(self, who: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing on this page changes anything by itself: decisions go the way of every key."""
        return self.show(who, {})

    def _columns_of(self, who: str, records: Records) -> tuple[Columns, tuple[object, int]]:
        table = self._table
        photos = table.records.photos
        if self._collected is None or self._collected[0] is not photos:
            cameras = table.remembered.cameras(photos)
            self._collected = (photos, collected(table.records, cameras))
            self._columns.clear()
            self._found.clear()
        version = (table.queue, table.book.changes)
        known = self._columns.get(who)
        if known is None or known[0] != version:
            made = columns_for(
                who,
                self._collected[1],
                records,
                table.book,
                table.queue,
                table.moves.blind,
                {},
                self._is_owner(who),
            )
            self._columns[who] = known = (version, made)
            while len(self._columns) > KEPT:
                self._columns.popitem(last=False)
        return known[1], version

    def _find(self, who: str, version: tuple[object, int], columns: Columns, query: Query) -> Found:
        key = (who, id(version[0]), version[1], repr(query))
        if key not in self._found:
            self._found[key] = find(columns, query)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        return self._found[key]

    def _cell(self, who: str, columns: Columns, records: Records, row: int) -> dict[str, Any]:
        image_id = columns.ids[row]
        label = records.labels.get(image_id)
        sealed = bool(columns.sealed[row])
        doubt = columns.numbers["doubt"][row]
        return {
            "image_id": image_id,
            "labelled": records.named(label.label) if label else None,
            "status": label.status if label else "unlabelled",
            "sealed": sealed,
            "doubt": None if sealed or np.isnan(doubt) else round(float(doubt), 3),
            # That a question is open about a sealed photo would be the model's word, too.
            "key": None if sealed else self._open_label(who, image_id),
        }

    def _open_label(self, who: str, image_id: str) -> str | None:
        """The question about this photo's label that a decision here answers."""
        queue = self._table.queue
        for pile in ("labels", "unlabelled"):
            key = f"{pile}/{image_id}"
            if key in queue.items and not queue.is_settled(key, who):
                return key
        return None

    def _recent(self, who: str, records: Records) -> list[dict[str, str]]:
        """The classes under the digits: those this person gave last, then the others by name."""
        given = self._table.book.given_by(who)
        wanted = dict.fromkeys([*given, *records.collection.ids])
        named = (records.named(name) for name in wanted if name in records.collection)
        return [one for one in named if one][:9]


def held_back(count: int) -> str:
    """A sentence; empty for none."""
    if not count:
        return ""
    are = "is" if count == 1 else "are"
    return (
        f"{counted(count, 'photo')} of the sealed test {are} not shown here, since this view "
        "would tell what the model thinks of them."
    )


def _filter(name: str, tags: Tags, counts: np.ndarray, query: Query) -> dict[str, Any]:
    chosen = query.wanted.get(name, ())
    wanted = sorted(range(len(tags.values)), key=lambda n: -int(counts[n]))[:MOST_VALUES]
    keep = set(wanted) | {tags.code(value) for value in chosen}
    return {
        "id": name,
        "title": tags.title,
        "values": [
            {"id": value, "title": title, "count": int(counts[n]), "on": value in chosen}
            for n, (value, title) in enumerate(tags.values)
            if n in keep and (counts[n] or value in chosen)
        ],
        "more": len(tags.values) - len(wanted),
    }


def _number(text: str | None, otherwise: int, most: int) -> int:
    """A whole number from an address, within 0..most."""
    try:
        return max(0, min(int(text or otherwise), most))
    except ValueError:
        return min(otherwise, most)
