"""What people put into a dataset's labels so far, from its ledger and findings: plain rows in, plain figures out.

    effort_of(dataset.ledger(), dataset.findings()).errors_left
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from data_cards.rows import Finding

ABOUT_PHOTOS = frozenset({"keep", "relabel", "none_of_these", "junk", "duplicate_of", "not_duplicate",
                          "accept_visitor", "refuse_visitor"})
ABOUT_LABELS = frozenset({"keep", "relabel", "none_of_these", "junk"})
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


def effort_of(ledger: Iterable[Mapping[str, Any]], findings: Iterable[Finding]) -> Effort:
    """From raw ledger lines, in any order. A line that is no decision counts for nothing."""
    standing = _standing(ledger)
    decided = {row["image_id"] for row in standing if row["action"] in ABOUT_LABELS}
    doubted = {one.image_id for one in findings if _doubts_a_label(one)}
    answered = [row for row in standing if str(row.get("finding", "")).endswith("/label")
                and not str(row["finding"]).startswith(ROUND) and row["action"] in ABOUT_LABELS]
    return Effort(len(standing), _minutes(standing), len(doubted - decided), _wrong_share(answered[-LATEST:]))


def _doubts_a_label(one: Finding) -> bool:
    twice = one.kind == "exact_duplicate" and not one.related
    return (one.kind == "label" or twice) and not one.scan_id.startswith(ROUND)


def _standing(ledger: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Decisions about photos that nobody took back, oldest first. An undo can be undone, so the last is read first."""
    rows = {str(row["id"]): row for row in ledger if row.get("id") and row.get("at") and row.get("action")}
    ordered = sorted(rows.values(), key=lambda row: (str(row["at"]), str(row["id"])))
    undone: set[str] = set()
    for row in reversed(ordered):
        if row["action"] == "undo" and str(row["id"]) not in undone:
            undone.add(str(row.get("undoes")))
    return [row for row in ordered if row["action"] in ABOUT_PHOTOS and str(row["id"]) not in undone]


def _minutes(standing: Iterable[Mapping[str, Any]]) -> float | None:
    """What a decision took, on average, while people were at it. Twenty given at once took what one did."""
    last: dict[str, float] = {}
    gaps = []
    for row in standing:
        at, who = _seconds(str(row["at"])), str(row.get("who"))
        gap = at - last.get(who, float("-inf"))
        last[who] = at
        if 0 <= gap <= PAUSE:
            gaps.append(gap)
    # A mean, since a batch is many short gaps; but never less than a glance.
    return max(sum(gaps) / len(gaps), 0.5 * median(gaps), 1.0) / 60 if len(gaps) >= FEWEST_GAPS else None


def _seconds(at: str) -> float:
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:  # written by hand; it then counts as far away from every other
        return float("-inf")


def _wrong_share(answered: list[Mapping[str, Any]]) -> float | None:
    """Of the doubts answered of late, the least doubtful so far: what is left is no better. Laplace's rule."""
    if len(answered) < ENOUGH:
        return None
    wrong = sum(row["action"] != "keep" and row.get("label") != row.get("label_before") for row in answered)
    return (wrong + 1) / (len(answered) + 2)
