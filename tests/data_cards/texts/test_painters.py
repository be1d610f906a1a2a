"""A painting's card tells what the label on the wall does not."""

import pytest

from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.texts.painters import with_painter, with_painters


def facts_of(**info):
    return dict(with_painter(ClassInfo("x", "X", **info)).facts)


@pytest.mark.parametrize(
    "name", ["Vincent van Gogh", "van Gogh", "VAN GOGH", "Claude Monet", "monet", "Hokusai"]
)
def test_a_painter_is_known_by_the_whole_name_or_the_family_name(name):
    found = facts_of(facts=(("Painter", name),))
    assert {"Painter", "Life", "Style", "Technique"} == set(found)


@pytest.mark.parametrize("key", ["Painter", "artist", "Made by"])
def test_a_painter_is_named_by_a_fact_or_by_the_parent(key):
    assert facts_of(facts=((key, "Rembrandt"),))["Life"] == "1606 to 1669"
    assert facts_of(parent="Rembrandt")["Life"] == "1606 to 1669"


@pytest.mark.parametrize("name", ["", "Somebody Else", "Elder", "the"])
def test_of_others_nothing_is_told(name):
    assert facts_of(facts=(("Painter", name),)) == {"Painter": name}


def test_what_somebody_wrote_stays():
    found = facts_of(facts=(("Painter", "Monet"), ("Style", "Mine")))
    assert found["Style"] == "Mine"
    mine = with_painter(ClassInfo("x", "X", source="me", licence="MIT", parent="Monet"))
    assert (mine.source, mine.licence) == ("me", "MIT")


def test_only_new_classes_of_a_collection_of_paintings_are_completed():
    old = ClassInfo("old", "Old", parent="Monet")
    new = ClassInfo("new", "New", parent="Monet")
    known = Collection("paintings", "P", (old,))
    both = with_painters(Collection("paintings", "P", (old, new)), known)
    assert both.info("old") == old
    assert both.info("new").facts
    other = Collection("things", "T", (new,))
    assert with_painters(other, known) is other
