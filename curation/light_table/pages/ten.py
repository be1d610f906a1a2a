"""The page "Ten minutes": how long somebody has, the questions worth most in that time, and a
receipt at the end that was measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from curation.active_learning.worth import Question, gain_in_words, gain_of, pace_of, worth_most
from curation.light_table.session.table import LightTable
from data_cards.annotations.decision import Decision
from data_cards.annotations.ledger import fold, given_labels
from data_cards.dataset.schema import Label
from data_cards.errors import VitrineError
from train.statistics.paired import Paired

CHOICES = (5, 10, 20)
LONGEST = 120  # minutes


@dataclass(frozen=True)
class Begun:
    """When somebody began (on the ledger's clock and on one that only goes forward), and how many
    seconds they have."""

    at: str
    clock: float
    seconds: float
    questions: int


class TenMinutes:
    """Sessions of one table, by person; forgotten when the app ends. Safe for threads."""

    def __init__(self, table: LightTable, clock: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._clock = clock
        self._begun: dict[str, Begun] = {}
        self._receipts: dict[str, dict[str, Any]] = {}
        table.time_left = self.time_left

    def show(self, who: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """`choices` of minutes; while somebody is at it `left` seconds and how many `questions`;
        afterwards the `receipt`."""
        begun = self._begun.get(who)
        return {
            "choices": list(CHOICES),
            "left": self.time_left(who),
            "questions": begun.questions if begun else 0,
            "open": len(self._questions(who)),
            "receipt": self._receipts.get(who),
        }

    def act(self, who: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """`begin` with `minutes`, or `end`. Raises VitrineError."""
        if wanted.get("do") == "begin":
            self._begin(who, wanted.get("minutes"))
        elif wanted.get("do") == "end":
            self._end(who)
        else:
            raise VitrineError("The light table did not understand that. Load the page again.")
        return self.show(who, {})

    def time_left(self, who: str) -> float | None:
        """Seconds that somebody still has, not below 0; None while they have not begun."""
        begun = self._begun.get(who)
        if begun is None:
            return None
        return max(0.0, begun.seconds - (self._clock() - begun.clock))

    def _begin(self, who: str, minutes: object) -> None:
        if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 < minutes <= LONGEST:
            raise VitrineError(f"Choose between 1 and {LONGEST} minutes.")
        table = self._table
        with table.lock:
            mine = [one for one in table.book.standing() if one.who == who]
            chosen = worth_most(self._questions(who), 60.0 * minutes, pace_of(_paces(mine)))
            if not chosen:
                raise VitrineError(
                    "There are no open questions. Train again, or collect more photos."
                )
            table.plan(who, chosen)
            self._begun[who] = Begun(
                table.book.moment(), self._clock(), 60.0 * minutes, len(chosen)
            )
        self._receipts.pop(who, None)

    def _questions(self, who: str) -> list[Question]:
        queue = self._table.queue
        with self._table.lock:
            return [
                Question(item.key, item.pile, item.first.score)
                for item in queue.items.values()
                if queue.is_open(item.key, who)
            ]

    def _end(self, who: str) -> None:
        """Measured outside the lock: it takes some seconds."""
        begun = self._begun.pop(who, None)
        if begun is None:
            return
        table = self._table
        with table.lock:
            every = table.book.standing()
            photos = table.records.photos
            after = dict(table.records.labels)
            splits = table.records.splits
            table.plan(who, [])
        mine = {one.id for one in every if one.who == who and one.at >= begun.at}
        before = fold(given_labels(photos), [one for one in every if one.id not in mine])
        changed = sum(_changed(before.get(i), after.get(i)) for i in photos)
        ids, x = table.embeddings(list(photos))
        found = _gain(ids, x, before, after, splits) if mine and ids else None
        self._receipts[who] = {
            "decisions": len(mine),
            "fixed": changed,
            "sentence": gain_in_words(found, changed, len(mine)),
            "measured": found is not None,
        }


def _gain(
    ids: list[str],
    x: np.ndarray,
    before: Mapping[str, Label],
    after: Mapping[str, Label],
    splits: Mapping[str, Any],
) -> Paired | None:
    names = sorted({row.label for row in [*before.values(), *after.values()] if row.label})
    number = {name: n for n, name in enumerate(names)}
    sides = [splits[i].split if i in splits else "" for i in ids]
    groups = [splits[i].group if i in splits else i for i in ids]
    return gain_of(
        np.asarray(x, np.float32),
        _numbers(ids, before, number),
        _numbers(ids, after, number),
        np.array([side == "test" for side in sides], bool),
        groups,
    )


def _numbers(ids: list[str], labels: Mapping[str, Label], number: Mapping[str, int]) -> np.ndarray:
    rows = (labels.get(i) for i in ids)
    return np.array(
        [
            number[row.label] if row and row.label and row.status == "labelled" else -1
            for row in rows
        ],
        np.int64,
    )


def _changed(before: Label | None, after: Label | None) -> bool:
    return (
        before is None
        or after is None
        or (before.label, before.status) != (after.label, after.status)
    )


def _paces(decisions: list[Decision]) -> list[tuple[str, float]]:
    """(pile, seconds) of decisions in order, as far as the question is known by its finding."""
    piles = {"label": "labels", "unlabelled": "unlabelled", "quality": "quality", "leak": "leaks"}
    piles |= {"near_duplicate": "duplicates", "looks_alike": "alike", "conflict": "conflicts"}
    return [
        (piles.get(one.finding.rpartition("/")[2], ""), datetime.fromisoformat(one.at).timestamp())
        for one in decisions
    ]
