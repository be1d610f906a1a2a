"""What people write on cards: checked at the door, readable for ever."""

import json

import pytest

from data_cards.annotations.class_card import (
    card_of,
    changed_fields,
    read_card,
    with_fields,
    write_card,
)
from data_cards.dataset.collection import ClassInfo
from data_cards.errors import BadDecision

AGRA = ClassInfo(
    "agra", "Agra Fort", summary="Red.", facts=(("Built", "1573"),), aliases=("Red Fort",)
)


def test_a_card_goes_through_the_ledger_whole():
    card = card_of(AGRA, "photo1") | {"summary": "दुर्ग\nat the river"}
    assert read_card(write_card(card)) == card | {"summary": "दुर्ग at the river"}
    assert write_card(card).isascii(), "a ledger line holds no odd signs"


def test_fields_are_put_on_the_card_and_others_stay():
    after = with_fields(AGRA, {"summary": "", "facts": [["Where", "Agra"]], "reference": "p"})
    assert (after.summary, after.facts, after.aliases, after.title) == (
        "",
        (("Where", "Agra"),),
        ("Red Fort",),
        "Agra Fort",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "x"},
        {"summary": 3},
        {"summary": "x" * 2001},
        {"facts": "Built: 1573"},
        {"facts": [["Built"]]},
        {"facts": [["a", "b"]] * 41},
        {"aliases": [["a"]]},
        {"aliases": "Red Fort"},
        {"reference": None},
    ],
)
def test_what_no_card_can_hold_is_refused(fields):
    with pytest.raises(BadDecision):
        write_card(fields)


@pytest.mark.parametrize("text", ["{", "[]", '"summary"'])
def test_a_line_that_is_no_card_is_refused(text):
    with pytest.raises(BadDecision):
        read_card(text)


def test_fields_have_names_for_people():
    assert changed_fields(["facts", "summary"]) == "the description and the facts"
    assert changed_fields(["aliases"]) == "the other names"


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\ud800b", "a\x9fb"])
def test_a_sign_that_cannot_be_shown_is_refused_wherever_it_stands(text):
    for fields in (
        {"summary": text},
        {"aliases": [text]},
        {"facts": [["Painter", text]]},
        {"reference": text},
    ):
        with pytest.raises(BadDecision, match=r"U\+"):
            write_card(fields)
        with pytest.raises(BadDecision):
            read_card(json.dumps(fields))
