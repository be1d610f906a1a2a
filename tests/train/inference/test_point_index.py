"""Points of many pictures, found by their cells."""

import numpy as np
import pytest

from train.images.keypoints import alike
from train.inference import point_index
from train.inference.point_index import PointIndex


def descriptors(count: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).random((count, 128)) ** 4
    return np.rint(255 * drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.uint8)


def test_of_few_points_every_one_is_looked_at():
    table = descriptors(point_index.OF_EACH_CELL)
    pictures, cosines = PointIndex.of(table, np.arange(len(table))).nearest(descriptors(5, seed=1))
    assert (np.sort(pictures, axis=1) == np.arange(len(table))).all()
    expected = alike(descriptors(5, seed=1), table)
    assert np.allclose(np.take_along_axis(expected, pictures, axis=1), cosines)


def test_a_point_is_found_again_among_very_many(monkeypatch):
    monkeypatch.setattr(point_index, "IN_A_CELL", 30)
    table = descriptors(3000)
    index = PointIndex.of(table, np.arange(3000) // 10)
    assert len(index.centres) == 100
    pictures, cosines = index.nearest(table[::100])
    best = np.take_along_axis(pictures, cosines.argmax(axis=1)[:, None], axis=1)[:, 0]
    assert best.tolist() == (np.arange(3000)[::100] // 10).tolist()
    assert pictures.shape[1] == point_index.CELLS_ASKED * point_index.OF_EACH_CELL


def test_the_same_points_lie_in_the_same_cells():
    one, other = (PointIndex.of(descriptors(900), np.arange(900)) for _ in range(2))
    again = PointIndex.around(one.centres, one.cells, descriptors(900), np.arange(900))
    for made in (other, again):
        assert (made.pictures == one.pictures).all() and (made.starts == one.starts).all()


@pytest.mark.parametrize("table", [np.zeros((700, 128), np.uint8), descriptors(1)])
def test_points_that_are_all_alike_and_a_single_one_are_an_index_too(table):
    pictures, cosines = PointIndex.of(table, np.zeros(len(table), int)).nearest(descriptors(2))
    assert set(pictures.ravel()) <= {-1, 0} and np.isfinite(cosines).all()
