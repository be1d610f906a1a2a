"""Near-duplicates of a dataset: proposals for what is new, verdicts remembered, groups around the best photo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from curation.duplicates import Pair, PairOfIds, group, propose_alike, verdict
from curation.fastdup_proposals import installed, propose
from curation.ledger import Ledger, apart
from curation.looking import fingerprints
from curation.memory import Memory
from curation.quality import Measures
from curation.verification import Fingerprint, Match, compare
from data_cards.dataset import Dataset
from data_cards.progress import say, track

PAIRS_AT_ONCE = 2000  # what a crash can cost
# fastdup always looks at every photo; for a few new ones our own embeddings propose alone.
SHARE_WORTH_FASTDUP = 0.1


@dataclass(frozen=True)
class Copies:
    """Verified pairs, groups (representative first), the group of every photo, and how many pairs were new."""

    pairs: Mapping[PairOfIds, Pair]
    stars: tuple[tuple[str, ...], ...]
    groups: Mapping[str, str]
    new: int


def find_copies(dataset: Dataset, ids: Sequence[str], x: np.ndarray, ledger: Ledger, memory: Memory,
                measures: Mapping[str, Measures], threshold: float, with_fastdup: bool) -> Copies:
    """Compare what is new with everything. Pairs that a person judged apart stay apart."""
    fresh = memory.not_compared(dataset.address, ids)
    known = memory.matches(ids)
    candidates = _proposals(dataset, ids, x, fresh, with_fastdup) - set(known)
    judging = Judging(dataset, memory, known)
    judging.judge(sorted(candidates))
    memory.keep_compared(dataset.address, fresh)
    judged_apart = apart(ledger.decisions)

    def decided(one: str, other: str, match: Match) -> Pair:
        pair = verdict(one, other, match, threshold)
        return replace(pair, verdict=False) if frozenset((one, other)) in judged_apart else pair

    pairs = {names: decided(*names, match) for names, match in judging.matches.items()}
    stars, checked = group(pairs.values(), lambda photo: _worth(measures.get(photo)),
                           lambda one, other: decided(one, other, judging.match(one, other)))
    pairs |= {(pair.a, pair.b): pair for pair in checked}
    verified = {names: pair for names, pair in pairs.items() if pair.verdict}
    return Copies(verified, tuple(map(tuple, stars)), _connected(ids, verified), judging.new)


def _worth(measures: Measures | None) -> tuple[float, ...]:
    """What makes a photo the best of its group: many pixels, then fine detail."""
    return (measures.width * measures.height, measures.detail) if measures else (0.0, 0.0)


def _proposals(dataset: Dataset, ids: Sequence[str], x: np.ndarray, fresh: set[str],
               with_fastdup: bool) -> set[PairOfIds]:
    if not fresh:
        return set()
    found = propose_alike(ids, x, fresh)
    if with_fastdup and len(fresh) >= SHARE_WORTH_FASTDUP * len(ids):
        if installed():
            say("fastdup proposes near-duplicates; pixels decide.")
            found |= propose(dict(dataset.read_photos(ids)))
        else:
            say("fastdup is not installed; our own embeddings propose near-duplicates.")
    return found


def _connected(ids: Iterable[str], pairs: Iterable[PairOfIds]) -> dict[str, str]:
    """Photos that hang together in any way must never be divided, so here groups are whole islands."""
    from train.grouping import connected

    return connected(ids, pairs)


class Judging:
    """Verdicts on pairs: from memory where they are known, from pixels otherwise."""

    def __init__(self, dataset: Dataset, memory: Memory, known: Mapping[PairOfIds, Match]) -> None:
        self.matches = dict(known)
        self.new = 0
        self._dataset, self._memory = dataset, memory
        self._prints: dict[str, Fingerprint] = {}

    def judge(self, pairs: Sequence[PairOfIds]) -> None:
        """Lay each pair over each other, and remember it."""
        for start in range(0, len(pairs), PAIRS_AT_ONCE):
            part = pairs[start:start + PAIRS_AT_ONCE]
            self._fetch({name for names in part for name in names})
            found = {names: self._compare(*names) for names in track(part, "Comparing", unit="pair")}
            self._memory.keep_matches(found)
            self.matches |= found
            self.new += len(found)

    def match(self, one: str, other: str) -> Match:
        """One pair, judged now when it was not before."""
        names = (one, other) if one < other else (other, one)
        if names not in self.matches:
            self.judge([names])
        return self.matches[names]

    def _fetch(self, names: set[str]) -> None:
        missing = names - set(self._prints)
        kept = {name: self._prints[name] for name in names - missing}
        self._prints = kept | fingerprints(self._dataset, missing)

    def _compare(self, one: str, other: str) -> Match:
        if one not in self._prints or other not in self._prints:
            return Match(0.0, "same-scene")
        return compare(self._prints[one], self._prints[other])
