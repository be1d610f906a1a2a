"""The nearest photos are the nearest, whether worked out at once or caught up with, and in no
more than a moment."""

import numpy as np
import pytest

from curation.measures import neighbours as room
from curation.measures.neighbours import evened, nearest, nearest_remembered


def cloud(n, d=8, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32) + 3


def names(n):
    return [f"{i:064x}" for i in range(n)]


def plainly(x, count, mean=None):
    unit = x - (x.mean(axis=0) if mean is None else mean)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    alike = unit @ unit.T
    np.fill_diagonal(alike, -2)
    return np.argsort(-alike, axis=1, kind="stable")[:, :count]


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(room, "WORTH_REMEMBERING", 20)


@pytest.mark.parametrize("n", [2, 5, 13, 700])
def test_they_are_the_nearest_by_cosine_from_the_mean(n):
    near = nearest(cloud(n), 12)
    if n > 2:
        np.testing.assert_array_equal(near.places, plainly(cloud(n), min(12, n - 1)))
    assert near.places.shape == (n, min(12, n - 1)) and (np.diff(near.cosines, axis=1) <= 0).all()


def test_a_wide_table_is_searched_by_blocks_with_the_same_result():
    x = cloud(3000, 4)
    np.testing.assert_array_equal(nearest(x, 3).places, plainly(x, 3))


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_part_by_part_comes_to_the_same(few, monkeypatch, kind):
    monkeypatch.setattr(room, "COLUMNS", 7)
    monkeypatch.setattr(room, "CELLS", 70)
    x = cloud(100).astype(kind)
    near = nearest(x, 9)
    np.testing.assert_array_equal(near.places, plainly(x.astype(np.float32), 9))
    assert (np.diff(near.cosines, axis=1) <= 0).all()


def test_one_photo_and_none_have_nobody_near():
    assert nearest(cloud(1), 12).places.shape == (1, 0) and nearest(
        np.zeros((0, 3)), 12
    ).places.shape == (0, 0)


def test_catching_up_comes_to_the_same_as_working_it_all_out(few, tmp_path, monkeypatch):
    x = cloud(500)
    ids = names(500)
    kept = tmp_path / "near.npz"
    first = [n for n in range(500) if n % 12]
    nearest_remembered([ids[n] for n in first], x[first], kept)
    mean = x[first].mean(axis=0)
    stays = [
        n for n in reversed(range(500)) if n % 50 != 7
    ]  # new ones, some gone, and another order
    monkeypatch.setattr(
        room, "nearest", lambda *_: pytest.fail("nothing is worked out from the beginning")
    )
    near = nearest_remembered([ids[n] for n in stays], x[stays], kept)
    np.testing.assert_array_equal(near.places, plainly(x[stays], 12, mean))


def test_when_much_is_new_or_the_mean_moved_it_is_worked_out_again(few, tmp_path):
    x = cloud(300)
    ids = names(300)
    kept = tmp_path / "near.npz"
    nearest_remembered(ids[:100], x[:100], kept)
    np.testing.assert_array_equal(nearest_remembered(ids, x, kept).places, plainly(x, 12))
    x[:20] += 40
    np.testing.assert_array_equal(nearest_remembered(ids, x, kept).places, plainly(x, 12))


def test_a_lens_is_remembered_with_what_was_seen_through_it(few, tmp_path):
    x = cloud(200)
    ids = names(200)
    kept = tmp_path / "alike.npz"
    x[:, 0] *= 30  # a direction that drowns the others, unless it is evened
    lens = evened(x[:190])
    nearest_remembered(ids[:190], x[:190], kept, lens_of=evened)
    near = nearest_remembered(
        ids, x, kept, lens_of=lambda _: pytest.fail("the lens of the first time serves")
    )
    np.testing.assert_array_equal(near.places, nearest(x, 12, lens).places)
    assert (near.places != nearest(x, 12).places).mean() > 0.2


def test_what_a_crash_left_is_worked_out_again(few, tmp_path):
    x = cloud(60)
    ids = names(60)
    kept = tmp_path / "near.npz"
    nearest_remembered(ids, x, kept)
    kept.write_bytes(kept.read_bytes()[:50])
    np.testing.assert_array_equal(nearest_remembered(ids, x, kept).places, plainly(x, 12))
