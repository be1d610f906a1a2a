"""Answers of interfaces that are made for programs, read as far as they are as documented.

words(None), words("Ann\\n")             "", "Ann"
table([])                              {}: how PHP writes a table without rows
refusal({"error": {"info": "..."}})    what an interface says instead of an answer
with as_documented("wikidata.org"): ...        anything of another form is NotFetched
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from data_cards.errors import NotFetched

# What reading an answer of another form raises.
ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
NOT_KNOWN = "answered in a form that is not known"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def words(value: object) -> str:
    """One line of text that UTF-8 can hold; empty for what is no text."""
    is_text = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return " ".join(CONTROL.sub(" ", str(value)).split()) if is_text else ""


def table(value: object) -> Mapping[str, Any]:
    """A JSON object; empty for anything else."""
    return value if isinstance(value, dict) else {}


def refusal(answer: object) -> str:
    """What an interface says that it cannot do, as Wikimedia, Europeana and Flickr do with status
    200; empty for an answer."""
    told = table(answer)
    error = told.get("error")
    if error:
        said = table(error)
        return words(said.get("info") or said.get("code") or error) or "it gives no reason"
    return words(told.get("message")) or "it gives no reason" if told.get("stat") == "fail" else ""


@contextmanager
def as_documented(host: str) -> Iterator[None]:
    """Turn what reading an answer of another form raises into NotFetched."""
    try:
        yield
    except ODD as error:
        raise NotFetched(f"{host} {NOT_KNOWN}.", cause=repr(error)) from error
