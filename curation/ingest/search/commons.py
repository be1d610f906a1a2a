"""Wikimedia Commons: free photos, each with author and licence.

Asked first for files that are tagged as depicting the class's Wikidata item, then for words.
Documented at https://www.mediawiki.org/wiki/API:Imageinfo and .../Help:CirrusSearch.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from curation.ingest.search.query import Asking, Hit, Query
from data_cards.progress import say
from data_cards.texts.wikidata import not_called_so

API = "https://commons.wikimedia.org/w/api.php"
PAGE = 50  # what anonymous programs may ask for at once
# One of the widths that Wikimedia's servers hold ready; others are made anew, and discouraged.
WIDTH = 1280
TAG = re.compile(r"<[^>]*>")


def search(asking: Asking, query: Query) -> Iterator[Hit]:
    """Photos of a query. Raises NotFetched."""
    if query.wikidata and _is_the_class(asking, query):
        yield from _pages(asking, f"haswbstatement:P180={query.wikidata} filetype:bitmap")
    yield from _pages(asking, f"{query.words} filetype:bitmap")


def _is_the_class(asking: Asking, query: Query) -> bool:
    """Whether the item is called like its class: photos of another thing would all be labelled
    wrong."""
    others = dict(not_called_so(asking.json, [query.info] if query.info else []))
    for class_id, why in others.items():
        say(f"{class_id} is searched for by its names only: {why}.")
    return not others


def _pages(asking: Asking, words: str) -> Iterator[Hit]:
    asked = {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "generator": "search",
        "gsrsearch": words,
        "gsrnamespace": "6",
        "gsrlimit": str(PAGE),
        "prop": "imageinfo",
        "iiprop": "url|size|mime|extmetadata",
        "iiurlwidth": str(WIDTH),
        "iiextmetadatafilter": "Artist|LicenseShortName|ObjectName",
    }
    going_on: Mapping[str, Any] = {}
    while True:
        found = asking.json(API, asked | {name: str(value) for name, value in going_on.items()})
        pages = found.get("query", {}).get("pages", ())
        for page in sorted(pages, key=lambda one: int(one.get("index", 0))):
            hit = _hit(page)
            if hit:
                yield hit
        going_on = found.get("continue", {})
        if not going_on:
            return


def _hit(page: Mapping[str, Any]) -> Hit | None:
    info = next(iter(page.get("imageinfo", ())), None)
    if not info or not str(info.get("mime", "")).startswith("image/"):
        return None
    told = info.get("extmetadata", {})
    is_small = int(info.get("width", 0)) <= WIDTH
    return Hit(
        url=str(info["url"] if is_small else info.get("thumburl") or info["url"]),
        page=str(info.get("descriptionurl", "")),
        title=str(page.get("title", "")).removeprefix("File:"),
        author=_plain(told.get("Artist", {}).get("value", "")),
        licence=_plain(told.get("LicenseShortName", {}).get("value", "")),
        width=int(info.get("width", 0)),
        height=int(info.get("height", 0)),
    )


def _plain(markup: object) -> str:
    """The words of a bit of HTML.

    >>> _plain('<a href="//x">Ann &amp; Bo</a>')
    'Ann & Bo'
    """
    return " ".join(html.unescape(TAG.sub(" ", str(markup))).split())
