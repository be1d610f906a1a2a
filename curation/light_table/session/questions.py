"""What an annotator is asked: findings as questions about a photo, piled by sort, most doubtful
first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from data_cards.annotations.actions import Topic
from data_cards.annotations.decision import Decision
from data_cards.annotations.disagreement import PAIR, settles, settles_pair
from data_cards.annotations.settled import settled_topics, settles_visitor
from data_cards.dataset.schema import Finding

PILES = (
    "labels",
    "leaks",
    "duplicates",
    "conflicts",
    "unlabelled",
    "alike",
    "quality",
    "visitors",
)
PAIRS = ("leaks", "duplicates", "alike")
# Whether two photos are one shot: for the first pile the pixels said so, for the other nothing has.
COPIES = ("duplicates", "alike")
# the least score of a poor photo that is worth a question; a remark is on the page of the scan
ASKED_FROM = 0.05
QUIZ = "quiz"  # instead of a scan: a question that visitors' answers alone gave reason for
UNASKED = "unasked"  # the kind of a photo that a person looked up without a question about it
_PILE_OF_KIND = {
    "label": "labels",
    "unlabelled": "unlabelled",
    "leak": "leaks",
    "exact_duplicate": "duplicates",
    "near_duplicate": "duplicates",
    "looks_alike": "alike",
    "quality": "quality",
    "visitor": "visitors",
    "conflict": "conflicts",
    "pair": "conflicts",
}
# What the questions of a pile ask; on the pile "conflicts" lie disagreements, which have a rule of
# their own.
TOPIC_OF_PILE = {
    "labels": Topic.LABEL,
    "unlabelled": Topic.LABEL,
    "leaks": Topic.LEAK,
    "duplicates": Topic.COPY,
    "alike": Topic.COPY,
    "quality": Topic.QUALITY,
    "visitors": Topic.VISITOR,
}


@dataclass(frozen=True)
class Item:
    """One question to a person: everything of one sort that the scan says about one photo."""

    image_id: str
    pile: str
    findings: tuple[Finding, ...]

    @property
    def key(self) -> str:
        """The question's name, the same after every restart."""
        return f"{self.pile}/{self.image_id}"

    @property
    def photos(self) -> tuple[str, ...]:
        """What lies on the table with this question: its photo, and the one it is compared with."""
        other = next((photo for photo in self.first.related if photo != self.image_id), None)
        return (self.image_id, other) if other and self.is_pair else (self.image_id,)

    @property
    def is_pair(self) -> bool:
        """Whether the question is what two photos have to do with each other."""
        return self.pile in PAIRS or self.first.kind == "pair"

    @property
    def first(self) -> Finding:
        """The finding that weighs most."""
        return self.findings[0]


def pile_of(finding: Finding) -> str | None:
    """The pile a finding's question lies on; None for what nobody can decide on a photo.

    The same bytes under two labels (an exact duplicate with nothing to compare with) are a
    question about the label, not about a pair.
    """
    if finding.kind == "exact_duplicate" and not finding.related:
        return "labels"
    if finding.kind == "quality" and finding.score < ASKED_FROM:
        return None
    return _PILE_OF_KIND.get(finding.kind)


def questions(findings: Iterable[Finding]) -> list[Item]:
    """Findings -> one item for each photo and pile, most doubtful first.

    A certain label error (one photo under two labels) comes before every suspicion.
    """
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        pile = pile_of(finding)
        if pile is not None:
            grouped.setdefault((pile, finding.image_id), []).append(finding)
    items = [
        Item(image_id, pile, tuple(sorted(group, key=_doubt)))
        for (pile, image_id), group in grouped.items()
    ]
    return sorted(items, key=most_doubtful)


def most_doubtful(item: Item) -> tuple[bool, float, str]:
    """What questions are put into order by."""
    return (*_doubt(item.first), item.image_id)


def _doubt(finding: Finding) -> tuple[bool, float]:
    certain = finding.kind == "exact_duplicate" and not finding.related
    return (not certain, -finding.score)


def unasked(image_id: str) -> Item:
    """A photo that nothing asks about, as it is looked at. Its key is of no question, so deciding
    on it settles only what the decision itself makes pointless."""
    return Item(image_id, "photo", (Finding(image_id, UNASKED, 0.0, ""),))


def answers(decision: Decision, item: Item) -> bool:
    """Whether a decision settles a question: the one that was asked, and those that it makes
    pointless."""
    if item.first.kind == PAIR:
        named = {decision.image_id, decision.other or decision.image_id}
        return settles_pair(decision) and named <= set(item.photos)
    if item.pile == "conflicts":
        return decision.image_id == item.image_id and settles(decision)
    if item.pile == "visitors":
        # Several visitors may ask about one photo; the latest question needs an answer too.
        names = [finding.scan_id for finding in item.findings]
        return all(settles_visitor(decision, name, item.image_id) for name in names)
    return TOPIC_OF_PILE[item.pile] in settled_topics(decision, item.image_id)


def asked(decision: Decision, item: Item) -> bool:
    """Whether the decision was made on this very question."""
    scan_id, _, kind = decision.finding.rpartition("/")
    if not scan_id:
        return any(
            finding.kind == "visitor" and finding.scan_id == kind for finding in item.findings
        )
    return any(finding.kind == kind for finding in item.findings)
