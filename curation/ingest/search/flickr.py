"""Flickr: photos that their owners put under an open licence, or that are in the public domain.

Wants a key (https://www.flickr.com/services/apps/create/), in FLICKR_KEY. Documented at
https://www.flickr.com/services/api/flickr.photos.search.html; 3,600 requests an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curation.ingest.search.query import Asking, Hit, Query, hits_of
from data_cards.web.answers import words

API = "https://www.flickr.com/services/rest/"
PAGE = 250
# As flickr.photos.licenses.getInfo numbers them; "all rights reserved" (0) is not asked for.
LICENCES = {
    "1": "CC BY-NC-SA 2.0",
    "2": "CC BY-NC 2.0",
    "3": "CC BY-NC-ND 2.0",
    "4": "CC BY 2.0",
    "5": "CC BY-SA 2.0",
    "6": "CC BY-ND 2.0",
    "7": "No known copyright restrictions",
    "8": "United States government work",
    "9": "CC0 1.0",
    "10": "Public Domain Mark",
}


def search(asking: Asking, query: Query) -> Iterator[Hit]:
    """Photos of a query. Raises NotFetched."""
    number = pages = 1
    while number <= pages:
        asked = {
            "method": "flickr.photos.search",
            "api_key": asking.key,
            "text": query.words,
            "license": ",".join(LICENCES),
            "content_types": "0",
            "media": "photos",
            "safe_search": "1",
            "sort": "relevance",
            "extras": "license,owner_name,url_l,url_o",
            "per_page": str(PAGE),
            "page": str(number),
            "format": "json",
            "nojsoncallback": "1",
        }
        found = asking.json(API, asked).get("photos", {})
        yield from hits_of(found.get("photo", ()), _hit)
        pages = int(found.get("pages", 0))
        number += 1


def _hit(one: Mapping[str, Any]) -> Hit | None:
    if not (one.get("url_l") or one.get("url_o")):
        return None
    size = "l" if one.get("url_l") else "o"
    return Hit(
        url=str(one[f"url_{size}"]),
        page=f"https://www.flickr.com/photos/{one['owner']}/{one['id']}",
        title=words(one.get("title")),
        author=words(one.get("ownername")),
        licence=LICENCES.get(str(one.get("license")), ""),
        width=int(one.get(f"width_{size}") or 0),
        height=int(one.get(f"height_{size}") or 0),
    )
