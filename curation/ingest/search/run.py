"""What one search goes with: who asks, where files are kept, what is here already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curation.ingest.search.query import SearchSettings
from data_cards.dataset.collection import Collection
from data_cards.dataset.schema import Photo

if TYPE_CHECKING:
    from curation.ingest.search.downloads import Downloads
    from data_cards.web.client import WebClient


def welcome(data: bytes) -> str:
    """The default: every photo is welcome."""
    return ""


@dataclass(frozen=True)
class SearchRun:
    """What a search goes with. `things`: the collection that is searched for; `here`: the photos
    that the dataset holds; `why_not`: why a photo's bytes are not wanted beside others ("" where
    they are); `keys`: the environment's keys of providers."""

    settings: SearchSettings
    web: WebClient
    downloads: Downloads
    things: Collection | None = None
    here: Mapping[str, Photo] = field(default_factory=dict)
    why_not: Callable[[bytes], str] = welcome
    keys: Mapping[str, str] = field(default_factory=dict)
