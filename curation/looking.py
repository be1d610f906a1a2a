"""Every photo is looked at once, small: can it be read, what are its measures, what is its fingerprint."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from PIL import Image

from curation.memory import Memory
from curation.quality import SIDE, Measures, measure
from curation.verification import Fingerprint, fingerprint
from data_cards.dataset import Dataset
from data_cards.errors import BadPhoto
from data_cards.photo import inspect_photo, open_photo
from data_cards.progress import track
from data_cards.rows import Photo

WORKERS = 2
KEEP_EVERY = 500  # photos: what a crash can cost
Result = TypeVar("Result")


@dataclass(frozen=True)
class Looks:
    """Measures of readable photos, the ids of others, and how many of them were new."""

    measures: Mapping[str, Measures]
    unreadable: frozenset[str]
    new: int


def look_at(dataset: Dataset, photos: Mapping[str, Photo], memory: Memory) -> Looks:
    """Measure the photos that were never measured."""
    known = memory.measures(photos)
    new = [image_id for image_id in photos if image_id not in known]
    found: dict[str, Measures | None] = {}
    for image_id, measures in _each(dataset, new, _measured, "Looking for blurred and broken photos"):
        found[image_id] = measures
        if len(found) >= KEEP_EVERY:
            memory.keep_measures(found)
            known, found = known | found, {}
    memory.keep_measures(found)
    known |= found
    readable = {image_id: one for image_id, one in known.items() if one is not None}
    return Looks(readable, frozenset(set(known) - set(readable)), len(new))


def fingerprints(dataset: Dataset, ids: Collection[str]) -> dict[str, Fingerprint]:
    """Fingerprints of these photos; unreadable ones are left out."""
    found = _each(dataset, ids, _printed, "Taking fingerprints")
    return {image_id: one for image_id, one in found if one is not None}


def small(photo: Image.Image) -> np.ndarray:
    """Pixels (h, w, 3) uint8 with a longer side of at most SIDE."""
    picture = photo.copy()
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(picture)


def _measured(data: bytes) -> Measures | None:
    photo = _opened(data)
    if photo is None:
        return None
    facts = inspect_photo(data)
    return measure(small(photo), facts.width, facts.height, facts.format.replace("MPO", "JPEG"), facts.camera)


def _printed(data: bytes) -> Fingerprint | None:
    photo = _opened(data)
    return fingerprint(photo) if photo else None


def _opened(data: bytes) -> Image.Image | None:
    try:
        return open_photo(data, at_least=SIDE)
    except BadPhoto:  # one bad photo never stops a scan; it becomes a finding
        return None


def _each(dataset: Dataset, ids: Collection[str], work: Callable[[bytes], Result],
          what: str) -> Iterator[tuple[str, Result]]:
    """Read photos in storage order and work on a few at a time."""
    if not ids:
        return
    with ThreadPoolExecutor(WORKERS) as pool:
        ahead: deque[tuple[str, Future[Result]]] = deque()
        for image_id, data in track(dataset.read_photos(ids), what, len(ids)):
            ahead.append((image_id, pool.submit(work, data)))
            if len(ahead) > WORKERS * 4:
                done, result = ahead.popleft()
                yield done, result.result()
        yield from ((done, result.result()) for done, result in ahead)
