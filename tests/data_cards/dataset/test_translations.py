"""What a collection says in other languages."""

import pytest

from data_cards.dataset.collection import read_collection, write_collection
from data_cards.dataset.translations import by_language, translated_key
from data_cards.errors import BadCollection

CARD = """---
name: n
title: The North
noun: picture
nouns: pictures
title.de: Der Norden
nouns.de: Bilder
---

Words.
"""
CLASSES = """
- id: ebb
  title: Harbour, Ebb
  summary: The tide is out.
  facts: {Look for: mud}
  title.de: Hafen bei Ebbe
  facts.de: {Achte auf: Schlick}
  title.pt-br: Porto
- id: plain
"""


def test_a_class_has_its_card_in_other_languages():
    card = read_collection(CARD, CLASSES).info("ebb").to_json()
    assert card["title"] == "Harbour, Ebb"
    assert card["translations"] == {
        "de": {
            "title": "Hafen bei Ebbe",
            "facts": [{"name": "Achte auf", "value": "Schlick"}],
        },
        "pt-br": {"title": "Porto"},
    }
    assert "translations" not in read_collection(CARD, CLASSES).info("plain").to_json()


def test_translations_come_back_from_the_files():
    read = read_collection(CARD, CLASSES)
    assert read_collection(*write_collection(read)) == read


def test_a_collection_says_what_its_things_are_called():
    words = read_collection(CARD, CLASSES).words
    assert (words["noun"], words["nouns"], words["keeper"]) == ("picture", "pictures", "")
    assert words["translations"] == {"de": {"title": "Der Norden", "nouns": "Bilder"}}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("parent.de: x", "`parent.de` is not known; in other languages"),
        ("titel.de: x", "`titel.de` is not known; in other languages"),
        ("title.: x", "`title.` is not known"),
        ("title.DE: x", "`title.DE` is not known"),
        ("title.de: [x]", "line 2: `title.de` is one text"),
        ("facts.de: x", "line 2: `facts.de` is a list of names"),
        ("translations: []", "`translations` is not known"),
    ],
)
def test_what_is_no_translation_is_refused_with_its_line(line, said):
    with pytest.raises(BadCollection) as caught:
        read_collection(CARD, f"- id: a\n  {line}\n")
    assert said in caught.value.sentence


def test_a_key_names_a_field_and_a_language():
    assert translated_key("title.de", ("title",)) == ("title", "de")
    assert translated_key("title", ("title",)) is None
    assert translated_key("other.de", ("title",)) is None
    assert by_language({"title.de": 1, "x": 2}, ("title",)) == {"de": {"title": 1}}
