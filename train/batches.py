"""Things in batches, some rows of very many, and work on them by a few threads at a time.

    python -c "from train.batches import batches, side_by_side as by; print(list(by(sum, batches(range(5), 2), 2)))"
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from data_cards.heap import let_go

T = TypeVar("T")
Result = TypeVar("Result")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items; the last may be shorter."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def side_by_side(work: Callable[[T], Result], items: Iterable[T], workers: int) -> Iterator[Result]:
    """`work` on each item by a few threads, results in the order of the items; only a few items are in flight."""
    with ThreadPoolExecutor(workers) as pool:
        flying: deque[Future[Result]] = deque()
        try:
            for item in items:
                flying.append(pool.submit(work, item))
                if len(flying) > workers:
                    yield flying.popleft().result()
            while flying:
                yield flying.popleft().result()
        finally:  # a reader who leaves early, or an error, leaves no work behind
            for one in flying:
                one.cancel()


class Chosen:
    """Some rows (n, d) of features, or all, looked up when they are asked for: very many would be a large copy. Of
    features in a file no page stays with the process that nobody looks at."""

    def __init__(self, x: Rows, rows: np.ndarray | None = None) -> None:
        self._x, self._rows = x, np.arange(len(x)) if rows is None else rows
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
