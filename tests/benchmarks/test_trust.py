"""What the bench of trust says of decisions holds in small, too."""

from __future__ import annotations

import pytest

from benchmarks.trust import kills_of_two


@pytest.mark.slow
def test_two_that_send_to_one_dataset_and_are_killed_lose_nothing_and_count_nothing_twice() -> None:
    (_, acknowledged, _), _, (_, lost, _) = kills_of_two(1)
    assert isinstance(acknowledged, int) and acknowledged >= 3, "one of each writer at least"
    assert lost == "0, 0"
