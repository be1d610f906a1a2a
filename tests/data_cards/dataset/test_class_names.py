"""Which spellings are one name, and which ids and titles are made from names."""

import unicodedata
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.dataset.class_names import (
    class_id_from,
    free_id,
    is_made_from,
    name_key,
    title_from,
)
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.errors import UnknownClass

NAMES = st.text(max_size=12) | st.text(
    "aAbéßIİ C+-_#. \u0301\u200b\u200d\ufe0f’'🐱🐶2²", max_size=8
)

ONE_THING = [
    ("café", unicodedata.normalize("NFD", "café")),
    ("Mug", "mug", "MUG"),
    ("vase", "vase ", " vase", "vase\t"),
    (
        "blue vase",
        "blue  vase",
        "blue_vase",
        "Blue-Vase",
        "blue__vase",
        "blue\u00a0vase",
        "blue\u2011vase",
    ),
    ("Ｔｅａ", "tea"),
    ("ﬁsh", "fish"),
    ("ｶﾞ", "ガ"),
    ("tea\u200bpot", "teapot", "tea\u00adpot", "\ufeffteapot"),
    ("vase.", "vase", "vase.. "),
    ("Dragon’s blood", "Dragon's blood"),
    ("Straße", "STRASSE"),
    ("❤️", "❤"),
    ("दुर्गा देवी", "दुर्गा_देवी"),
    ("A−", "A-"),
    ("C-3", "C 3"),
]


@pytest.mark.parametrize("spellings", ONE_THING)
def test_one_thing_spelled_in_two_ways_is_one_name(spellings):
    assert len(set(map(name_key, spellings))) == 1


@pytest.mark.parametrize(
    "names",
    [
        ("C", "C++", "C#", "C--", "c*"),
        ("S10", "S10+", "S10e"),
        ("🐱", "🐶", "😀", ""),
        ("A", "A+", "A-", "a"),
        ("1", "-1", "+1", "1.0"),
        ("x2", "x²", "x₂"),
        ("cafe", "café"),
        ("東京", "东京"),
        ("Šachy", "Sachy"),
        ("👨‍👩‍👧", "👨👩👧"),
        ("👍", "👍🏽"),
        ("🇩🇪", "🇫🇷"),
        ("50%", "50"),
        ("a/b", "ab"),
        ("R&D", "RD"),
        ("C__", "C_"),
        ("what?", "what"),
        ("Ａ", "Ｂ"),
        ("...", "."),
    ],
)
def test_two_things_keep_two_names(names):
    assert all(name_key(one) != name_key(other) for one, other in combinations(names, 2))


@given(NAMES)
def test_a_key_is_its_own_key_and_no_spelling_changes_it(name):
    key = name_key(name)
    assert name_key(key) == key
    assert all(name_key(unicodedata.normalize(form, name)) == key for form in ("NFC", "NFD"))
    assert name_key(f"  {name}\u200b ") == key


@given(NAMES)
def test_a_title_is_the_same_name(name):
    assert name_key(title_from(name)) == name_key(name) or not name


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("agra_fort", "Agra fort"),
        ("Granny-Smith", "Granny Smith"),
        ("A-", "A-"),
        ("-1", "-1"),
        ("c++", "C++"),
        ("a", "a"),
        ("", "Untitled"),
        ("ınce", "ınce"),
    ],
)
def test_titles_are_readable(name, title):
    assert title_from(name) == title


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("C++", "C-plus-plus"),
        ("C#", "C-sharp"),
        ("S10+", "S10-plus"),
        ("A-", "A-minus"),
        ("-1", "minus-1"),
        ("🐱", "cat-face"),
        ("🇩🇪", "de"),
        ("R&D", "R-and-D"),
        ("5€", "5-euro"),
        ("Coca-Cola®", "Coca-Cola"),
        ("don't", "dont"),
        ("50 %", "50-percent"),
    ],
)
def test_signs_that_matter_become_words_of_an_id(name, made):
    assert class_id_from(name) == made


@given(st.lists(st.text(max_size=100), max_size=8))
def test_ids_are_free_and_fit_and_know_which_name_they_came_from(names):
    taken = set()
    for name in names:
        made = free_id(name, taken)
        assert made not in taken and class_id_from(made) == made and is_made_from(made, [name])
        taken.add(made)


def test_very_long_names_that_begin_alike_keep_ids_of_their_own():
    assert free_id("x" * 90, {"x" * 80}) == f"{'x' * 78}-2"


def things(*classes):
    return Collection("c", "C", tuple(ClassInfo(*one) for one in classes))


def test_an_id_that_was_made_from_another_name_is_no_name():
    known = things(("C", "C++"), ("class", "🐱"), ("What-2", "What?"), ("0", "The ruin"))
    assert [
        known.find(name) for name in ("c++", "C", "🐱", "class", "🐶", "what-2", "what", "0")
    ] == ["C", None, "class", None, None, None, None, "0"]
    assert known.resolve("C") == "C", "an id is an id where somebody gives ids"


@pytest.mark.parametrize(
    "said", ["Blue Vase", "blue_vase", "BLUE  VASE", "blue-vase", "ｂｌｕｅ vase"]
)
def test_a_class_is_resolved_by_any_spelling_of_its_name(said):
    assert things(("blue-vase", "Blue vase"), ("vase", "Vase")).resolve(said) == "blue-vase"


@pytest.mark.parametrize("said", ["", " ", "bluevase", "blue vases", "\u200b"])
def test_what_is_unknown_stays_unknown(said):
    with pytest.raises(UnknownClass):
        things(("blue-vase", "Blue vase")).resolve(said)


def test_two_classes_that_are_there_already_stay_two():
    known = Collection(
        "c", "C", (ClassInfo("Mug", "Mug"), ClassInfo("mug", "Mug", aliases=("mug ",)))
    )
    assert [known.find(name) for name in ("Mug", "mug", "mug ", "MUG")] == [
        "Mug",
        "mug",
        "mug",
        "Mug",
    ]
