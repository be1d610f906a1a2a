"""One line, one decision: what is read, and what is refused with the number of its line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.annotations.decision import (
    ACTIONS,
    ask,
    decide,
    line_of,
    parse_decision,
    read_moment,
    rows_of,
)
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.errors import BadDecision

THINGS = Collection(
    name="fort",
    title="Forts",
    classes=(
        ClassInfo("agra", "Agra Fort", aliases=("Lal Qila of Agra",)),
        ClassInfo("amber", "Amber Fort"),
    ),
)


def row(**more):
    return {"image_id": "a", "action": "relabel", "label": "agra", "who": "asha", **more}


def read_decisions(text, collection=None):
    """Every line of a `decisions.jsonl`."""
    return [parse_decision(row, collection, number) for number, row in rows_of(text)]


def test_the_shortest_line_is_enough():
    decision = parse_decision({"image_id": "a", "action": "keep", "who": "asha"})
    assert decision.id and decision.at and decision.label is None


@pytest.mark.parametrize("written", ["agra", "Agra Fort", "agra fort", "Lal Qila of Agra"])
def test_a_label_may_be_an_id_a_title_or_an_alias(written):
    assert parse_decision(row(label=written), THINGS).label == "agra"


def test_an_unknown_class_is_refused_with_its_line():
    lines = json.dumps(row()) + "\n\n" + json.dumps(row(label="taj"))
    with pytest.raises(BadDecision, match=r"Line 3: .*taj"):
        read_decisions(lines, THINGS)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"action": "delete"}, "delete"),
        ({"who": ""}, "who"),
        ({"image_id": None}, "image_id"),
        ({"label": ""}, "label"),
        ({"action": "duplicate_of"}, "other"),
        ({"action": "undo"}, "undoes"),
        ({"at": "yesterday"}, "timestamp"),
        ({"at": "2026-11-21T10:00:00"}, "timestamp"),
        ({"at": "2026-13-21T10:00:00Z"}, "timestamp"),
        ({"id": "7"}, "ULID"),
        ({"who": 5}, "who"),
        ({"who": "a\x00b"}, r"who.*U\+0000"),
        ({"label": "x" * 501}, "label"),
        ({"who": "a\ud800b"}, r"who.*U\+D800"),
        ({"title": "a\u202eb"}, r"title.*U\+202E"),
        ({"other": "x" * 501}, "other"),
        ({"action": "duplicate_of", "other": "a"}, "itself"),
        ({"action": "merge_class"}, "label_before"),
    ],
)
def test_a_bad_line_is_refused_and_says_what_is_wrong(change, word):
    with pytest.raises(BadDecision, match=f"^Line 4: .*{word}"):
        parse_decision({**row(), **change}, line=4)


@pytest.mark.parametrize(
    "name", ["क्\u200dष", "می\u200cخواهم", "L\u2019Été\u00a0: plage", "👩\u200d🎨"]
)
def test_names_that_people_write_with_joiners_and_wide_blanks_are_read(name):
    assert parse_decision(row(who=name)).who == name


def test_a_sign_that_ends_lines_elsewhere_ends_none_here():
    with pytest.raises(BadDecision, match=r"Line 2: “who” has .*U\+2028"):
        read_decisions(
            json.dumps(row()) + "\n" + json.dumps(row(who="a\u2028b"), ensure_ascii=False)
        )
    assert len(read_decisions(json.dumps(row()) + "\r\n" + json.dumps(row()) + "\r\n")) == 2


@pytest.mark.parametrize("line", ['{"who": "\\ud800"}', json.dumps(row(note="\udfff"))])
def test_half_a_character_is_refused_with_its_line(line):
    with pytest.raises(BadDecision, match=r"Line 2: .*half of a character"):
        read_decisions(json.dumps(row()) + "\n" + line)


@pytest.mark.parametrize("line", ["[]", "5", "{", '"x"', "null", "[" * 100_000])
def test_a_line_that_is_no_object_is_refused(line):
    with pytest.raises(BadDecision, match="Line 1"):
        read_decisions(line)


def test_moments_are_written_in_utc_and_one_width():
    assert read_moment("2026-11-21T12:00:00+05:30") == "2026-11-21T06:30:00.000000Z"
    assert read_moment("2026-11-21t12:00:00.5z") == "2026-11-21T12:00:00.500000Z"


def test_a_line_that_says_when_gets_the_same_id_each_time():
    lines = "\n".join(json.dumps(row(at="2026-11-21T12:00:00Z", image_id=name)) for name in "ab")
    first = read_decisions(lines)
    second = read_decisions(lines)
    assert [one.id for one in first] == [one.id for one in second]
    assert first[0].id < first[1].id


def test_a_new_class_need_not_be_in_the_collection():
    assert (
        parse_decision({"action": "add_class", "label": "bidar", "who": "asha"}, THINGS).label
        == "bidar"
    )


def test_a_line_written_and_read_again_is_the_same_decision():
    decision = decide("asha", "a", "duplicate_of", other="b", model_revision="m1")
    assert parse_decision(json.loads(json.dumps(line_of(decision)))) == decision


@given(
    st.text(max_size=80)
    | st.dictionaries(
        st.sampled_from(["image_id", "action", "who", "label", "at", "id"]),
        st.text(max_size=30) | st.integers() | st.none() | st.sampled_from(ACTIONS),
    ).map(json.dumps)
)
def test_any_text_is_read_or_refused_kindly(text):
    try:
        for decision in read_decisions(text, THINGS):
            assert decision.action in ACTIONS
    except BadDecision as error:
        assert error.sentence.startswith("Line ")


@pytest.mark.parametrize("note", ["x" * 501, "a\x00b", "a\ud800b"])
def test_a_visitors_question_is_refused_where_no_reader_would_take_it(note):
    with pytest.raises(BadDecision, match="note"):
        ask("a", "agra", note=note)
    assert ask("a", "agra", note="it is क्\u200dष.").note == "it is क्\u200dष."


@pytest.mark.parametrize(
    ("name", "label", "title"),
    [("C#", "C-sharp", "C#"), ("Red vase", "Red-vase", "Red vase"), ("🐶", "dog-face", "🐶")],
)
def test_a_new_class_may_be_given_by_its_name(name, label, title):
    made = parse_decision({"action": "add_class", "label": name, "who": "asha"}, THINGS)
    assert (made.label, made.title) == (label, title)


def test_a_new_class_by_a_name_that_is_there_is_that_class():
    title = THINGS.classes[0].title
    made = parse_decision(
        {"action": "add_class", "label": f" {title.upper()} !"[:-2], "who": "asha"}, THINGS
    )
    assert made.label == THINGS.ids[0]
