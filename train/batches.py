"""Things in batches, and batches made ahead of need by one thread.

    python -c "from train.batches import ahead, batches; print(list(ahead(batches(range(5), 2))))"
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
_END = object()


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items; the last may be shorter."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def ahead(items: Iterable[T], depth: int = 3) -> Iterator[T]:
    """The same items, made by a thread that keeps `depth` of them ready; its error is raised here.

    Decoding a phone photo costs as much as classifying it, and releases the interpreter meanwhile.
    """
    ready: queue.Queue[object] = queue.Queue(maxsize=depth)
    left = threading.Event()

    def put(item: object) -> bool:
        while not left.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def make() -> None:
        try:
            for item in items:
                if not put((item,)):
                    return
            put(_END)
        except BaseException as error:  # noqa: BLE001  handed over whole: the reader raises it
            put(error)

    threading.Thread(target=make, name="ahead", daemon=True).start()
    try:
        while (got := ready.get()) is not _END:
            if isinstance(got, BaseException):
                raise got
            yield got[0]  # type: ignore[index]
    finally:
        left.set()
