"""What was freed goes back to the system."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_cards.bulk.memory import give_back, let_go

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems tell it in other ways")


def resident(kind: str) -> int:
    """Kilobytes of this process: RssAnon are its own, RssFile lie in files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))


@LINUX
def test_many_small_things_that_are_gone_no_longer_count():
    things = [bytearray(1000) for _ in range(50_000)]
    last = bytearray(
        1000
    )  # at the end of the heap: what lies before it cannot be given back by itself
    del things
    before = resident("RssAnon")
    give_back()
    assert resident("RssAnon") < before - 10_000 and last


FRESH = """
import numpy as np
from data_cards.bulk.memory import give_back
from tests.data_cards.bulk.test_memory import resident
give_back()
large = np.ones(3_000_000)
del large  # from now on glibc would keep all that is smaller than this
table, last = np.ones(1_000_000), bytearray(1000)
before = resident("RssAnon")
del table
print(before - resident("RssAnon"))
"""


@LINUX
def test_tables_of_a_few_megabytes_go_back_by_themselves():
    told = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=True)
    assert int(told.stdout) > 7_000


@LINUX
def test_what_lies_in_a_file_is_the_same_after_its_pages_are_gone(tmp_path):
    x = np.asarray(np.memmap(tmp_path / "x", np.float32, "w+", shape=(1000, 4000)))
    x[:] = np.arange(1000)[:, None]
    before = resident("RssFile")
    let_go(x[10:])
    assert resident("RssFile") < before - 15_000
    assert (x[:, 7] == np.arange(1000)).all()


def test_what_was_written_into_a_copy_of_a_file_stays(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(5000))
    x = np.load(tmp_path / "x.npy", mmap_mode="c")
    x[:] = 7
    let_go(np.asarray(x))
    assert (x == 7).all()


def test_an_array_in_memory_is_left_alone():
    x = np.arange(5)
    let_go(x[1:])
    assert x.tolist() == [0, 1, 2, 3, 4]
