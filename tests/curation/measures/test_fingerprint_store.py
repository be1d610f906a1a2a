"""Fingerprints go to a file and come back as they were, in this scan and in the next."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from curation.measures import fingerprint_store as print_shelf
from curation.measures.fingerprint import Fingerprint, fingerprint
from curation.measures.fingerprint_store import PrintShelf
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
    with PrintShelf(tmp_path) as shelf:
        shelf.put("a", one)
        assert same(shelf.get("a"), one)
    with PrintShelf(tmp_path) as shelf:
        assert same(shelf.get("a"), one) and compare(shelf.get("a"), one) == compare(one, one)
        assert np.array_equal(shelf.descriptors("a"), one.descriptors)


def test_a_photo_that_cannot_be_read_is_known_and_has_no_fingerprint(tmp_path):
    with PrintShelf(tmp_path) as shelf:
        shelf.put("broken", None)
        assert shelf.get("broken") is None and shelf.missing(["a", "broken"]) == {"a"}
        with pytest.raises(KeyError):
            shelf.get("a")
    with PrintShelf(tmp_path) as shelf:
        assert shelf.get("broken") is None and shelf.descriptors("broken").shape == (0, 128)


def test_several_threads_put_without_mixing_anything_up(tmp_path, monkeypatch):
    monkeypatch.setattr(print_shelf, "AT_ONCE", 7)
    prints = {str(n): fingerprint(scene(n)) for n in range(6)}
    with PrintShelf(tmp_path) as shelf, ThreadPoolExecutor(4) as pool:
        list(pool.map(shelf.put, [*prints] * 20, [*prints.values()] * 20))
        assert all(pool.map(lambda name: same(shelf.get(name), prints[name]), [*prints] * 20))


def test_two_scans_at_once_share_what_each_has_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(print_shelf, "AT_ONCE", 2)
    one = fingerprint(scene(1))
    with PrintShelf(tmp_path) as mine, PrintShelf(tmp_path) as other:
        for name in "abc":
            mine.put(name, one)
        other.put("d", one)
        assert other.missing("abcd") == {"c"} and mine.missing("abcd") == {"d"}
    with PrintShelf(tmp_path) as again:
        assert again.missing("abcd") == set()


def test_a_scan_that_dies_loses_at_most_the_last_few(tmp_path, monkeypatch):
    monkeypatch.setattr(print_shelf, "AT_ONCE", 2)
    with pytest.raises(ZeroDivisionError), PrintShelf(tmp_path) as shelf:
        for name in "abc":
            shelf.put(name, None)
        raise ZeroDivisionError
    with PrintShelf(tmp_path) as shelf:
        assert shelf.missing("abc") == {"c"}


def test_a_full_disk_is_said_so_and_what_was_kept_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(print_shelf, "AT_ONCE", 1)
    one = fingerprint(scene(1))
    with (
        pytest.raises(DiskFull, match="what photos are compared by"),
        PrintShelf(tmp_path) as shelf,
    ):
        shelf.put("a", one)
        shelf._base.execute("pragma max_page_count = 9")
        shelf.put("b", one)
    with PrintShelf(tmp_path) as shelf:
        assert shelf.missing("ab") == {"b"} and same(shelf.get("a"), one)


def test_fingerprints_taken_in_another_way_are_forgotten(tmp_path, monkeypatch):
    with PrintShelf(tmp_path) as shelf:
        shelf.put("a", None)
    monkeypatch.setattr(print_shelf, "VERSION", print_shelf.VERSION + 1)
    with PrintShelf(tmp_path) as shelf:
        assert shelf.missing("a") == {"a"}
        assert [path.name for path in tmp_path.iterdir()] == [
            f"prints-{print_shelf.VERSION}.sqlite"
        ]


def test_a_fingerprint_takes_half_the_bytes_that_it_takes_in_memory(tmp_path):
    one = fingerprint(scene(1))
    rest = len(print_shelf._packed(one)) - len(one.jpeg) - len(one.close)
    assert rest < (one.descriptors.nbytes + one.small.nbytes) * 0.65
