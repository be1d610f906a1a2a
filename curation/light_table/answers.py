"""Which decision answers which question."""

from __future__ import annotations

from curation.light_table.questions import TOPIC_OF_PILE
from curation.light_table.queue import Item
from data_cards.annotations.decision import Decision
from data_cards.annotations.disagreement import PAIR, settles, settles_pair
from data_cards.annotations.settled import settled_topics, settles_visitor


def answers(decision: Decision, item: Item) -> bool:
    """Whether a decision settles a question: the one that was asked, and those that it makes pointless."""
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
        return any(finding.kind == "visitor" and finding.scan_id == kind for finding in item.findings)
    return any(finding.kind == kind for finding in item.findings)
