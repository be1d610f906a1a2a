"""What a collection says in other languages: keys with a language behind a dot.

    - id: harbour-ebb
      title: Harbour, Ebb
      title.de: Hafen bei Ebbe
      facts.de: {Malerin: Ilse Maren}

A language is written as browsers do, in small letters: `de`, `pt-br`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

IN_CLASSES = ("title", "summary", "facts")
IN_CARD = ("title", "description", "noun", "nouns", "keeper")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


class Translation(NamedTuple):
    """A class's card in one language; what is empty is not translated."""

    language: str
    title: str = ""
    summary: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def translated_key(key: str, known: Iterable[str]) -> tuple[str, str] | None:
    """("title", "de") of "title.de"; None for a key that is no translation of a `known` one."""
    field, dot, language = key.partition(".")
    return (field, language) if dot and field in known and LANGUAGE.fullmatch(language) else None


def by_language(row: Mapping[str, Any], known: Iterable[str]) -> dict[str, dict[str, Any]]:
    """{"title.de": text, ...} -> {"de": {"title": text}}; other keys are left out."""
    names = tuple(known)
    found: dict[str, dict[str, Any]] = {}
    for key, value in row.items():
        if place := translated_key(key, names):
            found.setdefault(place[1], {})[place[0]] = value
    return found


def keys_of(translations: Iterable[Translation]) -> dict[str, Any]:
    """Translations as classes.yaml writes them, without what is empty."""
    keys: dict[str, Any] = {}
    for one in translations:
        said = {"title": one.title, "summary": one.summary, "facts": dict(one.facts)}
        keys |= {f"{field}.{one.language}": value for field, value in said.items() if value}
    return keys


def as_cards(translations: Iterable[Translation]) -> dict[str, dict[str, Any]]:
    """What the API calls `translations`: by language, the fields of a card that are translated."""
    cards = by_language(keys_of(translations), IN_CLASSES)
    for card in cards.values():
        if "facts" in card:
            card["facts"] = [{"name": name, "value": text} for name, text in card["facts"].items()]
    return cards


def as_rows(translations: Iterable[Translation]) -> list[list[Any]]:
    """Plain lists, for a file; `from_rows` reads them."""
    return [[*one[:3], [list(fact) for fact in one.facts]] for one in translations]


def from_rows(rows: Iterable[Any]) -> tuple[Translation, ...]:
    """What `as_rows` wrote."""
    return tuple(
        Translation(row[0], row[1], row[2], tuple((fact[0], fact[1]) for fact in row[3]))
        for row in rows
    )
