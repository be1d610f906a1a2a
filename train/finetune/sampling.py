"""Which photos an epoch shows, and in what order: rare classes more often than they were
photographed.

A class of n photos is shown in proportion to n to the power 1 - balance: 0 leaves every photo
once, 1 shows every class as often as any other, 0.5 lies between (square-root sampling, Mahajan
2018). An epoch stays as long as it was.

    epoch_order([0, 0, 0, 1], 0.5, np.random.default_rng(0))
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def epoch_order(labels: Sequence[int], balance: float, rng: np.random.Generator) -> list[int]:
    """Places (n,) in the order of an epoch, of photos with these labels (n,)."""
    y = np.asarray(labels, dtype=np.int64)
    if not balance or not len(y):
        return [int(place) for place in rng.permutation(len(y))]
    classes, counts = np.unique(y, return_counts=True)
    wanted = counts ** (1.0 - balance)
    quotas = _whole(len(y) * wanted / wanted.sum(), rng)
    shown = np.concatenate(
        [
            _round_and_round(np.flatnonzero(y == one), quota, rng)
            for one, quota in zip(classes, quotas, strict=True)
        ]
    )
    return [int(place) for place in rng.permutation(shown)]


def _whole(shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Whole numbers with the same sum, each share rounded up or down so that over many epochs it
    is met."""
    edges = np.floor(np.concatenate([[0.0], np.cumsum(shares)]) + rng.random())
    edges[-1] = edges[0] + round(float(shares.sum()))
    return np.diff(edges).astype(np.int64)


def _round_and_round(places: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` places in turn: each is taken once before any is taken again."""
    whole, rest = divmod(count, len(places))
    return np.concatenate([np.tile(places, whole), rng.permutation(places)[:rest]])
