"""Uploaded photos on this machine's disk: how much space they may take, and when they are deleted.

Gradio deletes the uploads that it remembers, so a killed server leaves its uploads for good, and
one odd name in that memory stops the deleting. We check the folder itself and delete everything
old, whoever left it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from data_cards.errors import BadAddress, NotAllowed
from data_cards.progress import say

# An upload is kept for ten minutes: long enough for a slow queue and for "Again".
SECONDS_KEPT = 600.0
SECONDS_BETWEEN_LOOKS = 60.0
LEFT_FREE = 500_000_000  # bytes of the disk that uploads never take: decisions are kept there, too
A_SMALL_FILE = 4_096  # bytes of disk that the smallest file takes
MOST_CLIENTS = 20_000


class UploadQuota:
    """Bytes that one client, and all together, may have lying here: what came in the last
    `seconds_kept` counts. Safe for threads."""

    def __init__(
        self,
        most_of_one: int,
        most_of_all: int,
        seconds_kept: float = SECONDS_KEPT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_of_one = most_of_one
        self._most_of_all = most_of_all
        self._kept = seconds_kept
        self._clock = clock
        self._came: deque[tuple[float, str, int]] = deque()
        self._of: dict[str, int] = {}
        self._all = 0
        self._lock = threading.Lock()

    def take(self, client: str, size: int) -> float:
        """Count bytes that are about to come; returned is 0, or the seconds until there may be
        room, and then they are not counted."""
        size = max(size, A_SMALL_FILE)
        with self._lock:
            now = self._clock()
            self._forget(now)
            held = self._of.get(client, 0)
            if held + size > self._most_of_one:
                first = next((at for at, whose, _ in self._came if whose == client), now)
                return max(1.0, first + self._kept - now)
            if self._all + size > self._most_of_all or len(self._of) >= MOST_CLIENTS:
                return max(1.0, (self._came[0][0] if self._came else now) + self._kept - now)
            self._came.append((now, client, size))
            self._of[client] = held + size
            self._all += size
            return 0.0

    def _forget(self, now: float) -> None:
        while self._came and now - self._came[0][0] >= self._kept:
            _, client, size = self._came.popleft()
            self._all -= size
            self._of[client] -= size
            if not self._of[client]:
                del self._of[client]


def upload_folder(temporary: Path | None = None) -> Path:
    """A folder for the uploads of this user's servers: the same one after a restart, closed to
    others, with a name that reveals nothing to uploaders. Raises NotAllowed if somebody else made
    it."""
    whose = str(os.getuid()) if hasattr(os, "getuid") else str(Path.home())
    name = hashlib.sha256(f"{whose} {Path.home()}".encode()).hexdigest()[:12]
    folder = (temporary or Path(tempfile.gettempdir())).resolve() / f"vitrine-uploads-{name}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        raise NotAllowed(
            f"{folder} belongs to somebody else. Set GRADIO_TEMP_DIR to a folder for uploads."
        )
    return folder


def check_own(folder: Path) -> None:
    """Raises BadAddress for a folder that uploads cannot have for themselves, since whatever is
    old in it is deleted: the system's temporary one, and those that hold home or work."""
    here = folder.resolve()
    shared = (Path(tempfile.gettempdir()).resolve(), Path.home().resolve(), Path.cwd().resolve())
    if any(place == here or place.is_relative_to(here) for place in shared):
        raise BadAddress(
            f"Uploads cannot be kept in {folder}: everything in that folder is deleted after "
            f"{SECONDS_KEPT / 60:.0f} minutes. Set GRADIO_TEMP_DIR to a folder of its own.",
            folder=str(folder),
        )


def sweep(folder: Path) -> int:
    """Delete what is older than SECONDS_KEPT, and the folders that this leaves empty; returned is
    how many files went. Nothing is followed out of the folder; what cannot be deleted stays."""
    old = time.time() - SECONDS_KEPT
    gone = 0
    for path, found in _deepest_first(folder):
        if found.st_mtime > old:
            continue
        if not stat.S_ISDIR(found.st_mode):
            gone += _deleted(path)
        else:
            _rmdir(path)
    return gone


def delete(files: Iterable[str], folder: Path) -> None:
    """Delete these files where they are plain ones in the folder, and their folders where these
    are empty then."""
    home = folder.resolve()
    for name in files:
        path = Path(name)
        found = _stat(path)
        if found and stat.S_ISREG(found.st_mode) and path.resolve().is_relative_to(home):
            _deleted(path)
            if path.parent.resolve() != home:
                _rmdir(path.parent)


def is_upload(path: Any, uploads: Path) -> bool:
    """Whether this names a plain file in the folder for uploads, links and `..` resolved: never
    the folder itself nor one in it."""
    if not isinstance(path, str) or "\0" in path or "://" in path or len(path) > 1000:
        return False
    try:
        file = Path(path).resolve() if Path(path).is_absolute() else None
        return file is not None and file.is_relative_to(uploads.resolve()) and file.is_file()
    except (OSError, ValueError, RuntimeError):  # no name, too long a name, links in a circle
        return False


class Sweeper:
    """Sweeps a folder at the start, and every minute in a thread of its own until `stop`."""

    def __init__(
        self,
        folder: Path,
        every: float = SECONDS_BETWEEN_LOOKS,
        swept: Callable[[], None] = lambda: None,
    ) -> None:
        """`swept` is called after each look."""
        self._folder = folder
        self._every = every
        self._swept = swept
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uploads", daemon=True)

    def start(self) -> None:
        """Look now, and from now on."""
        sweep(self._folder)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                sweep(self._folder)
                self._swept()
            except OSError as error:  # a disk that comes back is swept next time
                say(f"Old uploads could not be looked for: {error.strerror}.")


def forget_deleted(remembered: Iterable[set[str]]) -> None:
    """Remove the names of deleted files from these sets, which would otherwise grow forever."""
    for names in remembered:
        names.difference_update([name for name in list(names) if not os.path.lexists(name)])


def _deepest_first(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything in a folder, listed before anything is deleted, since deleting changes a folder's
    time."""
    found = []
    for here, inner, names in os.walk(folder):
        found += [(path, _stat(path)) for path in (Path(here) / name for name in (*inner, *names))]
    for path, known in reversed(found):
        if known is not None:
            yield path, known


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (OSError, ValueError):  # deleted in between, or not a valid name
        return None


def _deleted(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _rmdir(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:  # not empty, or in use again
        return
