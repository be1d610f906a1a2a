"""What was freed goes back to the system."""

import sys
from pathlib import Path

import pytest

from data_cards.heap import give_back


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell it in other ways")
def test_many_small_things_that_are_gone_no_longer_count():
    def own() -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))

    things = [bytearray(1000) for _ in range(50_000)]
    last = bytearray(1000)  # at the end of the heap: what lies before it cannot be given back by itself
    del things
    before = own()
    give_back()
    assert own() < before - 10_000 and last
