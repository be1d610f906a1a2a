"""Batches, and threads that work on them without losing an error, the order or a thread."""

import threading

import pytest

from data_cards.bulk.batching import batches, side_by_side


def test_batches_keep_everything_in_order():
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batches([], 2)) == []


def test_results_come_in_the_order_of_the_items_whoever_is_done_first():
    second_is_done = threading.Event()

    def work(item):
        if item == 0:
            assert second_is_done.wait(10), "the second item has to be worked on meanwhile"
        if item == 1:
            second_is_done.set()
        return item * 10

    assert list(side_by_side(work, [0, 1, 2], 2)) == [0, 10, 20]
    assert list(side_by_side(work, [], 2)) == []


def test_an_error_in_a_thread_is_raised_where_the_results_are_read():
    results = side_by_side(lambda item: 1 // item, [1, 0, 1], 2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        list(results)


def test_it_never_runs_far_ahead():
    made = []

    def making():
        for item in range(100):
            made.append(item)
            yield item

    results = side_by_side(str, making(), 2)
    next(results)
    assert len(made) <= 4
    results.close()


def test_a_reader_who_leaves_early_leaves_no_thread_behind():
    before = set(threading.enumerate())
    results = side_by_side(str, range(1000), 2)
    next(results)
    mine = set(threading.enumerate()) - before
    results.close()
    assert mine and not any(thread.is_alive() for thread in mine)
