"""Words and cards become questions."""

import pytest

from curation.ingest.search.query import EVERYDAY, SearchSettings, queries_for
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.errors import BadSource

GODS = Collection(
    "gods",
    "Gods",
    (
        ClassInfo(
            "ganesha", "Ganesha", aliases=("Ganapati", "GANESHA", "sri_ganesh"), wikidata="Q1"
        ),
        ClassInfo("hanuman", "Hanuman"),
    ),
)


def asked(words, things=None, **settings):
    found = queries_for(SearchSettings(**settings), things, words)
    return {info.id if info else None: [one.words for one in queries] for info, queries in found}


def test_words_are_one_class_and_several_have_a_semicolon():
    assert asked("blue vase") == {"blue-vase": ["Blue vase"]}
    assert asked("blue vase; red mug ;") == {"blue-vase": ["Blue vase"], "red-mug": ["Red mug"]}


def test_a_collection_is_searched_class_by_class_by_each_of_its_names():
    assert asked("", GODS) == {
        "ganesha": ["Ganesha", "Ganapati", "sri ganesh"],
        "hanuman": ["Hanuman"],
    }


def test_words_that_name_a_class_mean_that_class():
    assert asked("ganapati", GODS) == {"ganesha": ["Ganesha", "Ganapati", "sri ganesh"]}
    assert asked("zeus", GODS) == {"zeus": ["Zeus"]}


def test_several_words_may_mean_one_class():
    found = queries_for(SearchSettings(), GODS, "elephant god; ganesh", "Ganesha")
    assert [(info.id, [one.words for one in queries]) for info, queries in found] == [
        ("ganesha", ["elephant god", "ganesh"])
    ]
    assert {one.label for _, queries in found for one in queries} == {"ganesha"}


@pytest.mark.parametrize("words", ["none", "unknown", "none of these; none"])
def test_words_that_name_no_class_are_said(words):
    with pytest.raises(BadSource, match="not the name of a class"):
        asked(words)


def test_only_the_first_question_asks_for_the_item():
    (_, queries), *_ = queries_for(SearchSettings(), GODS, "")
    assert [one.wikidata for one in queries] == ["Q1", "", ""]


def test_a_card_says_how_to_ask():
    card = Collection("g", "G", GODS.classes, extra={"search": "{title} statue"})
    assert asked("hanuman", card) == {"hanuman": ["Hanuman statue"]}


def test_what_is_none_of_these_is_asked_for_with_words_of_the_card_or_everyday_ones():
    assert asked("hanuman", GODS, negatives=5)[None] == list(EVERYDAY)
    card = Collection("g", "G", GODS.classes, extra={"negatives": ["monkey", "temple"]})
    assert asked("hanuman", card, negatives=5)[None] == ["monkey", "temple"]


@pytest.mark.parametrize("words", ["", "  ", ";;"])
def test_nothing_to_search_for_is_said(words):
    with pytest.raises(BadSource, match="Say what to search for"):
        asked(words)
    with pytest.raises(BadSource, match="Say what to search for"):
        asked(words, Collection("empty", "Empty"))


def test_a_name_of_another_class_is_not_searched_for():
    harbours = Collection(
        "h", "H", (ClassInfo("bay", "Bay", aliases=("Harbour", "Cove")), ClassInfo("hb", "harbour"))
    )
    assert asked("", harbours) == {"bay": ["Bay", "Cove"], "hb": ["harbour"]}


@pytest.mark.parametrize("title", ["龍", "관우", "🏺", "Ön"])
def test_a_short_name_in_other_letters_is_searched_for(title):
    things = Collection("d", "D", (ClassInfo("dragon", title, aliases=("dragon of old", "dr")),))
    assert asked("", things) == {"dragon": [title, "dragon of old"]}
