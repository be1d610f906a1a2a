"""What the last scan left in this machine's cache: cameras and embeddings of photos.

All of it can be worked out again, and on another machine none of it may be there: whoever asks
gets what there is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np

from curation.measures.cache import Memory
from curation.measures.projection import placed_before, projection
from data_cards.dataset.repo import Dataset
from train.inference.embeddings import FeatureCache, embed_dataset
from train.inference.text_search import FOLDER, WordSearch, see_words, word_search
from train.models.backbone import AUTO, find_backbone

ENOUGH = 0.5  # of the photos a folder of features must hold to be of this collection


def map_file(cache: Path, address: str, features: str) -> Path:
    """Where the map of a dataset is kept, drawn from these features (the name of their folder)."""
    name = sha256(f"{address} {features}".encode()).hexdigest()[:16]
    return cache / "scan" / f"map-{name}.npz"


class Remembered(Protocol):
    """What is known of photos beside the dataset."""

    def cameras(self, ids: Iterable[str]) -> dict[str, str]:
        """image_id -> what a photo was taken with, where that is known."""
        ...

    def embeddings(self, ids: Collection[str]) -> tuple[list[str], np.ndarray]:
        """Those of these photos that have an embedding, and the rows (n, d)."""
        ...

    def places(self, dataset: Dataset) -> tuple[list[str], np.ndarray]:
        """Photos on the map, and where they are: (n, 2) within -1..1."""
        ...

    def words(self, ids: Collection[str]) -> WordSearch | None:
        """The search for words in what photos show; None where the scan's backbone has none."""
        ...

    def look_at(self, dataset: Dataset) -> None:
        """Work out the embeddings of photos that have none. Raises what finding a backbone does."""
        ...


class NothingRemembered:
    """The cache of a machine that has not scanned: it is empty."""

    def cameras(self, ids: Iterable[str]) -> dict[str, str]:
        """None is known."""
        return {}

    def embeddings(self, ids: Collection[str]) -> tuple[list[str], np.ndarray]:
        """There are none."""
        return [], np.zeros((0, 0), np.float16)

    def places(self, dataset: Dataset) -> tuple[list[str], np.ndarray]:
        """Nobody looked at any."""
        return [], np.zeros((0, 2), np.float32)

    def words(self, ids: Collection[str]) -> WordSearch | None:
        """There is none."""
        return None

    def look_at(self, dataset: Dataset) -> None:
        """There is no place to keep any."""


class ScanCache:
    """The cache folder that scans on this machine write to."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def cameras(self, ids: Iterable[str]) -> dict[str, str]:
        """As the files said."""
        known, _ = Memory(self._cache / "scan").measures(ids)
        return {image_id: one.camera for image_id, one in known.items() if one.camera}

    def embeddings(self, ids: Collection[str]) -> tuple[list[str], np.ndarray]:
        """By the backbone that saw most of these photos, the latest where several saw them all."""
        found = self._features(ids)
        return found.load(ids) if found else ([], np.zeros((0, 0), np.float16))

    def places(self, dataset: Dataset) -> tuple[list[str], np.ndarray]:
        """As a scan placed them; worked out now where none did. Nothing that is placed moves."""
        ids = list(dataset.photos())
        found = self._features(ids)
        if found is None:
            return [], np.zeros((0, 2), np.float32)
        kept = map_file(self._cache, dataset.address, found.folder.name)
        here = found.known(ids)
        placed = placed_before(here, kept)
        if placed is not None:
            return here, placed
        here, x = found.load(here)
        return here, projection(here, x, kept)

    def words(self, ids: Collection[str]) -> WordSearch | None:
        """As a scan with CLIP or SigLIP prepared it."""
        return word_search(self._cache, ids)

    def _features(self, ids: Collection[str]) -> FeatureCache | None:
        best: tuple[float, float] = (0.0, 0.0)
        found: FeatureCache | None = None
        for folder in self._cache.glob("features/*"):
            if folder.name.endswith(FOLDER):  # photos beside words: another space
                continue
            features = FeatureCache(folder)
            here = len(ids) - len(features.missing(ids))
            rank = (here / max(1, len(ids)), folder.stat().st_mtime)
            if rank[0] >= ENOUGH and rank > best:
                best = rank
                found = features
        return found

    def look_at(self, dataset: Dataset) -> None:
        """As a scan does, and kept for it."""
        ids = list(dataset.photos())
        if len(self.embeddings(ids)[0]) < len(ids):
            backbone = find_backbone(AUTO, self._cache)
            embed_dataset(dataset, ids, backbone, self._cache)
            see_words(dataset, ids, backbone, self._cache)
