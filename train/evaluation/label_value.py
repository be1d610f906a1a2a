"""Was it worth it? What a round of decisions gained, and whether another hour is likely to help, in
plain sentences.

verdict(paired(before, after), decisions=48, effort=effort_of(...), photos=2640)
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
from data_cards.dataset.schema import Finding
from data_cards.wording import counted, percent, points
from train.statistics.paired import Paired

# wrong labels (and their share of all) that are not worth an hour by themselves
FEW_ERRORS = 3
FEW_SHARE = 0.003
MANY_SHARE = 0.02  # share of all labels: more wrong ones than this limit any model
LITTLE = 0.01  # a gain that nobody would notice


def what_it_bought(found: Paired | None, decisions: int) -> str:
    """ "The last 48 decisions moved top-1 from 84.9 % to 88.1 % (between +0.4 and +6.2 points)."""
    if found is None or not found.n:
        return "This is the first round, so there is nothing to compare it with."
    made = _made(decisions)
    before = percent(found.before / found.n)
    after = percent(found.after / found.n)
    between = f"between {points(found.low)} and {points(found.high)} points"
    if not found.better and not found.worse:
        return (
            f"{made} changed no answer on the {found.n} test photos: top-1 stays at {after} "
            f"({between})."
        )
    moved = (
        f"moved top-1 from {before} to {after}" if found.difference else f"left top-1 at {after}"
    )
    return f"{made} {moved} ({between})."


def what_changed(found: Paired) -> str:
    """How many photos got better and worse."""
    better = (
        f"{found.better} test photo{'s are' if found.better != 1 else ' is'} named rightly that "
    )
    better += "were not before" if found.better != 1 else "was not before"
    return f"{better}; {found.worse} the other way round."


def how_sure(found: Paired) -> str:
    """What a test this small cannot show; empty where the interval excludes zero."""
    if not found.n:
        return "There is no test photo that both models answered, so we can't compare them."
    if found.low > 0 or found.high < 0:
        return ""
    few = "only " if found.visible > 0.05 else ""
    return (
        f"The test has {few}{found.n} photos: a difference below {round(100 * found.visible)} "
        "points could be chance."
    )


def another_hour(found: Paired | None, decisions: int, effort: Effort, photos: int) -> str:
    """Whether another hour is likely to pay. `photos`: how many are labelled."""
    left = effort.errors_left
    share = effort.errors_left / max(1, photos)
    if left < FEW_ERRORS or share < FEW_SHARE:
        return (
            f"{_left(effort)} (wrong labels that no scan doubts are not counted); another hour of "
            "checking labels "
            "is not likely to pay. Photos of the weakest classes would do more."
        )
    words = f"{_left(effort)}{_takes(effort)}"
    if found is None or not decisions:
        likely = "is likely to pay" if share >= MANY_SHARE else "may pay"
        return (
            f"{words}; another hour {likely}. We don't yet know how much an hour of labelling "
            "helps here."
        )
    if found.high < LITTLE:
        return (
            f"{words}, but the last {_count(decisions)} gained almost nothing; "
            "another hour is unlikely to help."
        )
    if found.low > 0:
        return f"{words}; another hour is likely to pay{_about(found, decisions, effort)}."
    if share >= MANY_SHARE:
        return (
            f"{words}, {percent(share)} of all: another hour may well pay, though this test cannot "
            "show it yet."
        )
    return f"{words}; this test can't say whether another hour will help."


def verdict(found: Paired | None, decisions: int, effort: Effort, photos: int) -> str:
    """All of it as one short paragraph."""
    sure = how_sure(found) if found else ""
    parts = (what_it_bought(found, decisions), sure, another_hour(found, decisions, effort, photos))
    return " ".join(part for part in parts if part)


def _made(decisions: int) -> str:
    if not decisions:
        return "Training again, without new decisions,"
    return "The last decision" if decisions == 1 else f"The last {decisions} decisions"


