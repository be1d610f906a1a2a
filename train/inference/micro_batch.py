"""Several visitors at once, one batch: who asks while the network works is answered together
with the others.

Nobody waits for company. Who finds the network idle is answered alone and at once; those who
come meanwhile form the next batch, and the first of them runs it in a thread of his own, so that
there is none to start or to stop.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np

from train.inference.engine import Engine

MOST = 16  # photos in one batch: more would let the first wait long for the last


class MicroBatcher:
    """`engine` for several threads at once; each gets the outputs for his own photos, and his
    own errors."""

    def __init__(self, engine: Engine, most: int = MOST) -> None:
        self.name = engine.name
        self.streams = engine.streams
        self._engine = engine
        self._most = most
        self._lock = threading.Lock()
        self._waiting = list[_Asker]()
        self._working = False

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
        first = self._waiting[0]
        taken = list[_Asker]()
        photos = 0
        for asker in self._waiting:
            photos += len(asker.photos)
            if taken and (photos > self._most or asker.photos.shape[1:] != first.photos.shape[1:]):
                break
            taken.append(asker)
        del self._waiting[: len(taken)]
        return taken

    def _answer(self, some: Sequence[_Asker]) -> None:
        try:
            outputs = self._engine.run(np.concatenate([asker.photos for asker in some]))
        except BaseException as error:  # noqa: BLE001 - errors go to the caller that asked; no caller waits without a limit
            if len(some) == 1:
                some[0].outputs.set_exception(error)
                return
            for asker in some:  # what one of them brought must not cost the others their answer
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
