"""What people put into a dataset's labels so far, from decisions and findings: plain rows in, plain figures out.

    effort_of(known(dataset).decisions, dataset.findings()).errors_left
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from data_cards.annotations.actions import ANSWERS, LABEL_ANSWERS, Topic
from data_cards.annotations.decision import Decision
from data_cards.annotations.ledger import standing
from data_cards.annotations.settled import settled_photos
from data_cards.rows import Finding

ROUND = "round-"  # findings that ask about the test again come from a round, not from a scan's doubt
PAUSE = 300.0  # seconds; who takes longer was away
LATEST, ENOUGH = 20, 8  # doubts answered of late, and how many say something about the rest
FEWEST_GAPS = 5


@dataclass(frozen=True)
class Effort:
    """`decisions` that stand; `minutes` for one, None while that is not known; `doubts`: labels that the last scan
    doubts and nobody decided about; `wrong_share` of the doubts answered of late that were wrong labels."""

    decisions: int = 0
    minutes: float | None = None
    doubts: int = 0
    wrong_share: float | None = None

    @property
    def errors_left(self) -> int:
        """About how many wrong labels the doubts hold: all of them, until enough were answered to say better."""
        return round(self.doubts * (1.0 if self.wrong_share is None else self.wrong_share))


def effort_of(decisions: Iterable[Decision], findings: Iterable[Finding]) -> Effort:
    """From all decisions, in any order. Those that were taken back or say nothing of a photo do not count."""
    said = [one for one in standing(decisions) if one.action in ANSWERS]
    decided = settled_photos(said, Topic.LABEL)
    doubted = {one.image_id for one in findings if _doubts_a_label(one)}
    answered = [one for one in said if one.action in LABEL_ANSWERS and one.finding.endswith("/label")
                and not one.finding.startswith(ROUND)]
    return Effort(len(said), _minutes(said), len(doubted - decided), _wrong_share(answered[-LATEST:]))


def _doubts_a_label(one: Finding) -> bool:
    twice = one.kind == "exact_duplicate" and not one.related
    return (one.kind == "label" or twice) and not one.scan_id.startswith(ROUND)


def _minutes(said: Iterable[Decision]) -> float | None:
    """What a decision took, on average, while people were at it. Twenty given at once took what one did."""
    last: dict[str, float] = {}
    gaps = []
    for one in said:
        at = datetime.fromisoformat(one.at).timestamp()
        gap = at - last.get(one.who, float("-inf"))
        last[one.who] = at
        if 0 <= gap <= PAUSE:
            gaps.append(gap)
    # A mean, since a batch is many short gaps; but never less than a glance.
    return max(sum(gaps) / len(gaps), 0.5 * median(gaps), 1.0) / 60 if len(gaps) >= FEWEST_GAPS else None


def _wrong_share(answered: list[Decision]) -> float | None:
    """Of the doubts answered of late, the least doubtful so far: what is left is no better. Laplace's rule."""
    if len(answered) < ENOUGH:
        return None
    wrong = sum(one.action != "keep" and one.label != one.label_before for one in answered)
    return (wrong + 1) / (len(answered) + 2)
