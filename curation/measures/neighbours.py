"""The photos most like each photo, by cosine of their embeddings: exact, and remembered where
that takes long."""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_cards.storage.atomic_files import full_disk_named

COUNT = 12
BLOCK = 64  # columns of which only the largest is looked at first
CELLS = 5_000_000  # of the table of cosines at a time: 20 MB, and as much again to find the largest
# of it, where photos are many: embeddings are widened a part at a time, or all would be twice as
# large
COLUMNS = 5_000
# Up to here everything is worked out again (seconds), and a scan in two halves is the scan in one,
# to the bit.
WORTH_REMEMBERING = 10_000
# What was remembered is measured from the mean of then; when the mean has moved this far (as a
# share of how far photos lie from it), or this share of the photos is new, all is worked out again.
MOVED = 0.02
MUCH_NEW = 0.2
# Directions that are evened, of very many photos (on groceries they do as well as all 768; 128
# found less), and photos that say how far they spread.
WIDTH = 384
LOOKED_AT = 10_000


@dataclass(frozen=True)
class Near:
    """For each photo its nearest others, nearest first: places (n, k) and cosines (n, k)."""

    places: np.ndarray
    cosines: np.ndarray

    def first(self, count: int) -> Near:
        """Only the nearest few."""
        return Near(self.places[:, :count], self.cosines[:, :count])


@dataclass(frozen=True)
class Lens:
    """How photos are compared: about a mean (d,) and, where there is a turn (d, k), along its
    directions alone."""

    mean: np.ndarray
    turn: np.ndarray | None = None

    def unit(self, x: np.ndarray) -> np.ndarray:
        """Rows (n, d) as vectors of length one, (n, d) or (n, k)."""
        unit = np.subtract(x, self.mean, dtype=np.float32)
        if self.turn is not None:
            unit = unit @ self.turn
        unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-9)
        return unit


# As `nearest_of`.
Search = Callable[[np.ndarray, np.ndarray, Lens, int], tuple[np.ndarray, np.ndarray]]


def centred(x: np.ndarray) -> Lens:
    """From the mean of all, as what all share hides differences."""
    return Lens(_mean(x))


