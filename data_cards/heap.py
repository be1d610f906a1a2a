"""Memory that nothing uses any more, given back to the system.

    python -c "from data_cards.heap import give_back; give_back()"

What a step of a scan needed for a moment stays with the process otherwise: the C library and Arrow keep what was freed
for the next time. On other systems than Linux with glibc only Arrow's part is given back.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

import pyarrow as pa


def give_back() -> None:
    """Between steps that need much memory: it takes milliseconds, and the next step may pay some of them again."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library, which does not keep as much
            ctypes.CDLL("libc.so.6").malloc_trim(0)
