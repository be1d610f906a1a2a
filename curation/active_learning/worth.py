"""Ten minutes at the light table: the questions that are worth most for the time they take.

    worth_most(questions, seconds=600)       the names to ask, in order, that fit
    gain_of(x, before, after, tested)        what the labels given meanwhile are worth, measured

Pure functions. A question's gain is how many labels it is expected to put right, or how much of an
honest test it saves, in the same unit: one wrong label of a photo that is learned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from data_cards.wording import counted, points
from train.probes.logistic import fit_probe
from train.statistics.paired import Paired, paired

# What a question is worth, beside one wrong label put right, times how likely it is that it changes
# anything (its score). A photo that is in train and test is worth more than one label: it makes the
# figure that everybody reads too good. Judgement, not measurement.
GAINS = {
    "labels": 1.0,
    "conflicts": 1.0,
    "visitors": 1.0,
    "leaks": 1.5,
    "unlabelled": 0.6,
    "duplicates": 0.2,
    "alike": 0.1,
    "quality": 0.15,
}
# Seconds a question takes, until somebody's own pace on such questions is known: guesses.
SECONDS = {
    "labels": 5.0,
    "conflicts": 9.0,
    "visitors": 7.0,
    "leaks": 6.0,
    "unlabelled": 5.0,
    "duplicates": 5.0,
    "alike": 5.0,
    "quality": 4.0,
}
FEWEST_GAPS = 10
PAUSE = 60.0  # seconds between two decisions; above this somebody did something else
CONVINCING = 3  # the surest questions come first: whoever sees that it is right goes on
MOST_LEARNED = 3_000  # photos that a measurement learns from: some seconds
FEWEST_TESTED = 20


@dataclass(frozen=True)
class Question:
    """`name`, its `pile`, and how sure the scan is that something is wrong, 0 to 1."""

    name: str
    pile: str
    score: float


def worth_most(
    questions: Sequence[Question], seconds: float, pace: dict[str, float] | None = None
) -> list[str]:
    """The names of the questions that fit into so many seconds: the surest CONVINCING first, then
    by gain a second. `pace`: seconds a question of a pile takes this person."""
    took = SECONDS | (pace or {})
    surest = sorted(questions, key=lambda one: -one.score * GAINS.get(one.pile, 0.0))[:CONVINCING]
    first = {one.name for one in surest}
    rest = [one for one in questions if one.name not in first]
    rest.sort(key=lambda one: -one.score * GAINS.get(one.pile, 0.0) / took[one.pile])
    chosen = list[str]()
    left = seconds
    for one in [*surest, *rest]:
        if left <= 0:
            break
        chosen.append(one.name)
        left -= took[one.pile]
    return chosen


def pace_of(decided: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Seconds a decision on each pile takes somebody, where that is known: the median gap.

    `decided`: (pile, moment in seconds) of one person, in order.
    """
    gaps: dict[str, list[float]] = {}
    for (_, before), (pile, now) in pairwise(decided):
        if 0 < now - before <= PAUSE:
            gaps.setdefault(pile, []).append(now - before)
    return {pile: median(some) for pile, some in gaps.items() if len(some) >= FEWEST_GAPS}


def gain_of(
    x: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    tested: np.ndarray,
    groups: Sequence[object] | None = None,
) -> Paired | None:
    """Two linear probes on embeddings x (n, d), one taught with the labels before and one with
    those after, both asked about the photos of the test.

    Labels are class numbers (n,), -1 for none; `tested` (n,) bool: photos that nobody learns from.
    What is right is the label after. None where the test is too small.
    """
    rows = np.flatnonzero(tested & (after >= 0))
    if len(rows) < FEWEST_TESTED:
        return None
    right = []
    for labels in (before, after):
        taught = np.flatnonzero(~tested & (labels >= 0))
        taught = np.random.default_rng(0).permutation(taught)[:MOST_LEARNED]
        right.append(_said(x, labels, taught, rows) == after[rows])
    mine = [groups[row] for row in rows.tolist()] if groups else None
    return paired(right[0], right[1], mine)


def _said(x: np.ndarray, labels: np.ndarray, taught: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """What a probe trained on these labels answers for other rows; -1 if there was nothing to train
    on."""
    classes = np.unique(labels[taught])
    if len(classes) < 2:
        return np.full(len(rows), classes[0] if len(classes) else -1)
    own = np.searchsorted(classes, labels[taught])
    probe = fit_probe(x[taught], own, len(classes))
    return np.asarray(classes[probe.logits(x[rows]).argmax(axis=1)])


def gain_in_words(found: Paired | None, fixed: int, decisions: int) -> str:
    """The receipt, in a sentence or two."""
    did = f"{counted(decisions, 'decision')}, {fixed} of them a change"
    if found is None:
        needs = f"that takes a scan, and {FEWEST_TESTED} test photos"
        return f"{did}. What they are worth cannot be measured yet: {needs}."
    return (
        f"{did}: about {points(found.difference)} points ({points(found.low)} to "
        f"{points(found.high)}), measured with a quick model trained on the labels before and "
        f"after, on {counted(found.n, 'test photo')}."
    )
