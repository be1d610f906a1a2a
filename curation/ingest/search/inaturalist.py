"""iNaturalist: living things, identified by several people, under an open licence.

Documented at https://api.inaturalist.org/v1/docs/. It asks for one request a second and no more
than 10,000 a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curation.ingest.search.openverse import licence_name
from curation.ingest.search.query import Asking, Hit, Query, hits_of
from data_cards.web.answers import table, words

API = "https://api.inaturalist.org/v1/observations"
PAGE = 100
MOST_PAGES = 100  # the interface gives 10,000 observations of one question
OPEN = "cc0,cc-by,cc-by-sa,cc-by-nc,cc-by-nc-sa"


def search(asking: Asking, query: Query) -> Iterator[Hit]:
    """The first photo of each observation. Raises NotFetched."""
    for number in range(1, MOST_PAGES + 1):
        asked = {
            "taxon_name": query.words,
            "quality_grade": "research",
            "photos": "true",
            "photo_license": OPEN,
            "per_page": str(PAGE),
            "page": str(number),
        }
        found = asking.json(API, asked)
        yield from hits_of(found.get("results", ()), _first)
        if number * PAGE >= int(found.get("total_results", 0)):
            return


def _first(observation: Mapping[str, Any]) -> Hit | None:
    photo = next(iter(observation.get("photos") or ()), None)
    if not photo or not photo.get("license_code"):
        return None
    size = table(photo.get("original_dimensions"))
    user = table(observation.get("user"))
    return Hit(
        url=str(photo["url"]).replace("/square.", "/large."),
        page=words(observation.get("uri")),
        title=words(table(observation.get("taxon")).get("name")),
        author=words(user.get("name")) or words(user.get("login")),
        licence=licence_name(words(photo["license_code"]).removeprefix("cc-")),
        width=int(size.get("width") or 0),
        height=int(size.get("height") or 0),
    )
