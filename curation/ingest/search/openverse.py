"""Openverse: openly licensed images of many archives, Flickr's among them.

Documented at https://api.openverse.org/v1/. Without an account a page holds 20, and a program
may ask some 20 times a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curation.ingest.search.query import Asking, Hit, Query, hits_of
from data_cards.web.answers import words

API = "https://api.openverse.org/v1/images/"
PAGE = 20
MOST_PAGES = 12  # what a program without an account may read of one query: 240 images

CREATIVE_COMMONS = {"by", "sa", "nc", "nd", "sampling+"}  # the parts of their codes


def search(asking: Asking, query: Query) -> Iterator[Hit]:
    """Photos of a query. Raises NotFetched."""
    for number in range(1, MOST_PAGES + 1):
        asked = {
            "q": query.words,
            "page": str(number),
            "page_size": str(PAGE),
            "format": "json",
        }
        found = asking.json(API, asked)
        yield from hits_of(found.get("results", ()), _hit)
        if number >= int(found.get("page_count", 0)):
            return


def _hit(one: Mapping[str, Any]) -> Hit | None:
    if not one.get("url") or one.get("mature"):
        return None
    return Hit(
        url=str(one["url"]),
        page=words(one.get("foreign_landing_url")),
        title=words(one.get("title")),
        author=words(one.get("creator")),
        licence=licence_name(words(one.get("license")), words(one.get("license_version"))),
        width=int(one.get("width") or 0),
        height=int(one.get("height") or 0),
    )


def licence_name(code: str, version: str = "") -> str:
    """A licence as people write it; one that is not Creative Commons' as the provider writes it.

    >>> licence_name("by-sa", "2.0"), licence_name("cc0", "1.0"), licence_name("pdm")
    ('CC BY-SA 2.0', 'CC0 1.0', 'Public Domain Mark')
    """
    if code == "pdm":
        return "Public Domain Mark"
    parts = set(code.split("-"))
    name = code
    if code == "cc0" or parts <= CREATIVE_COMMONS:
        name = code.upper() if code == "cc0" else f"CC {code.upper()}"
    return f"{name} {version}".strip() if code else ""
