"""What earlier scans learned about photos and pairs, so that the next one looks only at what is
new.

A small SQLite file in the user's cache. Everything in it can be worked out again; losing it
costs time, nothing else. Photos are known by image_id, so what one dataset taught also serves
another that holds the same photo.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from sys import intern  # one text in memory for a name, however often it is read

import numpy as np

from curation.measures.fingerprint import Match
from curation.measures.pixels import Measures, later_ways
from data_cards.storage.atomic_files import full_disk_named

# A new number forgets everything: the layout of the file, or how pairs are judged. How a measure is
# taken has its own number, beside the measure (curation/measures/pixels.py).
VERSION = 14
TAKEN = (
    "taken"  # in a stored row: the version numbers of measures that are not at their first version
)
AT_ONCE = 50_000  # rows
WAIT_SECONDS = 60.0
# Photos have numbers here: there are a dozen judged pairs to a photo, and sixty-four letters are
# long.
TABLES = """
create table if not exists numbered (number integer primary key, image_id text unique);
create table if not exists looks (image_id text primary key, measures text);
create table if not exists judged (
    a integer, b integer, score real, kind text, as_frames real, primary key (a, b)) without rowid;
create table if not exists surveyed (
    dataset text, number integer, primary key (dataset, number)) without rowid;
"""


class Memory:
    """Measures by photo, matches by pair, and which photos of a dataset fastdup has seen beside
    each other."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"scan-{VERSION}.sqlite"
        with self._open() as base:
            base.executescript(TABLES)

    def measures(self, ids: Iterable[str]) -> tuple[dict[str, Measures], set[str]]:
        """What is known of these photos: their measures, and which of them could not be read."""
        wanted = set(ids)
        names = {one.name for one in fields(Measures)}
        taken = later_ways(Measures)
        broken = set[str]()
        known = dict[str, Measures]()
        with self._open() as base:
            for image_id, text in base.execute("select image_id, measures from looks"):
                if image_id not in wanted:
                    continue
                one = json.loads(text)
                if not one:
                    broken.add(intern(image_id))
                # A photo with other measures, or other versions of them, is measured again.
                elif one.pop(TAKEN, {}) == taken and one.keys() == names:
                    known[intern(image_id)] = Measures(**one)
        return known, broken

    def keep_measures(self, found: Mapping[str, Measures | None]) -> None:
        """Remember measures; None for a photo that could not be read."""
        later = later_ways(Measures)
        taken = {TAKEN: later} if later else {}
        rows = [
            (image_id, json.dumps(one and asdict(one) | taken)) for image_id, one in found.items()
        ]
        with self._open() as base:
            base.executemany("insert or replace into looks values (?, ?)", rows)

    def matches(self, ids: Iterable[str], at_least: float = 0.0) -> dict[tuple[str, str], Match]:
        """Every judged pair with both photos among these and at least this score."""
        wanted = set(ids)
        with self._open() as base:
            rows = base.execute(
                "select one.image_id, other.image_id, score, kind, as_frames from judged "
                "join numbered one on one.number = a join numbered other on other.number = b "
                "where score >= ?",
                (at_least,),
            )
            return {
                _in_order(intern(a), intern(b)): Match(score, kind, as_frames)
                for a, b, score, kind, as_frames in rows
                if a in wanted and b in wanted
            }

    def match(self, one: str, other: str) -> Match | None:
        """What is known of one pair."""
        with self._open() as base:
            found = base.execute(
                "select score, kind, as_frames from judged where (a, b) in "
                "(select min(number), max(number) from numbered where image_id in (?, ?))",
                (one, other),
            ).fetchone()
        return Match(*found) if found else None

    def not_judged(self, ids: Sequence[str], pairs: np.ndarray) -> np.ndarray:
        """Those rows of `pairs` (n, 2), places in `ids`, that were never judged."""
        if not len(pairs):
            return pairs
        with self._open() as base:
            numbers = np.array(_numbers(base, ids), np.int64)
            known = _keys(base.execute("select a, b from judged"))
        low, high = np.sort(numbers[pairs], axis=1).T
        return pairs[~np.isin(low << 32 | high, known)]

    def keep_matches(self, found: Mapping[tuple[str, str], Match]) -> None:
        """Remember judged pairs."""
        with self._open() as base:
            ids = sorted({image_id for names in found for image_id in names})
            number = dict(zip(ids, _numbers(base, ids), strict=True))
            base.executemany(
                "insert or replace into judged values (?, ?, ?, ?, ?)",
                [
                    (*sorted((number[a], number[b])), match.score, match.kind, match.as_frames)
                    for (a, b), match in found.items()
                ],
            )

    def not_surveyed(self, dataset: str, ids: Sequence[str]) -> set[str]:
        """Those of these photos that were not there when all of this dataset was looked over at
        once."""
        with self._open() as base:
            numbers = _numbers(base, ids)
            known = {
                number
                for (number,) in base.execute(
                    "select number from surveyed where dataset = ?", (dataset,)
                )
            }
        return {
            image_id for image_id, number in zip(ids, numbers, strict=True) if number not in known
        }

    def keep_surveyed(self, dataset: str, ids: Sequence[str]) -> None:
        """Remember that all of the dataset was looked over at once, when it held these."""
        with self._open() as base:
            base.executemany(
                "insert or ignore into surveyed values (?, ?)",
                [(dataset, number) for number in _numbers(base, ids)],
            )

    def forget(self, ids: Collection[str]) -> None:
        """Let go of these photos and of their pairs for good. Raises DiskFull."""
        rows = [(image_id,) for image_id in ids]
        of_pairs = "(select number from numbered where image_id = ?)"
        with self._open() as base:
            base.execute("pragma secure_delete = on")
            base.executemany("delete from looks where image_id = ?", rows)
            base.executemany(f"delete from judged where a = {of_pairs}", rows)
            base.executemany(f"delete from judged where b = {of_pairs}", rows)
            base.executemany(f"delete from surveyed where number = {of_pairs}", rows)
            base.executemany("delete from numbered where image_id = ?", rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with (
            full_disk_named("what the scan learned"),
            closing(sqlite3.connect(self._path, timeout=WAIT_SECONDS)) as base,
            base,
        ):
            yield base


def _numbers(base: sqlite3.Connection, ids: Sequence[str]) -> list[int]:
    """The numbers of photos; new ones get theirs now."""
    base.executemany(
        "insert or ignore into numbered (image_id) values (?)", [(image_id,) for image_id in ids]
    )
    asked = "select number from numbered where image_id = ?"
    return [base.execute(asked, (image_id,)).fetchone()[0] for image_id in ids]


def _keys(rows: sqlite3.Cursor) -> np.ndarray:
    """Pairs of numbers as one number each, a part at a time: as Python objects a million of them
    would fill memory."""
    parts = [np.zeros(0, np.int64)]
    while some := rows.fetchmany(AT_ONCE):
        low, high = np.array(some, np.int64).T
        parts.append(low << 32 | high)
    return np.concatenate(parts)


def _in_order(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def forget_measures(folder: Path, ids: Collection[str]) -> None:
    """Let go of what earlier scans kept in this folder of these photos and their pairs; files of
    earlier versions go altogether. Raises DiskFull."""
    path = folder / f"scan-{VERSION}.sqlite"
    for forgotten in set(folder.glob("scan-*.sqlite")) - {path}:
        forgotten.unlink(missing_ok=True)
    if path.is_file():
        Memory(folder).forget(ids)
