"""Photos of the same shot: cheap finders propose pairs, pixels decide, and groups form around
the best of each.

    python -m curation duplicates FOLDER [--threshold 0.9] [--without-fastdup]

One dial: `threshold`, the least score (0..1) at which a pair counts as the same shot. A pair of
the kind "looks-alike" (another thing of the same shape in the same place, or the same thing
photographed again) never does, unless one camera was at it without a pause from the one to the
other (`curation/near_duplicates/camera_runs.py`). In a group every photo was laid over the
group's representative and agreed with it; groups never grow from neighbour to neighbour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from curation.measures.fingerprint import Match
from curation.measures.neighbours import nearest
from curation.near_duplicates.camera_runs import UNKNOWN_RUNS, CameraRuns
from curation.near_duplicates.compare import LOOKS_ALIKE

THRESHOLD = 0.9
DISAGREE = "at least one of the two is wrong."  # how a finding about copies under two labels ends
NEIGHBOURS = 12
FRIENDS = 10
LEAST_COSINE = 0.5
FEW_POINTS = (
    40  # a photo with fewer is hardly known by its words: other proposers are asked about it
)
EXACT = Match(1.0, "exact")
PairOfIds = tuple[str, str]


@dataclass(frozen=True)
class Pair:
    """Two photos (`a` < `b`), how much they agree (0..1), in which way, and whether that makes
    them the same shot."""

    a: str
    b: str
    score: float
    kind: str
    verdict: bool


def pair_of(one: str, other: str) -> PairOfIds:
    """The two in their fixed order."""
    return (one, other) if one < other else (other, one)


def propose_alike(
    ids: Sequence[str], x: np.ndarray, neighbours: int = NEIGHBOURS
) -> set[PairOfIds]:
    """Each photo with its nearest by cosine of embeddings x (n, d), from the mean of all."""
    near = nearest(x, neighbours)
    rows, columns = np.nonzero(near.cosines >= LEAST_COSINE)
    pairs = np.column_stack([rows, near.places[rows, columns]])
    return {pair_of(ids[one], ids[other]) for one, other in pairs.tolist()}


def verdict(
    one: str,
    other: str,
    match: Match,
    threshold: float = THRESHOLD,
    runs: CameraRuns = UNKNOWN_RUNS,
) -> Pair:
    """A match as a pair with its verdict. What only looks alike is one thing if the camera was at
    it all the time."""
    a, b = pair_of(one, other)
    if match.as_frames >= threshold and match.as_frames and runs.in_one_go(a, b):
        match = Match(match.as_frames, "same-scene")
    return Pair(
        a,
        b,
        round(match.score, 4),
        match.kind,
        match.score >= threshold and match.kind != LOOKS_ALIKE,
    )


def friends_of_friends(pairs: Iterable[Pair], most: int = FRIENDS) -> set[PairOfIds]:
    """Pairs of photos that agree with the same third one; of many such photos only the surest
    few."""
    friends: dict[str, list[tuple[float, str]]] = {}
    for pair in pairs:
        if pair.verdict:
            friends.setdefault(pair.a, []).append((-pair.score, pair.b))
            friends.setdefault(pair.b, []).append((-pair.score, pair.a))
    return {
        pair_of(one, other)
        for some in friends.values()
        for (_, one), (_, other) in combinations(sorted(some)[:most], 2)
    }


def group(
    pairs: Iterable[Pair],
    worth: Callable[[str], tuple[float, ...]],
    check: Callable[[str, str], Pair | None] = lambda one, other: None,
) -> tuple[list[list[str]], list[Pair]]:
    """Verified pairs -> groups, representative first, and the pairs that were checked on the
    way.

    Greedy, best first: the photo with the most verified copies (on a tie, the one worth most)
    represents them. Photos that are only linked through others are checked against it; those
    that do not agree form the next group.
    """
    links: dict[str, set[str]] = {}
    for pair in pairs:
        if pair.verdict:
            links.setdefault(pair.a, set()).add(pair.b)
            links.setdefault(pair.b, set()).add(pair.a)
    groups: list[list[str]] = []
    checked: list[Pair] = []
    for island in _islands(links):
        while len(island) > 1:
            best = max(sorted(island), key=lambda photo: (len(links[photo] & island), worth(photo)))
            for other in sorted(island - links[best] - {best}):
                asked = check(best, other)
                if asked is not None:
                    checked.append(asked)
                    if asked.verdict:
                        links[best].add(other)
                        links[other].add(best)
            members = links[best] & island
            if not members:
                break
            groups.append(
                [
                    best,
                    *sorted(
                        members, key=lambda photo: (tuple(-value for value in worth(photo)), photo)
                    ),
                ]
            )
            island -= {best, *members}
    return sorted(groups), checked


def _islands(links: Mapping[str, set[str]]) -> list[set[str]]:
    """Photos that hang together in any way."""
    left = set(links)
    islands = []
    for first in sorted(links):
        if first not in left:
            continue
        island = set()
        edge = [first]
        while edge:
            photo = edge.pop()
            if photo not in island:
                island.add(photo)
                edge += links[photo] - island
        islands.append(island)
        left -= island
    return islands
