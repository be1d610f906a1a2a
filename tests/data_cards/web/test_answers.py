"""Answers of interfaces are read as documented, or refused with their own words."""

import pytest

from data_cards.errors import NotFetched
from data_cards.web.answers import as_documented, refusal, table, words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (" Ann\n Bo\x00", "Ann Bo"),
        ("\ud83d cut", "cut"),
        (7, "7"),
        (True, ""),
        (["Ann"], ""),
        ({"value": "Ann"}, ""),
        ("می\u200cخواهم 🏺", "می\u200cخواهم 🏺"),
    ],
)
def test_words_are_one_line_that_can_be_stored(value, text):
    assert words(value) == text
    words(value).encode()


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_what_is_no_table_is_an_empty_one(value):
    assert table(value) == {}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"error": {"code": "maxlag", "info": "Waiting for a server"}}, "Waiting for a server"),
        ({"error": {"code": "maxlag"}}, "maxlag"),
        ({"success": False, "error": "Invalid API key"}, "Invalid API key"),
        ({"stat": "fail", "code": 100, "message": "Invalid API Key"}, "Invalid API Key"),
        ({"stat": "fail"}, "it gives no reason"),
        ({"error": ["x"]}, "it gives no reason"),
        ({"stat": "ok", "photos": {}}, ""),
        ({"error": None, "items": []}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_an_interface_that_refuses_is_quoted(answer, said):
    assert refusal(answer) == said


@pytest.mark.parametrize("read", [lambda: {}["a"], lambda: [].get, lambda: None + 1, lambda: [][0]])
def test_another_form_is_a_sentence(read):
    with (
        pytest.raises(NotFetched, match=r"^a\.example answered in a form that is not known\.$"),
        as_documented("a.example"),
    ):
        read()
