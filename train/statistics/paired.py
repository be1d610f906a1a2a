"""Two models, one test: which is better, by how much, and how far to trust that. Pure arrays, no
model in sight.

paired(before, after, groups)  before, after (n,) bool: who was right; groups (n,): near-copies
count together
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import comb, sqrt
from typing import Any

import numpy as np

from train.statistics.metrics import wilson

RESAMPLES = 4_000
AT_ONCE = 500
SURE = 0.95


@dataclass(frozen=True)
class Paired:
    """`n` photos answered by both; `better`: only the later model is right, `worse`: only the
    earlier one.

    `low`, `high`: 95 % interval of `difference`, a fraction; `p`: McNemar's exact test;
    `visible`: the smallest difference that this many photos could distinguish from zero.
    """

    n: int
    before: int
    after: int
    better: int
    worse: int
    low: float
    high: float
    p: float
    visible: float

    @property
    def difference(self) -> float:
        """Share right after, less the share right before."""
        return (self.after - self.before) / self.n if self.n else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values, the difference among them."""
        return asdict(self) | {"difference": self.difference}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Paired:
        """What `to_json` made."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Changed:
    """A test photo that only one of the two models names rightly; class ids."""

    image_id: str
    truth: str
    before: str
    after: str

    @property
    def is_better(self) -> bool:
        """Whether the later model is the one that is right."""
        return self.after == self.truth


def paired(
    before: Sequence[bool] | np.ndarray,
    after: Sequence[bool] | np.ndarray,
    groups: Sequence[object] | None = None,
) -> Paired:
    """The paired difference of two models on the same photos.

    The interval is the wider of two at each end: Newcombe's score interval for paired shares
    (1998, method 10), which stays honest where few photos or none changed, and a bootstrap over
    `groups`, since near-copies are no news.
    """
    was = np.asarray(before, bool)
    now = np.asarray(after, bool)
    better = int((now & ~was).sum())
    worse = int((was & ~now).sum())
    both = int((now & was).sum())
    low, high = score_interval(both, better, worse, len(was))
    if groups is not None and len(set(groups)) > 1:
        drawn = bootstrap_interval(now.astype(int) - was.astype(int), groups)
        low = min(low, drawn[0])
        high = max(high, drawn[1])
    return Paired(
        len(was),
        int(was.sum()),
        int(now.sum()),
        better,
        worse,
        low,
        high,
        mcnemar(better, worse),
        smallest_visible(len(was), int(was.sum())),
    )


def mcnemar(better: int, worse: int) -> float:
    """Chance of so uneven a division, or a more uneven one, if every changed photo were a coin's
    toss (two-sided)."""
    changed = better + worse
    tail = sum(comb(changed, k) for k in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / 2**changed)


def score_interval(both: int, better: int, worse: int, n: int) -> tuple[float, float]:
    """Newcombe's interval for the difference of two paired shares. `both`: photos that both
    models name rightly."""
    if not n:
        return -1.0, 1.0
    now = wilson(both + better, n)
    was = wilson(both + worse, n)
    p = (both + better) / n
    q = (both + worse) / n
    together = _correlation(both, better, worse, n - both - better - worse)
    theta = (better - worse) / n
    below = p - now.low
    above = was.high - q
    low = theta - sqrt(max(0.0, below**2 - 2 * together * below * above + above**2))
    above = now.high - p
    below = q - was.low
    high = theta + sqrt(max(0.0, below**2 - 2 * together * below * above + above**2))
    return max(-1.0, low), min(1.0, high)


def bootstrap_interval(change: np.ndarray, groups: Sequence[object]) -> tuple[float, float]:
    """Percentiles of the mean of `change` (n,) when whole groups are drawn again."""
    names, member = np.unique(np.asarray([str(group) for group in groups]), return_inverse=True)
    sums = np.bincount(member, weights=change)
    sizes = np.bincount(member)
    rng = np.random.default_rng(0)
    means = []
    for _ in range(0, RESAMPLES, AT_ONCE):
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=AT_ONCE)
        means.append((drawn @ sums) / (drawn @ sizes))
    low, high = np.quantile(np.concatenate(means), [(1 - SURE) / 2, (1 + SURE) / 2])
    return float(low), float(high)


def smallest_visible(n: int, right: int) -> float:
    """The smallest gain over `right` of `n` whose interval is wholly above zero, if no photo became
    worse."""
    for better in range(1, n + 1):
        both = min(right, n - better)
        if score_interval(both, better, 0, n)[0] > 0:
            return better / n
    return 1.0


def changed(
    truth: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]
) -> list[Changed]:
    """Photos that only one model names rightly, by image_id; those that either did not answer
    are left out."""
    rows = (
        Changed(image_id, truth[image_id], before[image_id], after[image_id])
        for image_id in sorted(set(truth) & set(before) & set(after))
    )
    return [row for row in rows if (row.before == row.truth) != (row.after == row.truth)]


def _correlation(both: int, better: int, worse: int, neither: int) -> float:
    """Phi of the two models' rightness, with Newcombe's correction towards none."""
    n = both + better + worse + neither
    spread = (both + better) * (worse + neither) * (both + worse) * (better + neither)
    if not spread:
        return 0.0
    shared = both * neither - better * worse
    corrected = max(shared - n / 2, 0.0) if shared > 0 else float(shared)
    return corrected / sqrt(spread)
