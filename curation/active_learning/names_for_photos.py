"""Which of some names photos seem to show, from a network that lays words and photos in one space.

    fits = names_for(photos, names, nothing)     one array of rows for each name, best first

A photo goes to the name it fits best, and to none where it fits the empty name as well: a network
like CLIP (Radford et al. 2021) ranks names and says nothing about what was not named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np

from data_cards.dataset.class_names import name_key

NOTHING = "something"  # the name that a photo has to fit less than its own
MOST_NAMES = 200
LONGEST = 80  # letters of a name


def names_in(text: str, known: Collection[str] = ()) -> list[str]:
    """The names somebody typed, one a line or between commas, each once. A line that is the name of
    a class (`known`, by `name_key`) stays whole, since such a name may hold a comma.

    >>> names_in("Mug, jug\\n mug ;  tea   pot")
    ['Mug', 'jug', 'tea pot']
    >>> names_in("Harbour, Ebb\\nmug, jug", [name_key("Harbour, Ebb")])
    ['Harbour, Ebb', 'mug', 'jug']
    """
    parts = [
        part
        for line in text.splitlines()
        for part in ([line] if name_key(line) in known else re.split(r"[,;]+", line))
    ]
    typed = [" ".join(part.split())[:LONGEST] for part in parts]
    first: dict[str, str] = {}
    for one in filter(None, typed):
        first.setdefault(name_key(one), one)
    return list(first.values())[:MOST_NAMES]


def names_for(photos: np.ndarray, names: np.ndarray, nothing: np.ndarray) -> list[np.ndarray]:
    """Rows of `photos` (n, d) for each of `names` (k, d), by how far the name leads before the
    second best, with `nothing` (d,) among them. All of length 1."""
    cosines = _wide(photos) @ np.vstack([names, nothing[None]]).T
    best = cosines.argmax(axis=1)
    ordered = np.sort(cosines, axis=1)
    lead = ordered[:, -1] - ordered[:, -2]
    found = [np.flatnonzero(best == name) for name in range(len(names))]
    return [rows[np.argsort(-lead[rows], kind="stable")] for rows in found]


def ranked_names(fits: Sequence[np.ndarray]) -> list[int]:
    """The names that fit most photos first."""
    return sorted(range(len(fits)), key=lambda name: -len(fits[name]))


def _wide(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows, np.float32)
