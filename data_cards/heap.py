"""Memory that nothing uses any more, given back to the system.

    python -c "from data_cards.heap import give_back; give_back()"

What a step of a scan needed for a moment stays with the process otherwise: the C library and Arrow keep what was freed
for the next time. On other systems than Linux with glibc only a part of that is given back.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

import pyarrow as pa

# M_MMAP_THRESHOLD of mallopt(3): what is larger has pages of its own, which go back as soon as it is freed. glibc
# raises this from 128 kB to 32 MB as it goes, and then tables of a few megabytes leave holes that nothing fits into.
OWN_PAGES, BYTES = -3, 2_000_000


def give_back() -> None:
    """Between steps that need much memory: it takes milliseconds, and the next step may pay some of them again. Large
    tables go back by themselves from then on, those of Arrow, too."""
    pa.default_memory_pool().release_unused()
    pa.set_memory_pool(pa.system_memory_pool())  # its own keeps thirty megabytes that it may need again
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library, which does not keep as much
            library = ctypes.CDLL("libc.so.6")
            library.mallopt(OWN_PAGES, BYTES)
            library.malloc_trim(0)
