"""Photos by their words: points that look alike are one word, and photos that share rare words
may be the same shot.

    pairs_by_words(count, descriptors) -> places (m, 2)

A turned or cropped copy keeps its words, and a mirrored one is asked for by the words of its
mirror image (visual words: Sivic & Zisserman 2003; a book for each half of a point: Babenko &
Lempitsky 2012). Photos are compared block by block: as tables for arithmetic the words of
a photo take kilobytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation.measures.keypoints import mirrored_descriptors
from curation.measures.neighbours import best_of
from data_cards.bulk.batching import batches
from train.probes.logistic import own_cores

if TYPE_CHECKING:
    from scipy import sparse

WORDS_A_HALF = 192  # a word is a pair of these: 36,864 words
LEARN_FROM = 40_000  # points
POINTS = 200  # strongest points of a photo that become words
COMMON = 0.05  # of the photos: a word that more of them have says nothing
SHARED = 0.035  # least likeness by words; unrelated photos hardly reach it
NEAREST = 8
# of a table of likenesses at a time, and its columns: 32 MB
CELLS = 4_000_000
BLOCK = 10_000
AT_ONCE = 64  # photos whose points become words together


def pairs_by_words(
    count: int, descriptors: Callable[[int], np.ndarray], nearest: int = NEAREST
) -> np.ndarray:
    """Each photo with those that share its words: places (m, 2) int32, the smaller first, each
    pair once.

    `descriptors(n)`: (points, 128) uint8 of photo n, strongest first.
    """
    none = np.zeros((0, 2), np.int32)
    if count < 2:
        return none
    with own_cores(0):  # these matrices are narrow
        words_of = _vocabulary(count, descriptors)
        if words_of is None:
            return none
        upright, mirrored = _words_of_photos(count, descriptors, words_of)
    rarity = _rarity(upright)
    found = [none]
    for words in (upright, mirrored):
        places = _nearest(words, upright, rarity, nearest)
        rows, columns = np.nonzero(places >= 0)
        found.append(np.stack([rows, places[rows, columns]], axis=1))
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0).astype(np.int32)


def _nearest(
    words: _WordsOfPhotos, others: _WordsOfPhotos, rarity: np.ndarray, count: int
) -> np.ndarray:
    """Places (n, count) of the others most alike, best first; -1 where fewer are alike at all."""
    places = np.full((len(words), count), -1, np.int32)
    scores = np.zeros((len(words), count), np.float32)
    block = min(BLOCK, len(others))
    for first in range(0, len(others), block):
        table = others.weighed(slice(first, first + block), rarity).T.tocsr()
        for start in range(0, len(words), CELLS // block):
            part = slice(start, start + CELLS // block)
            alike = (words.weighed(part, rarity) @ table).tocsr()
            places[part], scores[part] = best_of(
                (places[part], scores[part]), _best(alike, start, first, count), count
            )
    return places


def _best(
    alike: sparse.csr_matrix, start: int, first: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The best of each row of a table (m, b) of likenesses, whose rows begin with photo `start`
    and whose columns with `first`: places (m, count), -1 for nobody, and likenesses (m, count)."""
    places = np.full((alike.shape[0], count), -1, np.int32)
    scores = np.zeros(places.shape, np.float32)
    keep = np.flatnonzero(alike.data >= SHARED)
    rows = np.searchsorted(alike.indptr, keep, "right") - 1
    columns = alike.indices[keep]
    other = columns + first != rows + start
    rows = rows[other]
    columns = columns[other]
    values = alike.data[keep[other]]
    order = np.lexsort((columns, -values, rows))
    rows = rows[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
    few = rank < count
    at = (rows[few], rank[few])
    places[at], scores[at] = columns[order[few]] + first, values[order[few]]
    return places, scores


@dataclass(frozen=True)
class _Words:
    """A vocabulary: two books of centres (WORDS_A_HALF, d); `axes` (128, 4 d) turn a point into
    what both are asked, as it is and in the mirror, around `origin` (4 d,)."""

    books: tuple[np.ndarray, np.ndarray]
    axes: np.ndarray
    origin: np.ndarray

    def of(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Words (n,) of points (n, 128), upright and in the mirror."""
        asked = np.split(points.astype(np.float32) @ self.axes - self.origin, 4, axis=1)
        halves = [
            (part @ (2 * book.T) - (book**2).sum(axis=1)).argmax(axis=1)
            for part, book in zip(asked, self.books * 2, strict=True)
        ]
        return halves[0] * WORDS_A_HALF + halves[1], halves[2] * WORDS_A_HALF + halves[3]


def _vocabulary(count: int, descriptors: Callable[[int], np.ndarray]) -> _Words | None:
    """Learned from the photos at hand. None when there are too few points."""
    a_photo = max(20, LEARN_FROM // count)
    step = max(1, count * a_photo // LEARN_FROM)
    sample = np.concatenate([descriptors(n)[:a_photo] for n in range(0, count, step)]).astype(
        np.float32
    )
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


def _centres(points: np.ndarray, count: int) -> np.ndarray:
    """(count, d) centres of points (n, d) by k-means (Lloyd 1982), from points drawn at random,
    always the same."""
    centres = points[np.random.default_rng(0).choice(len(points), count, replace=False)]
    for _ in range(8):
        nearest = (points @ (2 * centres.T) - (centres**2).sum(axis=1)).argmax(axis=1)
        sums = np.stack([np.bincount(nearest, column, count) for column in points.T], axis=1)
        sizes = np.bincount(nearest, minlength=count)[:, None]
        centres = np.where(sizes > 0, sums / np.maximum(sizes, 1), centres).astype(np.float32)
    return centres


@dataclass(frozen=True)
class _WordsOfPhotos:
    """The words that photos say, each once: those of all (any,) uint16, one photo after the other,
    and where each begins and ends (photos + 1,). At 200 words a photo takes 400 bytes."""

    words: np.ndarray
    ends: np.ndarray

    def __len__(self) -> int:
        return len(self.ends) - 1

    def weighed(self, photos: slice, rarity: np.ndarray) -> sparse.csr_matrix:
        """(photos, words): what each is worth, every photo of length one."""
        from scipy import sparse

        begin, end, _ = photos.indices(len(self))
        ends = self.ends[begin : end + 1]
        words = self.words[ends[0] : ends[-1]].astype(np.int32)
        worth = rarity[words]
        rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        size = np.sqrt(np.bincount(rows, np.square(worth), len(ends) - 1))
        data = (worth / np.maximum(size, 1e-6)[rows]).astype(np.float32)
        places = (ends - ends[0]).astype(np.int32)
        return sparse.csr_matrix((data, words, places), shape=(len(ends) - 1, len(rarity)))


def _words_of_photos(
    count: int, descriptors: Callable[[int], np.ndarray], words: _Words
) -> tuple[_WordsOfPhotos, _WordsOfPhotos]:
    """Which words each photo says, upright and in the mirror."""
    said = [np.zeros(0, np.uint16)], [np.zeros(0, np.uint16)]
    ends = [0], [0]
    for some in batches(range(count), AT_ONCE):
        points = [descriptors(n)[:POINTS] for n in some]
        between = np.cumsum([len(one) for one in points])[:-1]
        for way, spoken in enumerate(words.of(np.concatenate(points))):
            each = [np.unique(one).astype(np.uint16) for one in np.split(spoken, between)]
            said[way].append(np.concatenate(each))
            ends[way].extend(ends[way][-1] + np.cumsum([len(one) for one in each]))
    upright, mirrored = (
        _WordsOfPhotos(np.concatenate(parts), np.array(at))
        for parts, at in zip(said, ends, strict=True)
    )
    return upright, mirrored


def _rarity(said: _WordsOfPhotos) -> np.ndarray:
    """What sharing each word is worth (words,): the rarer the more, nothing for the commonest."""
    parts = np.array_split(said.words, 1 + len(said) // BLOCK)  # counted as 64-bit numbers
    photos = np.sum([np.bincount(part, minlength=WORDS_A_HALF**2) for part in parts], axis=0)
    worth = np.log((len(said) + 1) / (photos + 1))
    return np.where(photos > max(30, COMMON * len(said)), 0, worth).astype(np.float32)
