"""Pairs of photos in a store, laid over each other: of many pairs by several processes.

Most of what a pair takes is Python, in which threads of one process take turns: two threads are
no faster than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.measures.fingerprint import NO_MATCH, Fingerprint, Match
from curation.measures.fingerprint_store import FingerprintStore
from curation.near_duplicates.compare import compare
from curation.near_duplicates.groups import PairOfIds
from data_cards.bulk.batching import batches
from data_cards.progress import say

if TYPE_CHECKING:
    from joblib import Parallel

FEW = 1000  # pairs: compared here in .6 s, and by processes, with their start, too
MOST = 4  # processes, of at most 120 MB each with what they share
IDLE_SECONDS = 20  # then a process goes by itself, within a minute; also one whose scan was killed
PAIRS_A_TURN = 64
PAIRS_AT_ONCE = 5000  # that are kept together: what a crash can cost
# The matches of pairs, in order, from other machines.
Elsewhere = Callable[[FingerprintStore, Sequence[PairOfIds]], Iterable[Match]]


class Comparers:
    """Those who compare; processes are started when many pairs come, and gone at the end.

    `elsewhere`: other machines in the place of these processes; `at_once`: pairs that keep all
    of them busy."""

    def __init__(
        self,
        store: FingerprintStore,
        elsewhere: Elsewhere | None = None,
        at_once: int = PAIRS_AT_ONCE,
    ) -> None:
        self.at_once = at_once
        self._store = store
        self._elsewhere = elsewhere
        self._pool: Parallel | None = None
        self._alone = False

    def matches(self, pairs: Sequence[PairOfIds]) -> Iterator[Match]:
        """The match of each pair of image_ids in the store, in order."""
        if len(pairs) < FEW or self._alone:
            yield from _compared(self._store, pairs)
            return
        if self._elsewhere:
            yield from self._elsewhere(self._store, pairs)
            return
        from joblib import delayed

        self._store.settle()
        done = 0
        try:
            turns = (
                delayed(compared_elsewhere)(self._store.folder, turn)
                for turn in batches(pairs, PAIRS_A_TURN)
            )
            for found in self._started()(turns):
                yield from found
                done += len(found)
        except BrokenProcessPool:  # the system took one away, for its memory
            say("A process that compares photos was stopped from outside; going on with one.")
            self._alone = True
            yield from _compared(self._store, pairs[done:])

    def _started(self) -> Parallel:
        from joblib import Parallel, cpu_count

        if self._pool is None:
            self._pool = Parallel(
                min(MOST, cpu_count()),
                return_as="generator",
                batch_size=1,
                idle_worker_timeout=IDLE_SECONDS,
            )
            self._pool.__enter__()
        return self._pool

    def __enter__(self) -> Comparers:
        return self

    def __exit__(self, *raised: Any) -> None:
        if self._pool is None:
            return
        from joblib.externals.loky import get_reusable_executor

        self._pool.__exit__(*raised)
        get_reusable_executor().shutdown(kill_workers=raised[0] is not None)


def compared_elsewhere(folder: Path, pairs: Sequence[PairOfIds]) -> list[Match]:
    """The matches of some pairs, in a process that has only the folder of the store."""
    return list(_compared(_store_in(folder), pairs))


@lru_cache(maxsize=1)
def _store_in(folder: Path) -> FingerprintStore:
    import cv2

    cv2.setNumThreads(1)
    return FingerprintStore(folder)


def _compared(store: FingerprintStore, pairs: Iterable[PairOfIds]) -> Iterator[Match]:
    from threadpoolctl import threadpool_limits

    # A matrix of two photos' points is too small to be shared by cores; whole pairs are not.
    with threadpool_limits(1, "blas"):
        for turn in batches(pairs, PAIRS_A_TURN):
            # Pairs in storage order share photos, so each fingerprint is read once a turn.
            prints = {name: store.get(name) for name in names_of(turn)}
            yield from matches_of(prints, turn)


def names_of(pairs: Iterable[PairOfIds]) -> list[str]:
    """The photos of these pairs, each once."""
    return list(dict.fromkeys(chain.from_iterable(pairs)))


def matches_of(
    prints: Mapping[str, Fingerprint | None], pairs: Iterable[PairOfIds]
) -> Iterator[Match]:
    """The match of each pair; none with a photo that cannot be read."""
    for one, other in pairs:
        mine = prints[one]
        its = prints[other]
        yield compare(mine, its) if mine and its else NO_MATCH
