"""From photos without a label to labels with few key presses: which photo to ask about next, and
which others to propose at once ("12 more look like *Mug*").

    graph = Likeness.of(x)                   once for a collection
    proposals(graph, y, refused)             photos that look like one class, most photos first
    next_to_ask(graph, y, 8)                 places to ask about, the most telling first

Pure functions of arrays: `x` (n, d) embeddings, `y` (n,) class numbers, UNKNOWN where nobody has
said, ASIDE for photos that neither ask nor teach.

A label walks from photo to photo along the few that are most alike (Zhou et al. 2004, "Learning
with local and global consistency"): photos of one thing are a chain of similar views, and the
last of a chain need not look like the first. Where a class ends is where what arrives of it drops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from curation.active_learning.acquisition import alikeness, cover, whitening

UNKNOWN = -1
ASIDE = -2
# All from benchmarks/labels/first_labels.py on the 130 artifacts: with 4 neighbours all are named
# within 40 key presses, with 5 or 8 it takes more; asking for more than half of what arrives loses
# photos, and so does a drop of 2 or more.
NEIGHBOURS = 4
SHARE = 0.5
DROP = 1.5
LAST = 2.0  # what the end of all that is clear counts as: a larger drop before it is the end
STAYS = 0.95  # of what walks on in each step; the rest starts again at the labels
STEPS = 80  # by then less than 2 % of a label is still on its way
MOST = 2_000  # photos that are looked at together: a matrix of 16 MB
MOST_PROPOSED = 30  # photos that somebody judges at a glance
USUAL = 8  # proposed where a class has no clear end
FEWEST = 2


@dataclass(frozen=True)
class Proposal:
    """Photos (`places`, the likest first) that look like one `label` (a class number)."""

    label: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class Likeness:
    """`looks` (n, k): directions whose products say how alike photos are; `links`: a sparse
    matrix (n, n) of each photo and those most like it."""

    looks: np.ndarray
    links: Any

    @classmethod
    def of(cls, x: np.ndarray) -> Likeness:
        """From embeddings (n, d), n at most a few thousand."""
        looks = whitening(x)(x) if len(x) else np.zeros((0, 1), np.float32)
        return cls(looks, _links(looks))

    def __len__(self) -> int:
        return len(self.looks)


def _links(looks: np.ndarray) -> Any:
    """Each photo and its NEIGHBOURS most alike, in both directions, scaled so that what walks
    along them neither grows nor dies."""
    from scipy.sparse import csr_matrix, diags

    count = len(looks)
    near = min(NEIGHBOURS, count - 1)
    if near < 1:
        return csr_matrix((count, count))
    alike = looks @ looks.T
    np.fill_diagonal(alike, -np.inf)
    to = np.argpartition(-alike, near - 1, axis=1)[:, :near]
    weights = np.maximum(np.take_along_axis(alike, to, axis=1), 1e-3)
    rows = np.repeat(np.arange(count), near)
    one_way = csr_matrix((weights.ravel(), (rows, to.ravel())), shape=(count, count))
    both = one_way.maximum(one_way.T)
    scale = diags(1 / np.sqrt(np.asarray(both.sum(axis=1)).ravel()))
    return (scale @ both @ scale).tocsr()


def arrived(graph: Likeness, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much (n, c) of each class reaches each photo, and the class numbers (c,)."""
    classes = np.unique(y[y >= 0])
    begun = np.zeros((len(graph), len(classes)), np.float32)
    for place, label in enumerate(classes):
        rows = np.flatnonzero(y == label)
        begun[rows, place] = len(rows) ** -0.5
    walked = begun
    for _ in range(STEPS):
        walked = STAYS * (graph.links @ walked) + (1 - STAYS) * begun
    return walked, classes


def proposals(
    graph: Likeness,
    y: np.ndarray,
    refused: Callable[[int, int], bool] = lambda place, label: False,
) -> list[Proposal]:
    """For each class that some unlabelled photos look like, those photos; most photos first.

    `refused(place, label)`: whether somebody said that this photo is not of this class.
    """
    pool = np.flatnonzero(y == UNKNOWN)
    if not len(pool) or not (y >= 0).any():
        return []
    walked, classes = arrived(graph, y)
    walked = walked[pool]
    best = walked.argmax(axis=1)
    much = walked[np.arange(len(pool)), best]
    clear = (much > SHARE * walked.sum(axis=1)) & (much > 0)
    found = []
    for place, label in enumerate(classes):
        rows = np.flatnonzero(clear & (best == place))
        rows = rows[np.argsort(-much[rows], kind="stable")]
        keep = [n for n in rows if not refused(int(pool[n]), int(label))]
        keep = keep[: end_of(much[keep])]
        if len(keep) >= FEWEST:
            found.append(Proposal(int(label), tuple(int(pool[n]) for n in keep)))
    return sorted(found, key=lambda one: -len(one.places))


def end_of(much: np.ndarray) -> int:
    """How many of these (falling) amounts belong together: up to the largest drop; USUAL where
    nothing drops.

    >>> end_of(np.array([9.0, 8.8, 8.7, 2.0, 1.9]))
    3
    """
    count = min(MOST_PROPOSED, len(much))
    if count < FEWEST:
        return count
    following = np.append(much[1:count], much[count] if count < len(much) else much[-1] / LAST)
    drops = much[:count] / np.maximum(following, 1e-9)
    end = int(np.argmax(drops[1:])) + 2
    return end if drops[end - 1] >= DROP else min(count, USUAL)


def next_to_ask(graph: Likeness, y: np.ndarray, count: int) -> list[int]:
    """Places of the unlabelled photos that tell most about the others: typical ones of what no
    label explains yet (facility location, as in `acquisition.label_first`)."""
    pool = np.flatnonzero(y == UNKNOWN)
    known = np.flatnonzero(y >= 0)
    if not len(pool):
        return []
    explained = np.zeros(len(pool), np.float32)
    if len(known):
        explained = np.maximum((graph.looks[pool] @ graph.looks[known].T).max(axis=1), 0)
    order = cover(alikeness(graph.looks[pool]), np.ones(len(pool)), explained)
    return [int(pool[place]) for place in islice(order, count)]


def looked_at(y: np.ndarray, most: int = MOST) -> np.ndarray:
    """Places of at most `most` photos to look at together: every class as evenly as there is,
    up to half of them, and of the unlabelled a sample."""
    rng = np.random.default_rng(0)
    known = rng.permutation(np.flatnonzero(y >= 0))
    nth = np.zeros(len(known), np.int64)
    seen: dict[int, int] = {}
    for place, row in enumerate(known):
        nth[place] = seen[int(y[row])] = seen.get(int(y[row]), -1) + 1
    known = known[np.argsort(nth, kind="stable")][: most // 2]
    left = rng.permutation(np.flatnonzero(y == UNKNOWN))[: most - len(known)]
    return np.sort(np.concatenate([known, left]))
