"""Near-duplicates of a dataset: proposals for what is new, verdicts remembered, groups around
the best photo.

Photos that only look alike are no copies of each other: they are proposed, and nobody marks them
in one go. For a split they hang together all the same. Many are one thing photographed twice,
which would give a test away; and a different thing that stays on the same side costs a photo's
place, never an honest figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from curation.measures.cache import Memory
from curation.measures.fingerprint import Match
from curation.measures.fingerprint_store import FingerprintStore
from curation.measures.measure import take_fingerprints
from curation.measures.neighbours import Near
from curation.measures.pixels import Measures
from curation.near_duplicates.camera_runs import UNKNOWN_RUNS, CameraRuns
from curation.near_duplicates.compare import LEAST_ALIKE, LOOKS_ALIKE
from curation.near_duplicates.fastdup import installed, propose
from curation.near_duplicates.groups import (
    FEW_POINTS,
    LEAST_COSINE,
    NEIGHBOURS,
    Pair,
    PairOfIds,
    friends_of_friends,
    group,
    pair_of,
    verdict,
)
from curation.near_duplicates.pool import Comparers
from curation.near_duplicates.visual_words import pairs_by_words
from data_cards.annotations.ledger import Ledger, apart
from data_cards.bulk.batching import batches
from data_cards.dataset.repo import Dataset
from data_cards.progress import say, track

# Copies are nearly always among the nearest few; further neighbours are compared where one of these
# agreed, or nearly. Of 210 copies that embeddings proposed among the museum's and the landmarks'
# photos, one was not among the first four.
FIRST = 5
NEARLY = 0.5
# Words and fastdup look at all photos beside each other; for a few new ones embeddings propose
# alone.
SHARE_WORTH_A_SURVEY = 0.1
ROUNDS = 3  # of introducing those who agree with the same third photo


@dataclass(frozen=True)
class Copies:
    """Verified pairs, groups (representative first), the group of every photo, in which photos
    that look `alike` stay together too, how many pairs were new, and the pairs that only look
    alike."""

    pairs: Mapping[PairOfIds, Pair]
    stars: tuple[tuple[str, ...], ...]
    groups: Mapping[str, str]
    new: int
    alike: Mapping[PairOfIds, Pair] = field(default_factory=dict)


@dataclass(frozen=True)
class Sight:
    """What copies are looked for in: photos, their neighbours, what is remembered of them, and
    their fingerprints."""

    dataset: Dataset
    ids: Sequence[str]
    near: Near
    memory: Memory
    store: FingerprintStore

    def near_pairs(self, rows: np.ndarray, count: int) -> np.ndarray:
        """These photos (places) with their nearest few, as `new`."""
        places = self.near.places[rows, :count]
        alike = self.near.cosines[rows, :count] >= LEAST_COSINE
        return self.new(
            np.stack([np.broadcast_to(rows[:, None], places.shape)[alike], places[alike]], axis=1)
        )

    def new(self, pairs: np.ndarray) -> np.ndarray:
        """Those pairs of places (n, 2) that nobody compared before, each once, in storage order."""
        return self.memory.not_judged(self.ids, np.unique(np.sort(pairs, axis=1), axis=0))

    def places_of(self, pairs: Iterable[PairOfIds]) -> np.ndarray:
        """The same for pairs of ids."""
        place = {image_id: n for n, image_id in enumerate(self.ids)}
        return self.new(np.array([(place[a], place[b]) for a, b in pairs], np.int32).reshape(-1, 2))

    def named(self, pairs: np.ndarray) -> list[PairOfIds]:
        """Pairs of places (n, 2) as pairs of ids."""
        return [pair_of(self.ids[one], self.ids[other]) for one, other in pairs.tolist()]


def find_copies(
    sight: Sight,
    ledger: Ledger,
    measures: Mapping[str, Measures],
    threshold: float,
    with_fastdup: bool,
    runs: CameraRuns = UNKNOWN_RUNS,
    comparers_of: Callable[[FingerprintStore], Comparers] = Comparers,
) -> Copies:
    """Compare what was never compared. Pairs that a person judged apart stay apart."""
    ids = sight.ids
    memory = sight.memory
    judged_apart = apart(ledger.decisions)

    def decided(one: str, other: str, match: Match) -> Pair:
        pair = verdict(one, other, match, threshold, runs)
        return replace(pair, verdict=False) if frozenset((one, other)) in judged_apart else pair

    with comparers_of(sight.store) as comparers:
        judging = Judging(sight, comparers)
        _judge_candidates(sight, judging, threshold, with_fastdup, runs)
        known = memory.matches(ids, min(threshold, LEAST_ALIKE))
        pairs = {names: decided(*names, match) for names, match in known.items()}
        stars, checked = group(
            pairs.values(),
            lambda photo: _worth(measures.get(photo)),
            lambda one, other: decided(one, other, judging.match(one, other)),
        )
    pairs |= {(pair.a, pair.b): pair for pair in checked}
    verified = {names: pair for names, pair in pairs.items() if pair.verdict}
    alike = {
        names: pair
        for names, pair in pairs.items()
        if pair.kind == LOOKS_ALIKE and frozenset(names) not in judged_apart
    }
    return Copies(
        verified, tuple(map(tuple, stars)), _connected(ids, [*verified, *alike]), judging.new, alike
    )


def _judge_candidates(
    sight: Sight, judging: Judging, threshold: float, with_fastdup: bool, runs: CameraRuns
) -> None:
    """Every pair that somebody proposes, and then those whom their matches propose."""
    ids = sight.ids
    memory = sight.memory
    surveyed = _survey(sight, with_fastdup)
    if surveyed is not None:
        judging.judge(surveyed)  # before it is remembered: what a crash lost is proposed again
        memory.keep_surveyed(sight.dataset.address, ids)
    judging.judge(sight.near_pairs(np.arange(len(ids)), FIRST))
    agreeing = {image_id for names in memory.matches(ids, NEARLY) for image_id in names}
    judging.judge(
        sight.near_pairs(np.flatnonzero([image_id in agreeing for image_id in ids]), NEIGHBOURS)
    )
    _introduce(sight, judging, threshold, runs)


def _worth(measures: Measures | None) -> tuple[float, ...]:
    """What makes a photo the best of its group: many pixels, then fine detail."""
    return (measures.width * measures.height, measures.detail) if measures else (0.0, 0.0)


def _connected(ids: Iterable[str], pairs: Iterable[PairOfIds]) -> dict[str, str]:
    """Photos that hang together in any way must never be divided, so here groups are whole
    islands."""
    from train.splits.groups import connected

    return connected(ids, pairs)


def _survey(sight: Sight, with_fastdup: bool) -> np.ndarray | None:
    """What proposers say that look at all photos at once; None when there are too few new ones
    to ask them."""
    ids = sight.ids
    fresh = sight.memory.not_surveyed(sight.dataset.address, ids)
    if not fresh or len(fresh) < SHARE_WORTH_A_SURVEY * len(ids):
        return None
    say("Looking for photos that may be the same shot ...")
    take_fingerprints(sight.dataset, sight.store.missing(ids), sight.store)
    found = pairs_by_words(len(ids), lambda n: sight.store.descriptors(ids[n]), FIRST)
    if with_fastdup and installed() and len(faint := _hardly_known_by_points(sight)) > 1:
        say("fastdup proposes near-duplicates; pixels decide.")
        proposed = propose(
            track(sight.dataset.read_photos(faint), "Small copies for fastdup", len(faint))
        )
        found = np.concatenate([found, sight.places_of(proposed)])
    return sight.new(found)


def _hardly_known_by_points(sight: Sight) -> list[str]:
    """Small, blurred and plain photos: words say little of them, so fastdup is asked. Of others
    it found nothing more."""
    return [
        image_id for image_id in sight.ids if len(sight.store.descriptors(image_id)) < FEW_POINTS
    ]


def _introduce(
    sight: Sight, judging: Judging, threshold: float, runs: CameraRuns = UNKNOWN_RUNS
) -> None:
    """Compare photos that agree with the same third one: a turned copy of a crop is near to
    nothing but the crop."""
    for _ in range(ROUNDS):
        known = sight.memory.matches(sight.ids, min(threshold, LEAST_ALIKE))
        new = sight.places_of(
            friends_of_friends(
                verdict(*names, match, threshold, runs) for names, match in known.items()
            )
        )
        if not len(new):
            return
        judging.judge(new)


class Judging:
    """Verdicts on pairs, from pixels; remembered as they are made."""

    def __init__(self, sight: Sight, comparers: Comparers) -> None:
        self.new = 0
        self._sight = sight
        self._comparers = comparers

    def judge(self, pairs: np.ndarray) -> None:
        """Lay the photos of each pair of places (n, 2) over each other, and remember it. Names
        are made a part at a time: those of a million pairs would leave memory full of holes."""
        at_once = self._comparers.at_once
        for rows in batches(track(range(len(pairs)), "Comparing", unit="pair"), at_once):
            self._lay(self._sight.named(pairs[rows]))

    def _lay(self, pairs: Sequence[PairOfIds]) -> dict[PairOfIds, Match]:
        store = self._sight.store
        take_fingerprints(
            self._sight.dataset, store.missing({name for names in pairs for name in names}), store
        )
        found = dict(zip(pairs, self._comparers.matches(pairs), strict=True))
        self._sight.memory.keep_matches(found)
        self.new += len(pairs)
        return found

    def match(self, one: str, other: str) -> Match:
        """One pair, judged now when it was not before."""
        names = pair_of(one, other)
        return self._sight.memory.match(*names) or self._lay([names])[names]
