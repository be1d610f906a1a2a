"""Points of many pictures, found without comparing with each of them: an inverted file.

Descriptors lie in cells around centres (k-means), and a point is compared with those in the cells
nearest to it (Sivic and Zisserman 2003; Jegou, Douze and Schmid 2011).

    pictures, cosines = PointIndex.of(descriptors, pictures).nearest(asked)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from train.images.keypoints import alike

IN_A_CELL = 300  # descriptors, about
CELLS_ASKED = 8  # nearest to a point
OF_EACH_CELL = 16  # descriptors that are looked at further
# k-means: descriptors for each centre, and how often centres are moved. More of either changed no
# answer on 287 paintings (docs/decisions/one-picture-a-thing.md).
LEARN_FROM = 40
ROUNDS = 8
AT_ONCE = 20_000  # descriptors that are assigned to cells at a time, which bounds the memory


@dataclass(frozen=True)
class PointIndex:
    """Descriptors (n, 128) uint8, cell after cell, and which picture each is of, (n,) int32;
    cell i around centres[i] (k, 128) uint8 begins at starts[i] (k + 1,). `cells` (n,): the cell of
    each descriptor, in the order in which they came."""

    centres: np.ndarray
    cells: np.ndarray
    starts: np.ndarray
    descriptors: np.ndarray
    pictures: np.ndarray

    @classmethod
    def of(cls, descriptors: np.ndarray, pictures: np.ndarray) -> PointIndex:
        """From descriptors (n, 128) uint8 and the picture of each, (n,); the same for the same."""
        centres = _centres(descriptors, max(1, len(descriptors) // IN_A_CELL))
        return cls.around(centres, _cells(descriptors, centres), descriptors, pictures)

    @classmethod
    def around(
        cls,
        centres: np.ndarray,
        cells: np.ndarray,
        descriptors: np.ndarray,
        pictures: np.ndarray,
    ) -> PointIndex:
        """The same where it is known in which cell, (n,), each descriptor lies."""
        order = np.argsort(cells, kind="stable")
        starts = np.searchsorted(cells[order], np.arange(len(centres) + 1))
        own = pictures[order].astype(np.int32)
        return cls(centres, cells, starts, descriptors[order], own)

    def nearest(self, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For points (q, 128) uint8 the pictures (q, m) and cosines (q, m) of the most alike in
        the cells nearest to them, in no order; picture -1 and cosine 0 where there are fewer."""
        cells = _most(alike(asked, self.centres), CELLS_ASKED)
        shape = (*cells.shape, OF_EACH_CELL)
        pictures = np.full(shape, -1, np.int32)
        cosines = np.zeros(shape, np.float32)
        points, places = np.indices(cells.shape).reshape(2, -1)
        order = np.argsort(cells, axis=None, kind="stable")
        ends = np.searchsorted(cells.ravel()[order], np.arange(len(self.centres) + 1))
        for cell in np.flatnonzero(np.diff(ends)):
            here = order[ends[cell] : ends[cell + 1]]
            rows = slice(self.starts[cell], self.starts[cell + 1])
            said = alike(asked[points[here]], self.descriptors[rows])
            best = _most(said, OF_EACH_CELL)
            at = (points[here], places[here], slice(best.shape[1]))
            pictures[at] = self.pictures[rows][best]
            cosines[at] = np.take_along_axis(said, best, axis=1)
        return pictures.reshape(len(asked), -1), cosines.reshape(len(asked), -1)


def _most(values: np.ndarray, count: int) -> np.ndarray:
    """(n, m) -> the places of the `count` largest in each row, in no order; all where there are
    fewer."""
    if values.shape[1] <= count:
        return np.tile(np.arange(values.shape[1]), (len(values), 1))
    return np.argpartition(-values, count, axis=1)[:, :count]


def _centres(descriptors: np.ndarray, count: int) -> np.ndarray:
    """(count, 128) uint8 of the length that descriptors have (k-means on their directions)."""
    rng = np.random.default_rng(0)
    some = rng.permutation(len(descriptors))[: count * LEARN_FROM]
    x = descriptors[np.sort(some)]
    centres = x[rng.permutation(len(x))[:count]].astype(np.float32)
    for _ in range(ROUNDS if count > 1 else 0):
        cells = _cells(x, centres)
        order = np.argsort(cells, kind="stable")
        kept, firsts = np.unique(cells[order], return_index=True)
        sums = np.add.reduceat(x[order].astype(np.float32), firsts, axis=0)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres[kept] = 255 * sums / np.maximum(length, 1e-9)
    return np.rint(centres).astype(np.uint8)


def _cells(descriptors: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """(n,) int32: the centre that each descriptor is most like."""
    parts = [
        alike(descriptors[first : first + AT_ONCE], centres).argmax(axis=1)
        for first in range(0, len(descriptors), AT_ONCE)
    ]
    return np.concatenate([np.zeros(0, int), *parts]).astype(np.int32)
