"""How good each person's answers are, and what a photo most likely shows when several were
asked.

With a model's probabilities: CROWDLAB (Goh, Tkachenko, Mueller 2022, arXiv:2210.06812), which
weighs people and the model by how well each agrees with the rest. Without: Dawid and Skene
(1979), smoothed. Tables of answers are those of `curation/decisions/agreement.py`: (photos,
people), a class by number, -1 where a person was not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curation.decisions.agreement import Answers, votes_of

LEAST = 1e-6
ROUNDS = 100
SETTLED = 1e-6


@dataclass(frozen=True)
class Crowd:
    """`chances` (photos, classes), `consensus` (photos,) the likeliest class, `quality`
    (people,) 0 to 1, `model`: what the model weighs, where a person who is always with the
    others weighs 1."""

    chances: np.ndarray
    consensus: np.ndarray
    quality: np.ndarray
    model: float = 0.0


def crowdlab(answers: np.ndarray, probabilities: np.ndarray) -> Crowd:
    """`probabilities` (photos, classes): from a model that had not seen the photos. Needs a
    photo that several were asked about. A person without such a photo is taken for as good as
    the others; their quality is nan."""
    consensus = _majority(answers, probabilities)
    chances, _ = _weighed(answers, probabilities, consensus)
    best = chances.argmax(axis=1)
    tied = (chances == chances.max(axis=1, keepdims=True)).sum(axis=1) > 1
    consensus = np.where(tied, consensus, best)
    chances, weights = _weighed(answers, probabilities, consensus)
    return Crowd(
        chances, consensus, _quality(answers, chances, consensus, weights), float(weights[-1])
    )


def chances_among(shared: Answers, told: Sequence[Sequence[tuple[str, float]]]) -> np.ndarray:
    """(photos, classes) from a few classes with chances of each photo; what they leave goes to all
    others."""
    place = {name: n for n, name in enumerate(shared.classes)}
    chances = np.full((len(told), len(place)), np.nan)
    for row, known in enumerate(told):
        for name, chance in known:
            if name in place:
                chances[row, place[name]] = chance
    left = np.maximum(0, 1 - np.nansum(chances, axis=1))
    empty = np.isnan(chances)
    share = (left / np.maximum(1, empty.sum(axis=1)))[:, None]
    chances = np.where(empty, share, chances) + 1e-9
    return chances / chances.sum(axis=1, keepdims=True)


def _majority(answers: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """What most said; on a tie what the model finds likelier, then the rarer class."""
    votes = votes_of(answers, probabilities.shape[1])
    first = votes == votes.max(axis=1, keepdims=True)
    likely = np.where(first, probabilities, -1)
    first &= likely == likely.max(axis=1, keepdims=True)
    return np.where(first, votes.sum(axis=0), np.inf).argmin(axis=1)


def _weighed(
    answers: np.ndarray, probabilities: np.ndarray, consensus: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Chances, and the weights they were made with: one a person, the model's last."""
    asked = answers >= 0
    classes = probabilities.shape[1]
    number = asked.sum(axis=1)
    several = number > 1
    agreed = ((answers == consensus[:, None]) & asked).sum(axis=1) / np.maximum(number, 1)
    right = agreed[several].mean()
    wrong = (1 - right) / (classes - 1)
    # How often one would err by always giving the commonest class.
    commonest = np.bincount(consensus[several], minlength=classes).argmax()
    baseline = max(LEAST, float((consensus[several] != commonest).mean()))
    people = np.maximum(LEAST, 1 - (1 - _with_each_other(answers, number)) / baseline)
    error = (probabilities.argmax(axis=1)[several] != consensus[several]).mean()
    model = max(LEAST, 1 - error / baseline) * np.sqrt(number.mean())
    chances = probabilities * model
    for weight, column in zip(people, answers.T, strict=True):
        rows = np.flatnonzero(column >= 0)
        chances[rows] += weight * wrong
        chances[rows, column[rows]] += weight * (right - wrong)
    chances /= ((asked * people).sum(axis=1) + model)[:, None]
    return chances, np.array([*people, model])


def _with_each_other(answers: np.ndarray, number: np.ndarray) -> np.ndarray:
    """(people,): share of the others' answers that are like one's own; the mean of all for people
    who share no photo with others."""
    votes = votes_of(answers, int(answers.max()) + 1)
    found = np.full(answers.shape[1], np.nan)
    for person, column in enumerate(answers.T):
        rows = np.flatnonzero(column >= 0)
        others = (number[rows] - 1).sum()
        if others:
            found[person] = (votes[rows, column[rows]] - 1).sum() / others
    return np.where(np.isnan(found), np.nanmean(found), found)


def _quality(
    answers: np.ndarray, chances: np.ndarray, consensus: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    number = (answers >= 0).sum(axis=1)
    found = []
    share = weights[-1] / (weights[-1] + weights[:-1].sum() * number.mean() / answers.shape[1])
    for column in answers.T:
        mine = np.flatnonzero(column >= 0)
        both = np.flatnonzero((column >= 0) & (number > 1))
        likely = chances[mine, column[mine]].mean() if len(mine) else np.nan
        agreed = (column[both] == consensus[both]).mean() if len(both) else np.nan
        found.append(share * likely + (1 - share) * agreed)
    return np.array(found)


def dawid_skene(answers: np.ndarray, classes: int) -> Crowd:
    """Without a model: each person is right at a rate of their own and otherwise gives any other
    class; rates and classes are estimated together. A rate is pulled towards that of all people by
    the weight of one photo."""
    asked = answers >= 0
    chances = votes_of(answers, classes) / np.maximum(asked.sum(axis=1), 1)[:, None]
    quality = np.full(answers.shape[1], np.nan)
    for _ in range(ROUNDS if len(answers) else 0):
        hits = np.array([chances[rows, column[rows]].sum() for column, rows in _rows(answers)])
        rate = hits.sum() / max(asked.sum(), 1)
        quality = (hits + rate) / (asked.sum(axis=0) + 1)
        often = np.clip(quality, 1 / classes, 1 - LEAST)
        logs = np.log(np.maximum(chances.mean(axis=0), LEAST))[None].repeat(len(answers), axis=0)
        for right, (column, rows) in zip(often, _rows(answers), strict=True):
            wrong = (1 - right) / max(classes - 1, 1)
            logs[rows, column[rows]] += np.log(right) - np.log(wrong)
        after = np.exp(logs - logs.max(axis=1, keepdims=True))
        after /= after.sum(axis=1, keepdims=True)
        moved = np.abs(after - chances).max(initial=0)
        chances = after
        if moved < SETTLED:
            break
    return Crowd(chances, chances.argmax(axis=1), quality)


def _rows(answers: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(column, np.flatnonzero(column >= 0)) for column in answers.T]
