"""BLAS held back to one thread while anybody needs it."""

import numpy as np  # noqa: F401  brings the BLAS that is held back
from threadpoolctl import threadpool_info, threadpool_limits

from train.inference.one_core import OneCore


def threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_blas_has_one_thread_until_the_last_who_needs_that_has_left():
    one_core = OneCore()
    with threadpool_limits(2, "blas"):
        with one_core:
            with one_core:
                assert threads() == {1}
            assert threads() == {1}, "somebody is inside still"
        assert threads() == {2}
        with one_core:
            assert threads() == {1}, "and again"
        assert threads() == {2}
