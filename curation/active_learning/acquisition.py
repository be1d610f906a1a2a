"""Which unlabelled photos to label first: typical ones while labels are few, later those that
half-informed models disagree about, and never twenty look-alikes in a row.

    label_first(embeddings, labelled, probabilities) -> places, the first to label in front

Pure functions of arrays: embeddings (n, d), labelled (n,) class numbers with -1 where nobody has
said, probabilities (m, u, c) of m models that each see half of the features, for the u
unlabelled rows. Both regimes are one greedy cover: each photo that is asked for stands for those
that look like it, and what a model would have to guess at weighs more (facility location, Wei et
al. 2015; typical ones first, Hacohen et al. 2022; disagreement under feature dropout, Gupta et
al. 2024). The order of a cover is nested, so it does not have to know how many photos somebody
will label.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from train.probes.logistic import Probe, fit_probe
from train.statistics.metrics import softmax
from train.statistics.vectors import unit

FEW = 2.0  # labels per class, below which a model's doubts say less than what is typical
# Class numbers of photos that nobody has labelled, and of those neither learned from nor asked for.
ASKED = -1
LEFT_OUT = -2
MASKS = 20
DROPPED = 0.5
MOST = 4000  # photos that are put into order: more than anybody labels before the next scan
MOST_TAUGHT = 10_000  # labelled photos that the others are judged by
MOST_DIRECTIONS = 256
LEAST = 1e-3  # what a photo weighs that no model doubts
ALIKE = 0.5  # cosine of half-whitened embeddings: on groceries 96 % of such pairs are of one class
HEARD = 1 / 6  # share of half-informed models whose word is told
ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class Asked:
    """One photo to label: its place (a row), how many unlabelled photos look most like it, and
    the two classes (or one) that half-informed models call it, with the shares of the models
    that do."""

    place: int
    stands_for: int
    called: tuple[tuple[int, float], ...] = ()

    @property
    def is_disputed(self) -> bool:
        """Whether the models disagree."""
        return len(self.called) > 1


def label_first(
    embeddings: np.ndarray, labelled: np.ndarray, probabilities: np.ndarray | None = None
) -> np.ndarray:
    """Places (u,) of the unlabelled rows, the one to label first in front. Costs u x u numbers
    of memory."""
    x = np.asarray(embeddings)
    labelled = np.asarray(labelled)
    pool = np.flatnonzero(labelled < 0)
    known = np.flatnonzero(labelled >= 0)
    turned = whitening(x)
    unknown = turned(x[pool])
    explained = nearness(unknown, (turned(x[known[part]]) for part in _parts(len(known))))
    order = cover(alikeness(unknown), weight_of(labelled, probabilities), explained)
    return pool[np.fromiter(order, np.int64, len(pool))]


def weight_of(labelled: np.ndarray, probabilities: np.ndarray | None) -> np.ndarray:
    """What each unlabelled photo (u,) counts: the same while labels are few, then how disputed
    it is, 0 to 1."""
    labelled = np.asarray(labelled)
    if probabilities is None or not is_taught(labelled, probabilities.shape[2]):
        return np.ones(int((labelled < 0).sum()))
    return np.maximum(dispute(probabilities), LEAST)


def is_taught(labelled: np.ndarray, classes: int) -> bool:
    """Whether there are labels enough to go by what models say."""
    return bool((np.asarray(labelled) >= 0).sum() >= FEW * classes)


def dispute(probabilities: np.ndarray) -> np.ndarray:
    """(m, n, c) -> (n,): the share of half-informed models that do not say what most of them
    together say."""
    said = probabilities.argmax(axis=2)
    together = probabilities.mean(axis=0).argmax(axis=1)
    return (said != together).mean(axis=0)


def half_informed(probe: Probe, x: np.ndarray) -> np.ndarray:
    """Probabilities (MASKS, n, c) of a probe that each time misses another half of the features."""
    rng = np.random.default_rng(0)
    z = ((np.asarray(x, np.float32) - probe.mean) / probe.scale).astype(np.float32)
    keeps = (rng.random((MASKS, z.shape[1])) >= DROPPED).astype(np.float32) / (1 - DROPPED)
    return np.stack([softmax(z @ (keep[:, None] * probe.w) + probe.b) for keep in keeps])


def whitening(embeddings: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """What turns any rows (n, d) of these embeddings into their directions (n, k), rows of length
    one, half whitened, whose products are how alike two photos are. Learned from MOST_TAUGHT.

    Backbones put much of the variance into one or two directions that say little of what a photo
    shows; dividing by the square root of the spread brings the others to the front (on groceries
    the nearest photo is of the same class for 94 % instead of 84 %). Of few photos only the
    first directions are known at all.
    """
    x = np.asarray(embeddings)
    some = np.random.default_rng(0).permutation(len(x))[:MOST_TAUGHT]
    wide = (np.asarray(x[some[part]], np.float32) for part in _parts(len(some)))
    middle = (sum(rows.sum(axis=0, dtype=np.float64) for rows in wide) / max(1, len(some))).astype(
        np.float32
    )
    wide = (np.asarray(x[some[part]], np.float32) - middle for part in _parts(len(some)))
    spread, axes = np.linalg.eigh(
        sum((rows.T @ rows).astype(np.float64) for rows in wide) / max(1, len(some))
    )
    known = np.argsort(-spread)[: max(2, min(MOST_DIRECTIONS, len(some) // 2))]
    turn = (axes[:, known] / np.maximum(spread[known], 1e-9) ** 0.25).astype(np.float32)

    def turned(rows: np.ndarray) -> np.ndarray:
        lies = np.empty((len(rows), turn.shape[1]), np.float32)
        for part in _parts(len(rows)):
            lies[part] = (np.asarray(rows[part], np.float32) - middle) @ turn
        return unit(lies)

    return turned


def _parts(rows: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_AT_ONCE) for start in range(0, rows, ROWS_AT_ONCE))


def alikeness(x: np.ndarray) -> np.ndarray:
    """(n, n) float16 in 0..1: opposite photos count as unrelated, not as less than that."""
    alike = np.empty((len(x), len(x)), np.float16)
    for part in _parts(len(x)):
        alike[part] = np.maximum(x[part] @ x.T, 0)
    return alike


def nearness(x: np.ndarray, others: Iterable[np.ndarray]) -> np.ndarray:
    """How alike (n,) each row is to the most alike of the others, which come part by part, as
    `alikeness` counts it."""
    near = np.zeros(len(x), np.float32)
    for part in others:
        near = np.maximum(near, (x @ part.T).max(axis=1))
    return near


def cover(alike: np.ndarray, weights: np.ndarray, known: np.ndarray) -> Iterator[int]:
    """Places of the rows of `alike` (n, n) in the order in which they explain most of what is
    not explained yet.

    `known` (n,): how well what is labelled explains each. Greedy and lazy: a gain only ever
    shrinks, so the best of the old gains is worked out again, and taken when it still leads
    (Minoux 1978).
    """
    explained = np.array(known, np.float32)
    weights = np.asarray(weights, np.float32)
    gains = [
        (-float(weights @ np.maximum(alike[:, place] - explained, 0)), place)
        for place in range(len(alike))
    ]
    heapq.heapify(gains)
    while gains:
        _, place = heapq.heappop(gains)
        gain = -float(weights @ np.maximum(alike[:, place] - explained, 0))
        if gains and gain > gains[0][0]:
            heapq.heappush(gains, (gain, place))
            continue
        explained = np.maximum(explained, alike[:, place])
        yield place


def what_to_ask(embeddings: np.ndarray, labelled: np.ndarray, classes: int) -> list[Asked]:
    """Unlabelled photos in the order of `label_first`, with what can be said about each.

    Of more than MOST a random sample is put into order; the others are asked for after a later
    scan. Of what has a label, MOST_TAUGHT are looked at: the cost is the same however large a
    collection grows.
    """
    labelled = np.asarray(labelled)
    rng = np.random.default_rng(0)
    kept = np.sort(rng.permutation(np.flatnonzero(labelled == ASKED))[:MOST])
    if not len(kept):
        return []
    known = np.sort(rng.permutation(np.flatnonzero(labelled >= 0))[:MOST_TAUGHT])
    rows = np.concatenate([known, kept])
    x = embeddings[rows]
    labelled = labelled[rows]
    opinions = _opinions(x, labelled, classes)
    order = label_first(x, labelled, opinions)
    alike = _look_alikes(whitening(x)(x[len(known) :]))
    disputed = opinions is not None and is_taught(labelled, classes)
    called = _called(opinions) if disputed and opinions is not None else [()] * len(kept)
    at = order - len(known)
    return [Asked(int(kept[n]), int(alike[n]), called[n]) for n in at]


def _opinions(x: np.ndarray, labelled: np.ndarray, classes: int) -> np.ndarray | None:
    """What half-informed probes say of the unlabelled rows; None before there is anything to
    learn from."""
    in_training = np.flatnonzero(labelled >= 0)
    if len(np.unique(labelled[in_training])) < 2:
        return None
    return half_informed(
        fit_probe(x[in_training], labelled[in_training], classes),
        x[np.flatnonzero(labelled < 0)],
    )


def _look_alikes(x: np.ndarray) -> np.ndarray:
    """How many others (n,) look like each row of these directions (n, k)."""
    return np.concatenate([(x[part] @ x.T >= ALIKE).sum(axis=1) for part in _parts(len(x))]) - 1


def _called(probabilities: np.ndarray) -> list[tuple[tuple[int, float], ...]]:
    """The classes that at least a sixth of the models call each photo, at most two, most often
    called first."""
    masks, _, classes = probabilities.shape
    said = probabilities.argmax(axis=2)
    shares = np.stack([np.bincount(column, minlength=classes) for column in said.T]) / masks
    best = np.argsort(-shares, axis=1, kind="stable")[:, :2]
    return [
        tuple((int(n), float(shares[row, n])) for n in two if shares[row, n] >= HEARD)
        for row, two in enumerate(best)
    ]
