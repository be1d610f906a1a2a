"""JSON objects, one a line: read strictly, always writable."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.storage.json_lines import lines_of, read_object, written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "5",
        "null",
        '"x"',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"a": "\\ud800"}',
        '{"\\uDFFF": 1}',
        '{"a": ["\\udc00\\ud83d"]}',
        b"\xff\xfe{\x00}\x00",
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\xff"}',
        "9" * 5000,
    ],
)
def test_what_is_no_object_or_no_text_is_refused(text):
    with pytest.raises(ValueError):
        read_object(text)


@pytest.mark.parametrize(
    "text", ['{"a": "\\ud83d\\ude00"}', '{"a": "😀"}', '{"a": "\\\\ud800"}', '{"a": "\u2028"}']
)
def test_every_text_that_has_utf_8_is_read(text):
    assert read_object(text) == json.loads(text) == read_object(text.encode())


def test_a_bad_line_hides_no_other_and_each_says_where_it_stands():
    lines = [
        b'\xef\xbb\xbf{"id": 1}',
        b"",
        b'{"id"',
        b'{"id": "\\ud800"}',
        b'{"id": "\xff"}',
        b'{"id": 2}\r',
        b"",
    ]
    rows = lines_of(b"\n".join(lines), "ledger/x.jsonl")
    assert [row.get("id") for row in rows] == [1, None, None, None, 2]
    assert rows[1] == {"unreadable": '{"id"'}
    assert [row.place for row in rows] == [f"ledger/x.jsonl, line {n}" for n in (1, 3, 4, 5, 6)]


@given(st.lists(st.dictionaries(st.text(), st.text(st.characters()))))
def test_whatever_is_written_can_be_read(rows):
    assert [json.loads(line) for line in written(rows).decode().split("\n") if line] == rows


def test_half_a_character_is_written_as_json_spells_it():
    assert written([{"a": "\ud800"}]) == b'{"a": "\\ud800"}\n'
