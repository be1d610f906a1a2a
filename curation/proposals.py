"""Which photos may be the same shot: cheap proposers that look at fingerprints, whatever way a copy was turned.

By words: points that look alike are one word, and photos that share rare words are proposed; also in the mirror. A
turned or cropped copy keeps its words. By pixels: photos that are alike at 8 x 8 pixels, also flipped.

    propose_by_words(ids, descriptors) -> pairs;  propose_by_pixels(ids, small) -> pairs
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation.duplicates import PairOfIds, pair_of
from curation.points import mirrored_descriptors
from train.batches import batches
from train.probe import own_cores

if TYPE_CHECKING:
    from scipy import sparse

WORDS_A_HALF = 192  # a word is a pair of these: 36,864 words
LEARN_FROM = 40_000  # points
POINTS = 200  # strongest points of a photo that become words
COMMON = 0.05  # of the photos: a word that more of them have says nothing
SHARED = 0.035  # least likeness by words; unrelated photos hardly reach it
NEAREST_BY_WORDS, NEAREST_BY_PIXELS = 8, 3
ALIKE = 0.6  # least correlation of two small photos; one copy in two hundred falls below
CELLS = 8_000_000  # of a table of likenesses at a time: 32 MB
AXES = 64
AT_ONCE = 64  # photos whose points become words together


def propose_by_words(ids: Sequence[str], descriptors: Callable[[int], np.ndarray],
                     nearest: int = NEAREST_BY_WORDS) -> set[PairOfIds]:
    """Each photo with those that share its words. `descriptors(n)`: of ids[n], (points, 128) uint8, strongest first."""
    if len(ids) < 2:
        return set()
    with own_cores(0):  # these matrices are narrow
        words_of = _vocabulary(len(ids), descriptors)
        if words_of is None:
            return set()
        upright, mirrored = _said(len(ids), descriptors, words_of)
    rarity = _rarity(upright)
    upright, mirrored = (_of_length_one(words.multiply(rarity).tocsr()) for words in (upright, mirrored))
    table, found = upright.T.tocsr(), set()
    for words in (upright, mirrored):
        for start, part in _parts(words, len(ids)):
            found |= _best(ids, start, (part @ table).tocsr(), nearest)
    return found


def propose_by_pixels(ids: Sequence[str], small: Sequence[np.ndarray],
                      nearest: int = NEAREST_BY_PIXELS) -> set[PairOfIds]:
    """Each photo with those most like it at 8 x 8 pixels: as it is, in the mirror and upside down."""
    if len(ids) < 2:
        return set()
    reduced = np.stack([_eight(picture) for picture in small])
    views = [reduced, reduced[:, :, ::-1], reduced[:, ::-1]]
    axes = _axes(reduced)
    targets, *_ = looks = [_unit(view.reshape(len(ids), -1) @ axes) for view in views]
    found: set[PairOfIds] = set()
    rows = max(1, CELLS // len(ids))
    for look in looks:
        for start in range(0, len(ids), rows):
            alike = look[start:start + rows] @ targets.T
            alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = -1
            count = min(nearest, len(ids) - 1)
            near = np.argpartition(-alike, count - 1, axis=1)[:, :count]
            one, place = np.nonzero(np.take_along_axis(alike, near, axis=1) >= ALIKE)
            found |= {pair_of(ids[start + int(a)], ids[int(b)]) for a, b in zip(one, near[one, place], strict=True)}
    return found


def _eight(picture: np.ndarray) -> np.ndarray:
    """(32, 32, 3) -> (8, 8, 3) float32 around its own mean."""
    import cv2

    soft = cv2.resize(cv2.GaussianBlur(picture, (0, 0), 1.2), (8, 8), interpolation=cv2.INTER_AREA).astype(np.float32)
    return soft - soft.mean(axis=(0, 1))


def _axes(reduced: np.ndarray) -> np.ndarray:
    """(192, AXES): the directions in which these pictures differ most; they keep likeness and cost a third."""
    flat = reduced[:: max(1, len(reduced) // 5000)].reshape(-1, 192)
    unit = _unit(flat)
    return np.linalg.eigh(unit.T @ unit)[1][:, -AXES:].astype(np.float32)


def _unit(x: np.ndarray) -> np.ndarray:
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-6), np.float32)


@dataclass(frozen=True)
class _Words:
    """A vocabulary: two books of centres (WORDS_A_HALF, d); `axes` (128, 4 d) turn a point into what both are asked,
    as it is and in the mirror, around `origin` (4 d,)."""

    books: tuple[np.ndarray, np.ndarray]
    axes: np.ndarray
    origin: np.ndarray

    def of(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Words (n,) of points (n, 128), upright and in the mirror."""
        asked = np.split(points.astype(np.float32) @ self.axes - self.origin, 4, axis=1)
        halves = [(part @ (2 * book.T) - (book**2).sum(axis=1)).argmax(axis=1)
                  for part, book in zip(asked, self.books * 2, strict=True)]
        return halves[0] * WORDS_A_HALF + halves[1], halves[2] * WORDS_A_HALF + halves[3]


