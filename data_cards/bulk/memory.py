"""Memory that nothing uses any more, given back to the system.

    give_back()         what was freed
    let_go(features)    pages of the file that an array lies in

What a step of a scan needed for a moment stays with the process otherwise: the C library and
Arrow keep what was freed for the next time. On other systems than Linux with glibc only a part
of that is given back.
"""

from __future__ import annotations

import ctypes
import math
import sys
from contextlib import suppress
from mmap import mmap
from typing import Any

import numpy as np
import pyarrow as pa

# M_MMAP_THRESHOLD of mallopt(3): what is larger has pages of its own, which go back as soon as it
# is freed. glibc raises this from 128 kB to 32 MB as it goes, and then tables of a few megabytes
# leave holes that nothing fits into.
OWN_PAGES = -3
BYTES = 2_000_000


def give_back() -> None:
    """Between steps that need much memory: it takes milliseconds, and the next step may pay some
    of them again. Large tables go back by themselves from then on, those of Arrow, too."""
    pa.default_memory_pool().release_unused()
    pa.set_memory_pool(
        pa.system_memory_pool()
    )  # its own keeps thirty megabytes that it may need again
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library, which does not keep as much
            library = ctypes.CDLL("libc.so.6")
            library.mallopt(OWN_PAGES, BYTES)
            library.malloc_trim(0)


def let_go(x: np.ndarray) -> None:
    """Where an array lies in a file (`np.memmap`): pages that were read or written leave this
    process. The system keeps them as long as it has room, so to look at them again costs next to
    nothing. Other arrays are left alone."""
    lies: object = x
    in_file = False
    while isinstance(lies, np.ndarray) and lies.base is not None:
        # A copy of a file ("c") has nowhere to keep what was written into it: it would be lost.
        in_file = in_file or (isinstance(lies, np.memmap) and lies.mode != "c")
        lies = lies.base
    if in_file and isinstance(lies, mmap) and sys.platform == "linux":
        from mmap import MADV_DONTNEED

        lies.madvise(MADV_DONTNEED)


class Chosen:
    """Some rows (n, d) of features, or all, looked up when they are asked for: very many would
    be a large copy. Of features in a file no page stays with the process that nobody looks at."""

    def __init__(self, x: Rows, rows: np.ndarray | None = None) -> None:
        self._x = x
        self._rows = np.arange(len(x)) if rows is None else rows
        self.shape: tuple[int, ...] = (len(self._rows), *x.shape[1:])
        self.dtype: np.dtype[Any] = x.dtype
        self.size = len(self._rows) * math.prod(x.shape[1:])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: np.ndarray | slice | list[int]) -> np.ndarray:
        some = np.asarray(self._x[self._rows[rows]])
        if isinstance(self._x, np.ndarray):
            let_go(self._x)
        return some


Rows = np.ndarray | Chosen


def rows_of(x: Rows) -> Rows:
    """Features whose rows can be asked for: an array, whatever else came."""
    return x if isinstance(x, Chosen) else np.asarray(x)
