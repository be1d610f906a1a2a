"""Where the files lie that a list names: as written, or else in another case, composed
differently, without the ending, or deeper in the folder, as long as only one file is meant.

    found = FileLookup(Path("photos"), "train").find("IMG_1")
    # a path below the folder, or Missing with the reason
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from curation.ingest.photo_files import PHOTO_ENDINGS


@dataclass(frozen=True)
class Missing:
    """A name that does not lead to exactly one file: why, and whether it leads out of the
    folder."""

    why: str
    is_outside: bool = False


def _without_address(name: str) -> Iterator[str]:
    """The name of a file within an address as annotation tools write them: "%20" for a blank,
    "/data/local-files/?d=photos/1.jpg", "/data/upload/3/0a1b2c3d-1.jpg", "1.jpg?width=200"."""
    plain = unquote(name)
    if plain != name:
        yield plain
    path, _, query = plain.partition("?")
    if query.startswith("d="):
        yield query[2:]
    elif query:
        yield path
    uploaded = re.search(r"(?:^|/)[0-9a-f]{8}-([^/]+)$", path)
    if uploaded:
        yield uploaded[1]


class FileLookup:
    """The files below `root`. `hint`: a word that tells apart folders which both have a file of
    a name (the list `train.csv` means `train/1.jpg` before `test/1.jpg`)."""

    def __init__(self, root: Path, hint: str = "") -> None:
        self.root = root
        self._hint = _key(hint)
        self._below = os.path.abspath(root)
        self._inside = os.path.realpath(root)
        self._real_folders: dict[str, str] = {}

    def is_there(self, name: str) -> bool:
        """Whether a name means one file."""
        return isinstance(self.find(name), Path)

    def find(self, name: str) -> Path | Missing:
        """The file that is meant, relative to the folder."""
        plain = name.replace("\\", "/").strip().removeprefix("file://")
        if not plain or "\0" in plain:
            return Missing("this is not a file name")
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", plain):
            return Missing("this is a web address; download the photo first")
        for spelled in dict.fromkeys((name, plain)):
            path = self._as_written(spelled)
            if path is not None:
                return path
        found = self._looked_up(plain)
        if isinstance(found, Missing) and not found.is_outside:
            others = (self._looked_up(other) for other in _without_address(plain))
            return next((other for other in others if isinstance(other, Path)), found)
        return found

    def _as_written(self, name: str) -> Path | Missing | None:
        path = os.path.normpath(os.path.join(self._below, name))
        try:
            kind = os.lstat(path).st_mode
            if stat.S_ISLNK(kind):
                kind = os.stat(path).st_mode
                whole = os.path.realpath(path)
            else:
                whole = os.path.join(self._real(os.path.dirname(path)), os.path.basename(path))
        except (OSError, ValueError):
            return None  # not there, too long for this disk, or a circle of links
        if not stat.S_ISREG(kind):
            return None
        if not whole.startswith(self._inside + os.sep):
            return Missing("this lies outside the folder of the list", is_outside=True)
        above = self._below if path.startswith(self._below + os.sep) else self._inside
        return Path((path if above == self._below else whole)[len(above) + 1 :])

    def _real(self, folder: str) -> str:
        if folder not in self._real_folders:
            self._real_folders[folder] = os.path.realpath(folder)
        return self._real_folders[folder]

    def _looked_up(self, name: str) -> Path | Missing:
        is_whole_path = name.startswith("/") or re.match(r"[a-zA-Z]:/", name) is not None
        plain = posixpath.normpath(name)
        if plain.startswith(".."):
            return Missing("this lies outside the folder of the list", is_outside=True)
        parts = [_key(part) for part in plain.split("/") if part]
        for index in (self._by_name, self._by_stem):
            found = _matching(
                index.get(parts[-1] if parts else "", []),
                parts,
                self._own_names(parts, is_whole_path),
            )
            found = found if len(found) < 2 else self._hinted(found)
            if len(found) == 1:
                return found[0].path
            if found:
                return Missing(
                    f"there are {len(found)}: {found[0].path.as_posix()}, "
                    f"{found[1].path.as_posix()}"
                )
        return self._missing(parts)

    def _own_names(self, parts: list[str], is_whole_path: bool) -> list[int]:
        """How many leading parts of a name may be left out: the folder's own name; of a whole
        path from another machine any of its folders."""
        own = [_key(part) for part in Path(self._inside).parts]
        return [
            count
            for count in range(1, len(parts))
            if is_whole_path or own[-count:] == parts[:count]
        ]

    def _hinted(self, found: list[_Entry]) -> list[_Entry]:
        hinted = [
            entry
            for entry in found
            if self._hint and any(self._hint in folder for folder in entry.keys[:-1])
        ]
        return hinted if len(hinted) == 1 else found

    def _missing(self, parts: list[str]) -> Missing:
        stem = PurePosixPath(parts[-1]).stem if parts else ""
        near = self._by_stem.get(stem, [])
        if len(near) == 1:
            return Missing(f"there is no such file, but there is {near[0].path.as_posix()}")
        return Missing("there is no such file")

    @cached_property
    def _entries(self) -> list[_Entry]:
        found = []
        for folder, inner, names in os.walk(self.root):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name).relative_to(self.root)
                found.append(_Entry(path, tuple(map(_key, path.parts))))
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[_Entry]]:
        index: dict[str, list[_Entry]] = {}
        for entry in self._entries:
            index.setdefault(entry.keys[-1], []).append(entry)
        return index

    @cached_property
    def _by_stem(self) -> dict[str, list[_Entry]]:
        index: dict[str, list[_Entry]] = {}
        for entry in self._entries:
            if entry.path.suffix.lower() in PHOTO_ENDINGS:
                index.setdefault(_key(entry.path.stem), []).append(entry)
        return index


@dataclass(frozen=True)
class _Entry:
    path: Path
    keys: tuple[str, ...]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _matching(entries: list[_Entry], parts: list[str], may_leave_out: list[int]) -> list[_Entry]:
    """The files that a name means, nearest first: at this path; otherwise without the folder's own
    name; otherwise anywhere below with all the folders that the name has."""
    folders = tuple(parts[:-1])
    exact = [entry for entry in entries if entry.keys[:-1] == folders]
    if exact:
        return exact
    for count in may_leave_out:
        shorter = [entry for entry in entries if entry.keys[:-1] == folders[count:]]
        if shorter:
            return shorter
    return [
        entry for entry in entries if not folders or entry.keys[:-1][-len(folders) :] == folders
    ]
