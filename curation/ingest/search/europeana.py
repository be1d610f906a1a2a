"""Europeana: objects of European museums, libraries and archives, of those that may be reused.

Wants a key (https://pro.europeana.eu/page/get-api), in EUROPEANA_KEY. Documented at
https://europeana.atlassian.net/wiki/spaces/EF/pages/2385739812/Search+API+Documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curation.ingest.search.query import Asking, Hit, Query, hits_of
from data_cards.web.answers import words

API = "https://api.europeana.eu/record/v2/search.json"
PAGE = 100


def search(asking: Asking, query: Query) -> Iterator[Hit]:
    """Pictures of a query. Raises NotFetched."""
    cursor = "*"
    while cursor:
        asked = {
            "wskey": asking.key,
            "query": query.words,
            "qf": "TYPE:IMAGE",
            "reusability": "open",
            "media": "true",
            "rows": str(PAGE),
            "cursor": cursor,
        }
        found = asking.json(API, asked)
        yield from hits_of(found.get("items", ()), _hit)
        cursor = str(found.get("nextCursor") or "") if found.get("items") else ""


def _hit(one: Mapping[str, Any]) -> Hit | None:
    if not one.get("edmIsShownBy"):
        return None
    return Hit(
        url=_first(one, "edmIsShownBy"),
        page=_first(one, "edmIsShownAt") or words(one.get("guid")),
        title=_first(one, "title"),
        author=_first(one, "dcCreator") or _first(one, "dataProvider"),
        licence=_first(one, "rights"),
    )


def _first(one: Mapping[str, Any], key: str) -> str:
    values = one.get(key) or ()
    return words(values[0]) if isinstance(values, list) and values else ""
