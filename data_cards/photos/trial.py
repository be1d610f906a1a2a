"""A process that opens photos to see whether they can be opened; see space/photo_check.py.

    python -m data_cards.photos.trial

Each photo comes as its length (8 bytes, big-endian) and its bytes on standard input; the answer is
a length (4 bytes) and a sentence, empty for a photo that can be opened. An empty photo asks
whether we are ready.
"""

from __future__ import annotations

import sys

from data_cards.errors import BadPhoto

AT_LEAST = 1024  # pixels of the short side: more than any model looks at
# Bytes of address space: what Python and the decoders map, and the memory of one photo.
MOST_ADDRESSES = 4_000_000_000


def trouble_with(data: bytes) -> str:
    """What is wrong with a photo, as a sentence; empty when nothing is."""
    from data_cards.photos.image import open_photo

    try:
        open_photo(data, at_least=AT_LEAST)
    except BadPhoto as error:
        return error.sentence
    except MemoryError:
        return "This photo takes more memory than there is. Save it smaller and send that."
    return ""


def main() -> None:
    """Answer until nobody asks any more."""
    from data_cards.photos.image import know_readers

    _bound_memory()
    know_readers()
    while len(head := sys.stdin.buffer.read(8)) == 8:
        data = sys.stdin.buffer.read(int.from_bytes(head, "big"))
        told = (trouble_with(data) if data else "").encode("utf-8", "replace")
        sys.stdout.buffer.write(len(told).to_bytes(4, "big") + told)
        sys.stdout.buffer.flush()


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such bound
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))


if __name__ == "__main__":
    main()
