"""The photos most like each photo, by cosine of their embeddings: exact, and remembered where that takes minutes.

    python -c "import numpy as np; from curation.nearest import nearest; print(nearest(np.eye(4), 2).places)"
"""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_cards.disk import full_disk_named
from train.batches import Rows

COUNT = 12
BLOCK = 64  # columns of which only the largest is looked at first
CELLS = 5_000_000  # of the table of cosines at a time: 20 MB, and as much again to find the largest
COLUMNS = 5_000  # of it, where photos are many: embeddings are widened a part at a time, or all would be twice as large
# Up to here everything is worked out again (seconds), and a scan in two halves is the scan in one, to the bit.
WORTH_REMEMBERING = 20_000
# What was remembered is measured from the mean of then; when the mean has moved this far (as a share of how far photos
# lie from it), or this share of the photos is new, all is worked out again.
MOVED, MUCH_NEW = 0.02, 0.2


@dataclass(frozen=True)
class Near:
    """For each photo its nearest others, nearest first: places (n, k) and cosines (n, k)."""

    places: np.ndarray
    cosines: np.ndarray

    def first(self, count: int) -> Near:
        """Only the nearest few."""
        return Near(self.places[:, :count], self.cosines[:, :count])


def nearest(x: Rows, count: int = COUNT, mean: np.ndarray | None = None) -> Near:
    """The nearest others of each row of x (n, d), measured from the mean of all: what all share hides differences."""
    count = max(0, min(count, len(x) - 1))
    return Near(*_nearest_of(np.arange(len(x)), x, _mean(x) if mean is None else mean, count))


def nearest_remembered(ids: Sequence[str], x: Rows, path: Path, count: int = COUNT) -> Near:
    """The same for photos by id; where they are many, only what is new is worked out and the rest is read from `path`.

    Remembered lists are exact but for the mean, which is that of the day they were made, as long as it hardly moved.
    """
    if len(ids) <= max(WORTH_REMEMBERING, count):
        return nearest(x, count)
    kept = _Kept.read(path)
    if kept is None or not kept.serves(ids, x, count):
        mean = _mean(x)
        near = nearest(x, count, mean)
    else:
        mean, near = kept.mean, _caught_up(kept, ids, x, count)
    _Kept(np.array(ids, "S64"), mean, near).write(path)
    return near


def _mean(x: Rows) -> np.ndarray:
    """Of very few rows nothing: what they share may be all that they say."""
    if len(x) <= 2:
        return np.zeros(x.shape[1], np.float32)
    parts = (x[start:start + COLUMNS] for start in range(0, len(x), COLUMNS))
    return np.asarray(sum(part.sum(axis=0, dtype=np.float64) for part in parts) / len(x), np.float32)


def _unit(x: np.ndarray, mean: np.ndarray) -> np.ndarray:
    unit = np.subtract(x, mean, dtype=np.float32)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-9)
    return unit


