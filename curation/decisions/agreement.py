"""Do people agree on what photos show? Pure functions of a table of answers: a row a photo, a
column a person.

table = table_of([("ann", "9f2c", "durga"), ("bob", "9f2c", "kali")])
table.answers            [[0, 1]], a class by number, -1 where a person was not asked
krippendorff_alpha(table.answers)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

MISSING = -1


@dataclass(frozen=True)
class Answers:
    """`answers` (photos, people): numbers into `classes`, -1 where there is none."""

    answers: np.ndarray
    photos: tuple[str, ...]
    people: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """How often two people were asked about the same photo and `agreed`; `kappa`: Cohen's, None
    where it means nothing; `apart`: what they most often mix up, as (class, class, times)."""

    one: str
    other: str
    shared: int
    agreed: int
    kappa: float | None
    apart: tuple[str, str, int] | None


def table_of(said: Iterable[tuple[str, str, str]]) -> Answers:
    """(who, photo, answer) -> a table. A later row of the same person and photo replaces an
    earlier one."""
    last = {(who, photo): answer for who, photo, answer in said}
    people = sorted({who for who, _ in last})
    photos = sorted({photo for _, photo in last})
    classes = sorted(set(last.values()))
    row, column, number = (
        {name: n for n, name in enumerate(names)} for names in (photos, people, classes)
    )
    answers = np.full((len(photos), len(people)), MISSING, np.int64)
    for (who, photo), answer in last.items():
        answers[row[photo], column[who]] = number[answer]
    return Answers(answers, tuple(photos), tuple(people), tuple(classes))


def votes_of(answers: np.ndarray, classes: int) -> np.ndarray:
    """(photos, people) -> (photos, classes): how many people said each class."""
    votes = np.zeros((len(answers), classes))
    for column in answers.T:
        asked = np.flatnonzero(column >= 0)
        votes[asked, column[asked]] += 1
    return votes


def krippendorff_alpha(answers: np.ndarray) -> float | None:
    """Krippendorff's alpha for names, any number of people, any of them missing (Krippendorff
    2011): 1 is agreement throughout, 0 what chance would give. None if no photo was asked about
    twice, or if there is only one answer."""
    votes = votes_of(answers, int(answers.max(initial=0)) + 1)
    votes = votes[votes.sum(axis=1) > 1]
    people = votes.sum(axis=1, keepdims=True)
    totals = votes.sum(axis=0)
    count = totals.sum()
    expected = (count**2 - (totals**2).sum()) / max(count - 1, 1)
    if not expected:
        return None
    observed = (
        (people**2 - (votes**2).sum(axis=1, keepdims=True)) / np.maximum(people - 1, 1)
    ).sum()
    return float(1 - observed / expected)


def cohen_kappa(one: np.ndarray, other: np.ndarray) -> float | None:
    """Cohen's kappa (1960) of two people's answers to the same questions (n,) and (n,); None
    where chance alone would agree on everything, or there is nothing."""
    if not len(one):
        return None
    classes = int(max(one.max(), other.max())) + 1
    said = [np.bincount(answers, minlength=classes) / len(one) for answers in (one, other)]
    chance = float(said[0] @ said[1])
    return None if chance >= 1 else float(((one == other).mean() - chance) / (1 - chance))


def pairs_of(table: Answers) -> list[Pair]:
    """Every two people who were asked about a photo both, those with most photos first."""
    found = [_pair(table, a, b) for a, b in combinations(range(len(table.people)), 2)]
    return sorted(
        (pair for pair in found if pair.shared),
        key=lambda pair: (-pair.shared, pair.one, pair.other),
    )


def _pair(table: Answers, a: int, b: int) -> Pair:
    both = table.answers[:, [a, b]]
    both = both[(both >= 0).all(axis=1)]
    one, other = both.T
    mixed = Counter(tuple(sorted(row)) for row in both[one != other].tolist())
    apart = min(mixed.items(), key=lambda item: (-item[1], item[0]), default=None)
    named = (table.classes[apart[0][0]], table.classes[apart[0][1]], apart[1]) if apart else None
    return Pair(
        table.people[a],
        table.people[b],
        len(both),
        int((one == other).sum()),
        cohen_kappa(one, other),
        named,
    )


def with_others(table: Answers) -> dict[str, tuple[int, int]]:
    """Person -> (photos that somebody else was asked about too, those of them where all said the
    same)."""
    shared = (table.answers >= 0).sum(axis=1) > 1
    alike = (votes_of(table.answers, len(table.classes)) > 0).sum(axis=1) == 1
    return {
        who: (int((mine & shared).sum()), int((mine & shared & alike).sum()))
        for who, mine in zip(table.people, (table.answers >= 0).T, strict=True)
    }


def by_class(table: Answers) -> list[tuple[str, int, int]]:
    """(class, photos that somebody called so and several were asked about, those where all did),
    least agreed first."""
    votes = votes_of(table.answers, len(table.classes))
    votes = votes[votes.sum(axis=1) > 1]
    named = (votes > 0).sum(axis=0)
    alike = ((votes > 0) & ((votes > 0).sum(axis=1, keepdims=True) == 1)).sum(axis=0)
    rows = [
        (name, int(named[n]), int(alike[n])) for n, name in enumerate(table.classes) if named[n]
    ]
    return sorted(rows, key=lambda row: (row[2] / row[1], -row[1], row[0]))
