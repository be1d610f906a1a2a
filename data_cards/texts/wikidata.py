"""Facts from Wikidata and an introduction from Wikipedia, as a draft for a person to check.

    source = Wikimedia(web.json, "en")
    source.draft_of(ClassInfo("eiffel-tower", "Eiffel Tower", wikidata="Q243"))

Wikidata's facts are CC0; Wikipedia's sentences are CC BY-SA 4.0, and both are named in the draft's
source. An item is taken only where one of its names is the title or an alias, also one that a card
names: a number that was typed wrong is another thing.

    dict(not_called_so(web.json, things.classes))       which items have other names, in a sentence
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from data_cards.dataset.class_names import name_key
from data_cards.dataset.collection import ClassInfo
from data_cards.errors import NotFetched
from data_cards.web.answers import as_documented, table, words

API = "https://www.wikidata.org/w/api.php"
HOST = "www.wikidata.org"
ITEM = re.compile(r"Q[1-9][0-9]{0,9}")
LAST_ITEM = 2**31 - 1  # Wikidata refuses a whole request that has a larger number in it
SUMMARY = "https://{language}.wikipedia.org/api/rest_v1/page/summary/{title}"
FACTS_LICENCE = "CC0-1.0"
TEXT_LICENCE = "CC-BY-SA-4.0"
LONGEST = 360  # letters of an introduction; whole sentences
MOST_ALIASES = 6
PLACE = "P625"
KIND = "P31"
LIST_OF_MEANINGS = "Q4167410"  # a page of Wikipedia that lists what a name may mean
# The facts of an item, in this order: the property, the name of the fact.
FACTS = {
    "P170": "Made by",
    "P84": "Architect",
    "P571": "Made",
    "P135": "Movement",
    "P136": "Genre",
    "P186": "Made of",
    "P195": "Collection",
    "P569": "Born",
    "P570": "Died",
    "P27": "From",
    "P131": "Where",
    "P17": "Country",
    "P140": "Religion",
    "P2048": "Height",
}
MOST_VALUES = 3
AT_ONCE = 50  # items that one request takes
METRES = "Q11573"
NAMES = "labels|aliases"
NAMES_AND_ALL = "labels|descriptions|aliases|claims|sitelinks"
Json = Callable[[str, Mapping[str, str]], Any]


@dataclass(frozen=True)
class Draft:
    """A class with drafted texts, or why there are none."""

    info: ClassInfo
    why_not: str = ""


class Wikimedia:
    """Asks Wikidata and a Wikipedia. `ask`: (address, parameters) -> JSON; raises NotFetched."""

    def __init__(self, ask: Json, language: str = "en") -> None:
        self._ask = ask
        self._language = language

    def draft_of(self, info: ClassInfo) -> Draft:
        """What a class lacks, filled in; what somebody wrote stays. Raises NotFetched."""
        with as_documented(HOST):
            return self._draft_of(info)

    def _draft_of(self, info: ClassInfo) -> Draft:
        item = info.wikidata
        if not item:
            found = self._called_so(info)
            if len(found) != 1:
                return Draft(info, _which(found))
            item = next(iter(found))
        entity = _named(self._entities([item]), item)
        if not entity or "missing" in entity:
            return Draft(info, f"Wikidata has no item {item}")
        if other := other_names(info, entity):
            return Draft(info, other)
        claims = table(entity.get("claims"))
        if any(table(kind).get("id") == LIST_OF_MEANINGS for kind in _values(claims.get(KIND))):
            return Draft(info, f"{item} only lists what this name may mean; give another item")
        facts = info.facts or self._facts(claims)
        site = table(table(entity.get("sitelinks")).get(f"{self._language}wiki"))
        page = words(site.get("title"))
        summary, is_text = (info.summary, False) if info.summary else self._introduction(page)
        summary = summary or _said(entity.get("descriptions"), self._language)
        made = replace(
            info,
            summary=summary,
            facts=facts,
            location=info.location or _location(claims),
            aliases=info.aliases or _aliases(entity, self._language, info.title),
            wikidata=item,
        )
        if (made.summary, made.facts) == (info.summary, info.facts):
            return Draft(made)
        return Draft(
            replace(
                made,
                source=_source(info, item, page if is_text else "", self._language),
                licence=TEXT_LICENCE if is_text else info.licence or FACTS_LICENCE,
                draft=True,
            )
        )

    def _called_so(self, info: ClassInfo) -> dict[str, str]:
        """Items whose label or alias is a name of the class, with what they are."""
        asked = {
            "action": "wbsearchentities",
            "search": info.title,
            "language": self._language,
            "uselang": self._language,
            "type": "item",
            "limit": "10",
            "format": "json",
        }
        names = {name_key(name) for name in (info.title, *info.aliases)}
        return {
            str(one["id"]): words(one.get("description"))
            for one in self._ask(API, asked).get("search", ())
            if names & {name_key(words(name)) for name in (one.get("label"), *_aliases_of(one))}
        }

    def _entities(self, items: Sequence[str], props: str = "") -> dict[str, Any]:
        return entities(self._ask, items, props or NAMES_AND_ALL, self._language)

    def _facts(self, claims: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        values = {name: _values(claims.get(prop)) for prop, name in FACTS.items()}
        items = [value["id"] for found in values.values() for value in found if _is_item(value)]
        labels = self._entities(items[:AT_ONCE], "labels") if items else {}
        facts: list[tuple[str, str]] = []
        for name, found in values.items():
            told = [_spoken(value, labels, self._language) for value in found[:MOST_VALUES]]
            said = ", ".join(dict.fromkeys(filter(None, told)))
            if said:
                facts.append((name, said))
        return tuple(facts)

    def _introduction(self, page: str) -> tuple[str, bool]:
        """(the first sentences of a page, whether there are any)."""
        if not page:
            return "", False
        title = quote(page.replace(" ", "_"), safe="")
        try:
            found = self._ask(SUMMARY.format(language=self._language, title=title), {})
        except NotFetched:
            return "", False  # the facts are worth having without it
        is_list = found.get("type") == "disambiguation"
        text = "" if is_list else first_sentences(words(found.get("extract")), LONGEST)
        return text, bool(text)


def entities(
    ask: Json, items: Sequence[str], props: str = NAMES, language: str = "en"
) -> dict[str, Any]:
    """What Wikidata says about at most AT_ONCE items, by their current number: an item that was
    merged into another has the other's number. What is no number of an item is not asked for.
    Raises NotFetched."""
    numbers = [item for item in items if is_item(item)]
    if not numbers:
        return {}
    asked = {
        "action": "wbgetentities",
        "ids": "|".join(numbers),
        "props": props,
        "languages": f"{language}|en|mul",
        "sitefilter": f"{language}wiki",
        "format": "json",
    }
    with as_documented(HOST):
        return dict(table(ask(API, asked).get("entities")))


def is_item(text: str) -> bool:
    """Whether Wikidata can have an item of this number.

    >>> is_item("Q243"), is_item("Q0"), is_item("243"), is_item("Q99999999999")
    (True, False, False, False)
    """
    return bool(ITEM.fullmatch(text)) and int(text[1:]) <= LAST_ITEM


def not_called_so(ask: Json, classes: Iterable[ClassInfo]) -> Iterator[tuple[str, str]]:
    """The classes whose item is gone, or shares no name with the class: (id, why). Raises
    NotFetched."""
    with_item = [info for info in classes if info.wikidata]
    for start in range(0, len(with_item), AT_ONCE):
        some = with_item[start : start + AT_ONCE]
        found = entities(ask, [info.wikidata for info in some])
        for info in some:
            with as_documented(HOST):
                entity = _named(found, info.wikidata)
                is_there = entity and "missing" not in entity
                none = f"Wikidata has no item {info.wikidata}"
                why = other_names(info, entity) if is_there else none
            if why:
                yield info.id, why


def other_names(info: ClassInfo, entity: Mapping[str, Any]) -> str:
    """Why an item is not this class, from its names; empty where one is a name of the class, or
    where it has none in this language to compare."""
    names = [one for told in table(entity.get("labels")).values() if (one := words(told["value"]))]
    aliases = table(entity.get("aliases")).values()
    names += [words(one["value"]) for told in aliases for one in told]
    ours = {_key(name) for name in (info.title, *info.aliases)}
    if not names or ours & {_key(name) for name in names}:
        return ""
    return (
        f"{info.wikidata} is “{names[0]}” on Wikidata, not “{info.title}”; correct `wikidata`, or "
        "add that name to `aliases`"
    )


def _key(name: str) -> str:
    """A name without accents and without text in brackets: "Freyr (god)" is Freyr."""
    plain = unicodedata.normalize("NFD", re.sub(r"\s*\([^)]*\)$", "", name))
    return name_key("".join(sign for sign in plain if not unicodedata.combining(sign)))


def _named(found: Mapping[str, Any], item: str) -> Mapping[str, Any]:
    """An item among several; one that was merged is answered under its new number."""
    return found.get(item) or next(
        (one for one in found.values() if table(one.get("redirects")).get("from") == item), {}
    )


def first_sentences(text: str, longest: int) -> str:
    """As many whole sentences as fit, at least one.

    >>> first_sentences("It is a tower. It stands in Paris. It is tall.", 36)
    'It is a tower. It stands in Paris.'
    """
    line = " ".join(text.split())
    said = ""
    for part in re.split(r"(?<=[^A-Z][.!?])\s+(?=[^\W_a-z])", line):
        if said and len(said) + 1 + len(part) > longest:
            break
        said = f"{said} {part}".strip()
    return said


def _which(found: Mapping[str, str]) -> str:
    if not found:
        return "Wikidata has no item of this name; give `wikidata: Q...`"
    several = "; ".join(f"{item} ({what})" if what else item for item, what in found.items())
    return f"Wikidata knows several of this name, so say which: {several}"


def _source(info: ClassInfo, item: str, page: str, language: str) -> str:
    parts = [info.source] if info.source else []
    parts.append(f"Wikidata, https://www.wikidata.org/wiki/{item}")
    if page:
        title = quote(page.replace(" ", "_"), safe="()/:,'")
        parts.append(f"Wikipedia, https://{language}.wikipedia.org/wiki/{title}")
    return "; ".join(parts)


def _said(texts: object, language: str) -> str:
    by_language = table(texts)
    for key in (language, "mul", "en"):
        if key in by_language:
            return words(by_language[key].get("value"))
    return ""


def _aliases_of(found: Mapping[str, Any]) -> Sequence[Any]:
    """The aliases by which a search found an item."""
    return found.get("aliases") or ()


def _aliases(entity: Mapping[str, Any], language: str, title: str) -> tuple[str, ...]:
    told = table(entity.get("aliases")).get(language) or ()
    found = [name for one in told if (name := words(one.get("value")))]
    seen = {name_key(title)}
    kept: list[str] = []
    for name in found:
        if name_key(name) not in seen and len(kept) < MOST_ALIASES:
            seen.add(name_key(name))
            kept.append(name)
    return tuple(kept)


def _values(told: Sequence[Mapping[str, Any]] | None) -> list[Any]:
    """The values of a property: the preferred ones if there are any, never deprecated ones."""
    claims = told or ()
    preferred = [one for one in claims if one.get("rank") == "preferred"]
    usual = [one for one in claims if one.get("rank") != "deprecated"]
    values = (
        table(table(one.get("mainsnak")).get("datavalue")).get("value")
        for one in preferred or usual
    )
    return [value for value in values if value is not None]


def _is_item(value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("id", "")).startswith("Q")


def _location(claims: Mapping[str, Any]) -> tuple[float, float] | None:
    for value in _values(claims.get(PLACE)):
        is_earth = str(value.get("globe") or "Q2").endswith("/Q2") or not value.get("globe")
        if is_earth and "latitude" in value and "longitude" in value:
            latitude = float(value["latitude"])
            longitude = float(value["longitude"])
            if abs(latitude) <= 90 and abs(longitude) <= 180:
                return round(latitude, 5), round(longitude, 5)  # five digits are about a metre
    return None


def _spoken(value: Any, labels: Mapping[str, Any], language: str) -> str:
    """A value as words: the label of an item, the year of a time, metres; else nothing."""
    if _is_item(value):
        return _said(table(labels.get(value["id"])).get("labels"), language)
    if isinstance(value, dict) and "time" in value:
        return _year(value)
    if isinstance(value, dict) and str(value.get("unit", "")).endswith(METRES):
        return f"{float(value['amount']):g} m"
    return ""


def _year(value: Mapping[str, Any]) -> str:
    """A time of Wikidata, to the year or the century. Precision 9 is a year, 7 a century."""
    found = re.match(r"([+-])(\d+)-(\d\d)-(\d\d)", str(value["time"]))
    if not found:
        return ""
    year = int(found[2])
    era = " BC" if found[1] == "-" else ""
    precision = int(value.get("precision", 9))
    if precision >= 9:
        return f"{year}{era}"
    if precision == 8:
        return f"{year // 10 * 10}s{era}"
    return f"{-(-year // 100)}th century{era}" if precision == 7 else ""
