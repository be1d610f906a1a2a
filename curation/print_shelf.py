"""Fingerprints of many photos in a temporary file, so that memory stays flat: each is taken once and compared often."""

from __future__ import annotations

import os
import pickle
import tempfile
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from curation.verification import Fingerprint
from data_cards.columns import Columns
from data_cards.disk import full_disk_named


@dataclass(frozen=True, slots=True)
class _Place:
    begin: int
    length: int


class PrintShelf:
    """Fingerprints by image_id; None for a photo that cannot be read. Safe to use from several threads.

    A shelf is gone when the scan is over or dies: fingerprints are quickly taken again and larger than most photos.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  closed by __exit__
        self._places = Columns(_Place)
        self._end, self._lock = 0, threading.Lock()

    def __contains__(self, image_id: str) -> bool:
        return image_id in self._places

    def missing(self, ids: Collection[str]) -> set[str]:
        """Those of `ids` that are not here."""
        return {image_id for image_id in ids if image_id not in self._places}

    def put(self, image_id: str, one: Fingerprint | None) -> None:
        """Keep one."""
        data = pickle.dumps(one, protocol=5)
        with self._lock:
            begin, self._end = self._end, self._end + len(data)
        with full_disk_named("what photos are compared by"):
            written = os.pwrite(self._file.fileno(), data, begin)
            while written < len(data):
                written += os.pwrite(self._file.fileno(), data[written:], begin + written)
        with self._lock:
            self._places[image_id] = _Place(begin, len(data))

    def get(self, image_id: str) -> Fingerprint | None:
        """One that is here. Raises KeyError for one that is not."""
        place = self._places[image_id]
        # Our own file without a name: nobody else can have put anything into it.
        one: Fingerprint | None = pickle.loads(os.pread(self._file.fileno(), place.length, place.begin))
        return one

    def __enter__(self) -> PrintShelf:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._file.close()
        self._places = Columns(_Place)
