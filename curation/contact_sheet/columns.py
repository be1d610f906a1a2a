"""What a contact sheet knows about every photo, as arrays: values to filter by, numbers to sort by,
words to search.

    columns = Columns(ids, facets, numbers, words, sealed)

Pure: nothing here knows where the values come from. Rows are photos, in storage order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

NONE = "-"  # the value of a photo that has none


@dataclass(frozen=True)
class Tags:
    """One thing to filter by. `values`: (id, title) in the order in which they are listed.

    Photo `rows[i]` has the value `codes[i]`; a photo may have several values, or none.
    `opinion`: codes that reveal what the model thinks; they are hidden for sealed photos.
    """

    title: str
    values: tuple[tuple[str, str], ...]
    rows: np.ndarray
    codes: np.ndarray
    opinion: frozenset[int] = frozenset()

    def code(self, value: str) -> int:
        """The code of a value id; -1 for one that no photo has."""
        return next((n for n, (name, _) in enumerate(self.values) if name == value), -1)


@dataclass(frozen=True)
class Columns:
    """`ids` (n); `facets` by name; `numbers` by name, each (n,) float with NaN where nothing is
    known; `words`: for each photo what a text search looks through, folded by `folded`; `sealed`
    (n,) bool: photos of the test."""

    ids: Sequence[str]
    facets: Mapping[str, Tags]
    numbers: Mapping[str, np.ndarray]
    words: Sequence[str]
    sealed: np.ndarray
    row_of: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


def tags_of(
    title: str,
    pairs: Iterable[tuple[int, str]],
    titles: Mapping[str, str] | None = None,
    listed: Sequence[str] = (),
    opinion: Iterable[str] = (),
) -> Tags:
    """Tags from (row, value id). Values are listed as in `listed`, then the others by name.

    `titles`: value id -> the words people read, by default the id itself.
    """
    named = titles or {}
    first: dict[str, int] = {}  # the order in which values come
    rows: list[int] = []
    came: list[int] = []
    for row, value in pairs:
        rows.append(row)
        came.append(first.setdefault(value, len(first)))
    values = dict.fromkeys(map(clean, first))
    known = [value for value in listed if value in values]
    others = values.keys() - set(known)
    order = known + sorted(
        others, key=lambda value: (value == NONE, named.get(value, value).casefold())
    )
    place = {value: n for n, value in enumerate(order)}
    turned = np.array([place[clean(value)] for value in first], np.int64)
    return Tags(
        title,
        tuple((value, named.get(value, value)) for value in order),
        np.array(rows, np.int64),
        turned[np.array(came, np.int64)] if came else np.zeros(0, np.int64),
        frozenset(place[value] for value in opinion if value in place),
    )


def clean(value: str) -> str:
    """A value without "|", which separates values in an address."""
    return value.replace("|", "/") or NONE


def folded(text: str) -> str:
    """Text as it is searched: small letters, no accents.

    >>> folded("Café Nº3")
    'cafe nº3'
    """
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))
