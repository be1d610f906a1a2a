"""Labels that the photos contradict: found before training, so that nothing learns from them.
Pure arithmetic.

A label is either right, and then as likely as unseen neighbours and a probe that never saw the
photo say, or a slip, and then any label. How often labels slip is estimated with it (a mixture,
by expectation-maximisation), so that a clean collection loses nothing and nobody has to say how
clean theirs is. A second round asks only those whose labels were believed. Where opinion is
nearly unanimous, a photo is learned as what it looks like; else it is left out.

    found = doubted(features, labels, classes=81)
    found.slips, found.labels   # the estimated share of wrong ones; what to learn, -1 for nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.probes.logistic import fit_probe, folds_of, own_cores, shots_that_teach

ROUNDS = 2
FOLDS = 5
STEPS = 50
NEIGHBOURS = 10
SHARPNESS = 8.0
# chance from which a doubted photo is relabelled; 98 of 100 of those were right
RELABEL = 0.7
RARE = 0.02  # slips rarer than this are left alone: unusual photos would be most of what is found
FEW = 3  # other shots of its class; a label that fewer speak for is believed, as nobody can tell
LEAST = 20  # photos; of fewer nothing can be said
CHUNK = 2048  # photos whose neighbours are looked for at a time


@dataclass(frozen=True)
class Doubts:
    """For each photo: `right`, the chance that its label is (n,); `labels` to learn, -1 for none
    (n,).

    `slips`: the estimated share of wrong labels.
    """

    right: np.ndarray
    labels: np.ndarray
    slips: float

    @property
    def left_out(self) -> int:
        """Photos that are not learned from."""
        return int((self.labels < 0).sum())


def doubted(
    x: np.ndarray,
    y: np.ndarray,
    classes: int,
    groups: Sequence[object] | None = None,
) -> Doubts:
    """Judge the labels y (n,) in 0..classes-1 of photos with features x (n, d).

    `groups`: photos of one group (a burst, near-copies) are never asked about each other. No
    class loses all its photos: where it would, its labels are believed.
    """
    x = np.asarray(x, np.float32)
    y = np.asarray(y, np.int64)
    believed = np.ones(len(y), bool)
    untouched = Doubts(np.ones(len(y)), y.copy(), 0.0)
    if len(y) < LEAST or classes < 2:
        return untouched
    names = np.unique(
        [str(group) for group in (range(len(y)) if groups is None else groups)], return_inverse=True
    )[1]
    fold = folds_of(y, names.tolist(), FOLDS)
    near = _neighbours(x, names)
    well_known = (shots_that_teach(y, names) >= FEW) & (shots_that_teach(y, names, fold) > 0)
    if not well_known.any():
        return untouched
    for _ in range(ROUNDS):
        chances = (_asked(x, y, classes, fold, believed) + _votes(near, y, classes, believed)) / 2
        right = np.ones(len(y))
        right[well_known], slips = mixture(chances[np.arange(len(y)), y][well_known], classes)
        if slips < RARE:
            return untouched
        believed = right > 0.5
        believed |= ~np.isin(y, y[believed])
    looks_like = np.where(chances.max(axis=1) >= RELABEL, chances.argmax(axis=1), -1)
    return Doubts(right, np.where(believed, y, looks_like), slips)


def mixture(given: np.ndarray, classes: int) -> tuple[np.ndarray, float]:
    """The chance (n,) that each label is right, and the share of slips. `given`: the chance of
    the given label (n,)."""
    slips = 0.2
    for _ in range(100):  # it has settled long before
        kept = (1 - slips) * given
        right = kept / (kept + slips / classes)
        slips = min(0.9, max(1e-6, 1 - float(right.mean())))
    return right, slips


def _asked(
    x: np.ndarray, y: np.ndarray, classes: int, fold: np.ndarray, believed: np.ndarray
) -> np.ndarray:
    """(n, classes): what a probe says that learned from the believed photos of the other folds."""
    out = np.full((len(y), classes), 1 / classes)
    with own_cores(x.size):
        for one in np.unique(fold):
            rest = believed & (fold != one)
            held = fold == one
            if rest.any():
                out[held] = fit_probe(x[rest], y[rest], classes, rounds=STEPS).probabilities(
                    x[held]
                )
    return out


def _neighbours(x: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, k) and likeness (n, k) of each photo's nearest ones of other groups, nearest
    first.

    By the cosine of half-whitened features (divided by the fourth root of the covariance's
    eigenvalues): a saliency backbone's few loud directions say least about what a thing is.
    """
    centred = x - x.mean(axis=0)
    values, directions = np.linalg.eigh(centred.T @ centred / len(x))
    floor = 1e-4 * max(float(values[-1]), 1e-12)
    rotated = centred @ (directions / np.maximum(values, floor) ** 0.25)
    rotated /= np.maximum(np.linalg.norm(rotated, axis=1, keepdims=True), 1e-12)
    many = min(3 * NEIGHBOURS, len(x) - 1)
    rows = np.empty((len(x), many), np.int64)
    likeness = np.empty((len(x), many))
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        alike = rotated[part] @ rotated.T
        alike[group[part, None] == group[None, :]] = -2.0
        best = np.argpartition(-alike, many - 1, axis=1)[:, :many]
        order = np.argsort(-np.take_along_axis(alike, best, 1), axis=1, kind="stable")
        rows[part] = np.take_along_axis(best, order, 1)
        likeness[part] = np.take_along_axis(alike, rows[part], 1)
    return rows, likeness


def _votes(
    near: tuple[np.ndarray, np.ndarray], y: np.ndarray, classes: int, believed: np.ndarray
) -> np.ndarray:
    """(n, classes): the labels of the nearest believed photos, nearer ones counting more."""
    rows, likeness = near
    counts = believed[rows] & (np.cumsum(believed[rows], axis=1) <= NEIGHBOURS) & (likeness > -1.5)
    votes = np.full((len(y), classes), 1e-9)
    np.add.at(
        votes, (np.arange(len(y))[:, None], y[rows]), counts * np.exp(SHARPNESS * (likeness - 1))
    )
    return np.asarray(votes / votes.sum(axis=1, keepdims=True))
