"""Things in batches, some rows of very many, and work on them by a few threads at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
Result = TypeVar("Result")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items; the last may be shorter."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def side_by_side(
    work: Callable[[T], Result], items: Iterable[T], workers: int, ahead: int = 1
) -> Iterator[Result]:
    """`work` on each item by a few threads, results in the order of the items; only a few items
    are in flight, `ahead` for each thread."""
    with ThreadPoolExecutor(workers) as pool:
        flying: deque[Future[Result]] = deque()
        try:
            for item in items:
                flying.append(pool.submit(work, item))
                if len(flying) > workers * ahead:
                    yield flying.popleft().result()
            while flying:
                yield flying.popleft().result()
        finally:  # a reader who leaves early, or an error, leaves no work behind
            for one in flying:
                one.cancel()
