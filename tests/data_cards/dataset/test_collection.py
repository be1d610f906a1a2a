"""Collections: ids, titles, cards, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.dataset.class_names import class_id_from, title_from
from data_cards.dataset.collection import (
    ClassInfo,
    Collection,
    load_collection,
    read_collection,
    shipped_collection,
    shipped_names,
    write_collection,
)
from data_cards.errors import BadCollection, UnknownClass

HARBOUR = ClassInfo(
    "harbour",
    "Harbour at Low Moon",
    "A quay.",
    (("Look for", "the double edge"),),
    "us",
    "CC0",
    "Q1",
    (48.5, 2.25),
    ("Low Moon",),
    "ilse-maren",
)
SHELF = Collection(
    "museum", "Museum", (HARBOUR, ClassInfo("0", "Zero")), description="Words.", licence="CC0"
)


def test_a_collection_comes_back_from_its_two_files():
    assert read_collection(*write_collection(SHELF)) == SHELF


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=30))
def test_any_title_and_summary_survive_the_files(title, summary, name):
    info = ClassInfo(class_id_from(name), title.strip() or "x", summary.strip())
    collection = Collection("c", "C", (info,))
    back = read_collection(*write_collection(collection))
    assert back.classes[0].id == info.id
    assert back.classes[0].title == info.title
    assert back.classes[0].summary == info.summary


@given(st.text(max_size=200))
def test_an_id_made_from_any_name_is_fit_and_stays_as_it_is(name):
    made = class_id_from(name)
    assert made == class_id_from(made)
    assert Collection("c", "C", (ClassInfo(made, "t"),)).ids == (made,)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("0", "0"),
        ("Granny-Smith", "Granny-Smith"),
        ("Agra fort", "Agra-fort"),
        ("<script>alert(1)</script>", "scriptalert1script"),
        ("दुर्गा", "दुर्गा"),
        ("../../etc", "etc"),
        ("  ", "class"),
        ("none", "none-class"),
        ("unknown", "unknown-class"),
    ],
)
def test_folder_names_become_ids(name, expected):
    assert class_id_from(name) == expected


def test_a_folder_name_becomes_a_readable_title():
    assert title_from("agra_fort") == "Agra fort"


@pytest.mark.parametrize("said", ["harbour", "Harbour at Low Moon", "low moon"])
def test_a_class_is_found_by_id_title_or_alias(said):
    assert SHELF.resolve(said) == "harbour"


def test_a_class_nobody_knows_is_named_in_the_refusal():
    with pytest.raises(UnknownClass, match="'lighthouse' is not one of the 2 classes of Museum"):
        SHELF.resolve("lighthouse")


@pytest.mark.parametrize("class_id", ["none", "unknown", "", "a b", "<b>", "../x"])
def test_an_unfit_or_reserved_id_is_refused(class_id):
    with pytest.raises(BadCollection):
        Collection("c", "C", (ClassInfo(class_id, "t"),))


def test_the_same_id_twice_is_refused():
    with pytest.raises(BadCollection, match="Two classes"):
        Collection("c", "C", (ClassInfo("a", "A"), ClassInfo("a", "B")))


@pytest.mark.parametrize(
    ("card", "classes"),
    [
        ("---\n: :\n---\n", ""),
        ("", "- title: no id"),
        ("", "a: 1"),
        ("---\n- a\n---\n", ""),
        ("", "- ["),
    ],
)
def test_unreadable_files_are_refused_with_a_sentence(card, classes):
    with pytest.raises(BadCollection):
        read_collection(card, classes)


def test_photos_of_people_are_not_published_without_consent_and_purpose():
    people = Collection("heritage", "Heritage", subject="people", consent="given in writing")
    with pytest.raises(BadCollection, match="intended_use, legal_basis"):
        people.check_publishable()
    SHELF.check_publishable()


def test_every_shipped_collection_can_be_read():
    for name in shipped_names():
        assert shipped_collection(name).title


def test_a_collection_that_does_not_ship_is_refused_by_name():
    with pytest.raises(BadCollection, match="no collection 'zoo'"):
        shipped_collection("zoo")


def test_a_folder_without_a_card_says_which_file_is_missing(tmp_path):
    with pytest.raises(BadCollection, match=r"card\.md is missing"):
        load_collection(tmp_path)


def test_facts_may_be_written_as_pairs_or_as_a_list():
    pairs = read_collection("", "- {id: a, facts: {Style: bold}}")
    rows = read_collection("", "- {id: a, facts: [{name: Style, value: bold}]}")
    assert pairs.classes[0].facts == rows.classes[0].facts == (("Style", "bold"),)


def test_json_of_a_card_is_plain():
    assert HARBOUR.to_json()["facts"] == [{"name": "Look for", "value": "the double edge"}]
    assert HARBOUR.to_json()["location"] == [48.5, 2.25]
