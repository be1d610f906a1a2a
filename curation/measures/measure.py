"""Every photo is looked at once, small: can it be read, what are its measures, what is its
fingerprint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from PIL import Image

from curation.measures.cache import Memory
from curation.measures.fingerprint import COMPARED_SIDE, Fingerprint, fingerprint
from curation.measures.fingerprint_store import FingerprintStore
from curation.measures.pixels import SIDE, Measures, measure
from data_cards.bulk.batching import side_by_side
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Photo
from data_cards.errors import BadPhoto
from data_cards.photos.image import inspect_photo, open_photo
from data_cards.progress import track

WORKERS = 2
KEEP_EVERY = 500  # photos: what a crash can cost
# Pixels: the shorter side that backbones want, and the longer one that measures and fingerprints
# do. A photo looks the same to them whether it came by on its way to the network or was read for
# them alone.
SHORTER = 256
LONGER = max(SIDE, COMPARED_SIDE)
FRAMED = "@"  # in the name of a photo that people framed (annotations/framed_photos.py)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Looks:
    """Measures of readable photos, the ids of others, and how many of them were new."""

    measures: Mapping[str, Measures]
    unreadable: frozenset[str]
    new: int


class PassingBy:
    """Photos on their way to the network are measured and fingerprinted, so that each is read
    and decoded once."""

    def __init__(
        self, memory: Memory, unmeasured: Collection[str], store: FingerprintStore
    ) -> None:
        self._memory = memory
        self._store = store
        self._lock = threading.Lock()
        self._unmeasured = unmeasured
        self._found: dict[str, Measures | None] = {}
        self.new = 0

    def see(self, image_id: str, data: bytes, photo: Image.Image) -> None:
        """One photo, decoded; called by several threads. One that people framed is not the file
        that is measured and compared."""
        if FRAMED in image_id:
            return
        if image_id not in self._store:  # it may have come by on its way to another network
            self._store.put(image_id, fingerprint(photo))
        if image_id in self._unmeasured:
            self._remember(image_id, _measures_of(data, photo))

    def keep(self, image_id: str, made: tuple[Fingerprint, Measures]) -> None:
        """What `look_once` made of a photo elsewhere; nothing of one that people framed."""
        if FRAMED in image_id:
            return
        one, measures = made
        self._store.put(image_id, one)
        if image_id in self._unmeasured:
            self._remember(image_id, measures)

    def _remember(self, image_id: str, measures: Measures) -> None:
        with self._lock:
            self._found[image_id] = measures
            self.new += 1
            if len(self._found) >= KEEP_EVERY:
                self._keep()

    def done(self) -> None:
        """Remember the last of them."""
        with self._lock:
            self._keep()

    def _keep(self) -> None:
        self._memory.keep_measures(self._found)
        self._found = {}


def look_once(data: bytes, photo: Image.Image) -> tuple[Fingerprint, Measures]:
    """All that a scan wants to know of a photo besides its embedding."""
    return fingerprint(photo), _measures_of(data, photo)


def look_at(
    dataset: Dataset, photos: Mapping[str, Photo], memory: Memory, passed: int = 0
) -> Looks:
    """Measure the photos that were never measured. `passed`: how many were, just before, on
    their way."""
    known, broken = memory.measures(photos)
    new = [image_id for image_id in photos if image_id not in known and image_id not in broken]
    found: dict[str, Measures | None] = {}
    for image_id, measures in _each(
        dataset, new, measured, "Looking for blurred and broken photos"
    ):
        found[image_id] = measures
        if measures is None:
            broken.add(image_id)
        else:
            known[image_id] = measures
        if len(found) >= KEEP_EVERY:
            memory.keep_measures(found)
            found = {}
    memory.keep_measures(found)
    return Looks(known, frozenset(broken), passed + len(new))


def take_fingerprints(dataset: Dataset, ids: Collection[str], store: FingerprintStore) -> None:
    """Put the fingerprints of these photos in the store, and nothing for those that cannot be
    read."""
    for image_id, one in _each(dataset, ids, _printed, "Taking fingerprints"):
        store.put(image_id, one)


def small(photo: Image.Image) -> np.ndarray:
    """Pixels (h, w, 3) uint8 with a longer side of at most SIDE."""
    picture = photo.copy()
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(picture)


def measured(data: bytes) -> Measures | None:
    """Measures of a photo's bytes; None when they cannot be read."""
    photo = _opened(data)
    return _measures_of(data, photo) if photo else None


def _measures_of(data: bytes, photo: Image.Image) -> Measures:
    facts = inspect_photo(data)
    return measure(
        small(photo), facts.width, facts.height, facts.format.replace("MPO", "JPEG"), facts.camera
    )


def _printed(data: bytes) -> Fingerprint | None:
    photo = _opened(data)
    return fingerprint(photo) if photo else None


def _opened(data: bytes) -> Image.Image | None:
    try:
        return open_photo(data, at_least=SHORTER, longer=LONGER)
    except BadPhoto:  # one bad photo never stops a scan; it becomes a finding
        return None


def _each(
    dataset: Dataset, ids: Collection[str], work: Callable[[bytes], Result], what: str
) -> Iterator[tuple[str, Result]]:
    """Read photos in storage order and work on a few at a time."""
    if not ids:
        return
    photos = track(dataset.read_photos(ids), what, len(ids))
    yield from side_by_side(lambda one: (one[0], work(one[1])), photos, WORKERS)
