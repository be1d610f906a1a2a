"""Who can be asked for photos: one entry for each provider. To add one, write its module (a
function from a query to hits) and its entry here.

    providers_for(SearchSettings(providers="commons"), {})
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from curation.ingest.search import (
    commons,
    europeana,
    flickr,
    inaturalist,
    openverse,
    web_images,
)
from curation.ingest.search.query import Search, SearchSettings
from data_cards.errors import BadSource


@dataclass(frozen=True)
class Provider:
    """Somebody who is asked. `key`: the name of the variable of the environment that holds what
    it wants to be asked with; `asks_robots`: its photos lie on other people's servers, whose
    robots.txt counts."""

    name: str
    search: Search
    key: str = ""
    asks_robots: bool = False


PROVIDERS = (
    Provider("commons", commons.search),
    Provider("openverse", openverse.search, asks_robots=True),
    Provider("inaturalist", inaturalist.search),
    Provider("europeana", europeana.search, key="EUROPEANA_KEY", asks_robots=True),
    Provider("flickr", flickr.search, key="FLICKR_KEY"),
    Provider("web", web_images.search, asks_robots=True),
)
WEB = "web"


def providers_for(settings: SearchSettings, keys: Mapping[str, str]) -> list[Provider]:
    """The wanted providers, in the order in which they were named. Raises BadSource for a name
    that nobody has and for a key that is missing."""
    known = {one.name: one for one in PROVIDERS}
    names = [name.strip().casefold() for name in settings.providers.split(",") if name.strip()]
    names += [WEB] if settings.web and WEB not in names else []
    for name in names:
        if name not in known:
            slip = difflib.get_close_matches(name, known, 1)
            meant = f" Did you mean {slip[0]}?" if slip else ""
            raise BadSource(f"“{name}” is not one of {', '.join(known)}.{meant}", name=name)
        key = known[name].key
        if key and not keys.get(key):
            raise BadSource(f"{name} needs a key: set {key} in the environment.", key=key)
    if not names:
        raise BadSource(f"No provider is left: give --providers one of {', '.join(known)}.")
    return [known[name] for name in dict.fromkeys(names)]
