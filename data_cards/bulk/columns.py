"""Rows of one dataclass by image_id, kept as columns: as Python objects the rows of very many
photos fill memory.

    measures = Columns(Measures, ((image_id, one) for image_id, one in read))
    measures[image_id].width

Numbers lie in arrays, everything else in lists of shared values. A row is put together whenever
it is asked for, and dropped again by who asked.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence
from dataclasses import fields
from itertools import compress
from sys import intern
from typing import Any, TypeVar, get_type_hints

Row = TypeVar("Row")
LETTERS: Mapping[type, str] = {int: "q", float: "d"}  # types that lie in an `array` of this letter


class Columns(Mapping[str, Row]):
    """A dict of rows in a fraction of its memory, in the order of the rows. A field `image_id`,
    if it is the first, is the key, kept once.

    `like`: another table of the same photos, whose keys serve this one, too, and whose order it
    then has. Raises KeyError for a photo that has no row, OverflowError for a whole number of
    more than 64 bits.
    """

    def __init__(
        self,
        kind: type[Row],
        rows: Iterable[tuple[str, Row]] = (),
        like: Mapping[str, Any] | None = None,
    ) -> None:
        types, (first, *names) = get_type_hints(kind), [one.name for one in fields(kind)]  # type: ignore[arg-type]
        self._kind: Callable[..., Row] = kind
        self._has_key = first == "image_id"
        self._names = names if self._has_key else [first, *names]
        self._columns: list[MutableSequence[Any]] = [_column(types[name]) for name in self._names]
        self._borrowed = isinstance(like, Columns)
        self._place: dict[str, int] = like._place if isinstance(like, Columns) else {}
        # which places have a row
        self._there = bytearray()
        self._count = 0
        for image_id, row in rows:
            self[image_id] = row

    def __setitem__(self, image_id: str, row: Row) -> None:
        """One more row, or another one for a photo that has one."""
        cells = [
            _cell(column, getattr(row, name))
            for name, column in zip(self._names, self._columns, strict=True)
        ]
        at = self._place_of(image_id)
        while len(self._there) < at:  # photos without a row
            for column in self._columns:
                column.append(0 if isinstance(column, array) else None)
            self._there.append(0)
        for column, cell in zip(self._columns, cells, strict=True):
            column[at : at + 1] = cell
        self._count += image_id not in self
        self._there[at : at + 1] = b"\1"

    def _place_of(self, image_id: str) -> int:
        at = self._place.get(image_id)
        if at is not None:
            return at
        if self._borrowed:  # a photo that the other table does not know
            self._place = dict(self._place)
            self._borrowed = False
        return self._place.setdefault(intern(image_id), len(self._place))

    def __getitem__(self, image_id: str) -> Row:
        at = self._place[image_id]
        if at >= len(self._there) or not self._there[at]:
            raise KeyError(image_id)
        cells = [column[at] for column in self._columns]
        return self._kind(image_id, *cells) if self._has_key else self._kind(*cells)

    def __iter__(self) -> Iterator[str]:
        return compress(self._place, self._there)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, image_id: object) -> bool:
        at = self._place.get(image_id)  # type: ignore[call-overload]
        return at is not None and at < len(self._there) and bool(self._there[at])


def _column(kind: type) -> MutableSequence[Any]:
    return array(LETTERS[kind]) if kind in LETTERS else []


def _cell(column: MutableSequence[Any], value: Any) -> MutableSequence[Any]:
    if isinstance(column, array):
        return array(column.typecode, (value,))
    return [intern(value) if type(value) is str else value]
