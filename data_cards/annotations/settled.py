"""Which questions about a photo a decision settles: the one rule for the scan, the light table, the
receipts of visitors and the figures of a round.

All functions take decisions that stand (see `ledger.standing`).
"""

from __future__ import annotations

from collections.abc import Iterable

from data_cards.annotations.actions import (
    COPIES,
    EVERYTHING,
    NOTHING,
    PAIR_ACTIONS,
    TABLE,
    TOPICS,
    VISITOR_ACTIONS,
    Topic,
)
from data_cards.annotations.decision import Decision, moment_in, moment_text


def settled_topics(one: Decision, image_id: str) -> frozenset[Topic]:
    """The topics that are settled for this photo after the decision."""
    action = TABLE[one.action]
    if one.action in PAIR_ACTIONS and image_id == one.other:
        return COPIES
    if image_id != one.image_id or not action.answers:
        return NOTHING
    if one.action in PAIR_ACTIONS:
        return action.settles
    if not one.finding:
        # Not an answer to a question: a person looked at the whole photo, here or in another tool.
        return EVERYTHING
    return action.settles | asked_topics(one.finding)


def asked_topics(finding: str) -> frozenset[Topic]:
    """What the question asked that a decision names as "scan id/kind". A visitor's question has
    another name, its id."""
    scan_id, _, kind = finding.rpartition("/")
    return TOPICS.get(kind, NOTHING) if scan_id else NOTHING


def settled_photos(decisions: Iterable[Decision], topic: Topic) -> set[str]:
    """The photos (image_id) whose question of this sort is settled."""
    return {
        image_id
        for one in decisions
        for image_id in (one.image_id, one.other)
        if image_id and topic in settled_topics(one, image_id)
    }


def settles_visitor(one: Decision, question_id: str, image_id: str) -> bool:
    """Whether a decision settles a visitor's question about a photo.

    The decision made on it does. So do later ones that end every question about the photo, and the
    answer to another visitor's question. Decisions from before the visitor asked settle nothing.
    """
    if one.image_id != image_id or not TABLE[one.action].answers:
        return False
    if one.finding == question_id:
        return one.action not in PAIR_ACTIONS or Topic.VISITOR in TABLE[one.action].settles
    made = moment_in(question_id)
    asked_at = moment_text(made) if made else None
    if one.action in VISITOR_ACTIONS and one.finding:
        return asked_at is not None and one.at > asked_at
    is_later = asked_at is None or one.at > asked_at
    return is_later and Topic.VISITOR in settled_topics(one, image_id)
