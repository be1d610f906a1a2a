"""Batches, and a thread that works ahead without losing an error or a thread."""

import threading

import pytest

from train.batches import ahead, batches


def test_batches_keep_everything_in_order():
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batches([], 2)) == []


def test_working_ahead_changes_nothing():
    assert list(ahead(iter([None, 1, None, 2]))) == [None, 1, None, 2]


def test_an_error_ahead_is_raised_where_the_items_are_read():
    def broken():
        yield 1
        raise ValueError("in the thread")

    items = ahead(broken())
    assert next(items) == 1
    with pytest.raises(ValueError, match="in the thread"):
        next(items)


def test_it_never_runs_far_ahead():
    made = []

    def making():
        for i in range(100):
            made.append(i)
            yield i

    items = ahead(making(), depth=2)
    next(items)
    assert len(made) <= 5
    items.close()


def test_a_reader_who_leaves_early_leaves_no_thread_behind():
    before = set(threading.enumerate())
    items = ahead(iter(range(1000)), depth=1)
    next(items)
    mine = set(threading.enumerate()) - before
    items.close()
    for thread in mine:
        thread.join(timeout=5)
        assert not thread.is_alive()
