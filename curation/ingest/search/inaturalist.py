"""iNaturalist: living things, identified by several people, under an open licence.

Documented at https://api.inaturalist.org/v1/docs/. It asks for one request a second and no more
than 10,000 a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from curation.ingest.search.openverse import licence_name
from curation.ingest.search.query import Asking, Hit, Query

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
        for one in found.get("results", ()):
            yield from _first(one)
        if number * PAGE >= int(found.get("total_results", 0)):
            return


def _first(observation: Any) -> Iterator[Hit]:
    for photo in list(observation.get("photos", ()))[:1]:
        if not photo.get("license_code"):
            continue
        size = photo.get("original_dimensions") or {}
        yield Hit(
            url=str(photo["url"]).replace("/square.", "/large."),
            page=str(observation.get("uri", "")),
            title=str((observation.get("taxon") or {}).get("name", "")),
            author=str((observation.get("user") or {}).get("name") or "")
            or str((observation.get("user") or {}).get("login", "")),
            licence=licence_name(str(photo["license_code"]).removeprefix("cc-")),
            width=int(size.get("width") or 0),
            height=int(size.get("height") or 0),
        )