def _left(effort: Effort) -> str:
    """How many of the doubted labels are probably wrong. Labels that no scan doubts are left out:
    nobody knows."""
    left = effort.errors_left
    doubts = effort.doubts
    if not doubts:
        return "No label is in doubt any more"
    if doubts == 1:
        return "One label is still in doubt"
    if effort.wrong_share is None:
        return f"{doubts} doubtful labels are left that nobody has checked"
    some = f"About {left}" if left else "Probably none"
    return f"{some} of the {doubts} labels still in doubt {'are' if left > 1 else 'is'} wrong"


def _takes(effort: Effort) -> str:
    """How long the doubts that are left take, at the pace so far."""
    if effort.minutes is None:
        return ""
    minutes = effort.minutes * effort.doubts
    if minutes < 90:
        return f", about {max(1, round(minutes))} minute{'s' * (round(minutes) > 1)} of work"
    return f", about {round(minutes / 60)} hours of work"


def _about(found: Paired, decisions: int, effort: Effort) -> str:
    """At the rate of the last round, no further than there are doubts."""
    if effort.minutes is None:
        return ""
    more = min(effort.doubts, 60 / effort.minutes) / decisions
    return (
        f" (about {points(min(found.difference * more, 1 - found.after / found.n))} points at the "
        "rate so far)"
    )


def _count(decisions: int) -> str:
    return counted(decisions, "decision").removeprefix("1 ")


ROUND = (
    "round-"  # findings that ask about the test again come from a round, not from a scan's doubt
)
PAUSE = 300.0  # seconds; who takes longer was away
# doubts answered of late, and how many say something about the rest
LATEST = 20
ENOUGH = 8
FEWEST_GAPS = 5


@dataclass(frozen=True)
class Effort:
    """`decisions` that stand; `minutes` for one, None while that is not known; `doubts`: labels
    that the last scan doubts and nobody has decided about; `wrong_share`: how many of the recently
    decided doubts were wrong labels."""

    decisions: int = 0
    minutes: float | None = None
    doubts: int = 0
    wrong_share: float | None = None

    @property
    def errors_left(self) -> int:
        """About how many wrong labels the doubts hold: all of them, until enough were answered
        to say better."""
        return round(self.doubts * (1.0 if self.wrong_share is None else self.wrong_share))


def effort_of(decisions: Iterable[Decision], findings: Iterable[Finding]) -> Effort:
    """From all decisions, in any order. Those that were taken back or say nothing of a photo do
    not count."""
    said = [one for one in standing(decisions) if one.action in ANSWERS]
    decided = settled_photos(said, Topic.LABEL)
    doubted = {one.image_id for one in findings if _doubts_a_label(one)}
    answered = [
        one
        for one in said
        if one.action in LABEL_ANSWERS
        and one.finding.endswith("/label")
        and not one.finding.startswith(ROUND)
    ]
    return Effort(
        len(said), _minutes(said), len(doubted - decided), _wrong_share(answered[-LATEST:])
    )


def _doubts_a_label(one: Finding) -> bool:
    twice = one.kind == "exact_duplicate" and not one.related
    return (one.kind == "label" or twice) and not one.scan_id.startswith(ROUND)


def _minutes(said: Iterable[Decision]) -> float | None:
    """What a decision took, on average, while people were at it. Twenty given at once took what
    one did."""
    last: dict[str, float] = {}
    gaps = []
    for one in said:
        at = datetime.fromisoformat(one.at).timestamp()
        gap = at - last.get(one.who, float("-inf"))
        last[one.who] = at
        if 0 <= gap <= PAUSE:
            gaps.append(gap)
    # A mean, since a batch is many short gaps; but never less than a glance.
    return (
        max(sum(gaps) / len(gaps), 0.5 * median(gaps), 1.0) / 60
        if len(gaps) >= FEWEST_GAPS
        else None
    )


def _wrong_share(answered: list[Decision]) -> float | None:
    """The share of wrong labels among the doubts decided last, by Laplace's rule. The most doubtful
    are decided first, so what is left is at most that bad."""
    if len(answered) < ENOUGH:
        return None
    wrong = sum(one.action != "keep" and one.label != one.label_before for one in answered)
    return (wrong + 1) / (len(answered) + 2)
