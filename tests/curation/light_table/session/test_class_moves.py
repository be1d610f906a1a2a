"""Moves on classes: what they decide, and what they refuse with a sentence that helps."""

import pytest

from curation.light_table.session.class_moves import class_decisions
from data_cards.annotations.class_card import read_card
from data_cards.annotations.class_edits import changed_collection
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.errors import BadDecision, UnknownClass

THINGS = Collection(
    "fort", "Forts", (ClassInfo("agra", "Agra Fort", summary="Red."), ClassInfo("amber", "Amber"))
)
AT = "2026-11-21T10:00:00.000000Z"


def made(do, number=1, who="ann", things=THINGS, edits=(), **more):
    return class_decisions(who, {"id": f"{number:026d}", "do": do, **more}, AT, things, edits)


def test_a_new_class_gets_an_id_that_is_free():
    (one,) = made("add_class", title="  Agra!  ")
    assert (one.action, one.label, one.title, one.who) == ("add_class", "Agra", "Agra!", "ann")
    assert made("add_class", title="agra")[0].label == "agra-2"
    assert made("add_class", title="Amber") == [], "it is there already"
    assert made("add_class", title="agra_fort") == [], "spelled in another way"
    assert made("add_class", title="C++", things=with_class("C"))[0].label == "C-plus-plus"
    assert made("add_class", title="🐶", things=with_class("🐱"))[0].label == "dog-face"


def with_class(title):
    return Collection("fort", "Forts", (ClassInfo("C", title),))


def test_a_name_that_another_class_has_is_not_given_twice():
    assert made("rename_class", label="agra", title="Fort of Agra")[0].title == "Fort of Agra"
    assert made("rename_class", label="agra", title="Agra Fort") == []
    with pytest.raises(BadDecision, match="Merge the two instead"):
        made("rename_class", label="agra", title="AMBER")


@pytest.mark.parametrize(
    "move",
    [
        {"do": "rename_class", "label": "agra", "title": " "},
        {"do": "add_class", "title": "x" * 81},
        {"do": "merge_class", "label_before": "agra", "label": "agra"},
        {"do": "edit_card", "label": "agra", "card": {"title": "x"}, "before": {}},
        {"do": "edit_card", "label": "agra"},
    ],
)
def test_what_makes_no_sense_is_refused(move):
    with pytest.raises(BadDecision):
        made(**move)


def test_an_unknown_class_is_refused():
    with pytest.raises(UnknownClass):
        made("merge_class", label_before="agra", label="gone")


def test_a_card_keeps_what_it_replaced_and_nothing_that_stayed():
    (one,) = made(
        "edit_card",
        label="agra",
        card={"summary": "Red walls.", "source": ""},
        before={"summary": "Red."},
    )
    assert (read_card(one.card), read_card(one.card_before)) == (
        {"summary": "Red walls."},
        {"summary": "Red."},
    )
    assert made("edit_card", label="agra", card={"summary": "Red."}, before={}) == []


def test_of_two_people_who_write_at_once_the_second_is_told_and_nothing_is_lost():
    first = made("edit_card", label="agra", card={"summary": "Ann's."}, before={"summary": "Red."})
    now = changed_collection(THINGS, first)
    with pytest.raises(BadDecision, match="ann changed the description in the meantime"):
        made(
            "edit_card",
            2,
            "bob",
            now,
            first,
            label="agra",
            card={"summary": "Bob's."},
            before={"summary": "Red."},
        )
    (second,) = made(
        "edit_card",
        3,
        "bob",
        now,
        first,
        label="agra",
        card={"summary": "Bob's."},
        before={"summary": "Ann's."},
    )
    assert read_card(second.card_before) == {"summary": "Ann's."}


@pytest.mark.parametrize(
    "title", [7, ["mug"], {"a": 1}, True, "mug\0", "mug\u202e", "\ud800", "\x1b[1m"]
)
@pytest.mark.parametrize("do", ["add_class", "rename_class"])
def test_a_name_is_a_text_that_can_be_shown(do, title):
    move = {"id": "0" * 26, "do": do, "title": title, "label": THINGS.classes[0].id}
    with pytest.raises(BadDecision):
        class_decisions("ann", move, "2026-11-21T10:00:00Z", THINGS)
