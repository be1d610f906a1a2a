"""Files that are either the old ones or the new ones, whatever happens in between."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data_cards.errors import DiskFull

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def full_disk_named(what: str) -> Iterator[None]:
    """Turn "no space left" into DiskFull with a sentence about `what` could not be kept."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        if error.errno in FULL if isinstance(error, OSError) else "full" in str(error):
            raise DiskFull(f"The disk is full, so {what} could not be kept. What was there before is untouched. "
                           "Free some space and try again.", cause=str(error)) from error
        raise


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file in one step; on disk when this returns. Raises DiskFull."""
    with full_disk_named(path.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = beside(path)
        try:
            with open(unfinished, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_folder(path.parent)


def place(source: Path, target: Path, link: bool) -> None:
    """Put a copy of `source` at `target` in one step; `link`: share the bytes on disk where the disk can."""
    with full_disk_named(target.name):
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = beside(target)
        try:
            if not (link and _linked(source, unfinished)):
                shutil.copyfile(source, unfinished)
                with open(unfinished, "rb+") as file:
                    os.fsync(file.fileno())
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)


def beside(path: Path) -> Path:
    """A name for an unfinished file in the same folder, hidden and unique."""
    return path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}.part")


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    if os.name == "nt":  # Windows cannot open folders, and does not need to
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without hard links: the caller copies
        return False
    return True
