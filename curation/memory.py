"""What earlier scans learned about photos and pairs, so that the next one looks only at what is new.

A small SQLite file in the user's cache. Everything in it can be worked out again; losing it costs time, nothing else.
Photos are known by image_id, so what one dataset taught also serves another that holds the same photo.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

from curation.quality import Measures
from curation.verification import Match
from data_cards.errors import DiskFull

# A new number forgets what was measured in another way.
VERSION = 2
WAIT_SECONDS = 60.0
TABLES = """
create table if not exists looks (image_id text primary key, measures text);
create table if not exists judged (a text, b text, score real, kind text, primary key (a, b));
create table if not exists proposed (dataset text, image_id text, primary key (dataset, image_id));
"""


class Memory:
    """Measures by photo, matches by pair, and which photos of a dataset have been compared with the others."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"scan-{VERSION}.sqlite"
        with self._open() as base:
            base.executescript(TABLES)

    def measures(self, ids: Iterable[str]) -> dict[str, Measures | None]:
        """What is known of these photos; None for one that could not be read."""
        wanted = set(ids)
        with self._open() as base:
            rows = base.execute("select image_id, measures from looks").fetchall()
        return {image_id: _measures(text) for image_id, text in rows if image_id in wanted}

    def keep_measures(self, found: Mapping[str, Measures | None]) -> None:
        """Remember measures; None for a photo that could not be read."""
        rows = [(image_id, json.dumps(one and asdict(one))) for image_id, one in found.items()]
        with self._open() as base:
            base.executemany("insert or replace into looks values (?, ?)", rows)

    def matches(self, ids: Iterable[str]) -> dict[tuple[str, str], Match]:
        """Every judged pair with both photos among these."""
        wanted = set(ids)
        with self._open() as base:
            rows = base.execute("select a, b, score, kind from judged").fetchall()
        return {(a, b): Match(score, kind) for a, b, score, kind in rows if a in wanted and b in wanted}

    def keep_matches(self, found: Mapping[tuple[str, str], Match]) -> None:
        """Remember judged pairs."""
        with self._open() as base:
            base.executemany("insert or replace into judged values (?, ?, ?, ?)",
                             [(a, b, match.score, match.kind) for (a, b), match in found.items()])

    def not_compared(self, dataset: str, ids: Iterable[str]) -> set[str]:
        """Those of these photos for which no pairs were proposed yet in this dataset."""
        with self._open() as base:
            rows = base.execute("select image_id from proposed where dataset = ?", (dataset,)).fetchall()
        return set(ids) - {image_id for image_id, in rows}

    def keep_compared(self, dataset: str, ids: Iterable[str]) -> None:
        """Remember that these were compared with everything in the dataset."""
        with self._open() as base:
            base.executemany("insert or ignore into proposed values (?, ?)", [(dataset, one) for one in ids])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=WAIT_SECONDS)) as base, base:
                yield base
        except sqlite3.OperationalError as error:
            if "full" not in str(error):
                raise
            raise DiskFull("The disk is full, so what the scan learns cannot be kept. Free some space and scan "
                           "again; the dataset is untouched.", cause=str(error)) from error


def _measures(text: str) -> Measures | None:
    known = json.loads(text)
    return Measures(**known) if known else None
