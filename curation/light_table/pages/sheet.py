"""The page "All photos": the whole collection as a contact sheet, a window of it at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np

from curation.contact_sheet.columns import Columns, Tags
from curation.contact_sheet.likeness import index_of, more_like
from curation.contact_sheet.query import SORTS, Found, Query, find, read_query
from curation.light_table.session.photo_columns import Collected, collected, columns_for
from curation.light_table.session.placard import Records
from curation.light_table.session.table import LightTable
from data_cards.annotations.remarks import remarks_of
from data_cards.wording import counted
from train.inference.photo_index import Index
from train.inference.text_search import WordSearch

WINDOW = 120  # cells in an answer, unless another number is asked for
MOST_CELLS = 2_000  # as many as one step may decide
MOST_VALUES = 200  # of one filter in an answer, those with most photos
KEPT = 16  # queries whose order is remembered, so that scrolling costs a slice
SEALED_LIKE = (
    "This photo is in the sealed test: its look-alikes would reveal what the model thinks of it."
)
NOT_SEEN = (
    "No scan on this machine has looked at this photo yet: vitrine scan DATASET. Then try again."
)
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
        self._picked: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._index: tuple[object, Index] | None = None
        self._search: tuple[object, WordSearch | None] | None = None
        self._collect()  # now, and not while somebody waits: a second for 100,000 photos

    def show(self, who: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """`total` photos of `photos`, `cells` from the place `from`, and `version`, which is
        another one when the order may have changed. Unless `asked["only"]` is "cells": `filters`
        with counts, `sorts`, and what is `held` back in a sentence."""
        liked = self._liked(asked)
        seen = None if liked is not None else self._by_sight(asked)
        with self._table.lock:
            records = self._table.records_for(who)
            columns, version = self._columns_of(who, records)
            query = read_query(asked, FILTERS)
            if asked.get("pick"):
                query = replace(query, only=self._picked.get(asked["pick"], frozenset()))
            if seen:
                query = replace(query, by_sight=True, sort=asked.get("sort") or "like")
                columns = with_number(columns, "like", ranked(columns, query, seen))
            if liked is not None:
                columns = with_number(columns, "like", liked)
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
                "problem": self._problem(asked, liked),
                "sees": self._words() is not None,
                "like": list(query.like),
                "unlike": list(query.unlike),
                "recent": self._recent(who, records),
            }

    def act(self, who: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """`pick`: remember photos (`ids`) that were selected on another page, for the address;
        decisions go the way of every key."""
        ids = wanted.get("ids")
        if wanted.get("do") != "pick" or not isinstance(ids, list):
            return self.show(who, {})
        photos = frozenset(map(str, ids)) & self._table.records.photos.keys()
        token = sha256("".join(sorted(photos)).encode()).hexdigest()[:12]
        self._picked[token] = photos
        while len(self._picked) > KEPT:
            self._picked.popitem(last=False)
        return {"pick": token}

    def columns(self, who: str) -> Columns:
        """What this person may know of every photo."""
        with self._table.lock:
            return self._columns_of(who, self._table.records_for(who))[0]

    def _liked(self, asked: Mapping[str, str]) -> dict[str, float] | None:
        """Likeness to the photos that were asked about; None where none were. Those of the sealed
        test are asked about in vain."""
        query = read_query(asked, FILTERS)
        if not query.like:
            return None
        photos = self._table.records.photos
        if self._index is None or self._index[0] is not photos:
            self._index = (photos, index_of(*self._table.embeddings(list(photos))))
        told = [one for one in query.like if not self._table.records.is_sealed(one)]
        return more_like(self._index[1], told, query.unlike)

    def _by_sight(self, asked: Mapping[str, str]) -> dict[str, float] | None:
        """How well photos fit the words that were typed; None where none were, or where no backbone
        with a text half looked at these photos."""
        text = asked.get("q", "").strip()
        search = self._words() if text else None
        return search.scores(text) if search else None

    def _words(self) -> WordSearch | None:
        photos = self._table.records.photos
        if self._search is None or self._search[0] is not photos:
            self._search = (photos, self._table.remembered.words(photos.keys()))
        return self._search[1]

    def _problem(self, asked: Mapping[str, str], liked: Mapping[str, float] | None) -> str:
        if asked.get("pick") and asked["pick"] not in self._picked:
            return "This selection has expired. Select the photos again."
        if liked is None or liked:
            return ""
        if any(self._table.records.is_sealed(one) for one in read_query(asked, FILTERS).like):
            return SEALED_LIKE
        return NOT_SEEN

    def _columns_of(self, who: str, records: Records) -> tuple[Columns, tuple[object, int]]:
        table = self._table
        known_photos = self._collect()
        version = (table.queue, table.book.changes)
        known = self._columns.get(who)
        if known is None or known[0] != version:
            made = columns_for(
                who,
                known_photos,
                records,
                table.book,
                table.queue,
                table.moves.blind,
                remarks_of(table.book.standing()),
                self._is_owner(who),
            )
            self._columns[who] = known = (version, made)
            while len(self._columns) > KEPT:
                self._columns.popitem(last=False)
        return known[1], version

    def _collect(self) -> Collected:
        """What came with the photos of this revision, worked out once."""
        photos = self._table.records.photos
        if self._collected is None or self._collected[0] is not photos:
            cameras = self._table.remembered.cameras(photos)
            self._collected = (photos, collected(self._table.records, cameras))
            self._columns.clear()
            self._found.clear()
        return self._collected[1]

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
            # An open question about a sealed photo would also reveal what the model thinks.
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


def with_number(columns: Columns, name: str, known: Mapping[str, float]) -> Columns:
    """The same with one more number to sort by."""
    values = np.full(len(columns), np.nan)
    for image_id, value in known.items():
        if image_id in columns.row_of:
            values[columns.row_of[image_id]] = value
    return replace(columns, numbers={**columns.numbers, name: values})


def ranked(columns: Columns, query: Query, seen: Mapping[str, float]) -> dict[str, float]:
    """Likeness to words: photos whose names, cards or notes hold them all come first, then those
    that show them best, as many as one step may decide. Cosines lie within -1..1."""
    written = find(columns, Query(text=query.text)).rows
    first = {columns.ids[row]: 2.0 + seen.get(columns.ids[row], 0.0) for row in written}
    best = sorted(seen, key=lambda image_id: -seen[image_id])[:MOST_CELLS]
    return {image_id: seen[image_id] for image_id in best} | first


def held_back(count: int) -> str:
    """A sentence; empty for none."""
    if not count:
        return ""
    are = "is" if count == 1 else "are"
    return (
        f"{counted(count, 'photo')} of the sealed test {are} not shown here, since this view "
        "would reveal what the model thinks of them."
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
