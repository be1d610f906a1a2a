"""Decisions on this machine's disk: kept before anybody says "kept", sent to the repository in
batches.

Each process writes its own file (`<ulid>.jsonl`), so two never overwrite each other. A line that a
crash cut short is reported and does no harm. The repository's ledger shows what was sent, so a
restart neither loses nor doubles a decision.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ulid import ULID

from data_cards.annotations.decision import Decision, Question, line_of
from data_cards.annotations.ledger import Ledger, read_ledger
from data_cards.dataset.repo import Dataset
from data_cards.dataset.tables import ledger_file
from data_cards.errors import sentence_of
from data_cards.storage.atomic_files import full_disk_named, sync_folder
from data_cards.storage.json_lines import Line, lines_of, written
from data_cards.wording import counted

Row = dict[str, Any]


class Journal:
    """Append-only lines in a folder. Safe for threads of one process and for several processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.torn = 0
        self.unreadable: list[Row] = []
        self._path = folder / f"{ULID()}.jsonl"
        self._lock = threading.Lock()
        self._sent: set[str] | None = None
        with full_disk_named("the place for decisions"):
            folder.mkdir(parents=True, exist_ok=True)
        self._rows = self._read_all()
        # Every key press counts what waits, so this must never pass over everything kept.
        self._waiting = dict(self._rows)

    def append(self, entries: Sequence[Decision | Question]) -> None:
        """On disk when this returns. Raises DiskFull, and then none of them counts."""
        rows = [line_of(entry) for entry in entries]
        if not rows:
            return
        with self._lock:
            with full_disk_named(
                "your decision" if len(rows) == 1 else f"your {len(rows)} decisions"
            ):
                self._write(written(rows))
            fresh = {row["id"]: row for row in rows}
            self._rows |= fresh
            self._waiting |= {
                name: row for name, row in fresh.items() if name not in (self._sent or ())
            }

    def rows(self) -> list[Row]:
        """Every line kept here, sent or not, each id once."""
        with self._lock:
            return list(self._rows.values())

    def decisions(self) -> list[Decision]:
        """Every decision kept here."""
        return list(read_ledger(self.rows()).decisions)

    def questions(self) -> list[Question]:
        """Every visitor's question kept here."""
        return list(read_ledger(self.rows()).questions)

    def waiting(self) -> list[Row]:
        """Lines that are not known to be in the repository."""
        with self._lock:
            return list(self._waiting.values())

    @property
    def unsent(self) -> int:
        """How many lines wait."""
        return len(self._waiting)

    def mark_sent(self, ids: Iterable[str]) -> None:
        """The repository holds these."""
        sent = set(ids)
        with self._lock:
            self._sent = (self._sent or set()) | sent
            self._waiting = {name: row for name, row in self._waiting.items() if name not in sent}

    def learn_sent(self, dataset: Dataset) -> None:
        """Ask the repository once which lines it holds."""
        if self._sent is None:
            self.mark_sent(str(row.get("id", "")) for row in dataset.ledger())

    def _write(self, data: bytes) -> None:
        created = not self._path.exists()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            before = os.fstat(descriptor).st_size
            try:
                _write_all(descriptor, data)
                os.fsync(descriptor)
            except OSError:
                # Half a line is worse than none: the person sees that nothing was kept.
                os.ftruncate(descriptor, before)
                raise
        finally:
            os.close(descriptor)
        if created:
            sync_folder(self.folder)

    def _read_all(self) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for path in sorted(self.folder.glob("*.jsonl")):
            for row in self._lines(path):
                if "unreadable" in row:
                    self.unreadable.append(row)
                if isinstance(row.get("id"), str):
                    rows.setdefault(row["id"], row)
                else:
                    self.torn += 1
        return rows

    def _lines(self, path: Path) -> list[Line]:
        """The lines of a file; one line that says why where it cannot be read: the others count."""
        place = f"decisions kept here, {path.name}"
        try:
            return lines_of(path.read_bytes(), place)
        except OSError as error:
            return [Line({"unreadable": sentence_of(error)}, place)]


@dataclass(frozen=True)
class Flushed:
    """What a flush did: the dataset as it is now, how many lines went there, how many still
    wait."""

    dataset: Dataset
    sent: int
    kept: int


def flush(journal: Journal, dataset: Dataset) -> Flushed:
    """Send what waits in one commit with one new file. Whatever goes wrong, everything stays
    kept here.

    Raises Conflict or HubUnreachable with their sentence when the repository did not take it.
    """
    journal.learn_sent(dataset)
    waiting = journal.waiting()
    if not waiting:
        return Flushed(dataset, 0, 0)
    path, data = ledger_file(waiting)
    count = counted(len(waiting), "decision")
    after = dataset.commit({path: data}, f"Add {count}")
    journal.mark_sent(row["id"] for row in waiting)
    return Flushed(after, len(waiting), journal.unsent)


def known(dataset: Dataset, journal: Journal | None = None) -> Ledger:
    """Everything decided: what the repository holds and what still waits here, each once."""
    here = [*journal.rows(), *journal.unreadable] if journal else []
    return read_ledger([*dataset.ledger(), *here])


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
