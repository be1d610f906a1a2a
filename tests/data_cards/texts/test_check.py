"""What is wrong with a collection is said with its file and line, all of it at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.dataset.collection import SHIPPED, shipped_names
from data_cards.texts.check import check_texts

CARD = "---\nname: a\ntitle: A\nlicence: CC0-1.0\n---\n\nWords.\n"
FULL = "- id: b\n  summary: S.\n  source: me\n  licence: CC0-1.0\n"


def said(classes, card=CARD, errors=True, pictures=()):
    found = check_texts(card, classes, pictures)
    return [str(one) for one in found if one.is_error == errors]


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ("- id: a\n- id: a\n", "classes.yaml, line 2: `a` stands in line 1 already."),
        ("- id: a b\n", "classes.yaml, line 1: `a b` cannot be a class id; `a-b` could."),
        ("- id: none\n", "line 1: `none` is a reserved word"),
        ("- id: a\n  aliases: [Port]\n- id: port\n", "line 3: `Port` is also a name of a (line 2)"),
        ("- id: a\n  title: Port\n- id: b\n  aliases: [PORT]\n", "line 4: `PORT` is also a name"),
        ("- id: a\n  wikidata: 243\n", "line 2: `243` is not a Wikidata item"),
        ("- id: a\n  wikidata: Q99999999999\n", "line 2: `Q99999999999` is not a Wikidata item"),
        ("- id: a\n  wikidata: Q0\n", "line 2: `Q0` is not a Wikidata item"),
        ("- id: a\n  wikidata: Q1\n- id: b\n  wikidata: Q1\n", "line 4: a (line 2) has the same"),
        ("- id: port\n  parent: Port\n", "line 2: `parent` is the class itself."),
        ("- id: a\n  location: [0, 0]\n", "line 2: 0, 0 is in the Atlantic"),
        (
            "- id: a\n  facts:\n    - {name: Year, value: 1}\n    - {name: year, value: 2}\n",
            "line 2: This fact appears twice.",
        ),
        ("- id: a\n  draft: maybe\n", "line 2: `draft` is true or false"),
        ("- id: a\n  tilte: A\n", "line 2: `tilte` is not known; did you mean `title`?"),
        ("- id: [\n", "line 1: this is not valid YAML"),
        ("- id: a\n\ttitle: b\n", "line 2: this is not valid YAML (found character '\\t'"),
        ("\ufeff- id: a\r\n- id: a b\r\n", "line 2: `a b` cannot be a class id"),
        ("- id: a\n  title: a\x07b\n", "line 2: this is not valid YAML"),
        ("- id: a\n- [a]: b\n", "line 2: what stands before `:` is one text."),
        ("- id: a\n- {{a: b}: c}\n", "line 2: what stands before `:` is one text."),
        ("- id: a\n  facts:\n    Y: 1\n    Y: 2\n", "line 4: `Y` stands in line 3 already."),
        ("- id: a\n  facts: &x [*x]\n", "nested too deeply"),
        ("- id: a\n  facts: " + "[" * 3000, "nested too deeply"),
        ("- id: a\n  location: [90.5, 0]\n", "line 2: `location` is a latitude (-90 to 90)"),
        (
            "- id: ab\n  parent: BC\n- id: bc\n  parent: ab\n",
            "line 4: `parent` is the class itself by",
        ),
    ],
)
def test_an_error_is_said_with_its_line(classes, sentence):
    assert any(sentence in line for line in said(classes)), said(classes)


def test_all_errors_are_said_and_not_the_first_alone():
    lines = said(
        "- id: none\n- id: a\n  colour: red\n- id: b\n  wikidata: x\n  location: here\n- id: c\n  wikidata: x\n"
    )
    assert [line.split(":")[0] for line in lines] == [
        "classes.yaml, line 3",
        "classes.yaml, line 6",
        "classes.yaml, line 1",
        "classes.yaml, line 8",
    ]


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ("- id: a\n", "line 1: a has no summary yet."),
        ("- id: a\n  summary: ...\n", "line 2: a has no summary yet."),
        ("- id: a\n  summary: S.\n", "its `source` and `licence` are missing."),
        ("- id: a\n  summary: S.\n  source: me\n", "its `licence` is missing."),
        (f"- id: a\n  summary: {'long ' * 100}\n", "visitors read 400"),
        ("- id: a\n  draft: true\n", "is a draft that nobody has accepted yet"),
    ],
)
def test_what_lacks_is_advice(classes, sentence):
    assert any(sentence in line for line in said(classes, errors=False))
    assert not said(classes)


def test_a_picture_of_no_class_is_said():
    assert said(FULL, errors=False, pictures=["b"]) == []
    assert said(FULL, errors=False, pictures=["c"]) == ["references/c.jpg: There is no class 'c'."]


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        ("no front matter", "card.md, line 1: `name` is missing"),
        ("---\nname: a b\n---\nx", "card.md, line 2: `a b` cannot be a name"),
        ("---\nname: a\nsubject: person\n---\nx", "card.md, line 3: `subject` is"),
        ("---\nname: a\nlicens: x\n---\nx", "card.md, line 3: `licens` is not known"),
        ("---\nname: [\n---\nx", "card.md, line 2: this is not valid YAML"),
        ("---\nname: a\n\ttitle: x\n---\nx", "card.md, line 3: this is not valid YAML (found char"),
        ("---\n\n# Ours.\nname: a b\n---\nx", "card.md, line 4: `a b` cannot be a name"),
        ("\n\n---\nname: a b\n---\nx", "card.md, line 4: `a b` cannot be a name"),
        ("\ufeff---\r\nname: a b\r\n---\r\nx", "card.md, line 2: `a b` cannot be a name"),
        ("---\rname: a b\r---\rx", "card.md, line 2: `a b` cannot be a name"),
        ("---\nname: a\n", "card.md, line 1: the front matter has no second line `---`"),
        ("---\nname: a\n----\nx", "card.md, line 1: the front matter has no second line `---`"),
        ("---\nname: a\ntitle: [x]\n---\nx", "card.md, line 3: `title` is one text."),
        ("---\nname: a\ntitle.de: {x: y}\n---\nx", "card.md, line 3: `title.de` is one text."),
        ("---\nname: a\nbegun: 2026-13-45\n---\nx", "line 3: the value of `begun` cannot be read"),
        ("---\nname: a\nx: !!timestamp y\n---\nx", "line 3: the value of `x` cannot be read"),
        ("---\nname: a\nx: !!python/name:os.system\n---\nx", "line 3: the value of `x` cannot"),
        ("---\nname: a\n? [x]\n: y\n---\nx", "card.md, line 3: what stands before `:` is one text"),
        ("---\nname: a\nx: &x [*x]\n---\nx", "nested too deeply"),
    ],
)
def test_an_error_of_the_card_is_said_with_its_line(card, sentence):
    assert any(sentence in line for line in said(FULL, card))


@pytest.mark.parametrize("name", shipped_names())
def test_every_collection_that_ships_is_without_error(name):
    folder = SHIPPED / name
    texts = [(folder / file).read_text("utf-8") for file in ("card.md", "classes.yaml")]
    assert [str(one) for one in check_texts(*texts) if one.is_error] == []


def test_a_file_that_stands_for_endless_values_is_refused_at_once():
    lists = "".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12))
    classes = f"- id: a\n  l0: &l0 [a]\n{lists}"
    assert "stands for more than 1,000,000 values" in said(classes)[0]


PIECES = st.sampled_from(
    (
        *("---\n", "- id: a\n", "  facts: ", "{", "}", "[", "]", "&x ", "*x", ": ", "? ", "!!int "),
        *("\t", "\n", "\r", "\ufeff", "name", "title", "2026-13-45", "<<", "'", '"', "|", "#", ","),
    )
)
YAMLISH = st.lists(PIECES, max_size=20).map("".join)


@given(YAMLISH, YAMLISH)
def test_anything_like_yaml_is_checked_without_a_traceback(card, classes):
    check_texts(f"---\n{card}\n---\n", classes)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_checked_without_a_traceback(card, classes):
    check_texts(card, classes)
