"""Rows of one dataclass by image_id, kept as columns: as Python objects the rows of very many photos fill memory.

    measures = Columns(Measures, ((image_id, one) for image_id, one in read))
    measures[image_id].width

Numbers lie in arrays, everything else in lists of shared values. A row is put together whenever it is asked for, and
dropped again by who asked.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, MutableSequence
from dataclasses import fields
from sys import intern
from typing import Any, TypeVar, get_type_hints

Row = TypeVar("Row")
LETTERS: Mapping[type, str] = {int: "q", float: "d"}  # types that lie in an `array` of this letter


class Columns(Mapping[str, Row]):
    """A dict of rows in a fraction of its memory, in the order of the rows. A field `image_id` is the key, kept once.

    Raises KeyError for a photo that has no row, OverflowError for a whole number of more than 64 bits.
    """

    def __init__(self, kind: type[Row], rows: Iterable[tuple[str, Row]] = ()) -> None:
        types, names = get_type_hints(kind), [one.name for one in fields(kind)]  # type: ignore[arg-type]
        self._kind, self._has_key, self._place = kind, "image_id" in names, dict[str, int]()
        self._columns: dict[str, MutableSequence[Any]] = {
            name: array(LETTERS[types[name]]) if types[name] in LETTERS else [] for name in names if name != "image_id"}
        for image_id, row in rows:
            self.add(image_id, row)

    def add(self, image_id: str, row: Row) -> None:
        """One more row, or another one for a photo that has one."""
        cells = [_cell(column, getattr(row, name)) for name, column in self._columns.items()]
        at = self._place.setdefault(intern(image_id), len(self._place))
        for column, cell in zip(self._columns.values(), cells, strict=True):
            column[at:at + 1] = cell

    def __getitem__(self, image_id: str) -> Row:
        at = self._place[image_id]
        known = {name: column[at] for name, column in self._columns.items()}
        return self._kind(**({"image_id": image_id} if self._has_key else {}), **known)

    def __iter__(self) -> Iterator[str]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._place


def _cell(column: MutableSequence[Any], value: Any) -> MutableSequence[Any]:
    if isinstance(column, array):
        return array(column.typecode, (value,))
    return [intern(value) if type(value) is str else value]
