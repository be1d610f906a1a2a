"""What stands on both sides of the line: photos to learn from that the sealed test also holds,
or nearly.

Verified on pixels: the same file, the same shot, a group that reaches across. Only proposed: the
next photo of a burst or the next frame of a clip; such a finding has the score PROPOSED, and no
split is made by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from curation.near_duplicates.groups import Pair, pair_of
from curation.scan.context import ScanContext
from data_cards.annotations.ledger import apart
from data_cards.dataset.schema import Finding, Photo
from train.splits.groups import FRAME, PROPOSED, moments

CERTAIN = 1.0
SURE_COPY = 0.99
SET_ASIDE = ("junk", "duplicate")
SAME_SHOT = {
    "re-encoded": "The same shot as another photo, saved again.",
    "edited": "The same shot as another photo, cropped, turned, mirrored or changed in colour.",
    "same-scene": "Nearly the same shot as another photo: the next frame, or with something laid "
    "over it.",
    "exact": "The same file as another photo.",
    "looks-alike": "Looks like another photo: the same thing photographed again, or another thing "
    "in its place.",
}
THROUGH_OTHERS = (
    "A copy of its copies is in the test, or looks like a photo there, so this one must not be "
    "learned "
    "from."
)
UNLESS_APART = (
    "That one is in the test, so this one is not learned from unless you say that they differ."
)
# How close the next photo must be: seconds by a camera's clock or in a clip, otherwise by the
# camera's count.
NEXT_SECONDS = 3.0
NEXT_FRAME = 2.0
NEXT_NUMBER = 1.0


def leaks(context: ScanContext) -> Iterator[Finding]:
    """Every photo to learn from that the test gives away, the surest reason first."""
    tested = {image_id for image_id in context.photos if "test" in context.sides(image_id)}
    learnt = {
        image_id for image_id in context.photos if _may_be_learned(context, image_id)
    } - tested
    yield from _same_file(context, tested)
    for pair in sorted(context.copies.pairs.values(), key=lambda pair: -pair.score):
        for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
            if other in tested and one in learnt:
                yield _copy(one, other, pair)
    yield from _alike(context, tested, learnt)
    yield from _through_others(context, tested, learnt)
    yield from _next_in_burst(context, tested, learnt)


def _may_be_learned(context: ScanContext, image_id: str) -> bool:
    """Also what has no side yet, such as a visitor's photo: the next split would find it one.
    What the split left out as a leak is none any more."""
    if image_id in context.removed and image_id not in context.splits:
        return False
    row = context.labels.get(image_id)
    return row is None or row.status not in SET_ASIDE


def _same_file(context: ScanContext, tested: set[str]) -> Iterator[Finding]:
    for image_id in sorted(tested):
        others = sorted(context.sides(image_id) - {"test"})
        if others:
            photo = context.photos[image_id]
            train = _named(photo, others[0])
            test = _named(photo, "test")
            said = (
                f"The same file came in for training{train} and for the test{test}. It counts "
                "for the test and the model doesn't learn from it; there is nothing to do."
            )
            # The photo that gives it away is itself.
            yield Finding(image_id, "leak", CERTAIN, said, related=(image_id,))


def _named(photo: Photo, side: str) -> str:
    path = next((source.path for source in photo.sources if source.given_split == side), "")
    return f" ({path})" if path else ""


def _copy(learnt: str, tested: str, pair: Pair) -> Finding:
    said = f"{SAME_SHOT[pair.kind]} That one is in the test, so this one must not be learned from."
    return Finding(learnt, "leak", min(pair.score, SURE_COPY), said, related=(tested,))


def _alike(context: ScanContext, tested: set[str], learnt: set[str]) -> Iterator[Finding]:
    """Photos that look like one of the test: unsure, so on the safe side."""
    for pair in sorted(context.copies.alike.values(), key=lambda pair: -pair.score):
        for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
            if other in tested and one in learnt:
                said = f"{SAME_SHOT[pair.kind]} {UNLESS_APART}"
                yield Finding(one, "leak", 2 * PROPOSED, said, related=(other,))


def _through_others(context: ScanContext, tested: set[str], learnt: set[str]) -> Iterator[Finding]:
    """Photos of a group that reaches across the line, themselves no copy of a test photo."""
    inside: dict[str, str] = {}
    for image_id in sorted(tested & set(context.copies.groups)):
        inside.setdefault(context.copies.groups[image_id], image_id)
    for image_id in sorted(learnt):
        other = inside.get(context.copies.groups.get(image_id, ""))
        pair = pair_of(image_id, other) if other else None
        if other and pair not in context.copies.pairs and pair not in context.copies.alike:
            yield Finding(image_id, "leak", 2 * PROPOSED, THROUGH_OTHERS, related=(other,))


def _next_in_burst(context: ScanContext, tested: set[str], learnt: set[str]) -> Iterator[Finding]:
    """Neighbours of a test photo in a burst or a clip: of the same class, by the same camera."""
    files = {image_id: _place(photo) for image_id, photo in context.photos.items() if photo.sources}
    taken = {
        image_id: max(source.taken_at for source in context.photos[image_id].sources)
        for image_id in files
    }
    lines: dict[tuple[str, str | None, str], list[tuple[float, str]]] = {}
    for image_id, (clock, at) in moments(files, taken, files).items():
        if image_id in tested | learnt:
            lines.setdefault((clock, context.label(image_id), context.camera(image_id)), []).append(
                (at, image_id)
            )
    judged_apart = apart(context.ledger.decisions)
    for (clock, label, _), line in lines.items():
        line.sort()
        for (before, one), (after, other) in pairwise(line):
            if (
                not label
                or after - before > _step(clock)
                or frozenset((one, other)) in judged_apart
            ):
                continue
            for photo, sealed in ((one, other), (other, one)):
                if photo in learnt and sealed in tested:
                    yield Finding(
                        photo, "leak", PROPOSED, _said(clock, after - before), related=(sealed,)
                    )


def _place(photo: Photo) -> str:
    first = photo.sources[0]
    return first.path if first.second is None else f"{first.path}{FRAME}{first.second}"


def _step(clock: str) -> float:
    return NEXT_SECONDS if clock == "time" else NEXT_FRAME if clock.endswith(FRAME) else NEXT_NUMBER


def _said(clock: str, gap: float) -> str:
    near = "the camera's next photo"
    if clock == "time" or clock.endswith(FRAME):
        near = f"taken {'less than a second' if gap < 1 else f'{gap:.0f} s'} apart"
    return (
        f"A photo of the same burst is in the test ({near}): another shot, yet one that may give "
        "the answer away."
    )
