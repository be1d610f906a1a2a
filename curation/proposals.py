"""Which photos may be the same shot: cheap proposers that look at fingerprints, whatever way a copy was turned.

By words: points that look alike are one word, and photos that share rare words are proposed; also in the mirror. A
turned or cropped copy keeps its words. By pixels: photos that are alike at 8 x 8 pixels, also flipped.

    propose_by_words(ids, descriptors) -> pairs;  propose_by_pixels(ids, small) -> pairs
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from curation.duplicates import PairOfIds, pair_of
from curation.points import mirrored_descriptors

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


def propose_by_words(ids: Sequence[str], descriptors: Callable[[int], np.ndarray],
                     nearest: int = NEAREST_BY_WORDS) -> set[PairOfIds]:
    """Each photo with those that share its words. `descriptors(n)`: of ids[n], (points, 128) uint8, strongest first."""
    if len(ids) < 2:
        return set()
    speak = _vocabulary(len(ids), descriptors)
    if speak is None:
        return set()
    upright, mirrored = _said(len(ids), descriptors, speak)
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


def _vocabulary(count: int, descriptors: Callable[[int], np.ndarray]) -> Callable[[np.ndarray], np.ndarray] | None:
    """Learned from the photos at hand: their points (n, 128) -> words (n,). None when there are too few points."""
    import cv2

    a_photo = max(20, LEARN_FROM // count)
    step = max(1, count * a_photo // LEARN_FROM)
    sample = np.concatenate([descriptors(n)[:a_photo] for n in range(0, count, step)]).astype(np.float32)
    if len(sample) < 2 * WORDS_A_HALF:
        return None
    mean = sample.mean(axis=0)
    main = np.linalg.eigh(np.cov((sample - mean).T))[1][:, ::-1][:, :32].astype(np.float32)
    halves = [np.ascontiguousarray(main[:, first::2]) for first in (0, 1)]
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 8, 1.0)
    books = [cv2.kmeans((sample - mean) @ half, WORDS_A_HALF, None, stop, 1, cv2.KMEANS_RANDOM_CENTERS)[2]  # type: ignore[call-overload]
             for half in halves]

    def speak(points: np.ndarray) -> np.ndarray:
        centred = points.astype(np.float32) - mean
        first, second = ((centred @ half @ (2 * book.T) - (book**2).sum(axis=1)).argmax(axis=1)
                         for half, book in zip(halves, books, strict=True))
        return np.asarray(first * WORDS_A_HALF + second)

    return speak


def _said(count: int, descriptors: Callable[[int], np.ndarray],
          speak: Callable[[np.ndarray], np.ndarray]) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Which words each photo says (photos, words), upright and in the mirror."""
    said: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for n in range(count):
        points = descriptors(n)[:POINTS]
        words = speak(np.concatenate([points, mirrored_descriptors(points)]))
        for into, some in zip(said, (words[:len(points)], words[len(points):]), strict=True):
            into.append(np.unique(some))
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
