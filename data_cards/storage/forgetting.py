"""What a commit also removes from history: noted before the commit, so that it can be finished
after a crash.

    Forgetting(revision, paths, about)     what `revision` is to leave no trace of
    Notes(folder).plan(...)                before the commit; `planned()` afterwards; `done(...)`
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from data_cards.storage.atomic_files import damage_named, write_durably

PLANNED = "FORGETTING"
DONE = "FORGOTTEN"


@dataclass(frozen=True)
class Forgetting:
    """`revision`: the commit that it belongs to (on the Hub, the one before it); `paths`: files
    whose earlier contents are all removed; `about`: the image_ids that are erased."""

    revision: str
    paths: tuple[str, ...]
    about: tuple[str, ...] = ()


class Notes:
    """Two small files in a folder of this machine: what is to be forgotten, and what was."""

    def __init__(self, folder: Path) -> None:
        self._planned = folder / PLANNED
        self._done = folder / DONE

    def plan(self, forgetting: Forgetting) -> None:
        """On disk when this returns."""
        write_durably(self._planned, json.dumps(asdict(forgetting)).encode())

    def planned(self) -> Forgetting | None:
        """What a crash may have left unfinished."""
        try:
            text = self._planned.read_bytes()
        except FileNotFoundError:
            return None
        with damage_named(str(self._planned), "Erase the same photos again, then delete it."):
            row = json.loads(text)
            return Forgetting(str(row["revision"]), tuple(row["paths"]), tuple(row["about"]))

    def done(self, about: Collection[str]) -> None:
        """Finished: remember what was erased, and forget the plan."""
        if about:
            write_durably(self._done, json.dumps(sorted({*self.forgotten(), *about})).encode())
        self.drop()

    def drop(self) -> None:
        """Forget the plan."""
        self._planned.unlink(missing_ok=True)

    def forgotten(self) -> frozenset[str]:
        """What was erased here so far, by image_id."""
        try:
            return frozenset(json.loads(self._done.read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):
            return frozenset()
