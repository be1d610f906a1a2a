"""What a scan learned -> findings, each with a reason that a person understands.

What people decided is respected: a label that somebody kept or gave is not doubted again, and a photo set aside
is left in peace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from curation.copies import Copies
from curation.duplicates import Pair, pair_of
from curation.ledger import Ledger, standing
from curation.looking import Looks
from curation.opinions import NONE, Opinions
from curation.quality import troubles
from curation.suspects import reason_for
from curation.unnamed import NAMELESS, Ask
from data_cards.collection import Collection
from data_cards.rows import Finding, Label, Opinion, Photo, Split

SETTLING = ("keep", "relabel", "none_of_these", "junk", "accept_visitor")
CERTAIN, SURE_COPY, BROKEN = 1.0, 0.99, 1.0
UNASKED = Ask(0.25, NAMELESS)  # an unlabelled photo that the scan put into no order
SAME_SHOT = {
    "re-encoded": "The same shot as another photo, saved again.",
    "edited": "The same shot as another photo, cropped, turned, mirrored or changed in colour.",
    "same-scene": "Nearly the same shot as another photo: the next frame, or with something laid over it.",
    "exact": "The same file as another photo.",
}


@dataclass(frozen=True)
class Desk:
    """Everything that findings are written from."""

    collection: Collection
    photos: Mapping[str, Photo]
    labels: Mapping[str, Label]
    splits: Mapping[str, Split]
    ledger: Ledger
    looks: Looks
    copies: Copies
    opinions: Opinions
    model_revision: str
    asks: Mapping[str, Ask] = field(default_factory=dict)

    def title(self, label: str | None) -> str:
        """The name people read."""
        if label is None or label == NONE:
            return "none of these"
        return self.collection.title_of(label) if label in self.collection else label

    def label(self, image_id: str) -> str | None:
        """The class a photo has now."""
        row = self.labels.get(image_id)
        return row.label if row else None

    def sides(self, image_id: str) -> set[str]:
        """The splits a photo belongs to: the one that was made, else those it came with."""
        if image_id in self.splits:
            return {self.splits[image_id].split}
        return {source.given_split for source in self.photos[image_id].sources if source.given_split}


def findings_of(desk: Desk, scan_id: str) -> list[Finding]:
    """Every finding of a scan, most pressing first."""
    settled = {one.image_id for one in standing(desk.ledger.decisions) if one.action in SETTLING}
    found = [*_unreadable(desk), *_leaks(desk), *_near_duplicates(desk)]
    found += [one for part in (_twice(desk), _disagreeing(desk), _doubtful(desk), _unlabelled(desk), _quality(desk))
              for one in part if one.image_id not in settled]
    stamped = (replace(one, scan_id=scan_id, model_revision=desk.model_revision,
                       given_label=one.given_label or desk.label(one.image_id)) for one in _once(found))
    return sorted(stamped, key=lambda one: (-one.score, one.kind, one.image_id))


def _once(findings: list[Finding]) -> Iterator[Finding]:
    """One finding for each photo and kind: the first, which is the surest."""
    seen: set[tuple[str, str]] = set()
    for one in findings:
        if (one.image_id, one.kind) not in seen:
            seen.add((one.image_id, one.kind))
            yield one


def _unreadable(desk: Desk) -> Iterator[Finding]:
    for image_id in sorted(desk.looks.unreadable & set(desk.photos)):
        yield Finding(image_id, "unreadable", BROKEN, "This photo is damaged and cannot be opened.")


def _twice(desk: Desk) -> Iterator[Finding]:
    """The same bytes under two labels: one of them is wrong for certain."""
    for image_id, photo in desk.photos.items():
        given = list(dict.fromkeys(source.given_label for source in photo.sources if source.given_label))
        if len(given) > 1:
            names = " and as ".join(f"*{desk.title(label)}*" for label in given)
            now = desk.label(image_id)
            yield Finding(image_id, "exact_duplicate", CERTAIN, f"The same file came in as {names}.", now,
                          next((label for label in given if label not in (now, NONE)), None))


def _disagreeing(desk: Desk) -> Iterator[Finding]:
    """Copies of one shot under two labels: the less believable of the two is shown, before every mere doubt."""
    for pair in desk.copies.pairs.values():
        first, second = desk.label(pair.a), desk.label(pair.b)
        if first and second and first != second:
            odd, other = sorted((pair.a, pair.b), key=lambda image_id: (-_doubt(desk, image_id), image_id))
            said = f"The same shot is also labelled *{desk.title(desk.label(other))}*; one of the two is wrong."
            yield Finding(odd, "label", CERTAIN, said, desk.label(odd), desk.label(other), (other,))


def _doubt(desk: Desk, image_id: str) -> float:
    known = (desk.opinions.doubts or {}).get(image_id)
    return known.score if known else 0.0


def _doubtful(desk: Desk) -> Iterator[Finding]:
    near = {row.image_id: row.near for row in desk.opinions.rows}
    for image_id in sorted(desk.opinions.suspects):
        doubt = (desk.opinions.doubts or {})[image_id]
        others = [other for other in near[image_id] if _is_named(desk, other)]
        against = [other for other in others if (desk.label(other) or NONE) == doubt.likely] or others
        said = reason_for(doubt.chance, [desk.label(other) or NONE for other in others], doubt.likely, desk.title)
        suggested = None if doubt.likely == NONE else doubt.likely
        yield Finding(image_id, "label", doubt.score, said, desk.label(image_id), suggested, tuple(against[:5]))


def _is_named(desk: Desk, image_id: str) -> bool:
    row = desk.labels.get(image_id)
    return row is not None and row.status in ("labelled", "none_of_these", "duplicate")


def _near_duplicates(desk: Desk) -> Iterator[Finding]:
    starred: set[frozenset[str]] = set()
    for star in desk.copies.stars:
        for member in star[1:]:
            pair = desk.copies.pairs[pair_of(star[0], member)]
            starred.add(frozenset((star[0], member)))
            yield _copy(desk, member, pair, star)
    together = {image_id: star for star in desk.copies.stars for image_id in star}
    for pair in desk.copies.pairs.values():
        # Two groups that touch: neither photo agrees with the other's representative, yet they must not be divided.
        if together.get(pair.a) != together.get(pair.b):
            yield _copy(desk, pair.b, pair, (pair.a, pair.b))


def _copy(desk: Desk, member: str, pair: Pair, group: tuple[str, ...]) -> Finding:
    related = tuple(other for other in group if other != member)
    return Finding(member, "near_duplicate", min(pair.score, SURE_COPY), SAME_SHOT[pair.kind], related=related)


def _leaks(desk: Desk) -> Iterator[Finding]:
    """Photos to learn from that are also in the test: the same file, or a copy."""
    tested = {image_id for image_id in desk.photos if "test" in desk.sides(image_id)}
    for image_id in sorted(tested):
        if desk.sides(image_id) - {"test"}:
            yield Finding(image_id, "leak", CERTAIN, "The same file came in for training and for the test.")
    for pair in desk.copies.pairs.values():
        for learnt, other in ((pair.a, pair.b), (pair.b, pair.a)):
            if other in tested and learnt not in tested and desk.sides(learnt):
                said = f"{SAME_SHOT[pair.kind]} That one is in the test, so this one must not be learned from."
                yield Finding(learnt, "leak", min(pair.score, SURE_COPY), said, related=(other,))


def _unlabelled(desk: Desk) -> Iterator[Finding]:
    opinions = {row.image_id: row for row in desk.opinions.rows}
    for image_id, label in desk.labels.items():
        if label.status == "unlabelled" and image_id not in desk.looks.unreadable:
            yield _ask_for(desk, image_id, opinions.get(image_id), desk.asks.get(image_id, UNASKED))


def _ask_for(desk: Desk, image_id: str, opinion: Opinion | None, ask: Ask) -> Finding:
    if opinion is None or not opinion.labels:
        return Finding(image_id, "unlabelled", ask.score, ask.reason)
    likely, chance = opinion.labels[0], opinion.chances[0]
    said = f"{ask.reason} The model would say *{desk.title(likely)}* ({round(chance * 100)} %)."
    return Finding(image_id, "unlabelled", ask.score, said, suggested_label=None if likely == NONE else likely)


def _quality(desk: Desk) -> Iterator[Finding]:
    for image_id, measures in desk.looks.measures.items():
        label = desk.labels.get(image_id)
        if label is None or label.status in ("junk", "none_of_these"):
            continue
        for trouble in troubles(measures)[:1]:
            yield Finding(image_id, "quality", trouble.score, trouble.reason)
