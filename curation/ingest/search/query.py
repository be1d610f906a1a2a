"""What is searched for, and what a search finds.

queries_for(SearchSettings(), things, "ganesha; hanuman")       one list of queries a class
queries_for(SearchSettings(negatives=50), things, "")           every class, and nothing of it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from data_cards.dataset.class_names import name_key
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.errors import BadSource
from data_cards.settings import dial
from data_cards.web.answers import ODD

SEARCH = "search:"
# What people photograph when they try a recognizer out; photos of these become "none of these".
EVERYDAY = (
    "street scene",
    "living room interior",
    "shop window",
    "tree in a park",
    "food on a plate",
    "office desk",
    "cat at home",
    "parked car",
    "brick wall",
    "book shelf",
)
MOST_NAMES = 4  # of a class that are searched for: its title, then its aliases


@dataclass(frozen=True)
class SearchSettings:
    """How much is searched for, and where."""

    per_class: int = dial(100, "photos to find for each class, in a search by words", least=1)
    providers: str = dial("commons,openverse", "which providers to search, separated by commas")
    web: bool = dial(False, "also ask general web search (ddgs); it knows no licence", ())
    negatives: int = dial(
        0, "how many photos of other things (none of these) to search for as well", least=0
    )
    photos: int = dial(5000, "most photos that a search may bring", least=1)
    minutes: float = dial(60.0, "most minutes that a search may take", least=0.1)
    smaller_side: int = dial(224, "fewest pixels on the shorter side of a found photo", least=1)
    contact: str = dial("", "your e-mail or page: Wikimedia and others ask programs to give one")


@dataclass(frozen=True)
class Query:
    """One question. `label`: the class that answers are photos of, None for none of these;
    `wikidata`: its item, for providers that know what a photo depicts, and `info` the class that
    the item should be."""

    words: str
    label: str | None = None
    wikidata: str = ""
    info: ClassInfo | None = None

    @property
    def status(self) -> str:
        """The label status of what it brings."""
        return "labelled" if self.label else "none_of_these"


@dataclass(frozen=True)
class Hit:
    """A photo that a provider offers: its file, its page, and whose it is under which licence, as
    far as the provider says. `width`, `height`: of the whole photo, 0 where that is not said."""

    url: str
    page: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Asking:
    """What a provider asks with. `json`: (address, parameters) -> JSON; `key`: what its owner
    gave the user, empty for a provider that wants none."""

    json: Callable[[str, Mapping[str, str]], Any]
    key: str = ""


def hits_of(rows: Iterable[Any], hit: Callable[[Any], Hit | None]) -> Iterator[Hit]:
    """The hits of an answer's rows, of each that gives one. A row that is not as its provider
    documents it becomes a hit without an address, which is counted, and the others still come."""
    for row in rows:
        try:
            found = hit(row)
        except ODD:
            found = Hit("")
        if found is not None:
            yield found


# Hits of a query, page after page, until nobody asks for more. Raises NotFetched.
Search = Callable[[Asking, Query], Iterator[Hit]]


def queries_for(
    settings: SearchSettings, things: Collection | None, words: str, label: str = ""
) -> list[tuple[ClassInfo | None, list[Query]]]:
    """Each wanted class (None for none of these) with its queries, the best one first. `words`:
    what stands behind "search:", several with ";" between them; `label`: the one class that all
    of them mean. Raises BadSource."""
    asked = [part.strip() for part in words.split(";") if part.strip()]
    if not asked and (things is None or not things.classes):
        raise BadSource(
            "Say what to search for: search:WORDS, or search: with --collection and its name."
        )
    found: list[tuple[ClassInfo | None, list[Query]]] = [
        (info, _queries_of(info, things)) for info in _classes([label] if label else asked, things)
    ]
    if label and asked:
        found = [(info, [Query(one, info.id) for one in asked]) for info, _ in found if info]
    if not found:
        raise BadSource(f"“{label or words}” is not the name of a class; use other words.")
    if settings.negatives:
        told = things.extra.get("negatives") if things else None
        negatives = [str(one) for one in told] if isinstance(told, list) else list(EVERYDAY)
        found.append((None, [Query(one) for one in negatives]))
    return found


def _classes(asked: Iterable[str], things: Collection | None) -> Iterator[ClassInfo]:
    """Those of a collection, or of the words: a known class where the words name one."""
    asked = list(asked)
    if not asked and things:
        yield from things.classes
        return
    from curation.ingest.naming import Naming

    for name, info in Naming.of(asked).by_name.items():
        known = things.find(name) if things else None
        yield things.info(known) if things and known else info


def _queries_of(info: ClassInfo, things: Collection | None) -> list[Query]:
    """A card may say how to search: `search: "{title} sculpture"`."""
    form = str(things.extra.get("search") or "{title}") if things else "{title}"
    titles = {name_key(one.title): one.id for one in things.classes} if things else {}
    names: dict[str, str] = {}
    for name in chain((info.title,), info.aliases):
        # "sapa_rice_terrace" is a folder name, not what people would search for.
        plain = re.sub(r"[_-]+", " ", name).strip()
        # Two letters are a code, but two signs of Chinese are a name.
        is_name = len(plain) > 2 or not plain.isascii()
        if is_name and titles.get(name_key(name), info.id) == info.id:
            names.setdefault(name_key(plain), plain)
    wanted = list(names.values())[:MOST_NAMES] or [info.title]
    found = [Query(form.replace("{title}", name), info.id) for name in wanted]
    return [replace(found[0], wikidata=info.wikidata, info=info), *found[1:]]
