"""What somebody wrote by hand: read as it was meant, or refused with the line and the cure."""

import pytest

from data_cards.dataset.collection import load_collection, read_collection, write_collection
from data_cards.dataset.collection_files import class_rows
from data_cards.errors import BadCollection


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("- id: a\n  location: here\n", "line 2: `location` is a latitude (-90 to 90)"),
        ("- id: a\n  location: [48.8]\n", "line 2: `location` is a latitude"),
        ("- id: a\n  location: [91, 0]\n", "line 2: `location` is a latitude"),
        ("- id: a\n  location: {lat: 1, lon: 2}\n", "line 2: `location` is a latitude"),
        ("- id: a\n  aliases: harbour\n", "line 2: `aliases` is a list of texts"),
        ("- id: a\n  aliases: {x: y}\n", "line 2: `aliases` is a list of texts"),
        ("- id: a\n- id: b\n  facts: 1905\n", "line 3: `facts` is a list of names"),
        ("- id: a\n  facts: [x, y]\n", "line 2: `facts` is a list of names"),
        ("- id: a\n  tilte: A\n", "line 2: `tilte` is not known; did you mean `title`?"),
        ("- id: a\n  colour: red\n", "line 2: `colour` is not known; a class has id, title"),
        ("- id: a\n  title: [A, B]\n", "line 2: `title` is one text"),
        ("- id: a\n  title: A\n  title: B\n", "line 3: `title` stands in line 2 already"),
        ("- title: A\n", "line 1: a class needs an `id`"),
        ("- id: ''\n", "line 1: a class needs an `id`"),
        ("- a\n", "line 1: a class needs an `id`"),
        ("a: b\n", "must be a list of classes"),
        ("- id: [\n", "is not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(rows, sentence):
    with pytest.raises(BadCollection) as refused:
        class_rows(rows)
    assert sentence in refused.value.sentence


@pytest.mark.parametrize("nothing", ["", "# nobody yet\n", "[]\n", "null\n", "{}\n"])
def test_a_list_may_be_empty(nothing):
    assert class_rows(nothing) == []


@pytest.mark.parametrize("written", ["007", "no", "1.0", "1905", "true", "0x10"])
def test_a_name_stays_as_it_was_written(written):
    (row,) = class_rows(f"- id: {written}\n  title: {written}\n")
    assert (row.id, row.title) == (written, written)


@pytest.mark.parametrize("nothing", ["", "~", "null", "[]"])
def test_what_is_left_empty_is_nothing(nothing):
    (row,) = class_rows(
        f"- id: a\n  aliases: {nothing}\n  location: {nothing}\n  facts: {nothing}\n"
    )
    assert (row.aliases, row.location, row.facts) == ((), None, ())


def test_facts_are_pairs_however_they_are_written():
    as_map, as_list = class_rows(
        "- id: a\n  facts: {year: 1905}\n- id: b\n  facts:\n  - {name: year, value: 1905}\n"
    )
    assert as_map.facts == as_list.facts == (("year", "1905"),)


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("licens: MIT", "card.md, line 2: `licens` is not known; did you mean `licence`?"),
        ("name: a\nflip: true", "card.md, line 3: `flip` is not known; did you mean `flips`?"),
        ("name: a\nname: b", "card.md, line 3: `name` stands in line 2 already"),
        ("- a", "must be a list of `name: value` lines"),
    ],
)
def test_a_slip_in_the_card_is_said_with_its_line(head, sentence):
    with pytest.raises(BadCollection) as refused:
        read_collection(f"---\n{head}\n---\ntext", "")
    assert sentence in refused.value.sentence


def test_what_an_owner_adds_to_the_card_is_kept():
    collection = read_collection("---\nname: a\nflips: true\nroom: 12\n---\ntext", "")
    assert collection.extra == {"flips": True, "room": 12}


WINDOWS = "\ufeff---\r\nname: a\r\nsubject: people\r\n---\r\nWords.\r\n"


@pytest.mark.parametrize("card", [WINDOWS, WINDOWS.replace("\r\n", "\r"), "\n" + WINDOWS[1:]])
def test_what_a_card_says_of_people_counts_however_an_editor_wrote_it(card, tmp_path):
    (tmp_path / "card.md").write_bytes(card.encode())
    (tmp_path / "classes.yaml").write_text("- id: a\n")
    things = load_collection(tmp_path)
    assert things.is_about_people
    assert things.description == "Words."


def test_front_matter_without_an_end_is_refused_and_not_passed_over():
    with pytest.raises(BadCollection, match="line 1: the front matter has no second line"):
        read_collection("---\nname: a\nsubject: people\n\nWords.", "")


@pytest.mark.parametrize(
    "word", ["no", "on", "007", "12:30", "1_000", "2026-01-01", "0x10", "1.10"]
)
def test_a_text_of_a_card_is_as_it_was_written(word):
    head = "".join(f"{key}: {word}\n" for key in ("name", "title", "language", "licence", "noun"))
    things = read_collection(f"---\n{head}title.de: {word}\n---\n", "")
    assert {things.name, things.title, things.language, things.licence} == {word}
    assert things.words["noun"] == word
    assert things.words["translations"]["de"]["title"] == word
    assert read_collection(*write_collection(things)) == things
