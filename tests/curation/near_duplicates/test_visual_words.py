"""Photos that share rare words are found, block by block as at once."""

import numpy as np
import pytest

from curation.near_duplicates import visual_words as words
from curation.near_duplicates.visual_words import pairs_by_words

COUNT = 40


SIGHTS = np.random.default_rng(0).integers(0, 256, (900, 128)).astype(np.uint8)


def descriptors(n):
    """Of COUNT made-up photos, all of the same few sights; each fourth shows three in four of
    the photo before."""
    points = SIGHTS[np.random.default_rng(n).permutation(len(SIGHTS))[:160]]
    return np.concatenate([descriptors(n - 1)[:120], points[:40]]) if n % 4 == 1 else points


COPIES = {(n - 1, n) for n in range(1, COUNT, 4)}


def found(count=COUNT, of=descriptors, **options):
    pairs = pairs_by_words(count, of, **options)
    assert pairs.dtype == np.int32 and pairs.shape == (len(pairs), 2)
    return [tuple(pair) for pair in pairs.tolist()]


def test_photos_with_the_same_points_are_found_each_pair_once():
    pairs = found()
    assert (
        set(pairs) >= COPIES
        and len(pairs) == len(set(pairs))
        and all(one < other for one, other in pairs)
    )


def test_only_the_nearest_are_proposed():
    pairs = found(nearest=1)
    assert set(pairs) >= COPIES and len(pairs) <= 2 * COUNT < len(found())


@pytest.mark.parametrize(("cells", "block"), [(7, 7), (40, 9), (400, 39), (50, 1)])
def test_compared_block_by_block_they_are_the_same_as_at_once(cells, block, monkeypatch):
    at_once = found()
    monkeypatch.setattr(words, "CELLS", cells)
    monkeypatch.setattr(words, "BLOCK", block)
    assert found() == at_once


def test_photos_without_points_and_a_photo_alone_say_nothing():
    assert found(2, lambda n: np.zeros((0, 128), np.uint8)) == []
    assert found(1, lambda n: np.zeros((500, 128), np.uint8)) == []
