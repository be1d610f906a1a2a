"""Which photos are asked for, in which order, and how many there would be with one more filter.

    found = find(columns, read_query({"class": "mug|bowl", "q": "kitchen", "sort": "name"}))

Filters combine: photos that have one of the values of every filter. The count beside a value says
how many photos there would be with it instead of the others of its filter. Photos of the sealed
test are left out, and counted, where filter or order would tell what the model thinks of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import reduce
from re import compile as pattern

import numpy as np

from curation.contact_sheet.columns import Columns, Tags, folded

SEPARATOR = "|"
# Sorts: name -> whether the largest come first. Those in OPINIONS tell what the model thinks.
SORTS: dict[str, tuple[str, bool]] = {
    "stored": ("as they came", False),
    "doubt": ("most doubtful first", True),
    "unsure": ("least certain first", True),
    "decided": ("decided last first", True),
    "taken": ("taken first", False),
    "added": ("added last first", True),
    "name": ("by file name", False),
    "like": ("most alike first", True),
}
OPINIONS = frozenset({"doubt", "unsure", "like"})


@dataclass(frozen=True)
class Query:
    """`wanted`: filter name -> value ids, any of them; `text`: every word must be found; `name`: a
    file name, or a pattern with * and ?; `only`: image_ids, where a selection was made elsewhere;
    `like` and `unlike`: image_ids that the photos should look like, and not; `by_sight`: the words
    are looked for in what photos show, and so leave none out.
    """

    wanted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    text: str = ""
    name: str = ""
    sort: str = "stored"
    only: frozenset[str] | None = None
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    by_sight: bool = False


@dataclass(frozen=True)
class Found:
    """`rows`: places of the photos in order; `counts`: for every filter, photos by value code;
    `held_back`: sealed photos that match but are not told; `unknown`: filters or values that the
    collection does not have."""

    rows: np.ndarray
    counts: Mapping[str, np.ndarray]
    held_back: int
    unknown: tuple[str, ...] = ()


def read_query(asked: Mapping[str, str], filters: Sequence[str]) -> Query:
    """A query from the texts of an address. Whatever is not understood is left out."""
    wanted = {name: _several(asked[name]) for name in filters if asked.get(name)}
    like = _several(asked.get("like", ""))
    sort = asked.get("sort", "like" if like else "")
    return Query(
        {name: values for name, values in wanted.items() if values},
        asked.get("q", "").strip(),
        asked.get("name", "").strip(),
        sort if sort in SORTS else "stored",
        like=like,
        unlike=_several(asked.get("unlike", "")),
    )


def _several(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in text.split(SEPARATOR) if value))


def find(columns: Columns, query: Query) -> Found:
    """The photos of a query. Takes a few passes over arrays of n, whatever the query."""
    base = _matching_text(columns, query)
    masks: dict[str, np.ndarray] = {}
    told: dict[str, np.ndarray] = {}
    for name, values in query.wanted.items():
        tags = columns.facets.get(name)
        if tags is None:
            continue
        told[name] = _having(tags, values, columns.sealed)
        # Which sealed photos match would be telling as well, so all of them are held back.
        asks = any(tags.code(value) in tags.opinion for value in values)
        masks[name] = told[name] | columns.sealed if asks else told[name]
    matches = reduce(np.logical_and, masks.values(), base)
    shown = reduce(np.logical_and, told.values(), base)
    if query.like or query.by_sight:  # only what was found to be like it
        matches = matches & (np.isfinite(columns.numbers["like"]) | columns.sealed)
        shown = shown & np.isfinite(columns.numbers["like"])
    if query.like or query.by_sight or query.sort in OPINIONS:
        shown = shown & ~columns.sealed
    counts = {
        name: _counted(
            tags,
            reduce(np.logical_and, (m for other, m in told.items() if other != name), base),
            columns.sealed,
        )
        for name, tags in columns.facets.items()
    }
    held = int((matches & columns.sealed & ~shown).sum())
    return Found(
        _sorted(columns, np.flatnonzero(shown), query), counts, held, _unknown(columns, query)
    )


def _matching_text(columns: Columns, query: Query) -> np.ndarray:
    matches = np.ones(len(columns), bool)
    if query.only is not None:
        wanted = query.only
        matches &= np.fromiter((one in wanted for one in columns.ids), bool, len(columns))
    for word in folded(query.text).split() if not query.by_sight else ():
        matches &= np.fromiter((word in words for words in columns.words), bool, len(columns))
    if query.name:
        matches &= _named(columns.words, query.name)
    return matches


def _named(words: Sequence[str], name: str) -> np.ndarray:
    """Photos with a file of this name; the names stand first among the words, a line each."""
    wanted = folded(name)
    if "*" not in wanted and "?" not in wanted:
        return np.fromiter((wanted in one.split("\n\n", 1)[0] for one in words), bool, len(words))
    fits = pattern(translate(wanted)).match
    return np.fromiter(
        (any(map(fits, one.split("\n\n", 1)[0].split("\n"))) for one in words), bool, len(words)
    )


def _having(tags: Tags, values: Sequence[str], sealed: np.ndarray) -> np.ndarray:
    """(n,) whether each photo has one of the values; sealed ones do not have those that tell an
    opinion."""
    codes = [tags.code(value) for value in values]
    has = np.zeros(len(sealed), bool)
    for code in codes:
        rows = tags.rows[tags.codes == code]
        if code in tags.opinion:
            rows = rows[~sealed[rows]]
        has[rows] = True
    return has


def _counted(tags: Tags, matches: np.ndarray, sealed: np.ndarray) -> np.ndarray:
    keep = matches[tags.rows]
    if tags.opinion:
        opinion = np.isin(tags.codes, list(tags.opinion))
        keep = keep & ~(opinion & sealed[tags.rows])
    return np.bincount(tags.codes[keep], minlength=len(tags.values))


def _sorted(columns: Columns, rows: np.ndarray, query: Query) -> np.ndarray:
    """Rows in order; rows without a number come last, and ties keep their order."""
    by = columns.numbers.get(query.sort)
    if by is None:
        return rows
    keys = by[rows]
    if SORTS[query.sort][1]:
        keys = -keys
    return rows[np.argsort(keys, kind="stable")]  # NaN sorts last


def _unknown(columns: Columns, query: Query) -> tuple[str, ...]:
    return tuple(
        value
        for name, values in query.wanted.items()
        for value in values
        if name not in columns.facets or columns.facets[name].code(value) < 0
    )
