"""Which questions a decision settles."""

from datetime import UTC, datetime

import pytest
from ulid import ULID

from data_cards.annotations.actions import COPIES, EVERYTHING, NOTHING, TABLE, Topic
from data_cards.annotations.decision import Decision, moment_text
from data_cards.annotations.settled import settled_photos, settled_topics, settles_visitor

LABEL = frozenset({Topic.LABEL})
QUALITY = frozenset({Topic.QUALITY})
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def made(action, finding="s/label", hour=12, image_id="p", other=None):
    at = moment_text(NOON.replace(hour=hour))
    return Decision(
        str(ULID()), at, "ann", image_id, action, label="agra", other=other, finding=finding
    )


def visitor(hour):
    return str(ULID.from_datetime(NOON.replace(hour=hour)))


@pytest.mark.parametrize(
    ("action", "finding", "topics"),
    [
        ("keep", "s/label", LABEL),
        ("keep", "s/quality", QUALITY),
        ("keep", "s/exact_duplicate", LABEL),
        ("keep", "s/near_duplicate", {Topic.COPY}),
        ("keep", "s/leak", {Topic.LEAK}),
        ("keep", "round-1/label", LABEL),
        ("keep", "s/from a newer version", NOTHING),
        ("keep", "", EVERYTHING),
        ("unsure", "", NOTHING),
        ("relabel", "s/quality", LABEL | QUALITY),
        ("none_of_these", "s/label", LABEL | QUALITY),
        ("junk", "s/quality", EVERYTHING),
        ("accept_visitor", "01ARZ3NDEKTSV4RRFFQ69G5FAV", LABEL),
        ("refuse_visitor", "01ARZ3NDEKTSV4RRFFQ69G5FAV", NOTHING),
        ("duplicate_of", "s/label", EVERYTHING),
        ("not_duplicate", "s/label", COPIES),
        ("not_duplicate", "", COPIES),
        ("rename_class", "", NOTHING),
        ("undo", "", NOTHING),
    ],
)
def test_a_decision_settles_what_was_asked_and_what_it_makes_pointless(action, finding, topics):
    assert settled_topics(made(action, finding), "p") == topics


@pytest.mark.parametrize("action", TABLE)
def test_a_decision_settles_nothing_about_another_photo_but_copies(action):
    one = made(action, other="q")
    assert settled_topics(one, "x") == NOTHING
    assert settled_topics(one, "q") == (
        COPIES if action in ("duplicate_of", "not_duplicate") else NOTHING
    )


def test_photos_are_collected_by_what_is_settled():
    decisions = [
        made("keep"),
        made("keep", "s/quality", image_id="q"),
        made("duplicate_of", image_id="r", other="s"),
    ]
    assert settled_photos(decisions, Topic.LABEL) == {"p", "r"}
    assert settled_photos(decisions, Topic.QUALITY) == {"q", "r"}
    assert settled_photos(decisions, Topic.COPY) == {"r", "s"}


@pytest.mark.parametrize(
    ("action", "settles"),
    [
        ("accept_visitor", True),
        ("refuse_visitor", True),
        ("junk", True),
        ("duplicate_of", True),
        ("not_duplicate", False),
        ("unsure", False),
    ],
)
def test_the_answer_to_a_visitor_settles_their_question(action, settles):
    question = visitor(10)
    assert settles_visitor(made(action, question, other="q"), question, "p") is settles
    assert not settles_visitor(made(action, question, other="q"), question, "q")


@pytest.mark.parametrize(
    ("action", "finding"),
    [
        ("junk", "s/label"),
        ("keep", ""),
        ("accept_visitor", visitor(9)),
        ("refuse_visitor", visitor(9)),
        ("duplicate_of", "s/leak"),
    ],
    ids=["junk", "keep", "accept_visitor", "refuse_visitor", "duplicate_of"],
)
def test_a_visitor_who_asks_after_a_decision_is_not_answered_by_it(action, finding):
    assert settles_visitor(made(action, finding, hour=12, other="q"), visitor(11), "p")
    assert not settles_visitor(made(action, finding, hour=12, other="q"), visitor(13), "p")


def test_what_is_decided_about_a_label_leaves_the_visitor_waiting():
    assert not settles_visitor(made("relabel", "s/label"), visitor(10), "p")
