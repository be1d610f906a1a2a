"""Labels that few other photos support: how likely each of them is wrong.

    chance_of_error(labels, known_by, embeddings, shots, share)    the chance that each is wrong

A probe knows a class of two photos by a single other photo, and hardly ever prefers it: its doubt
says nothing there. So such a label is compared with how labels fare that are known by as few shots.
Photos of the whole collection show that. Each is left with a few shots of a class, drawn by chance:
once of the class that it is called, once of another. Its doubt is how much nearer the nearest photo
of any other class is than the nearest of those few. Among labels in as much doubt, the share of
wrong ones follows from their share in all (empirical Bayes, Efron 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from curation.issues.label_beliefs import cleaned
from curation.measures.neighbours import COLUMNS, LOOKED_AT, WIDTH, evening
from train.statistics import vectors

# Other shots of its class that a label is known by. On groceries, no label wrong, the probes called
# 21 % of labels wrong that one other shot spoke for, 16 % with two, 7 % with four, 0.5 % with many.
FEW = 5
DRAWN = 400  # photos that say how labels fare
LIKELY = 0.5  # chance from which a person is asked
# Of the labels of ten public test sets 3.4 % are wrong (Northcutt et al. 2021). Less is assumed, so
# that fewer right ones are doubted; it counts as much as this many labels of the collection.
USUAL_SHARE = 0.02
AS_MANY = 200
NOBODY = -3.0  # below every cosine
AT_ONCE = 1000  # cases


@dataclass(frozen=True)
class _Case:
    """A photo (its row), what it is called, and the rows of that class it is compared with."""

    row: int
    label: int
    teachers: np.ndarray


def chance_of_error(
    labels: np.ndarray,
    known_by: np.ndarray,
    embeddings: np.ndarray,
    shots: np.ndarray,
    share: float = USUAL_SHARE,
) -> np.ndarray:
    """The chance (n,) that each label is wrong if 1 to FEW other shots support it; otherwise NaN.
    `known_by` (n,): how many do. `shots` (n,): photos of one shot share a number. `share`: of wrong
    labels in the whole collection."""
    y = np.asarray(labels, np.int64)
    chances = np.full(len(labels), np.nan)
    wanted = np.flatnonzero((known_by > 0) & (known_by <= FEW))
    if not len(wanted):
        return chances
    draw = _Draw(y, shots)
    known = [_Case(row, int(y[row]), draw.others(row, int(y[row]))) for row in wanted.tolist()]
    given = [draw.cases(few, of_another=False) for few in range(1, FEW + 1)]
    wrong = [draw.cases(few, of_another=True) for few in range(1, FEW + 1)]
    parts = [known, *given, *wrong]
    doubts = _doubts([case for cases in parts for case in cases], y, embeddings, shots)
    mine, *rest = np.split(doubts, np.cumsum([len(cases) for cases in parts])[:-1])
    for few, right, other in zip(range(1, FEW + 1), rest[:FEW], rest[FEW:], strict=True):
        here = known_by[wanted] == few
        chances[wanted[here]] = share_of_wrong(mine[here], right, other, share)
    return chances


def share_of_wrong(
    doubts: np.ndarray, given: np.ndarray, wrong: np.ndarray, share: float
) -> np.ndarray:
    """Of labels in at least as much doubt as each of these (m,), the share of wrong ones (m,).

    `given` (a,): doubts in labels as they came, `wrong` (b,): in labels known to be wrong, `share`:
    of wrong ones in all. Of few `given` nobody can say what is rare: one more is always counted.
    More doubt never means a smaller share.
    """
    if not len(wrong):
        return np.zeros(len(doubts))
    levels = np.sort(wrong)
    beyond = (len(given) - np.searchsorted(np.sort(given), levels) + 1) / (len(given) + 1)
    found = np.arange(len(levels), 0, -1) / len(levels)
    shares = np.maximum.accumulate(np.minimum(share * found / beyond, 1.0))
    place = np.searchsorted(levels, doubts, side="right") - 1
    return np.where(place >= 0, shares[place], 0.0)


def share_among(shown: np.ndarray) -> float:
    """The share of wrong labels in a collection, from which of its well-known ones are doubted."""
    return float((shown.sum() + AS_MANY * USUAL_SHARE) / (len(shown) + AS_MANY))


class _Draw:
    """Labels that are left with a few shots, drawn by chance."""

    def __init__(self, y: np.ndarray, shots: np.ndarray) -> None:
        self._y = y
        self._shots = shots
        self._rng = np.random.default_rng(0)
        order = np.argsort(y, kind="stable")
        self._members = np.split(order, np.cumsum(np.bincount(y))[:-1])
        self._rows = self._rng.permutation(len(y))[:DRAWN]

    def others(self, row: int, label: int) -> np.ndarray:
        """The photos of a class that show another shot than this photo."""
        members = self._members[label]
        return members[self._shots[members] != self._shots[row]]

    def cases(self, few: int, of_another: bool) -> list[_Case]:
        """Photos that `few` shots speak for, of their class or of another; none of smaller ones."""
        found = []
        called = self._rng.choice(self._y, len(self._rows)) if of_another else self._y[self._rows]
        for row, label in zip(self._rows.tolist(), called.tolist(), strict=True):
            others = self._rng.permutation(self.others(row, label))
            first = np.sort(np.unique(self._shots[others], return_index=True)[1])[:few]
            if len(first) == few and (not of_another or label != self._y[row]):
                found.append(_Case(row, label, others[first]))
        return found


def _doubts(cases: Sequence[_Case], y: np.ndarray, x: np.ndarray, shots: np.ndarray) -> np.ndarray:
    """How much nearer the nearest of another class is than the nearest that speaks for it (m,)."""
    unit = _unit_lengths(x)
    rows = np.array([case.row for case in cases])
    labels = np.array([case.label for case in cases])
    mine = unit(rows)
    other = np.full(len(cases), NOBODY, np.float32)
    for start in range(0, len(y), COLUMNS):
        part = slice(start, start + COLUMNS)
        some = unit(part).T
        for first in range(0, len(cases), AT_ONCE):
            asked = slice(first, first + AT_ONCE)
            alike = mine[asked] @ some
            alike[y[None, part] == labels[asked, None]] = NOBODY
            alike[shots[None, part] == shots[rows[asked], None]] = NOBODY
            other[asked] = np.maximum(other[asked], alike.max(axis=1))
    own = [(unit(case.teachers) @ one).max() for case, one in zip(cases, mine, strict=True)]
    return np.asarray(other - np.array(own))


def _unit_lengths(x: np.ndarray) -> Callable[[np.ndarray | slice], np.ndarray]:
    """Any rows as vectors of length one, every direction evened as for `evidence.neighbours`."""
    rows_of = cleaned(x)
    turn = evening(rows_of(slice(None, None, max(1, len(x) // LOOKED_AT))), WIDTH)

    def unit(rows: np.ndarray | slice) -> np.ndarray:
        return vectors.unit(rows_of(rows) @ turn)

    return unit
