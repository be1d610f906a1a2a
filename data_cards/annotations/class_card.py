"""What people write on a class's card: texts, facts, other names, and which photo shows it best.

One edit is one decision, `edit_card`, with the new values and those it replaced as JSON; so it is
kept, sent, undone and listed like any other, and if two people write at once, both texts are in the
ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from data_cards.dataset.collection import ClassInfo
from data_cards.errors import BadDecision
from data_cards.storage.json_lines import read_object
from data_cards.wording import why_hidden

TEXTS = ("summary", "source", "licence")
FIELDS = (*TEXTS, "facts", "aliases", "reference", "draft")
WORDS = {
    "summary": "the description",
    "source": "where the text is from",
    "licence": "the text's licence",
    "facts": "the facts",
    "aliases": "the other names",
    "reference": "the reference picture",
    "draft": "the mark of a draft",
}
LONGEST_TEXT = 2000
LONGEST_NAME = 200
MOST_ROWS = 40

Card = dict[str, Any]


def card_of(info: ClassInfo, reference: str = "") -> Card:
    """What a card says now, as plain values. `reference`: the image_id that people chose, if
    they did."""
    return {
        "summary": info.summary,
        "source": info.source,
        "licence": info.licence,
        "facts": [list(fact) for fact in info.facts],
        "aliases": list(info.aliases),
        "reference": reference,
        "draft": info.draft,
    }


def write_card(fields: Mapping[str, Any]) -> str:
    """Fields -> the text of a ledger line. Raises BadDecision when a field cannot be used."""
    return json.dumps(
        {name: _checked(name, value) for name, value in fields.items()}, sort_keys=True
    )


def read_card(text: str) -> Card:
    """The fields of a ledger line; raises BadDecision when they cannot be used."""
    try:
        fields = read_object(text)
    except ValueError as error:
        raise BadDecision("A card is a JSON object, and this one cannot be read.") from error
    return {name: _checked(name, value) for name, value in fields.items()}


def with_fields(info: ClassInfo, fields: Mapping[str, Any]) -> ClassInfo:
    """The class with these fields on its card; a reference picture is not part of it."""
    texts: Card = {name: fields[name] for name in TEXTS if name in fields}
    if "facts" in fields:
        texts["facts"] = tuple((name, value) for name, value in fields["facts"])
    if "aliases" in fields:
        texts["aliases"] = tuple(fields["aliases"])
    if "draft" in fields:
        texts["draft"] = fields["draft"]
    return replace(info, **texts)


def changed_fields(words: Iterable[str]) -> str:
    """Names of fields for people: "the description and the facts"."""
    said = [WORDS[name] for name in FIELDS if name in set(words)]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def _checked(name: str, value: Any) -> Any:
    if name in TEXTS:
        return _text(value, LONGEST_TEXT)
    if name == "reference":
        return _text(value, LONGEST_NAME)
    if name == "draft" and isinstance(value, bool):
        return value
    if (
        name not in ("facts", "aliases")
        or not isinstance(value, Sequence)
        or isinstance(value, str)
    ):
        raise BadDecision(f"“{name}” cannot be on a card in this form.")
    if len(value) > MOST_ROWS:
        raise BadDecision(f"A card holds at most {MOST_ROWS} lines of {WORDS[name]}.")
    return (
        [_fact(row) for row in value]
        if name == "facts"
        else [_text(row, LONGEST_NAME) for row in value]
    )


def _fact(row: Any) -> list[str]:
    if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != 2:
        raise BadDecision("A fact needs a name and a value: “Painter: Ilse Maren”.")
    return [_text(row[0], LONGEST_NAME), _text(row[1], LONGEST_TEXT)]


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str):
        raise BadDecision("A card can only hold text.")
    text = " ".join(value.split())
    if hidden := why_hidden("This text", text):
        raise BadDecision(hidden)
    if len(text) > longest:
        raise BadDecision(f"This text is too long: {len(text)} letters where {longest} fit.")
    return text
