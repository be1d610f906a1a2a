"""Wikimedia Commons: free photos, each with author and licence.

Asked first for files that are tagged as depicting the class's Wikidata item, then for words.
Documented at https://www.mediawiki.org/wiki/API:Imageinfo and .../Help:CirrusSearch.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from curation.ingest.search.query import Asking, Hit, Query, hits_of
from data_cards.progress import say
from data_cards.texts.wikidata import not_called_so
from data_cards.web.answers import table, words

API = "https://commons.wikimedia.org/w/api.php"
PAGE = 50  # what anonymous programs may ask for at once
# One of the widths that Wikimedia's servers hold ready; others are made anew, and discouraged.
WIDTH = 1280
TAG = re.compile(r"<(style|script)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)


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


def _pages(asking: Asking, question: str) -> Iterator[Hit]:
    asked = {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "generator": "search",
        "gsrsearch": question,
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
        pages = table(found.get("query")).get("pages", ())
        yield from hits_of(sorted(pages, key=_place), _hit)
        going_on = table(found.get("continue"))
        if not going_on:
            return


def _place(page: Any) -> int:
    index = table(page).get("index")
    return index if isinstance(index, int) else 0


def _hit(page: Mapping[str, Any]) -> Hit | None:
    info = next(iter(page.get("imageinfo", ())), None)
    if not info or not str(info.get("mime", "")).startswith("image/"):
        return None
    told = table(info.get("extmetadata"))
    is_small = int(info.get("width") or 0) <= WIDTH
    return Hit(
        url=str(info["url"] if is_small else info.get("thumburl") or info["url"]),
        page=words(info.get("descriptionurl")),
        title=words(page.get("title")).removeprefix("File:"),
        author=_plain(table(told.get("Artist")).get("value")),
        licence=_plain(table(told.get("LicenseShortName")).get("value")),
        width=int(info.get("width") or 0),
        height=int(info.get("height") or 0),
    )


def _plain(markup: object) -> str:
    """The words of a bit of HTML.

    >>> _plain('<a href="//x">Ann &amp; Bo</a>')
    'Ann & Bo'
    """
    return words(html.unescape(TAG.sub(" ", words(markup))))
