"""Which decision answers which question."""

from __future__ import annotations

from curation.light_table.queue import Item
from data_cards.annotations.decision import Decision
from data_cards.annotations.disagreement import ABOUT_PAIRS, PAIR, settles, settles_pair

SETTLES_EVERYTHING = ("junk", "duplicate_of")


def answers(decision: Decision, item: Item) -> bool:
    """Whether a decision settles a question: the one that was asked, and those that it makes pointless."""
    if decision.action == "unsure":
        return False
    if item.first.kind == PAIR:
        named = {decision.image_id, decision.other or decision.image_id}
        return settles_pair(decision) and named <= set(item.photos)
    if item.pile == "conflicts":
        return decision.image_id == item.image_id and settles(decision)
    if decision.image_id != item.image_id or decision.action == "not_duplicate":
        return decision.action in ABOUT_PAIRS and item.pile in ("duplicates", "leaks")
    if decision.action in SETTLES_EVERYTHING or not decision.finding:
        return True
    if decision.action in ("relabel", "none_of_these") and item.pile in ("labels", "unlabelled"):
        return True
    return asked(decision, item)


def asked(decision: Decision, item: Item) -> bool:
    """Whether the decision was made on this very question."""
    scan_id, _, kind = decision.finding.rpartition("/")
    if not scan_id:
        return any(finding.kind == "visitor" and finding.scan_id == kind for finding in item.findings)
    return any(finding.kind == kind for finding in item.findings)
