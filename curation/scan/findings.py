"""What a scan learned -> findings, each with a reason that a person understands.

What people decided is respected: a label that somebody kept or gave is not doubted again, and a
photo set aside is left in peace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import heapify, heappop, heappush
from itertools import chain

from curation.active_learning.to_label import NAMELESS, Ask
from curation.ingest.photo_files import named_wrongly
from curation.issues.label_issues import reason_for
from curation.issues.shortcuts import TraitsOf, shortcuts
from curation.near_duplicates.groups import DISAGREE, Pair, pair_of
from curation.scan.context import ScanContext
from curation.scan.leaks import CERTAIN, SAME_SHOT, SURE_COPY, leaks
from data_cards.annotations.actions import TOPICS, Topic
from data_cards.annotations.decision import NONE_OF_THESE
from data_cards.annotations.ledger import standing
from data_cards.annotations.settled import settled_photos
from data_cards.dataset.schema import Finding, Opinion
from data_cards.wording import chance_percent
from train.splits.groups import connected

BROKEN = 1.0
STRANGE = 0.3
# by which a score becomes that of a finding: behind verified copies, and enough to hold photos
# together
ALIKE = 0.6
REMARK = 0.02  # worth hearing, not worth a question: below what the light table asks about
MANY_LABELS = 3  # one picture under so many labels is a placeholder or a logo, and no photo of any
UNASKED = Ask(0.25, NAMELESS)  # an unlabelled photo that the scan put into no order


def findings_of(context: ScanContext, scan_id: str) -> list[Finding]:
    """Every finding of a scan, most pressing first."""
    decisions = standing(context.ledger.decisions)
    settled = {topic: settled_photos(decisions, topic) for topic in (Topic.LABEL, Topic.QUALITY)}
    still_open = (
        one
        for one in _asked(context, settled[Topic.LABEL])
        if not any(one.image_id in settled[topic] for topic in TOPICS[one.kind])
    )
    found = chain(
        _unreadable(context),
        leaks(context),
        _near_duplicates(context),
        _look_alikes(context),
        _shortcuts(context),
        _misnamed(context),
        still_open,
    )
    said: dict[str, str] = {}  # many photos, few reasons: each is kept once
    stamped = (
        replace(
            one,
            scan_id=scan_id,
            model_revision=context.model_revision,
            reason=said.setdefault(one.reason, one.reason),
            given_label=one.given_label or context.label(one.image_id),
        )
        for one in _once(found)
    )
    return sorted(stamped, key=lambda one: (-one.score, one.kind, one.image_id))


def _asked(context: ScanContext, settled: set[str]) -> Iterator[Finding]:
    """Questions that a person may have settled already. `settled`: photos whose label is."""
    return chain(
        _placeholders(context),
        _twice(context),
        _disagreeing(context, settled),
        _doubtful(context),
        _unlabelled(context),
        _quality(context),
    )


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """One finding for each photo and kind: the first, which is the surest. A shortcut is about a
    class, and a remark asks nothing: neither stands in the way of another."""
    seen: dict[str, set[object]] = {}
    for one in findings:
        key = (
            (one.image_id, one.reason)
            if one.kind == "shortcut" or one.score <= REMARK
            else one.image_id
        )
        known = seen.setdefault(one.kind, set())
        if key not in known:
            known.add(key)
            yield one


def _unreadable(context: ScanContext) -> Iterator[Finding]:
    for image_id in sorted(context.looks.unreadable & set(context.photos)):
        yield Finding(image_id, "unreadable", BROKEN, "This photo is damaged and cannot be opened.")


def _shortcuts(context: ScanContext) -> Iterator[Finding]:
    """One for each class and trait; it is filed under a photo of the class that has the trait."""
    named = {
        image_id: row.label
        for image_id, row in context.labels.items()
        if row.label and row.status == "labelled"
    }
    for one in shortcuts(
        named,
        TraitsOf(context.photos, context.looks.measures),
        context.copies.groups,
        context.title,
    ):
        yield Finding(
            one.examples[0], "shortcut", one.score, one.reason, one.label, related=one.examples
        )


def _misnamed(context: ScanContext) -> Iterator[Finding]:
    """Harmless here, where every file is read as what it is; other programs go by the name."""
    for image_id, measures in context.looks.measures.items():
        for source in context.photos[image_id].sources:
            said = named_wrongly(source.path, measures.format)
            if said:
                yield Finding(image_id, "quality", REMARK, f"{source.path} is {said}")


def _placeholders(context: ScanContext) -> Iterator[Finding]:
    for image_id, labels in sorted(_everywhere(context).items()):
        names = ", ".join(f"*{context.title(label)}*" for label in sorted(labels))
        said = (
            f"The same picture has {len(labels)} labels ({names}): a placeholder or a logo, not "
            "a photo."
        )
        yield Finding(image_id, "quality", SURE_COPY, said)


def _everywhere(context: ScanContext) -> dict[str, frozenset[str]]:
    """Photos whose picture stands under MANY_LABELS labels or more, as one file or as copies,
    with these labels."""
    under: dict[str, frozenset[str]] = {}
    alike: dict[
        frozenset[str], frozenset[str]
    ] = {}  # most photos have one label: a set for each would be large
    for image_id, photo in context.photos.items():
        group = context.copies.groups.get(image_id, image_id)
        given = (*(source.given_label for source in photo.sources), context.label(image_id))
        names = under.get(group, frozenset()).union(filter(None, given))
        under[group] = alike.setdefault(names, names)
    return {
        image_id: under[group]
        for image_id in context.photos
        if len(under[group := context.copies.groups.get(image_id, image_id)]) >= MANY_LABELS
    }


def _twice(context: ScanContext) -> Iterator[Finding]:
    """The same bytes under two labels: one of them is wrong for certain."""
    everywhere = _everywhere(context)
    for image_id, photo in context.photos.items():
        given = list(
            dict.fromkeys(source.given_label for source in photo.sources if source.given_label)
        )
        if len(given) > 1 and image_id not in everywhere:
            names = " and as ".join(f"*{context.title(label)}*" for label in given)
            now = context.label(image_id)
            yield Finding(
                image_id,
                "exact_duplicate",
                CERTAIN,
                f"The same file came in as {names}.",
                now,
                next((label for label in given if label not in (now, NONE_OF_THESE)), None),
            )


def _disagreeing(context: ScanContext, settled: set[str]) -> Iterator[Finding]:
    """Copies of one shot under two labels, before every mere doubt: shown is the one that nobody
    settled, whose label fewer of the copies have, the less believable of the two."""
    everywhere = _everywhere(context)
    worn = Counter(
        (context.copies.groups.get(image_id, image_id), context.label(image_id))
        for image_id in context.photos
    )
    for pair in context.copies.pairs.values():
        if _differ(context, pair) and pair.a not in everywhere:
            odd, other = sorted(
                (pair.a, pair.b),
                key=lambda one: (
                    one in settled,
                    worn[context.copies.groups.get(one, one), context.label(one)],
                    -context.doubt(one),
                    one,
                ),
            )
            yield Finding(
                odd,
                "label",
                CERTAIN,
                _contradiction(context, odd, other),
                context.label(odd),
                context.label(other),
                (other,),
            )


def _differ(context: ScanContext, pair: Pair) -> bool:
    first = context.label(pair.a)
    second = context.label(pair.b)
    return bool(first and second and first != second)


def _contradiction(context: ScanContext, here: str, there: str) -> str:
    return (
        f"The same shot is labelled *{context.title(context.label(here))}* here and "
        f"*{context.title(context.label(there))}* "
        f"there; {DISAGREE}"
    )


def _doubtful(context: ScanContext) -> Iterator[Finding]:
    near = {
        row.image_id: row.near
        for row in context.opinions.rows
        if row.image_id in context.opinions.suspects
    }
    for image_id in sorted(context.opinions.suspects):
        doubt = context.opinions.doubts[image_id]
        others = [other for other in near[image_id] if _is_named(context, other)]
        against = [
            other for other in others if (context.label(other) or NONE_OF_THESE) == doubt.likely
        ] or others
        said = reason_for(
            doubt.chance,
            [context.label(other) or NONE_OF_THESE for other in others],
            doubt.likely,
            context.title,
            context.label(image_id) or NONE_OF_THESE,
        )
        suggested = None if doubt.likely == NONE_OF_THESE else doubt.likely
        yield Finding(
            image_id,
            "label",
            min(doubt.score, SURE_COPY),
            said,
            context.label(image_id),
            suggested,
            tuple(against[:5]),
        )


def _is_named(context: ScanContext, image_id: str) -> bool:
    row = context.labels.get(image_id)
    return row is not None and row.status in ("labelled", "none_of_these", "duplicate")


def _near_duplicates(context: ScanContext) -> Iterator[Finding]:
    starred: set[frozenset[str]] = set()
    for star in context.copies.stars:
        for member in star[1:]:
            pair = context.copies.pairs[pair_of(star[0], member)]
            starred.add(frozenset((star[0], member)))
            yield _copy(context, member, pair, star)
    together = {image_id: star for star in context.copies.stars for image_id in star}
    for pair in context.copies.pairs.values():
        # Two groups that touch: neither photo agrees with the other's representative, yet they must
        # not be divided.
        if together.get(pair.a) != together.get(pair.b):
            yield _copy(context, pair.b, pair, (pair.a, pair.b))


def _copy(context: ScanContext, member: str, pair: Pair, group: tuple[str, ...]) -> Finding:
    """Copies whose labels differ come before the others: keeping one of them settles a label
    too."""
    related = tuple(other for other in group if other != member)
    if _differ(context, pair):
        said = f"{SAME_SHOT[pair.kind]} {_contradiction(context, member, related[0])}"
        return Finding(member, "near_duplicate", CERTAIN, said, related=related)
    return Finding(
        member, "near_duplicate", min(pair.score, SURE_COPY), SAME_SHOT[pair.kind], related=related
    )


def _look_alikes(context: ScanContext) -> Iterator[Finding]:
    """Each photo with the one that it looks most like, so that all that hang together do so by
    one question a photo: the surest links of each island of groups (Prim's spanning tree)."""
    groups = connected(context.photos, context.copies.pairs)
    links = dict[str, list[tuple[float, str, str]]]()
    for pair in context.copies.alike.values():
        for mine, other in ((pair.a, pair.b), (pair.b, pair.a)):
            links.setdefault(groups[mine], []).append((-pair.score, other, mine))
    reached: set[str] = set()
    for first in sorted(links):
        open_links = [] if first in reached else links[first].copy()
        reached.add(first)
        heapify(open_links)
        while open_links:
            score, photo, before = heappop(open_links)
            if (group := groups[photo]) not in reached:
                reached.add(group)
                yield Finding(
                    photo,
                    "looks_alike",
                    ALIKE * -score,
                    SAME_SHOT["looks-alike"],
                    related=(before,),
                )
                for link in links[group]:
                    heappush(open_links, link)


def _unlabelled(context: ScanContext) -> Iterator[Finding]:
    nameless = {
        image_id for image_id, label in context.labels.items() if label.status == "unlabelled"
    }
    opinions = {row.image_id: row for row in context.opinions.rows if row.image_id in nameless}
    for image_id in context.labels:
        if image_id in nameless and image_id not in context.looks.unreadable:
            yield _ask_for(
                context, image_id, opinions.get(image_id), context.asks.get(image_id, UNASKED)
            )


def _ask_for(context: ScanContext, image_id: str, opinion: Opinion | None, ask: Ask) -> Finding:
    if opinion is None or not opinion.labels:
        return Finding(image_id, "unlabelled", ask.score, ask.reason)
    likely = opinion.labels[0]
    chance = opinion.chances[0]
    guess = (
        ""
        if ask.is_disputed
        else f" The model would say *{context.title(likely)}* ({chance_percent(chance)})."
    )
    return Finding(
        image_id,
        "unlabelled",
        ask.score,
        ask.reason + guess,
        suggested_label=None if likely == NONE_OF_THESE else likely,
    )


def _quality(context: ScanContext) -> Iterator[Finding]:
    for image_id in context.looks.measures:
        label = context.labels.get(image_id)
        if label is None or label.status in ("junk", "none_of_these"):
            continue
        trouble = context.poor.troubles.get(image_id)
        if trouble:
            yield Finding(image_id, "quality", trouble.score, trouble.reason)
        if (
            image_id in context.strangers
        ):  # behind what is wrong with the photo itself: that explains it
            said = (
                "Unlike the rest of this collection: "
                f"{context.strangers[image_id]:.1f} times as far from the other photos "
                "as they usually are. Does it belong here?"
            )
            yield Finding(image_id, "quality", STRANGE, said)
