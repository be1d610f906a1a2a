"""Notes and flags: seen by everybody, and no label follows from them."""

import pytest

from data_cards.annotations.decision import decide
from data_cards.annotations.ledger import fold, standing
from data_cards.annotations.remarks import Remarks, remarks_of
from data_cards.annotations.settled import settled_topics
from data_cards.dataset.schema import Label
from data_cards.errors import BadDecision

GIVEN = {"p": Label("p", "mug", "labelled")}


def said(*rows):
    return [
        decide(who, "p", action, **more, at=f"2026-11-{n + 1:02}T10:00:00Z")
        for n, (who, action, more) in enumerate(rows)
    ]


def test_notes_stand_in_the_order_in_which_they_were_written():
    found = remarks_of(said(("ann", "note", {"note": "a copy?"}), ("bob", "note", {"note": "no"})))
    assert [(who, text) for who, _, text, _ in found["p"].notes] == [
        ("ann", "a copy?"),
        ("bob", "no"),
    ]
    assert found["p"].text == "a copy? no"


def test_a_flag_may_say_why_and_comes_off_again():
    up = said(("ann", "flag", {"note": "whose hand is this?"}))
    assert remarks_of(up)["p"].flagged == "ann" and remarks_of(up)["p"].text
    down = [*up, decide("bob", "p", "unflag", at="2026-11-20T10:00:00Z")]
    assert remarks_of(down)["p"].flagged == ""


def test_what_was_taken_back_is_gone():
    one = said(("ann", "note", {"note": "oops"}))[0]
    undo = decide("ann", "p", "undo", undoes=one.id)
    assert remarks_of(standing([one, undo])) == {}


@pytest.mark.parametrize("action", ["note", "flag", "unflag"])
def test_remarks_change_no_label_and_settle_nothing(action):
    one = decide("ann", "p", action, note="x")
    assert fold(GIVEN, [one]) == GIVEN
    assert not settled_topics(one, "p")


def test_a_note_needs_words():
    with pytest.raises(BadDecision, match="note"):
        decide("ann", "p", "note")
    assert Remarks().text == ""
