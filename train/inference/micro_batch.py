"""Several visitors at once, one batch: who asks while the network works is answered together
with the others.

Nobody waits for a batch to fill. A caller who finds the network idle is answered alone and at once;
callers who come meanwhile form the next batch, and the first of them runs it in its own thread, so
there is no thread to start or stop.

Answers are bit for bit those of photos asked alone: only batch sizes for which that was checked are
used. OpenVINO adds up in the same order whatever comes with a photo; torch and onnxruntime do not,
so there the photos are answered one after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from itertools import takewhile

import numpy as np

from train.inference.engine import Engine

# Photos in one batch. More than 8 would let the first wait long for the last, and each further
# size keeps its own memory.
SIZES = (8, 4, 2)
DIFFERENT = 4  # photos that are tried in company


def sizes_as_alone(engine: Engine, photos: np.ndarray) -> tuple[int, ...]:
    """Those of SIZES at which the engine gives each of `photos` (n, 3, h, w) the outputs that it
    gets alone, to the bit; largest first. None where the smallest size already differs."""
    photos = photos[:DIFFERENT]
    alone = list[tuple[np.ndarray, ...]]()
    found = list[int]()
    for size in sorted(SIZES):
        alone += [engine.run(photo[None]) for photo in photos[len(alone) : size]]
        some = [number % len(photos) for number in range(size)]
        together = engine.run(photos[some])
        if all(
            np.array_equal(output[row], alone[number][part][0])
            for part, output in enumerate(together)
            for row, number in enumerate(some)
        ):
            found.append(size)
        elif not found:
            break
    return tuple(reversed(found))


class MicroBatcher:
    """`engine` for several threads at once; each caller gets the outputs for its own photos, and
    its own errors. `sizes`: how many photos may be answered together, largest first; one at a time
    until it is known that batching changes nothing."""

    def __init__(self, engine: Engine, sizes: Sequence[int] = ()) -> None:
        self.name = engine.name
        self.streams = engine.streams
        self.sizes = tuple(sizes)
        self._engine = engine
        self._lock = threading.Lock()
        self._waiting = list[_Asker]()
        self._working = False

    def expect_company(self, size: int) -> None:
        """Find out how many photos of `size` x `size` may be answered together."""
        noise = np.random.default_rng(0).normal(size=(DIFFERENT, 3, size, size))
        self.sizes = sizes_as_alone(self._engine, noise.astype(np.float32))

    def run(self, pixel_values: np.ndarray) -> tuple[np.ndarray, ...]:
        """(b, 3, h, w) float32 -> the network's outputs, each (b, ...)."""
        asker = _Asker(pixel_values)
        with self._lock:
            self._waiting.append(asker)
            idle = not self._working
            self._working = True
        if not idle:
            asker.turn.wait()
        if not asker.outputs.done():
            self._work()
        return asker.outputs.result()

    def _work(self) -> None:
        """Answer the first in line and who fits into a batch with him, then wake them and the
        next in line."""
        with self._lock:
            some = self._first_in_line()
        try:
            self._answer(some)
        finally:
            with self._lock:
                following = self._waiting[:1]
                self._working = bool(following)
            for asker in (*some, *following):
                asker.turn.set()

    def _first_in_line(self) -> list[_Asker]:
        shape = (1, *self._waiting[0].photos.shape[1:])
        alike = list(takewhile(lambda asker: asker.photos.shape == shape, self._waiting))
        count = next((size for size in self.sizes if size <= len(alike)), 1)
        taken = self._waiting[:count]
        del self._waiting[:count]
        return taken

    def _answer(self, some: Sequence[_Asker]) -> None:
        try:
            outputs = self._engine.run(np.concatenate([asker.photos for asker in some]))
        except BaseException as error:  # noqa: BLE001 - errors go to the caller that asked; no caller waits without a limit
            if len(some) == 1:
                some[0].outputs.set_exception(error)
                return
            for asker in some:  # one caller's bad photo must not cost the others their answers
                self._answer([asker])
            return
        ends = np.cumsum([len(asker.photos) for asker in some])[:-1]
        parts = [np.split(output, ends) for output in outputs]
        for number, asker in enumerate(some):
            asker.outputs.set_result(tuple(part[number] for part in parts))


class _Asker:
    """One call: its photos, its outputs when there are some, and a bell for when it is its turn
    or answered."""

    def __init__(self, photos: np.ndarray) -> None:
        self.photos = photos
        self.turn = threading.Event()
        self.outputs: Future[tuple[np.ndarray, ...]] = Future()
