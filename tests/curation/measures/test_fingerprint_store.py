"""Fingerprints go to a file and come back as they were, in this scan and in the next."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from curation.measures import fingerprint_store as fingerprint_store
from curation.measures.fingerprint import Fingerprint, fingerprint
from curation.measures.fingerprint_store import FingerprintStore
from curation.near_duplicates.compare import compare
from data_cards.errors import DiskFull
from tests.fixtures.scenes import scene


def same(one: Fingerprint, other: Fingerprint) -> bool:
    pairs = [
        (getattr(one, part), getattr(other, part)) for part in ("points", "descriptors", "small")
    ]
    return (one.jpeg, one.shape) == (other.jpeg, other.shape) and all(
        mine.dtype == its.dtype and np.array_equal(mine, its) for mine, its in pairs
    )


@pytest.mark.parametrize("size", [(420, 300), (64, 40), (900, 30), (3, 200)])
def test_a_fingerprint_comes_back_as_it_was(tmp_path, size):
    one = fingerprint(scene(1, size))
    with FingerprintStore(tmp_path) as store:
        store.put("a", one)
        assert same(store.get("a"), one)
    with FingerprintStore(tmp_path) as store:
        assert same(store.get("a"), one) and compare(store.get("a"), one) == compare(one, one)
        assert np.array_equal(store.descriptors("a"), one.descriptors)


def test_a_photo_that_cannot_be_read_is_known_and_has_no_fingerprint(tmp_path):
    with FingerprintStore(tmp_path) as store:
        store.put("broken", None)
        assert store.get("broken") is None and store.missing(["a", "broken"]) == {"a"}
        with pytest.raises(KeyError):
            store.get("a")
    with FingerprintStore(tmp_path) as store:
        assert store.get("broken") is None and store.descriptors("broken").shape == (0, 128)


def test_several_threads_put_without_mixing_anything_up(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint_store, "AT_ONCE", 7)
    prints = {str(n): fingerprint(scene(n)) for n in range(6)}
    with FingerprintStore(tmp_path) as store, ThreadPoolExecutor(4) as pool:
        list(pool.map(store.put, [*prints] * 20, [*prints.values()] * 20))
        assert all(pool.map(lambda name: same(store.get(name), prints[name]), [*prints] * 20))


def test_two_scans_at_once_share_what_each_has_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint_store, "AT_ONCE", 2)
    one = fingerprint(scene(1))
    with FingerprintStore(tmp_path) as mine, FingerprintStore(tmp_path) as other:
        for name in "abc":
            mine.put(name, one)
        other.put("d", one)
        assert other.missing("abcd") == {"c"} and mine.missing("abcd") == {"d"}
    with FingerprintStore(tmp_path) as again:
        assert again.missing("abcd") == set()


def test_a_scan_that_dies_loses_at_most_the_last_few(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint_store, "AT_ONCE", 2)
    with pytest.raises(ZeroDivisionError), FingerprintStore(tmp_path) as store:
        for name in "abc":
            store.put(name, None)
        raise ZeroDivisionError
    with FingerprintStore(tmp_path) as store:
        assert store.missing("abc") == {"c"}


def test_a_full_disk_is_said_so_and_what_was_kept_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint_store, "AT_ONCE", 1)
    one = fingerprint(scene(1))
    with (
        pytest.raises(DiskFull, match="what photos are compared by"),
        FingerprintStore(tmp_path) as store,
    ):
        store.put("a", one)
        store._base.execute("pragma max_page_count = 9")
        store.put("b", one)
    with FingerprintStore(tmp_path) as store:
        assert store.missing("ab") == {"b"} and same(store.get("a"), one)


def test_fingerprints_taken_in_another_way_are_forgotten(tmp_path, monkeypatch):
    with FingerprintStore(tmp_path) as store:
        store.put("a", None)
    monkeypatch.setattr(fingerprint_store, "VERSION", fingerprint_store.VERSION + 1)
    with FingerprintStore(tmp_path) as store:
        assert store.missing("a") == {"a"}
        assert [path.name for path in tmp_path.iterdir()] == [
            f"prints-{fingerprint_store.VERSION}.sqlite"
        ]


def test_a_fingerprint_takes_half_the_bytes_that_it_takes_in_memory(tmp_path):
    one = fingerprint(scene(1))
    rest = len(fingerprint_store._packed(one)) - len(one.jpeg) - len(one.close)
    assert rest < (one.descriptors.nbytes + one.small.nbytes) * 0.65
