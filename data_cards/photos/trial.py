"""A process that opens photos that may be expensive; `photo_check.py` starts and ends it.

    python -m data_cards.photos.trial

Each photo arrives on standard input as one byte for the command (OPEN, STORE or STORE_WITH_PLACE),
its length (8 bytes, big-endian) and its bytes. The answer is "+" or "-", a length (8 bytes) and
that many bytes: the photo as it is stored (nothing for OPEN), or what is wrong with it as a
sentence. An empty photo asks whether we are ready.
"""

from __future__ import annotations

import sys

from data_cards.errors import BadPhoto

OPEN, STORE, STORE_WITH_PLACE = b"o", b"s", b"k"
AT_LEAST = 1024  # pixels of the short side: more than any model looks at
# Bytes of address space: what Python and the decoders map, and the memory of one photo.
MOST_ADDRESSES = 4_000_000_000
TOO_MUCH_MEMORY = "This photo takes more memory than there is. Save it again, smaller."


def outcome(task: bytes, data: bytes) -> tuple[bool, bytes]:
    """Whether a photo can be opened, and what is answered."""
    from data_cards.photos.image import open_photo
    from data_cards.photos.metadata import stored_form

    try:
        if task == OPEN:
            open_photo(data, at_least=AT_LEAST)
            return True, b""
        kept = stored_form(data, keep_location=task == STORE_WITH_PLACE)
        open_photo(kept, at_least=1)  # damage shows only when decoding
    except BadPhoto as error:
        return False, error.sentence.encode("utf-8", "replace")
    except MemoryError:
        return False, TOO_MUCH_MEMORY.encode()
    return True, kept


def main() -> None:
    """Answer requests until standard input ends."""
    from data_cards.photos.image import know_readers

    _bound_memory()
    know_readers()
    while len(head := sys.stdin.buffer.read(9)) == 9:
        data = sys.stdin.buffer.read(int.from_bytes(head[1:], "big"))
        is_good, told = outcome(head[:1], data) if data else (True, b"")
        sys.stdout.buffer.write((b"+" if is_good else b"-") + len(told).to_bytes(8, "big") + told)
        sys.stdout.buffer.flush()


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such bound
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))


if __name__ == "__main__":
    main()
