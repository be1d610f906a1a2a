"""Where people disagree about a photo, or about two: pure functions of its decisions.

    disagreement(decisions)             one says durga, another kali
    pair_disagreement(decisions)        one says a copy of that photo, another no copy

Two people's latest answers differ, and nobody has settled it since. It does not matter how the
answers came about: two people were asked independently, or two ledgers were merged later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from data_cards.annotations.actions import COPY_ANSWERS, LABEL_ANSWERS, PAIR_ACTIONS, TOPICS, Topic
from data_cards.annotations.decision import NONE_OF_THESE, Decision

KIND = "conflict"
PAIR = "pair"
JUNK = "junk"

ClassNow = Callable[[str | None], str | None]


@dataclass(frozen=True)
class Disagreement:
    """What people said, in no order that tells who was first, and the decisions that say it,
    oldest first. `photo` and `other`: the pair that it is about; empty for a disagreement about
    one photo's label."""

    answers: tuple[str, ...]
    decisions: tuple[Decision, ...]
    photo: str = ""
    other: str = ""

    @property
    def name(self) -> str:
        """The same as long as the same answers stand against each other."""
        return self.decisions[-1].id


def answer_of(one: Decision) -> str | None:
    """What a decision says that the photo shows: a class id, "none" or "junk"; None if it says
    nothing about that. Keeping a label counts if the label was the question, not if sharpness or a
    copy was.
    """
    if one.action == "none_of_these":
        return NONE_OF_THESE
    if one.action == "junk":
        return JUNK
    if one.action == "keep":
        scan_id, _, kind = one.finding.rpartition("/")
        return one.label if not scan_id or Topic.LABEL in TOPICS.get(kind, ()) else None
    return one.label if one.action in LABEL_ANSWERS else None


def settles(one: Decision) -> bool:
    """Whether this decision was made on a disagreement, and so ends it."""
    return one.finding.endswith(f"/{KIND}") and answer_of(one) is not None


def latest_answers(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Each person's latest answer since the last disagreement was settled. `decisions`: about
    one photo, in order, without those taken back."""
    latest: dict[str, Decision] = {}
    for one in decisions:
        if answer_of(one) is None:
            continue
        if settles(one):
            latest.clear()
        latest.pop(one.who, None)
        latest[one.who] = one
    return latest


def disagreement(
    decisions: Iterable[Decision], class_now: ClassNow = lambda label: label
) -> Disagreement | None:
    """The open disagreement about one photo. `class_now`: what a class has become (see
    `ledger.merged_classes`)."""
    latest = latest_answers(decisions)
    answers = {class_now(answer_of(one)) or "" for one in latest.values()}
    return (
        Disagreement(tuple(sorted(answers)), tuple(latest.values())) if len(answers) > 1 else None
    )


def settles_pair(one: Decision) -> bool:
    """Whether this decision was made on a disagreement about two photos, and so ends it. Keeping
    both and junk do."""
    return one.finding.endswith(f"/{PAIR}") and one.action in COPY_ANSWERS


def pair_disagreement(decisions: Iterable[Decision]) -> Disagreement | None:
    """The open disagreement about whether two photos are copies. `decisions`: those of one pair
    (see `pairs_in`)."""
    said = list(decisions)
    latest: dict[str, Decision] = {}
    for one in said:
        if settles_pair(one):
            latest.clear()
        if one.action in PAIR_ACTIONS:
            latest.pop(one.who, None)
            latest[one.who] = one
    answers = {one.action for one in latest.values()}
    photo = filed_under(said)
    if len(answers) < 2:
        return None
    last = next(reversed(latest.values()))
    other = last.other if last.image_id == photo else last.image_id
    return Disagreement(tuple(sorted(answers)), tuple(latest.values()), photo, other or "")


def filed_under(decisions: Iterable[Decision]) -> str:
    """The photo that a disagreement about this pair belongs to: the first that somebody called a
    copy."""
    return next((one.image_id for one in decisions if one.action == "duplicate_of"), "")


def pairs_in(decisions: Iterable[Decision]) -> dict[frozenset[str], list[Decision]]:
    """Pairs of photos that people judged -> what they said of each, in order; without what was
    taken back.

    What was said on a disagreement without naming the other photo (keep both, junk) is found by
    what it answered.
    """
    pairs: dict[frozenset[str], list[Decision]] = {}
    of: dict[str, frozenset[str]] = {}
    for one in decisions:
        asked = one.finding.rpartition("/")[0] if settles_pair(one) else ""
        pair = (
            frozenset((one.image_id, one.other or ""))
            if one.action in PAIR_ACTIONS
            else of.get(asked)
        )
        if pair:
            pairs.setdefault(pair, []).append(one)
            of[one.id] = pair
    return pairs
