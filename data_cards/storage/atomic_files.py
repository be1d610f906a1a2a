"""Files that are either the old ones or the new ones, whatever happens in between."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from data_cards.errors import FULL, BadModel, DamagedFile, DiskFull, VitrineError

HASH = re.compile(r"[0-9a-f]{20}")
BINARY = getattr(os, "O_BINARY", 0)  # Windows would write two signs for each end of a line


@contextmanager
def full_disk_named(what: str) -> Iterator[None]:
    """Turn "no space left" into DiskFull with a sentence about `what` could not be kept."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        if error.errno in FULL if isinstance(error, OSError) else "full" in str(error):
            raise DiskFull(
                f"The disk is full, so {what} could not be kept. What was there before is "
                "untouched. "
                "Free some space and try again.",
                cause=str(error),
            ) from error
        raise


@contextmanager
def damage_named(what: str, cure: str, kind: type[VitrineError] = DamagedFile) -> Iterator[None]:
    """Turn the errors that readers of JSON, parquet, numpy or text raise for bytes they cannot use
    into one sentence: `what` is damaged, and the `cure`. A missing or unreadable file keeps its own
    error."""
    # pyarrow's errors are ValueErrors, or OSErrors without a number.
    readers = (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        EOFError,
        zipfile.BadZipFile,
    )
    try:
        yield
    except readers as error:
        raise kind(f"{what} is damaged. {cure}", cause=repr(error)) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise kind(f"{what} is damaged. {cure}", cause=repr(error)) from error


def model_file(name: str) -> AbstractContextManager[None]:
    """`damage_named` for a file of a model: raises BadModel."""
    return damage_named(f"This model's {name}", "Train again, or fetch the model again.", BadModel)


def at_home(path: str | Path) -> Path:
    """The path with `~` and `~name` spelled out, where there is such a home."""
    return Path(os.path.expanduser(path))


def write_durably(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Replace a file in one step; on disk when this returns. `mode`: who may read it, from its
    first byte on (less what the process masks). Raises DiskFull."""
    with full_disk_named(_named(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = beside(path)
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_folder(path.parent)


def place(source: Path, target: Path, link: bool) -> None:
    """Put a copy of `source` at `target` in one step; `link`: share the bytes on disk where the
    disk can."""
    with full_disk_named(_named(target)):
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


def _named(path: Path) -> str:
    """A file's name for a message; its folder if the name is a hash."""
    return f"a file in {path.parent.name}" if HASH.search(path.name) else path.name


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
