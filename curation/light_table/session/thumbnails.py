"""Small prints of photos for the screen: JPEG, made once, the latest kept in memory.

The stored bytes of a photo never go to a browser; what goes is decoded and encoded again here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from data_cards.photos.image import thumbnail

SIDES = (160, 320, 640, 1280, 2048, 4096, 8192)
MOST_BYTES = 64_000_000


class Prints:
    """`read` gives the stored bytes of a photo; `mostly` bounds the memory that prints may take."""

    def __init__(self, read: Callable[[str], bytes], most_bytes: int = MOST_BYTES) -> None:
        self._read = read
        self._most = most_bytes
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, name: str, side: int) -> bytes:
        """The print of a photo in the smallest offered size that holds `side` pixels.

        Raises MissingFile for an unknown photo and BadPhoto for one that cannot be decoded.
        """
        wanted = (name, next((offered for offered in SIDES if offered >= side), SIDES[-1]))
        with self._lock:
            if wanted in self._kept:
                self._kept.move_to_end(wanted)
                return self._kept[wanted]
        made = thumbnail(self._read(name), wanted[1])
        self._keep(wanted, made)
        return made

    def keep_only(self, is_here: Callable[[str], bool]) -> None:
        """Let go of the prints of what is not here any more: somebody may have erased it."""
        with self._lock:
            for wanted in [one for one in self._kept if not is_here(one[0])]:
                self._size -= len(self._kept.pop(wanted))

    def _keep(self, wanted: tuple[str, int], made: bytes) -> None:
        with self._lock:
            if wanted not in self._kept:
                self._kept[wanted] = made
                self._size += len(made)
            while self._size > self._most and self._kept:
                self._size -= len(self._kept.popitem(last=False)[1])
