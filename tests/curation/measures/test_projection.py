"""The map: like beside like, and what was placed stays where it is."""

import numpy as np
import pytest

from curation.measures.projection import (
    placed_among,
    placed_before,
    principal,
    projection,
    scaled,
)


def heaps(each=20, kinds=3, seed=0):
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(kinds, 16)) * 8
    x = np.concatenate([middle + rng.normal(size=(each, 16)) for middle in middles])
    return [f"{n}" for n in range(len(x))], x.astype(np.float16), np.repeat(range(kinds), each)


def nearest_is_alike(places, kinds):
    far = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(far, np.inf)
    return float((kinds[far.argmin(axis=1)] == kinds).mean())


def test_photos_of_one_kind_lie_together():
    ids, x, kinds = heaps()
    places = projection(ids, x)
    assert places.shape == (60, 2) and np.abs(places).max() <= 1.0001
    assert nearest_is_alike(places, kinds) > 0.95


def test_new_photos_are_placed_among_the_others_and_nothing_else_moves(tmp_path):
    ids, x, kinds = heaps()
    order = np.random.default_rng(1).permutation(60)
    before = projection([ids[n] for n in order[:45]], x[order[:45]], tmp_path / "map.npz")
    after = projection([ids[n] for n in order], x[order], tmp_path / "map.npz")
    assert np.array_equal(after[:45], before)
    assert nearest_is_alike(after, kinds[order]) > 0.95


def test_the_same_photos_are_where_they_were(tmp_path):
    ids, x, _ = heaps()
    first = projection(ids, x, tmp_path / "map.npz")
    again = projection(ids[::-1], x[::-1], tmp_path / "map.npz")
    assert np.array_equal(first, again[::-1])


def test_a_damaged_file_is_drawn_anew(tmp_path):
    ids, x, _ = heaps()
    (tmp_path / "map.npz").write_bytes(b"nothing")
    assert projection(ids[:8], x[:8], tmp_path / "map.npz").shape == (8, 2)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 11])
def test_hardly_any_photos_have_places_too(count):
    ids, x, _ = heaps()
    assert np.isfinite(projection(ids[:count], x[:count])).all()


def test_a_photo_between_two_heaps_is_put_into_one():
    places = np.array([[0, 0]] * 3 + [[10, 10]] * 3, np.float32)
    x = np.array([[1, 0]] * 3 + [[0, 1]] * 3, np.float32)
    found = placed_among(x, places, np.array([[1, 0.9]], np.float32))
    assert found.tolist() == [[0, 0]]
    assert scaled(np.zeros((0, 2))).shape == (0, 2)


def test_places_that_are_all_known_are_read_without_the_embeddings(tmp_path):
    ids, x, _ = heaps()
    first = projection(ids, x, tmp_path / "map.npz")
    assert np.array_equal(placed_before(ids[::-1], tmp_path / "map.npz"), first[::-1])
    assert placed_before([*ids, "new"], tmp_path / "map.npz") is None
    assert placed_before(ids, tmp_path / "none.npz") is None


def test_many_photos_are_placed_some_at_a_time_as_all_at_once(monkeypatch):
    _, x, _ = heaps()
    places = np.random.default_rng(2).normal(size=(40, 2)).astype(np.float32)
    along, among = principal(x), placed_among(x[:40], places, x[40:])
    monkeypatch.setattr("curation.measures.projection.AT_ONCE", 7)
    assert np.allclose(principal(x), along, atol=1e-3)
    assert np.allclose(placed_among(x[:40], places, x[40:]), among)
