"""What earlier scans learned is there for the next one, and nothing else is."""

import json
import sqlite3
from dataclasses import asdict, dataclass

import numpy as np
import pytest

from curation.measures import cache as memory
from curation.measures.cache import Memory
from curation.measures.fingerprint import Match
from curation.measures.pixels import Measures, measured
from data_cards.errors import DiskFull

ONE = Measures(10, 20, 30.0, 40.0, 0.5)


def test_measures_and_matches_are_there_after_a_restart(tmp_path):
    first = Memory(tmp_path)
    first.keep_measures({"a": ONE, "broken": None})
    first.keep_matches({("a", "b"): Match(0.9, "edited")})
    first.keep_matches({("b", "c"): Match(0.7, "looks-alike", 0.95)})
    assert first.match("c", "b") == Match(0.7, "looks-alike", 0.95)
    again = Memory(tmp_path)
    assert again.measures(["a", "broken", "new"]) == ({"a": ONE}, {"broken"})
    assert again.matches(["a", "b"]) == {("a", "b"): Match(0.9, "edited")}


def test_what_was_measured_before_a_measure_was_added_is_measured_again(tmp_path):
    known = Memory(tmp_path)
    known.keep_measures({"a": ONE, "old": ONE})
    [path] = tmp_path.glob("*.sqlite")
    with sqlite3.connect(path) as base:
        older = json.dumps({name: value for name, value in asdict(ONE).items() if name != "peak"})
        base.execute("update looks set measures = ? where image_id = 'old'", (older,))
    assert known.measures(["a", "old"]) == ({"a": ONE}, set())


@dataclass(frozen=True, slots=True)
class WithGlare(Measures):
    """As if somebody had added a measure."""

    glare: float = -1.0


@dataclass(frozen=True, slots=True)
class TakenOtherwise(Measures):
    """As if somebody had changed how a measure is taken."""

    peak: float = measured(2, default=-1.0)


def as_if_changed(monkeypatch, kind):
    monkeypatch.setattr(memory, "Measures", kind)
    return kind(10, 20, 30.0, 40.0, 0.5)


@pytest.mark.parametrize("kind", [WithGlare, TakenOtherwise])
def test_a_measure_that_is_added_or_changed_is_taken_of_remembered_photos_too(
    kind, tmp_path, monkeypatch
):
    known = Memory(tmp_path)
    known.keep_measures({"a": ONE, "broken": None})
    known.keep_matches({("a", "b"): Match(0.9, "edited")})
    new = as_if_changed(monkeypatch, kind)
    again = Memory(tmp_path)
    assert again.measures(["a", "broken"]) == ({}, {"broken"})
    again.keep_measures({"a": new})
    assert Memory(tmp_path).measures(["a"]) == ({"a": new}, set())
    assert again.match("a", "b") == Match(0.9, "edited")  # pairs are not judged again for it


@pytest.mark.parametrize("kind", [WithGlare, TakenOtherwise])
def test_an_older_vitrine_measures_again_what_a_newer_one_wrote(kind, tmp_path, monkeypatch):
    with monkeypatch.context() as newer:
        Memory(tmp_path).keep_measures({"a": as_if_changed(newer, kind)})
    assert Memory(tmp_path).measures(["a"]) == ({}, set())


def test_a_pair_counts_only_where_both_photos_are_and_it_agrees_enough(tmp_path):
    known = Memory(tmp_path)
    known.keep_matches({("a", "b"): Match(0.9, "edited"), ("b", "c"): Match(0.2, "same-scene")})
    assert known.matches(["a", "c"]) == {}
    assert list(known.matches(["a", "b", "c"], at_least=0.5)) == [("a", "b")]


def test_one_pair_is_found_whichever_photo_was_numbered_first(tmp_path):
    known = Memory(tmp_path)
    known.keep_matches({("b", "c"): Match(0.2, "same-scene")})
    known.keep_matches({("a", "c"): Match(0.9, "edited")})
    assert known.match("a", "c") == known.match("c", "a") == Match(0.9, "edited")
    assert known.match("a", "b") is None and known.match("a", "stranger") is None
    assert known.matches("abc") == {
        ("b", "c"): Match(0.2, "same-scene"),
        ("a", "c"): Match(0.9, "edited"),
    }


def test_only_pairs_that_nobody_judged_are_left(tmp_path):
    known = Memory(tmp_path)
    known.keep_matches({("b", "c"): Match(0.2, "same-scene"), ("a", "c"): Match(0.9, "edited")})
    pairs = np.array([[0, 1], [2, 0], [1, 2], [0, 3]])
    assert known.not_judged(["c", "b", "a", "new"], pairs).tolist() == [[1, 2], [0, 3]]


def test_what_was_surveyed_in_one_dataset_is_new_in_another(tmp_path):
    known = Memory(tmp_path)
    known.keep_surveyed("one", ["a"])
    assert known.not_surveyed("one", ["a", "b"]) == {"b"} and known.not_surveyed("two", ["a"]) == {
        "a"
    }


def test_a_new_way_of_measuring_forgets_the_old_one(tmp_path, monkeypatch):
    Memory(tmp_path).keep_measures({"a": ONE})
    monkeypatch.setattr(memory, "VERSION", memory.VERSION + 1)
    assert Memory(tmp_path).measures(["a"]) == ({}, set())


def test_a_full_disk_is_said_so(tmp_path, monkeypatch):
    known = Memory(tmp_path)

    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

        def close(self):
            pass

        def executemany(self, *_):
            raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", lambda *_, **__: Full())
    with pytest.raises(DiskFull, match="disk is full, so what the scan learned"):
        known.keep_measures({"a": ONE})
