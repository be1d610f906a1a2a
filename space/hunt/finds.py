"""How often each thing was found on a treasure hunt: numbers only, nothing about people."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path

from data_cards.storage.atomic_files import write_durably


class Finds:
    """How often each class was found: numbers, in a file. Safe for threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter(_read(path))

    def add(self, label: str) -> None:
        """One more; on disk when this returns. Raises DiskFull."""
        with self._lock:
            self._counts[label] += 1
            write_durably(self._path, json.dumps(self._counts, indent=1).encode())

    def counts(self) -> dict[str, int]:
        """By class id."""
        with self._lock:
            return dict(self._counts)


def _read(path: Path) -> dict[str, int]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # no hunt yet, or a torn file: counting begins again
        return {}
    return {str(label): int(count) for label, count in found.items() if isinstance(count, int)}
