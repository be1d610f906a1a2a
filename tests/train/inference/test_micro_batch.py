"""Several askers at once: one batch, and to each his own."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from train.inference.micro_batch import MicroBatcher


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
    asked = crowd(
        engine, batcher := MicroBatcher(engine), [photo(n, count=1 + n % 2) for n in range(6)]
    )
    for number, one in enumerate(asked):
        doubled, more = one.result()
        np.testing.assert_array_equal(doubled, photo(2 * number, 1 + number % 2))
        np.testing.assert_array_equal(more, photo(number + 1, 1 + number % 2, side=1))
    assert engine.sizes == [1, 8]
    assert batcher.run(photo(5))[0][0, 0] == 10, "and it is idle again"


def test_a_batch_has_its_limit_and_the_next_in_line_takes_over():
    engine = Doubling()
    asked = crowd(engine, MicroBatcher(engine, most=2), [photo(n) for n in range(6)])
    assert [one.result()[0][0, 0] for one in asked] == [0, 2, 4, 6, 8, 10]
    assert engine.sizes == [1, 2, 2, 1]


def test_what_one_brings_does_not_cost_the_others_their_answer():
    engine = Doubling()
    asked = crowd(engine, MicroBatcher(engine), [photo(1), photo(2), photo(-1), photo(3)])
    assert [asked[number].result()[0][0, 0] for number in (0, 1, 3)] == [2, 4, 6]
    with pytest.raises(ValueError, match="below nothing"):
        asked[2].result()


def test_photos_of_another_size_do_not_share_a_batch():
    engine = Doubling()
    asked = crowd(engine, MicroBatcher(engine), [photo(1), photo(2), photo(3, side=4)])
    assert asked[2].result()[0].shape == (1, 4)
    assert engine.sizes == [1, 1, 1]
