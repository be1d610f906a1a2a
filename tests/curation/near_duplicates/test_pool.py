"""Many pairs are compared by several processes, and come out as one would have it."""

from concurrent.futures.process import BrokenProcessPool

import pytest

from curation.measures.fingerprint import NO_MATCH, fingerprint
from curation.measures.fingerprint_store import FingerprintStore
from curation.near_duplicates import pool as comparing
from curation.near_duplicates.compare import compare
from curation.near_duplicates.pool import Comparers
from tests.fixtures.scenes import scene

PAIRS = [
    ("1", "2"),
    ("1", "1 turned"),
    ("2", "2 turned"),
    ("broken", "1"),
    ("3", "1 turned"),
    ("3", "3 turned"),
]


@pytest.fixture
def store(tmp_path):
    with FingerprintStore(tmp_path) as store:
        for n in (1, 2, 3):
            store.put(str(n), fingerprint(scene(n)))
            store.put(f"{n} turned", fingerprint(scene(n).rotate(20)))
        store.put("broken", None)
        yield store


@pytest.fixture
def wanted(store):
    prints = {name: store.get(name) for names in PAIRS for name in names}
    return [
        compare(prints[a], prints[b]) if prints[a] and prints[b] else NO_MATCH for a, b in PAIRS
    ]


def test_few_pairs_are_compared_here(store, wanted):
    with Comparers(store) as comparers:
        assert list(comparers.matches(PAIRS)) == wanted and comparers._pool is None


def test_many_pairs_are_compared_by_processes_that_say_the_same_in_order(
    store, wanted, monkeypatch
):
    monkeypatch.setattr(comparing, "FEW", 1)
    monkeypatch.setattr(comparing, "PAIRS_A_TURN", 2)
    with Comparers(store) as comparers:
        found = list(comparers.matches(PAIRS))
        assert comparers._pool is not None
    assert [(one.kind, round(one.score, 2)) for one in found] == [
        (one.kind, round(one.score, 2)) for one in wanted
    ]
    assert found[3] == NO_MATCH and found[1].score > 0.9


def test_where_a_process_is_taken_away_the_rest_is_compared_here(store, wanted, monkeypatch, capfd):
    monkeypatch.setattr(comparing, "FEW", 1)
    monkeypatch.setattr(comparing, "PAIRS_A_TURN", 2)

    def breaks(turns):
        yield wanted[:2]
        raise BrokenProcessPool("killed")

    with Comparers(store) as comparers:
        monkeypatch.setattr(comparers, "_started", lambda: breaks)
        assert list(comparers.matches(PAIRS)) == wanted
        monkeypatch.setattr(comparers, "_started", None)  # nobody is sent for again
        assert list(comparers.matches(PAIRS)) == wanted
