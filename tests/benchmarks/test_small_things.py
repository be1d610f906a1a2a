"""Where the bench looks in a photo."""

import numpy as np
import pytest

from benchmarks.serving.small_things import standing_out

THINGS = {"first": (1, 2, 7, 8), "second": (9, 8, 15, 14)}  # left, top, right, bottom, of 16


@pytest.mark.parametrize("laid", [("first",), ("second",), ("first", "second")])
def test_what_differs_from_the_rest_is_found_however_many_there_are(laid: tuple[str, ...]) -> None:
    rng = np.random.default_rng(0)
    patches = rng.normal(size=(16, 16, 12))
    for number, name in enumerate(laid):
        left, top, right, low = THINGS[name]
        patches[top:low, left:right, number] += 6
    found = standing_out(patches, len(laid))
    assert {tuple(round(16 * edge) for edge in box) for box in found} == {
        THINGS[name] for name in laid
    }


def test_windows_overlap_nowhere() -> None:
    patches = np.random.default_rng(0).normal(size=(16, 16, 4))
    (left, top, right, low), (x, y, wide, high) = standing_out(patches, 2)
    assert x >= right or wide <= left or y >= low or high <= top