def _nearest_of(rows: np.ndarray, x: Rows, mean: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    places = np.zeros((len(rows), count), np.int32)
    cosines = np.full((len(rows), count), -3, np.float32)
    width = len(x) if len(x) <= WORTH_REMEMBERING else COLUMNS
    at_once = max(1, CELLS // max(1, width))
    for first in range(0, len(x), width) if count else ():
        columns = _unit(x[first:first + width], mean)
        for start in range(0, len(rows), at_once):
            part = slice(start, start + at_once)
            alike = _unit(x[rows[part]], mean) @ columns.T
            own = rows[part] - first
            here = (own >= 0) & (own < len(columns))
            alike[np.flatnonzero(here), own[here]] = -2
            found = largest(alike, min(count, len(columns)))
            places[part], cosines[part] = best_of((places[part], cosines[part]), (found[0] + first, found[1]), count)
    return places, cosines


def best_of(known: tuple[np.ndarray, np.ndarray], new: tuple[np.ndarray, np.ndarray],
          count: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest `count` of both lists of places and cosines; of equals the known ones."""
    places, cosines = (np.hstack(both) for both in zip(known, new, strict=True))
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(places, order, axis=1), np.take_along_axis(cosines, order, axis=1)


def largest(table: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and values of the largest `count` of each row, largest first; equal ones in the order of the columns."""
    width = table.shape[1]
    if width > 4 * BLOCK * count:
        # The largest few lie in the blocks with the largest few maxima, and maxima are found at the speed of memory.
        whole = width // BLOCK * BLOCK
        peaks = table[:, :whole].reshape(len(table), -1, BLOCK).max(axis=2)
        blocks = np.sort(np.argpartition(-peaks, count - 1, axis=1)[:, :count], axis=1)
        columns = (blocks[:, :, None] * BLOCK + np.arange(BLOCK)).reshape(len(table), -1)
        columns = np.hstack([columns, np.broadcast_to(np.arange(whole, width), (len(table), width - whole))])
        table = np.take_along_axis(table, columns, axis=1)
    else:
        columns = np.broadcast_to(np.arange(width), table.shape)
    some = np.sort(np.argpartition(-table, count - 1, axis=1)[:, :count], axis=1)
    values = np.take_along_axis(table, some, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    chosen = np.take_along_axis(some, order, axis=1)
    return np.take_along_axis(columns, chosen, axis=1), np.take_along_axis(values, order, axis=1)


@dataclass(frozen=True)
class _Kept:
    ids: np.ndarray
    mean: np.ndarray
    near: Near

    @classmethod
    def read(cls, path: Path) -> _Kept | None:
        try:
            with path.open("rb") as file, np.load(file) as kept:
                return cls(kept["ids"], kept["mean"], Near(kept["places"], kept["cosines"]))
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None  # never written, or cut short: worked out again

    def write(self, path: Path) -> None:
        making = path.with_suffix(f".{os.getpid()}-{threading.get_native_id()}.making")
        with full_disk_named("what the scan learned"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with making.open("wb") as file:
                np.savez(file, ids=self.ids, mean=self.mean, places=self.near.places, cosines=self.near.cosines)
            making.replace(path)

    def serves(self, ids: Sequence[str], x: Rows, count: int) -> bool:
        if self.near.places.shape[1] != count or self.mean.shape != x.shape[1:]:
            return False
        known = np.isin(np.array(ids, "S64"), self.ids).mean()
        spread = np.sqrt(np.square(x[::max(1, len(x) // 1000)] - self.mean).sum(axis=1).mean())
        return bool(known >= 1 - MUCH_NEW and np.linalg.norm(_mean(x) - self.mean) <= MOVED * spread)


def _caught_up(kept: _Kept, ids: Sequence[str], x: Rows, count: int) -> Near:
    """What was kept, without photos that are gone and with the new ones."""
    place_now = {name: n for n, name in enumerate(np.array(ids, "S64").tolist())}
    moved = np.array([place_now.get(name, -1) for name in kept.ids.tolist()] or [-1], np.int64)
    places, cosines = np.zeros((len(ids), count), np.int32), np.zeros((len(ids), count), np.float32)
    old = np.flatnonzero(moved >= 0)
    lists = moved[kept.near.places[old]]
    whole = (lists >= 0).all(axis=1)  # the list of a photo that lost a neighbour is made anew
    stay = moved[old[whole]]
    places[stay], cosines[stay] = lists[whole], kept.near.cosines[old[whole]]
    anew = np.setdiff1d(np.arange(len(ids)), stay)
    places[anew], cosines[anew] = _nearest_of(anew, x, kept.mean, count)
    new = np.setdiff1d(np.arange(len(ids)), moved)
    _let_in(new, _unit(x[new], kept.mean), stay, lambda rows: _unit(x[rows], kept.mean), Near(places, cosines))
    return Near(places, cosines)


def _let_in(new: np.ndarray, columns: np.ndarray, rows: np.ndarray, unit: Callable[[np.ndarray], np.ndarray],
            near: Near) -> None:
    """Put new photos into the lists of `rows` where they are nearer than who is there. `columns`: the new ones' unit
    vectors; `unit`: those of any rows."""
    places, cosines, count = near.places, near.cosines, near.places.shape[1]
    at_once = max(1, min(CELLS // max(1, len(new)), COLUMNS))
    for start in range(0, len(rows), at_once) if len(new) else ():
        part = rows[start:start + at_once]
        alike = unit(part) @ columns.T
        touched = np.flatnonzero(alike.max(axis=1) > cosines[part, -1])
        if not len(touched):
            continue
        part = part[touched]
        found, values = largest(alike[touched], min(count, len(new)))
        places[part], cosines[part] = best_of((places[part], cosines[part]), (new[found], values), count)
