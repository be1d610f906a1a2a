"""Fingerprints of photos in a file of the user's cache: each is taken once, and memory stays
flat.

A SQLite file, some 60 kB for a photo (3 kB for a small one). Everything in it can be worked out
again; losing it costs time, nothing else.
"""

from __future__ import annotations

import sqlite3
import struct
import threading
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from curation.measures.fingerprint import TINY_SIDE, Fingerprint
from curation.measures.keypoints import STEP, STEPS
from data_cards.storage.atomic_files import full_disk_named

# A new number forgets fingerprints that were taken or packed in another way.
VERSION = 3
AT_ONCE = 200  # fingerprints: what a crash can cost
WAIT_SECONDS = 60.0
_HEAD = struct.Struct(
    "<HHHI"
)  # how many points, the shape of the grey picture, and the bytes of its JPEG
# A byte holds two numbers of a descriptor; they are looked up together.
_PAIRS = np.array(
    [(byte % STEPS * STEP, byte // STEPS * STEP) for byte in range(256)], np.uint8
).view(np.uint16)[:, 0]


class FingerprintStore:
    """Fingerprints by image_id; None for a photo that cannot be read. Safe to use from several
    threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with full_disk_named("what photos are compared by"):
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"prints-{VERSION}.sqlite"
            for forgotten in set(folder.glob("prints-*.sqlite")) - {path}:  # they are large
                forgotten.unlink(missing_ok=True)
            self._base = sqlite3.connect(path, WAIT_SECONDS, check_same_thread=False)
            self._base.execute(
                "create table if not exists prints (image_id text primary key, packed blob)"
            )
        self._waiting: dict[str, bytes | None] = {}
        self._lock = threading.Lock()

    def __contains__(self, image_id: str) -> bool:
        with self._lock:
            return image_id in self._waiting or self._row("1", image_id) is not None

    def missing(self, ids: Collection[str]) -> set[str]:
        """Those of `ids` that are not here."""
        return {image_id for image_id in ids if image_id not in self}

    def put(self, image_id: str, one: Fingerprint | None) -> None:
        """Keep one. Raises DiskFull."""
        packed = _packed(one) if one else None
        with self._lock:
            self._waiting[image_id] = packed
            if len(self._waiting) >= AT_ONCE:
                self._keep()

    def get(self, image_id: str) -> Fingerprint | None:
        """One that is here. Raises KeyError for one that is not."""
        packed = self.packed(image_id)
        return unpacked(packed) if packed else None

    def descriptors(self, image_id: str) -> np.ndarray:
        """The descriptors (n, 128) uint8 of one that is here; none of a photo that cannot be
        read."""
        packed = self.packed(image_id)
        return _descriptors(packed) if packed else np.zeros((0, 128), np.uint8)

    def forget(self, ids: Iterable[str]) -> None:
        """Let go of these for good: a fingerprint holds a small picture. Raises DiskFull."""
        with self._lock, full_disk_named("that photos are to be forgotten"), self._base:
            self._base.execute("pragma secure_delete = on")
            self._base.executemany(
                "delete from prints where image_id = ?", [(image_id,) for image_id in ids]
            )

    def settle(self) -> None:
        """Put everything where other processes see it. Raises DiskFull."""
        with self._lock:
            self._keep()

    def packed(self, image_id: str) -> bytes | None:
        """One that is here as `unpacked` reads it. Raises KeyError for one that is not."""
        with self._lock:
            if image_id in self._waiting:
                return self._waiting[image_id]
            row = self._row("packed", image_id)
        if row is None:
            raise KeyError(image_id)
        packed: bytes | None = row[0]
        return packed

    def _row(self, what: str, image_id: str) -> tuple | None:
        row: tuple | None = self._base.execute(
            f"select {what} from prints where image_id = ?", (image_id,)
        ).fetchone()
        return row

    def _keep(self) -> None:
        with full_disk_named("what photos are compared by"), self._base:
            self._base.executemany(
                "insert or replace into prints values (?, ?)", self._waiting.items()
            )
        self._waiting = {}

    def __enter__(self) -> FingerprintStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._lock:
            try:
                if kind is None:
                    self._keep()
            finally:
                self._base.close()


def _packed(one: Fingerprint) -> bytes:
    """Its points, their descriptors, two numbers in a byte, the small picture, the grey one, the
    one in colour."""
    steps = one.descriptors // STEP
    parts = (one.points.astype("<f4"), steps[:, ::2] + steps[:, 1::2] * STEPS, one.small)
    head = _HEAD.pack(len(one.points), *one.shape, len(one.jpeg))
    return head + b"".join(part.tobytes() for part in parts) + one.jpeg + one.close


def unpacked(packed: bytes) -> Fingerprint:
    """A fingerprint as the store keeps it."""
    count, height, width, grey = _HEAD.unpack_from(packed)
    points = np.frombuffer(packed, "<f4", 2 * count, _HEAD.size).reshape(count, 2)
    small_at = _HEAD.size + count * (2 * 4 + 64)
    small = np.frombuffer(packed, np.uint8, TINY_SIDE * TINY_SIDE * 3, small_at).reshape(
        TINY_SIDE, TINY_SIDE, 3
    )
    jpeg = packed[(at := small_at + small.size) : at + grey]
    close = packed[at + grey :]
    return Fingerprint(jpeg, (height, width), points, _descriptors(packed), small, close)


def _descriptors(packed: bytes) -> np.ndarray:
    count = _HEAD.unpack_from(packed)[0]
    pairs = np.frombuffer(packed, np.uint8, 64 * count, _HEAD.size + 2 * 4 * count)
    return _PAIRS.take(pairs).view(np.uint8).reshape(count, 128)
