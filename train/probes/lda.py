"""A probe in closed form: every class is a cloud of one shape about its mean, on frozen
features.

Linear discriminant analysis (Fisher 1936), the covariance within classes shrunk towards a round
one (Friedman 1989). From few photos, and from wrong labels, it knows more than the logistic
regression of `train.probes.logistic`: the shape of the clouds is learned from all photos
together, and a slip moves a mean a little where it would bend a regression towards itself. How
sure it is, one factor, is fitted to photos that were held out.

    from train.probes.lda import fit_discriminant
    fit_discriminant(features, labels, classes=81).logits(others)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_cards.bulk.batching import batches
from train.probes.logistic import UNSEEN, Groups, Probe, folds_of, own_cores
from train.statistics.metrics import softmax

# Share of the round covariance. Of .03 to .3 it was best of groceries with five photos a class and
# with 20 and 40 % of the labels wrong; with all of them right .03 is half a point better
# (docs/decisions/label-doubt.md).
SHRUNK = 0.1
FOLDS = 5
BELOW = 30.0  # how far the bias of a class without photos lies below all others
AT_ONCE = 1024  # photos that are looked at
ASKED = 20_000  # photos that say how sure to be
SURENESS = -14.0, 5.0  # between these logarithms


def fit_discriminant(x: np.ndarray, y: np.ndarray, classes: int) -> Probe:
    """Fit on x (n, d) and y (n,) in 0..classes-1. A class without photos keeps a low bias: next
    to no probability."""
    with own_cores(x.size):
        known = _Known(x, y, folds_of(np.asarray(y), range(len(y)), FOLDS), classes)
        w, b = known.solved(known.whole)
        # Of two photos of a thing, to hold one out is to know half as much: then it is at least as
        # sure as to give what it learned from one chance in two.
        sureness = max(
            _sureness(known.held_out(), known.y), _sureness(known.logits(w, b), known.y, 0.5)
        )
        return known.probe(sureness)


def fit_beside(
    x: np.ndarray, y: np.ndarray, fold: np.ndarray, classes: int, shrunk: float = SHRUNK
) -> tuple[Probe, np.ndarray]:
    """The probe of all photos, and what it would have said of those that have a fold from 0 on
    in `fold` (n,), one after the other: logits (h, c), each by what saw no photo of its fold.
    These say how sure to be."""
    with own_cores(x.size):
        known = _Known(x, y, fold, classes, shrunk)
        asked = np.flatnonzero(np.asarray(fold) >= 0)
        logits = known.held_out()[asked]
        sureness = _sureness(logits, known.y[asked])
        said = sureness * np.where(np.isfinite(logits), logits, 0.0)
        unseen = said.min(axis=1, initial=0.0)[:, None] - BELOW
        return known.probe(sureness), np.where(np.isfinite(logits), said, unseen).astype(np.float32)


def out_of_fold(x: np.ndarray, y: np.ndarray, groups: Groups, classes: int) -> np.ndarray:
    """Probabilities (n, c) of each photo by what saw neither it nor any of its group, as
    `train.probes.logistic.out_of_fold`."""
    with own_cores(x.size):
        known = _Known(x, y, folds_of(np.asarray(y), groups, FOLDS), classes)
        out = known.held_out()
        sureness = _sureness(out, known.y)
    # In its place: of very many photos every copy is large.
    for start in range(0, len(out), AT_ONCE):
        p = np.maximum(softmax(out[start : start + AT_ONCE].astype(np.float64) * sureness), UNSEEN)
        out[start : start + AT_ONCE] = p / p.sum(axis=1, keepdims=True)
    return out


@dataclass(frozen=True)
class _Sums:
    """What photos come to: how many of each class (c,), their sums (c, d) and products (d, d),
    about a middle."""

    counts: np.ndarray
    sums: np.ndarray
    products: np.ndarray

    def plus(self, other: _Sums, times: int) -> _Sums:
        """With the other photos as well, or without them."""
        return _Sums(
            self.counts + times * other.counts,
            self.sums + times * other.sums,
            self.products + times * other.products,
        )

    def solved(self, shrunk: float) -> tuple[np.ndarray, np.ndarray]:
        """Weights (d, c) and biases (c,), the covariance that much rounder; how common a class
        is plays no part, nobody knows what will be asked."""
        seen = self.counts > 0
        n = max(1.0, float(self.counts.sum()))
        d = self.sums.shape[1]
        means = self.sums / np.maximum(self.counts, 1)[:, None]
        within = self.products - self.sums.T @ means
        free = n - float(seen.sum())
        # One photo of each: there is nothing within a class.
        if free <= 0 or np.trace(within) <= 1e-9 * np.trace(self.products):
            middle = self.sums.sum(axis=0) / n
            within = self.products - n * np.outer(middle, middle)
            free = n
        usual = max(float(np.trace(within)) / d, 1e-12)
        w = (
            np.linalg.solve(((1 - shrunk) * within + shrunk * usual * np.eye(d)) / free, means.T)
            * seen
        )
        return w, -(means.T * w).sum(axis=0) / 2


class _Known:
    """Photos with their classes, and the sums over each fold, so that leaving a fold out is a
    subtraction. Photos in a fold below 0 are never left out."""

    def __init__(
        self, x: np.ndarray, y: np.ndarray, fold: np.ndarray, classes: int, shrunk: float = SHRUNK
    ) -> None:
        self.x = np.asarray(x)
        self.y = np.asarray(y, np.int64)
        self.classes = classes
        self.shrunk = shrunk
        sums = [
            self.x[part].sum(axis=0, dtype=np.float64)
            for part in batches(range(len(self.y)), AT_ONCE)
        ]
        self.middle = np.asarray(
            sum(sums, np.zeros(self.x.shape[1])) / max(1, len(self.y)), np.float32
        )
        self.folds = {
            int(one): (held, self._summed(held))
            for one in np.unique(fold)
            for held in [np.flatnonzero(fold == one)]
        }
        self.whole = self._summed(np.zeros(0, np.int64))
        for _, part in self.folds.values():
            self.whole = self.whole.plus(part, 1)

    def solved(self, sums: _Sums) -> tuple[np.ndarray, np.ndarray]:
        """Weights (d, c) and biases (c,) of what some of the photos come to, how sure they are
        left open."""
        return sums.solved(self.shrunk)

    def probe(self, sureness: float) -> Probe:
        """Of all photos; a class without any lies far below all others."""
        (w, b), seen = self.solved(self.whole), self.whole.counts > 0
        w = sureness * w
        b = sureness * b
        b = np.where(seen, b, b.min(initial=0.0, where=seen) - BELOW)
        scale = np.sqrt(np.maximum(np.diag(self.whole.products) / max(1, len(self.y)), 1e-12))
        return Probe(
            (w * scale[:, None]).astype(np.float32),
            b.astype(np.float32),
            self.middle,
            scale.astype(np.float32),
        )

    def held_out(self) -> np.ndarray:
        """Logits (n, c) float32, how sure they are left open; -inf for a class that the other
        folds do not show."""
        out = np.zeros((len(self.y), self.classes), np.float32)
        for one, (held, part) in self.folds.items():
            rest = self.whole.plus(part, -1)
            seen = rest.counts > 0
            if one < 0 or not seen.any():
                continue
            w, b = self.solved(rest)
            for some in batches(held.tolist(), AT_ONCE):
                out[some] = np.where(seen, self._about(some) @ w.astype(np.float32) + b, -np.inf)
        return out

    def logits(self, w: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(n, c) float32 of all photos, by weights (d, c) and biases (c,) about the middle."""
        out = np.zeros((len(self.y), self.classes), np.float32)
        for some in batches(range(len(self.y)), AT_ONCE):
            out[some] = self._about(some) @ w + b
        return out

    def _summed(self, rows: np.ndarray) -> _Sums:
        d = self.x.shape[1]
        counts = np.zeros(self.classes)
        sums = np.zeros((self.classes, d))
        products = np.zeros((d, d))
        for some in batches(rows.tolist(), AT_ONCE):
            z = self._about(some)
            of = np.eye(self.classes, dtype=np.float32)[self.y[some]]
            counts += of.sum(axis=0)
            sums += of.T @ z
            products += z.T @ z
        return _Sums(counts, sums, products)

    def _about(self, rows: list[int]) -> np.ndarray:
        """Features about the middle, widened part by part: of very many photos every copy is
        large."""
        return np.asarray(self.x[rows], np.float32) - self.middle


def _sureness(logits: np.ndarray, y: np.ndarray, slips: float | None = None) -> float:
    """The factor that makes logits (n, c) as confident as they are right, by cross-entropy; next to
    nothing where no photo says anything. `slips`: the share that counts as wrong besides those that
    are; one photo when left out, as if the next were wrong (Laplace's rule of succession)."""
    from scipy.optimize import minimize_scalar

    own = logits[np.arange(len(y)), y]
    rows = np.flatnonzero(np.isfinite(own))
    rows = rows[:: max(1, len(rows) // ASKED)]
    if not len(rows):
        return float(np.exp(SURENESS[0]))
    slips = 1 / (len(rows) + 2) if slips is None else slips
    z = logits[rows].astype(np.float64)
    usual = np.nanmean(np.where(np.isfinite(z), z, np.nan), axis=1)
    highest = z.max(axis=1)
    z = z - highest[:, None]
    wanted = (1 - slips) * own[rows] + slips * usual - highest

    def surprise(log: float) -> float:
        by = float(np.exp(log))
        return float((np.log(np.exp(by * z).sum(axis=1)) - by * wanted).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=SURENESS, method="bounded").x))
