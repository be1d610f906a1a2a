"""How foreign a photo looks to a collection: far from every class, compared with how far from
the collection as such.

Relative Mahalanobis distance (Ren 2021) on features of length 1. What people said is "none of
these" is remembered: who is so many times closer to such a photo than to any class counts as so
many times farther from the classes. Beside it, what known things and strangers come to, found
without a photo more: photos judged by folds that did not see them, and classes hidden in turn.

    score = fit_foreignness(x, y); score(photos)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from train.probes.logistic import folds_of
from train.statistics.vectors import product, unit

# Share of the average variance to use for directions that too few photos determine.
SHRINK = 0.1
# Classes are hidden one at a time, or so many parts of them where they are more.
HIDDEN_IN = 10
# Photos are few where folds judge them, and a fit without a fifth of them knows fewer directions
# than the one that is served: known photos look more foreign to it. Of 78 pictures in 8 styles, a
# line that refuses 5 % of the known refuses .30 of 40 groceries with 5 folds, .53 with 10, .75 with
# 20 or 39.
FOLDS = 20


@dataclass(frozen=True)
class OutOfDistributionScore:
    """The score's parameters: class means (c, d), what turns differences into distances, within
    and overall, and `strangers` (k, d), features of length 1 of known "none of these"."""

    means: np.ndarray
    within: np.ndarray
    centre: np.ndarray
    overall: np.ndarray
    strangers: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Features (n, d), any length -> scores (n,), higher is more foreign."""
        z = unit(x)
        q = product(z, self.within)
        near = _nearest(q, self._classes)
        if len(self.strangers):
            near = near * np.maximum(1.0, near / np.maximum(_nearest(q, self._strangers), 1e-3))
        return np.asarray(near - (product(z - self.centre, self.overall) ** 2).sum(axis=1))

    @cached_property
    def _classes(self) -> np.ndarray:
        """Class means in units of the spread within classes."""
        return np.asarray(self.means @ self.within)

    @cached_property
    def _strangers(self) -> np.ndarray:
        return np.asarray(self.strangers @ self.within)


def fit_ood_score(
    x: np.ndarray, y: np.ndarray, none: np.ndarray | None = None
) -> OutOfDistributionScore:
    """From features (n, d) of known things and their class numbers (n,), and those of "none of
    these", (k, d)."""
    z = unit(x)
    classes = np.unique(y)
    means = np.stack([z[y == c].mean(axis=0) for c in classes])
    centre = z.mean(axis=0)
    fitted = OutOfDistributionScore(
        means, _whitening(z - means[np.searchsorted(classes, y)]), centre, _whitening(z - centre)
    )
    return replace(fitted, strangers=unit(none)) if none is not None and len(none) else fitted


def unseen_scores(
    x: np.ndarray,
    y: np.ndarray,
    groups: Sequence[object],
    seed: int = 0,
    none: np.ndarray | None = None,
    beside: tuple[np.ndarray, np.ndarray] | None = None,
) -> np.ndarray:
    """Scores of known photos, each by a fit that saw neither it nor any of its group; no order.
    `beside`: features (m, d) and class numbers (m,) of photos that every fit sees.

    Left out are those whose class no other group shows, since they are strangers to such a fit;
    all are scored (n,) where every class is like that.
    """
    more, more_y = beside or (x[:0], y[:0])
    fold = folds_of(y, list(groups), FOLDS, seed)
    parts = []
    classless = []
    for one in np.unique(fold):
        held = fold == one
        seen = np.concatenate([x[~held], more])
        seen_y = np.concatenate([y[~held], more_y])
        if not len(seen):
            continue
        scores = fit_ood_score(seen, seen_y, none)(x[held])
        known = np.isin(y[held], seen_y)
        parts.append(scores[known])
        classless.append(scores)
    if not any(map(len, parts)):
        parts = classless
    return np.concatenate(parts) if parts else np.zeros(0)


def hidden_scores(
    x: np.ndarray, y: np.ndarray, more: np.ndarray, more_y: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Scores of photos as if their own class had never been shown: simulated strangers, (n +
    m,), no order.

    `more` (m, d), `more_y` (m,): photos that are scored and not fitted to. Empty where fewer
    than two classes would stay, since the score compares classes with each other.
    """
    classes = np.unique(y)
    if len(classes) < 3:
        return np.zeros(0)
    shuffled = np.random.default_rng(seed).permutation(classes)
    scores = []
    for hidden in np.array_split(shuffled, min(HIDDEN_IN, len(classes))):
        away = np.isin(y, hidden)
        others = np.isin(more_y, hidden)
        scored = fit_ood_score(x[~away], y[~away])
        scores += [scored(x[away]), *([scored(more[others])] if others.any() else ())]
    return np.concatenate(scores)


def _nearest(q: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Squared distance (n,) of rows (n, d) to the nearest of `others` (m, d)."""
    squares = (
        (q * q).sum(axis=1)[:, None] - 2 * product(q, others.T) + (others * others).sum(axis=1)
    )
    return np.asarray(squares.min(axis=1))


def _whitening(residuals: np.ndarray) -> np.ndarray:
    spread = residuals.T @ residuals / len(residuals)
    average = float(np.trace(spread)) / len(spread)
    spread = (1 - SHRINK) * spread + (SHRINK * average + 1e-9) * np.eye(len(spread))
    return np.asarray(np.linalg.cholesky(np.linalg.inv(spread)), dtype=np.float32)
