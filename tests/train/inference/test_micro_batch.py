"""Several askers at once: one batch, and to each his own."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from train.inference.micro_batch import SIZES, MicroBatcher, sizes_as_alone


class Doubling:
    """An engine that works only while it is told to, and remembers the sizes of its batches."""

    name = "doubling"
    streams = 1

    def __init__(self):
        self.sizes = []
        self.begun = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def run(self, photos):
        self.sizes.append(len(photos))
        self.begun.release()
        assert self.go.acquire(timeout=20)
        if (photos < 0).any():
            raise ValueError("below nothing")
        return photos * 2, photos[:, :1] + 1


def crowd(engine, batcher, photos):
    """The first is at work when the others come; what became of each."""
    with ThreadPoolExecutor(len(photos)) as threads:
        asked = [threads.submit(batcher.run, photos[0])]
        assert engine.begun.acquire(timeout=20)
        for number, photo in enumerate(photos[1:], 1):
            asked.append(threads.submit(batcher.run, photo))
            while len(batcher._waiting) < number:
                threading.Event().wait(0.001)
        engine.go.release(100)
        return asked


def photo(value, count=1, side=3):
    return np.full((count, side), value, np.float32)


def test_nobody_waits_for_company():
    engine = Doubling()
    engine.go.release(2)
    batcher = MicroBatcher(engine)
    assert [batcher.run(photo(n))[0][0, 0] for n in (1, 2)] == [2, 4]
    assert engine.sizes == [1, 1] and (batcher.name, batcher.streams) == ("doubling", 1)


def test_who_comes_meanwhile_is_one_batch_and_each_gets_his_own():
    engine = Doubling()
    batcher = MicroBatcher(engine, SIZES)
    asked = crowd(engine, batcher, [photo(n) for n in range(9)])
    for number, one in enumerate(asked):
        doubled, more = one.result()
        np.testing.assert_array_equal(doubled, photo(2 * number))
        np.testing.assert_array_equal(more, photo(number + 1, side=1))
    assert engine.sizes == [1, 8]
    assert batcher.run(photo(5))[0][0, 0] == 10, "and it is idle again"


def test_only_sizes_that_were_tried_are_used_and_the_next_in_line_takes_over():
    engine = Doubling()
    asked = crowd(engine, MicroBatcher(engine, (4, 2)), [photo(n) for n in range(8)])
    assert [one.result()[0][0, 0] for one in asked] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert engine.sizes == [1, 4, 2, 1]


def test_each_is_alone_until_it_is_known_that_company_changes_nothing():
    engine = Doubling()
    crowd(engine, MicroBatcher(engine), [photo(n) for n in range(4)])
    assert engine.sizes == [1, 1, 1, 1]


def test_what_one_brings_does_not_cost_the_others_their_answer():
    engine = Doubling()
    batcher = MicroBatcher(engine, SIZES)
    asked = crowd(engine, batcher, [photo(1), photo(2), photo(-1), photo(3), photo(4)])
    assert [asked[number].result()[0][0, 0] for number in (0, 1, 3, 4)] == [2, 4, 6, 8]
    assert engine.sizes[:2] == [1, 4]
    with pytest.raises(ValueError, match="below nothing"):
        asked[2].result()


@pytest.mark.parametrize("other", [photo(3, side=4), photo(3, count=2)], ids=["size", "several"])
def test_photos_of_another_size_and_several_of_one_do_not_share_a_batch(other):
    engine = Doubling()
    asked = crowd(engine, MicroBatcher(engine, SIZES), [photo(1), photo(2), other, photo(3)])
    assert asked[2].result()[0].shape == other.shape
    assert engine.sizes == [1, 1, len(other), 1]


class Adding:
    """An engine whose last digits depend on the company from a certain size on."""

    name = "adding"
    streams = 1

    def __init__(self, from_size):
        self.from_size = from_size
        self.sizes = []

    def run(self, photos):
        self.sizes.append(len(photos))
        nudge = np.float32(1e-7) if len(photos) >= self.from_size else np.float32(0)
        return photos.sum(axis=1, keepdims=True), photos.mean(axis=1, keepdims=True) + nudge


@pytest.mark.parametrize(
    ("from_size", "sizes"),
    [(99, (8, 4, 2)), (8, (4, 2)), (4, (2,)), (3, (2,)), (2, ()), (1, (8, 4, 2))],
)
def test_sizes_are_those_at_which_no_bit_differs(from_size, sizes):
    photos = np.random.default_rng(1).normal(size=(4, 5)).astype(np.float32)
    assert sizes_as_alone(Adding(from_size), photos) == sizes


def test_an_engine_that_differs_is_not_tried_further():
    engine = Adding(2)
    sizes_as_alone(engine, np.ones((4, 5), np.float32))
    assert engine.sizes == [1, 1, 2]