def evened(x: np.ndarray) -> Lens:
    """From the mean, along the directions in which photos differ most, each evened (`evening`)."""
    mean = _mean(x)
    some = np.subtract(x[:: max(1, len(x) // LOOKED_AT)], mean, dtype=np.float32)
    return Lens(mean, evening(some, WIDTH))


def evening(x: np.ndarray, width: int) -> np.ndarray:
    """What turns rows x (n, d) about their mean into the `width` directions in which they differ
    most, at most: (d, k). Each is divided by the square root of its spread: a few that all
    photos share would else decide who is near."""
    spread, axes = np.linalg.eigh((x.T @ x).astype(np.float64) / max(len(x), 1))
    kept = spread > max(spread.max(initial=0) * 1e-6, 1e-20)
    kept[:-width] = False
    return np.asarray(axes[:, kept] / spread[kept] ** 0.25, np.float32)


def nearest(
    x: np.ndarray, count: int = COUNT, lens: Lens | None = None, search: Search | None = None
) -> Near:
    """The nearest others of each row of x (n, d), by default from the mean of all."""
    count = max(0, min(count, len(x) - 1))
    return Near(*(search or nearest_of)(np.arange(len(x)), x, lens or centred(x), count))


def nearest_remembered(
    ids: Sequence[str],
    x: np.ndarray,
    path: Path,
    count: int = COUNT,
    lens_of: Callable[[np.ndarray], Lens] = centred,
    search: Search | None = None,
) -> Near:
    """The same for photos by id; where they are many, only what is new is worked out and the
    rest is read from `path`. `search`: as `nearest_of`, by other machines.

    Remembered lists are exact but for the lens, which is that of the day they were made, as long
    as the mean hardly moved.
    """
    if len(ids) <= max(WORTH_REMEMBERING, count):
        return nearest(x, count, lens_of(x), search)
    kept = _Kept.read(path)
    if kept is None or not kept.serves(ids, x, count):
        lens = lens_of(x)
        near = nearest(x, count, lens, search)
    else:
        lens = kept.lens
        near = _caught_up(kept, ids, x, count, search or nearest_of)
    _Kept(np.array(ids, "S64"), lens, near).write(path)
    return near


def _mean(x: np.ndarray) -> np.ndarray:
    """Zero for very few rows: what they share may be all there is to them."""
    if len(x) <= 2:
        return np.zeros(x.shape[1], np.float32)
    parts = (x[start : start + COLUMNS] for start in range(0, len(x), COLUMNS))
    return np.asarray(
        sum(part.sum(axis=0, dtype=np.float64) for part in parts) / len(x), np.float32
    )


def rows_at_once(photos: int) -> int:
    """Rows of the table of cosines that `nearest_of` works out together. Work that is divided
    between such blocks gives the same numbers to the last bit."""
    return max(1, CELLS // max(1, _width(photos)))


def _width(photos: int) -> int:
    return photos if photos <= WORTH_REMEMBERING else COLUMNS


def nearest_of(
    rows: np.ndarray, x: np.ndarray, lens: Lens, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Places and cosines (m, count) of the nearest others of some rows (m,) of x (n, d)."""
    places = np.zeros((len(rows), count), np.int32)
    cosines = np.full((len(rows), count), -3, np.float32)
    width = _width(len(x))
    at_once = rows_at_once(len(x))
    for first in range(0, len(x), width) if count else ():
        columns = lens.unit(x[first : first + width])
        for start in range(0, len(rows), at_once):
            part = slice(start, start + at_once)
            alike = lens.unit(x[rows[part]]) @ columns.T
            own = rows[part] - first
            here = (own >= 0) & (own < len(columns))
            alike[np.flatnonzero(here), own[here]] = -2
            found = largest(alike, min(count, len(columns)))
            places[part], cosines[part] = best_of(
                (places[part], cosines[part]), (found[0] + first, found[1]), count
            )
    return places, cosines


def best_of(
    known: tuple[np.ndarray, np.ndarray], new: tuple[np.ndarray, np.ndarray], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest `count` of both lists of places and cosines; of equals the known ones."""
    places, cosines = (np.hstack(both) for both in zip(known, new, strict=True))
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(places, order, axis=1), np.take_along_axis(cosines, order, axis=1)


def largest(table: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and values of the largest `count` of each row, largest first; equal ones in the
    order of the columns."""
    width = table.shape[1]
    if width > 4 * BLOCK * count:
        # The largest few lie in the heaps with the largest few maxima. A heap is every so many-th
        # column, as maxima are then found at the speed of memory.
        heaps = width // BLOCK
        whole = width // BLOCK * BLOCK
        peaks = table[:, :whole].reshape(len(table), BLOCK, heaps).max(axis=1)
        chosen = np.sort(np.argpartition(-peaks, count - 1, axis=1)[:, :count], axis=1)
        columns = (np.arange(BLOCK)[:, None] * heaps + chosen[:, None, :]).reshape(len(table), -1)
        columns = np.hstack(
            [columns, np.broadcast_to(np.arange(whole, width), (len(table), width - whole))]
        )
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
    lens: Lens
    near: Near

    @classmethod
    def read(cls, path: Path) -> _Kept | None:
        try:
            with path.open("rb") as file, np.load(file) as kept:
                lens = Lens(kept["mean"], kept["turn"] if kept["turn"].size else None)
                return cls(kept["ids"], lens, Near(kept["places"], kept["cosines"]))
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None  # never written, or cut short: worked out again

    def write(self, path: Path) -> None:
        turn = np.zeros(0) if self.lens.turn is None else self.lens.turn
        making = path.with_suffix(f".{os.getpid()}-{threading.get_native_id()}.making")
        with full_disk_named("what the scan learned"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with making.open("wb") as file:
                np.savez(
                    file,
                    ids=self.ids,
                    mean=self.lens.mean,
                    turn=turn,
                    places=self.near.places,
                    cosines=self.near.cosines,
                )
            making.replace(path)

    def serves(self, ids: Sequence[str], x: np.ndarray, count: int) -> bool:
        mean = self.lens.mean
        if self.near.places.shape[1] != count or mean.shape != x.shape[1:]:
            return False
        known = np.isin(np.array(ids, "S64"), self.ids).mean()
        spread = np.sqrt(np.square(x[:: max(1, len(x) // 1000)] - mean).sum(axis=1).mean())
        return bool(known >= 1 - MUCH_NEW and np.linalg.norm(_mean(x) - mean) <= MOVED * spread)


def _caught_up(kept: _Kept, ids: Sequence[str], x: np.ndarray, count: int, search: Search) -> Near:
    """What was kept, without photos that are gone and with the new ones."""
    now = np.array(ids, "S64")
    order = np.argsort(now)
    at = order[np.minimum(np.searchsorted(now, kept.ids, sorter=order), len(now) - 1)]
    moved = np.where(now[at] == kept.ids, at, -1)
    places = np.zeros((len(ids), count), np.int32)
    cosines = np.zeros((len(ids), count), np.float32)
    old = np.flatnonzero(moved >= 0)
    lists = moved[kept.near.places[old]]
    whole = (lists >= 0).all(axis=1)  # the list of a photo that lost a neighbour is computed again
    stay = moved[old[whole]]
    places[stay], cosines[stay] = lists[whole], kept.near.cosines[old[whole]]
    anew = np.setdiff1d(np.arange(len(ids)), stay)
    places[anew], cosines[anew] = search(anew, x, kept.lens, count)
    new = np.setdiff1d(np.arange(len(ids)), moved)
    _let_in(
        new,
        kept.lens.unit(x[new]),
        stay,
        lambda rows: kept.lens.unit(x[rows]),
        Near(places, cosines),
    )
    return Near(places, cosines)


def _let_in(
    new: np.ndarray,
    columns: np.ndarray,
    rows: np.ndarray,
    unit: Callable[[np.ndarray], np.ndarray],
    near: Near,
) -> None:
    """Put new photos into the lists of `rows` where they are nearer than who is there.
    `columns`: the new ones' unit vectors; `unit`: those of any rows."""
    places = near.places
    cosines = near.cosines
    count = near.places.shape[1]
    at_once = max(1, min(CELLS // max(1, len(new)), COLUMNS))
    for start in range(0, len(rows), at_once) if len(new) else ():
        part = rows[start : start + at_once]
        alike = unit(part) @ columns.T
        touched = np.flatnonzero(alike.max(axis=1) > cosines[part, -1])
        if not len(touched):
            continue
        part = part[touched]
        found, values = largest(alike[touched], min(count, len(new)))
        places[part], cosines[part] = best_of(
            (places[part], cosines[part]), (new[found], values), count
        )


def forget_neighbours(folder: Path, ids: Collection[str]) -> None:
    """Delete the lists of neighbours in this folder that name one of these photos; a scan makes
    them anew."""
    wanted = np.array(sorted(ids), "S64")
    for left in folder.glob("*.making"):  # by a scan that was killed
        left.unlink(missing_ok=True)
    for path in folder.glob("*.npz"):
        kept = _Kept.read(path)
        if kept is None or np.isin(kept.ids, wanted).any():
            path.unlink(missing_ok=True)
