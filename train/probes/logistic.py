"""A linear probe: multinomial logistic regression on frozen features, and its out-of-fold
opinion.

A probe says in seconds what a backbone already knows about a collection; asked only about photos
it never saw, its losses find wrong labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np

from data_cards.bulk.batching import batches, side_by_side
from train.statistics.metrics import softmax

# What a class gets that a fold's training photos do not show: small, but its logarithm is still a
# number.
UNSEEN = 1e-6
# Weight decay, in units where sklearn's C is its inverse. On held-out groceries (81 classes, 880
# photos to learn from) 1 and 3 were best of 0.3 to 1000, and more rounds than these changed
# nothing.
STRENGTH = 3.0
ROUNDS = 100
LARGE = 20_000_000  # numbers: 80 MB of features
# Opinions come from probes that learned from so many photos at most, some of each class: more take
# memory and minutes. Of more, half the rounds do: on groceries half of the photos and half the
# rounds find the same wrong labels.
MOST = 10_000
OF_EACH = 50
FOLDS = 5
AT_ONCE = 4096  # rows that are looked at
Groups = Sequence[object] | np.ndarray  # (n,) the group of each photo: its name, or its number


@dataclass(frozen=True)
class Probe:
    """Weights w (d, c) and b (c,) on features standardised with mean (d,) and scale (d,)."""

    w: np.ndarray
    b: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def logits(self, x: np.ndarray) -> np.ndarray:
        """(n, d) raw features -> (n, c)."""
        return ((np.asarray(x, dtype=np.float32) - self.mean) / self.scale) @ self.w + self.b

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """(n, d) raw features -> (n, c), rows sum to 1."""
        return softmax(self.logits(x))

    def head(self) -> tuple[np.ndarray, np.ndarray]:
        """Weight (c, d) and bias (c,) of the same classifier on raw features: what a network's
        head starts from."""
        weight = (self.w / self.scale[:, None]).T
        return np.ascontiguousarray(weight), self.b - weight @ self.mean


def fit_probe(
    x: np.ndarray, y: np.ndarray, classes: int, strength: float = STRENGTH, rounds: int = ROUNDS
) -> Probe:
    """Fit on x (n, d) and y (n,) in 0..classes-1 by L-BFGS on the penalised mean cross-entropy.

    A class without photos keeps a low bias, so that it gets next to no probability.
    """
    x = np.asarray(x)
    with own_cores(x.size):
        return _fitted(x, y, np.arange(len(x)), classes, strength, rounds)


def own_cores(numbers: int) -> AbstractContextManager[object]:
    """Matrices this small are done sooner by one core than two busy ones agree on who does what."""
    import scipy.optimize  # noqa: F401  brings a BLAS of its own, and only those that are loaded are held back
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "blas") if numbers < LARGE else nullcontext()


def _fitted(
    x: np.ndarray,
    y: np.ndarray,
    rows: np.ndarray,
    classes: int,
    strength: float = STRENGTH,
    rounds: int = ROUNDS,
) -> Probe:
    """Fitted on these rows of x and y."""
    from scipy.optimize import minimize

    z = np.empty((len(rows), x.shape[1]), np.float32)
    y = np.asarray(y, np.int64)[rows]
    for first in range(
        0, len(rows), AT_ONCE
    ):  # part by part: of very many photos every copy is large
        z[first : first + AT_ONCE] = x[rows[first : first + AT_ONCE]]
    mean = z.mean(axis=0)
    z -= mean
    scale = np.maximum(np.sqrt(np.einsum("nd,nd->d", z, z) / len(z)), 1e-6)
    z /= scale
    (n, d), seen = z.shape, np.bincount(y, minlength=classes) > 0
    decay = strength / n

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w, b = _parts(flat.astype(np.float32), d)
        p = softmax(z @ w + b)
        value = -np.log(np.maximum(p[np.arange(n), y], 1e-30)).mean() + decay / 2 * float(
            (w * w).sum()
        )
        p[np.arange(n), y] -= 1
        p /= n
        return float(value), np.concatenate([(z.T @ p + decay * w).ravel(), p.sum(axis=0)]).astype(
            np.float64
        )

    start = np.concatenate([np.zeros(d * classes), np.where(seen, 0.0, -30.0)])
    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": rounds, "ftol": 1e-7, "gtol": 1e-5},
    )
    w, b = _parts(found.x.astype(np.float32), d)
    return Probe(w, b, mean, scale)


def out_of_fold(x: np.ndarray, y: np.ndarray, groups: Groups, classes: int) -> np.ndarray:
    """Probabilities (n, c) float32 of each photo by a probe that saw neither it nor any of its
    group.

    It learned from about MOST others at most. A class that a fold's training photos do not show
    gets UNSEEN there, so its photos look doubtful. If all photos of a class are one group, nothing
    better can be said.
    """
    y = np.asarray(y, dtype=np.int64)
    fold = folds_of(y, groups, _few(len(y), FOLDS))
    rounds = ROUNDS if len(y) <= MOST else ROUNDS // 2
    out = np.full((len(y), classes), 1.0 / max(classes, 1), np.float32)

    def ask(one: int) -> None:
        held = np.flatnonzero(fold == one)
        rest = enough(y, np.flatnonzero(fold != one))
        if len(rest):
            probe = _fitted(x, y, rest, classes, rounds=rounds)
            for some in batches(held.tolist(), AT_ONCE):
                p = np.maximum(probe.probabilities(x[some]).astype(float), UNSEEN)
                out[some] = p / p.sum(axis=1, keepdims=True)

    # Small folds side by side; large ones one after the other, each on all cores and with one copy
    # of the features.
    with own_cores(x.size):
        for _ in side_by_side(ask, np.unique(fold).tolist(), 2 if x.size < LARGE else 1):
            pass
    return out


def _few(photos: int, folds: int, most: int = MOST) -> int:
    """How many folds: of very many photos two leave about as many to learn from as five, in two
    fifths of the time."""
    return min(folds, max(2, round(photos / (photos - most)))) if photos > most else folds


def enough(y: np.ndarray, rows: np.ndarray, most: int = MOST) -> np.ndarray:
    """All of these rows, or where they are very many about `most` of them by chance: OF_EACH of
    every class at least, or as many as there are."""
    if len(rows) <= most:
        return rows
    mixed = np.random.default_rng(0).permutation(rows)
    order = np.argsort(y[mixed], kind="stable")
    first = np.searchsorted(y[mixed[order]], y[mixed[order]])
    of_its_class = np.empty(len(rows), np.int64)
    of_its_class[order] = np.arange(len(rows)) - first
    return np.sort(mixed[(of_its_class < OF_EACH) | (np.arange(len(rows)) < most)])


def folds_of(y: np.ndarray, groups: Groups, folds: int = FOLDS, seed: int = 0) -> np.ndarray:
    """A fold number (n,) per photo: groups stay whole, classes are spread evenly; fewer folds
    where groups are few."""
    numbered = (
        isinstance(groups, np.ndarray) and groups.dtype.kind == "i"
    )  # very many names would be large
    members = np.asarray(groups) if numbered else np.asarray([str(g) for g in groups])
    names, member = np.unique(members, return_inverse=True)
    folds = max(1, min(folds, len(names)))
    sizes = np.bincount(member, minlength=len(names))
    order = np.argsort(member, kind="stable")
    ends = np.cumsum(sizes).tolist()
    labels = np.asarray(y)[order].tolist()
    # Plain lists: there may be as many groups as photos, and each has few classes.
    filled = [[0] * (max(labels, default=0) + 1) for _ in range(folds)]
    place = np.zeros(len(names), dtype=np.int64)
    full = [0] * folds
    shuffled = np.random.default_rng(seed).permutation(len(names))
    # Large groups first: small ones then even out what those left uneven.
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")].tolist():
        mine = Counter(labels[ends[group] - int(sizes[group]) : ends[group]])
        fold = min(range(folds), key=lambda f: (sum(filled[f][label] for label in mine), full[f]))
        place[group] = fold
        full[fold] += mine.total()
        for label, count in mine.items():
            filled[fold][label] += count
    return place[member]


def numbered(names: Iterable[str]) -> np.ndarray:
    """A number (n,) for each name, in the order in which names come up. An array of very many names
    would be large."""
    number: dict[str, int] = {}
    return np.array([number.setdefault(name, len(number)) for name in names], np.int64)


def shots_that_teach(
    y: np.ndarray,
    shots: np.ndarray,
    fold: np.ndarray | None = None,
    teachers: np.ndarray | None = None,
) -> np.ndarray:
    """How many shots of its class could teach each label (n,): not its own, and none of its fold.

    `shots` (n,): numbers that photos of one shot share. `fold` (n,): what is held out together;
    each shot for itself. `teachers`: a mask (n,) of the photos that teach; all of them.
    """
    y = np.asarray(y, np.int64)
    held = shots if fold is None else fold
    teaching = np.ones(len(y), bool) if teachers is None else teachers
    known = np.unique(np.column_stack([y, held, shots])[teaching], axis=0)
    of_class = np.bincount(known[:, 0], minlength=int(y.max(initial=-1)) + 1)
    together = Counter(map(tuple, known[:, :2].tolist()))
    mine = (together[label, one] for label, one in zip(y.tolist(), held.tolist(), strict=True))
    return of_class[y] - np.fromiter(mine, np.int64, len(y))


def known_by(y: np.ndarray, shots: np.ndarray, teachers: np.ndarray | None = None) -> np.ndarray:
    """How many other shots of its class each label (n,) is known by; 0 where `out_of_fold` could
    use none of them."""
    known = shots_that_teach(y, shots, teachers=teachers)
    # Of very many photos the regression has fewer folds than the discriminant.
    for folds in {_few(len(y), FOLDS), FOLDS}:
        fold = folds_of(y, shots, folds)
        known = np.where(shots_that_teach(y, shots, fold, teachers) > 0, known, 0)
    return known


def _parts(flat: np.ndarray, d: int) -> tuple[np.ndarray, np.ndarray]:
    table = flat.reshape(d + 1, -1)
    return table[:-1], table[-1]
