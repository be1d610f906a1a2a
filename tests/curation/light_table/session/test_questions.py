"""Which decision settles which question."""

import pytest

from curation.light_table.session.questions import Item, answers, pile_of, questions
from data_cards.annotations.decision import Decision, decide
from data_cards.dataset.schema import Finding

LABEL = Item("p", "labels", (Finding("p", "label", 0.9, "r", scan_id="s"),))
PAIR = Item(
    "p", "duplicates", (Finding("p", "near_duplicate", 0.9, "r", related=("q",), scan_id="s"),)
)
OTHER = Item(
    "q", "duplicates", (Finding("q", "near_duplicate", 0.9, "r", related=("p",), scan_id="s"),)
)
QUALITY = Item("p", "quality", (Finding("p", "quality", 0.9, "r", scan_id="s"),))
VISITOR = Item("p", "visitors", (Finding("p", "visitor", 0.5, "r", scan_id="01Q"),))
CONFLICT = Item("p", "conflicts", (Finding("p", "conflict", 0.5, "r", scan_id="s"),))
ALL = (LABEL, PAIR, OTHER, QUALITY, VISITOR, CONFLICT)


@pytest.mark.parametrize(
    ("action", "finding", "settled"),
    [
        ("keep", "s/label", [LABEL]),
        ("keep", "s/near_duplicate", [PAIR]),
        ("keep", "", [LABEL, PAIR, QUALITY, VISITOR]),
        ("relabel", "s/quality", [LABEL, QUALITY]),
        ("junk", "s/label", [LABEL, PAIR, QUALITY, VISITOR]),
        ("not_duplicate", "s/near_duplicate", [PAIR, OTHER]),
        ("duplicate_of", "s/near_duplicate", [LABEL, PAIR, OTHER, QUALITY, VISITOR]),
        ("refuse_visitor", "01Q", [VISITOR]),
        ("accept_visitor", "01Q", [LABEL, VISITOR]),
        ("refuse_visitor", "01OTHER", []),
        ("unsure", "s/label", []),
        ("relabel", "s/conflict", [LABEL, CONFLICT]),
    ],
)
def test_a_decision_settles_what_was_asked_and_what_it_makes_pointless(action, finding, settled):
    decision = Decision(
        "1", "2026-01-01T00:00:00Z", "ann", "p", action, label="x", other="q", finding=finding
    )
    assert [item for item in ALL if answers(decision, item)] == settled


@pytest.mark.parametrize("action", ["relabel", "none_of_these"])
def test_a_photo_that_was_named_because_of_something_else_is_not_asked_for_any_more(action):
    unnamed = Item("p", "unlabelled", (Finding("p", "unlabelled", 0.9, "r", scan_id="s"),))
    assert answers(
        Decision("1", "2026", "ann", "p", action, label="agra", finding="s/quality"), unnamed
    )


def test_only_what_pixels_verified_lies_among_the_near_copies():
    kinds = {
        "near_duplicate": "duplicates",
        "exact_duplicate": "duplicates",
        "looks_alike": "alike",
    }
    for kind, pile in kinds.items():
        assert pile_of(Finding("a", kind, 0.9, "", related=("b",))) == pile
    asked = questions(
        [
            Finding("a", "near_duplicate", 0.9, "", related=("b",)),
            Finding("a", "looks_alike", 0.8, "", related=("c",)),
        ]
    )
    assert {one.key for one in asked} == {"duplicates/a", "alike/a"}
    assert all(one.is_pair for one in asked)
    apart = decide("ann", "a", "not_duplicate", other="c")
    assert all(answers(apart, one) for one in asked)
