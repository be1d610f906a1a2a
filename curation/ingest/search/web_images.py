"""General web search, through the package `ddgs` (pip install -r requirements-web-search.txt).

It says nothing of licences: what it finds is for training at home, and its owner asks before
anything of it is published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curation.ingest.search.query import Asking, Hit, Query, hits_of
from data_cards.errors import BadSource, NotFetched
from data_cards.web.answers import words

MOST = 200
UNKNOWN = "not known"


def search(asking: Asking, query: Query) -> Iterator[Hit]:
    """Images of a query. Raises NotFetched, and BadSource where ddgs is not installed."""
    try:
        from ddgs import DDGS
        from ddgs.exceptions import DDGSException
    except ImportError as error:
        raise BadSource(
            "Web search needs the package ddgs: pip install -r requirements-web-search.txt"
        ) from error
    try:
        found = DDGS().images(query.words, max_results=MOST, safesearch="on")
    except DDGSException as error:
        raise NotFetched(f"Web search gave nothing: {error}.") from error
    yield from hits_of(found, _hit)


def _hit(one: Mapping[str, Any]) -> Hit | None:
    if not one.get("image"):
        return None
    return Hit(
        url=str(one["image"]),
        page=words(one.get("url")),
        title=words(one.get("title")),
        licence=UNKNOWN,
        width=int(one.get("width") or 0),
        height=int(one.get("height") or 0),
    )