def _vocabulary(count: int, descriptors: Callable[[int], np.ndarray]) -> _Words | None:
    """Learned from the photos at hand. None when there are too few points."""
    a_photo = max(20, LEARN_FROM // count)
    step = max(1, count * a_photo // LEARN_FROM)
    sample = np.concatenate([descriptors(n)[:a_photo] for n in range(0, count, step)]).astype(np.float32)
    if len(sample) < 2 * WORDS_A_HALF:
        return None
    mean = sample.mean(axis=0)
    main = np.linalg.eigh(np.cov((sample - mean).T))[1][:, ::-1][:, :32].astype(np.float32)
    halves = [np.ascontiguousarray(main[:, first::2]) for first in (0, 1)]
    books = tuple(_centres((sample - mean) @ half, WORDS_A_HALF) for half in halves)
    # Axes laid out for the mirror see in a point what the others see in its mirror image.
    upright = np.hstack(halves)
    axes = np.hstack([upright, mirrored_descriptors(upright.T).T])
    return _Words((books[0], books[1]), axes, np.tile(mean @ upright, 2))


def _centres(points: np.ndarray, count: int, rounds: int = 8) -> np.ndarray:
    """(count, d) centres of points (n, d) by k-means (Lloyd 1982), from points drawn at random, always the same."""
    centres = points[np.random.default_rng(0).choice(len(points), count, replace=False)]
    for _ in range(rounds):
        nearest = (points @ (2 * centres.T) - (centres**2).sum(axis=1)).argmax(axis=1)
        sums = np.stack([np.bincount(nearest, column, count) for column in points.T], axis=1)
        sizes = np.bincount(nearest, minlength=count)[:, None]
        centres = np.where(sizes > 0, sums / np.maximum(sizes, 1), centres).astype(np.float32)
    return centres


def _said(count: int, descriptors: Callable[[int], np.ndarray],
          words: _Words) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Which words each photo says (photos, words), upright and in the mirror."""
    said: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for some in batches(range(count), AT_ONCE):
        points = [descriptors(n)[:POINTS] for n in some]
        ends = np.cumsum([len(one) for one in points])[:-1]
        for into, spoken in zip(said, words.of(np.concatenate(points)), strict=True):
            into += [np.unique(one) for one in np.split(spoken, ends)]
    return _table(said[0]), _table(said[1])


def _table(said: list[np.ndarray]) -> sparse.csr_matrix:
    from scipy import sparse

    ends = np.concatenate([[0], np.cumsum([len(words) for words in said])])
    words = np.concatenate(said)
    return sparse.csr_matrix((np.ones(len(words), np.float32), words, ends), shape=(len(said), WORDS_A_HALF**2))


def _rarity(words: sparse.csr_matrix) -> np.ndarray:
    """What sharing each word is worth, (1, words): the rarer the more, nothing for the commonest."""
    photos = np.asarray(words.sum(axis=0)).ravel()
    worth = np.log((words.shape[0] + 1) / (photos + 1))
    return np.where(photos > max(30, COMMON * words.shape[0]), 0, worth).astype(np.float32)[None, :]


def _of_length_one(words: sparse.csr_matrix) -> sparse.csr_matrix:
    from scipy import sparse

    size = np.sqrt(np.asarray(words.multiply(words).sum(axis=1))).ravel()
    return sparse.diags_array((1 / np.maximum(size, 1e-6)).astype(np.float32)) @ words


def _parts(words: sparse.csr_matrix, photos: int) -> Iterator[tuple[int, sparse.csr_matrix]]:
    rows = max(1, CELLS // photos)
    for start in range(0, photos, rows):
        yield start, words[start:start + rows]


def _best(ids: Sequence[str], start: int, alike: sparse.csr_matrix, nearest: int) -> set[PairOfIds]:
    found = set()
    for row in range(alike.shape[0]):
        part = slice(alike.indptr[row], alike.indptr[row + 1])
        scores, places = alike.data[part], alike.indices[part]
        keep = (scores >= SHARED) & (places != start + row)
        scores, places = scores[keep], places[keep]
        for place in places[np.argsort(-scores, kind="stable")[:nearest]]:
            found.add(pair_of(ids[start + row], ids[place]))
    return found
