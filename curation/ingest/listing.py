"""What a folder holds: its photos, and every other file or folder with the reason why it is left
alone.

    listing = list_photos(Path("photos"), exclude=("drafts",))
    listing.photos, listing.left_alone

Only regular files are opened: a named pipe would never answer. Links are not followed unless that
is asked for.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from curation.ingest.clips import is_clip
from curation.ingest.incoming import LeftAlone
from curation.ingest.photo_files import as_text, looks_like_photo, no_photo
from data_cards.errors import BadSource

NO_PHOTO = "no photo"
EMPTY = "an empty folder"
SYSTEM = "hidden, or of the system"
EXCLUDED = "excluded by --exclude"
LINK = "a link (--follow-links takes these)"
NOWHERE = "a link that leads nowhere"
TWICE = "a link to a file that is already here"
SPECIAL = "not a regular file"
CLOSED = "may not be opened"
OURS = "a dataset or model of Vitrine"
LIVE_PART = "the moving part of the photo beside it (Live Photo, motion photo)"
GONE = "went away while the folder was read"

# Trash, thumbnails and snapshots of Windows, macOS, Linux, Synology, QNAP and NetApp. Names that
# begin with a dot are hidden and passed over without being listed here.
SYSTEM_NAMES = re.compile(
    r"#recycle|#snapshot|@eadir|@recycle"
    r"|@recently-snapshot|@__thumb|@tmp|@sharebin|@syno\w*|~snapshot"
    r"|\$recycle\.bin|system volume information|found\.\d{3}|lost\+found"
    r"|__macosx|icon\r|ipod photo cache|network trash folder|temporary items|.*\.lrdata"
    r"|thumbs\.db(:encryptable)?|ehthumbs(_vista)?\.db|desktop\.ini|picasa\.ini|__pycache__",
    re.IGNORECASE,
)

# What phones call a photo and the clip of its moment: "IMG_1234.HEIC" and "IMG_1234.MOV".
LIVE = re.compile(r"(?:IMG_E?\d+|MVIMG_\w+|PXL_[\w.]+)\.(?:mov|mp4)", re.IGNORECASE)

OpenFolder = Callable[[Path], AbstractContextManager[Iterator["os.DirEntry[str]"]]]


@dataclass(frozen=True)
class Listing:
    """Paths of photos relative to the folder, those of a folder before those of the folders in it;
    and what is left alone, where a folder stands for all that is in it (its path ends in "/")."""

    photos: tuple[Path, ...]
    left_alone: tuple[LeftAlone, ...]
    unmatched: tuple[str, ...] = ()


def list_photos(
    root: Path,
    exclude: Sequence[str] = (),
    follow_links: bool = False,
    open_folder: OpenFolder = os.scandir,
    with_clips: bool = False,
) -> Listing:
    """The photos below a folder. `exclude`: patterns (`*`, `?`, `[...]`) for a name or for a path
    inside the folder, in any case; those that met nothing are named in `unmatched`. With
    `follow_links` each real file comes in once, and what is there without a link goes first;
    `with_clips` brings clips as well. Raises BadSource when the folder itself may not be opened.
    """
    walk = _Walk(
        root,
        tuple(_folded(pattern).removeprefix("./").rstrip("/") for pattern in exclude),
        open_folder,
        with_clips,
    )
    walk.below(Path(), Path(os.path.realpath(root)))
    while walk.links:
        links = walk.links
        walk.links = []
        for link in links:
            if follow_links:
                walk.follow(link)
            else:
                walk.leave(link, LINK if os.path.exists(root / link) else NOWHERE)
    walk.photos = walk.without_live_parts()
    unmatched = [
        given
        for given, pattern in zip(exclude, walk.patterns, strict=True)
        if pattern not in walk.matched
    ]
    return Listing(
        tuple(sorted(walk.photos, key=_files_first)),
        tuple(sorted(walk.left_alone, key=lambda one: one.path)),
        tuple(unmatched),
    )


def photos_in(paths: Iterable[str], exclude: Sequence[str] = ()) -> Iterator[str]:
    """These files, and for a folder the photos in it. Raises BadSource for a folder that may not be
    opened, or has none."""
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        found = list_photos(Path(path), exclude).photos
        if not found:
            raise BadSource(f"There are no photos in {path}.", source=path)
        yield from (str(Path(path, photo)) for photo in found)


@dataclass
class _Walk:
    """One walk through a folder. `seen`: real paths of the files and folders that were met without
    a link, or through one that was followed."""

    root: Path
    patterns: tuple[str, ...]
    open_folder: OpenFolder
    with_clips: bool = False
    photos: list[Path] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)
    matched: set[str] = field(default_factory=set)

    def below(self, top: Path, real: Path) -> None:
        """Everything in one folder and below. `top` is relative to the root, `real` is where it
        really lies."""
        waiting = [(top, real)]
        while waiting:
            folder, place = waiting.pop()
            if place in self.seen:
                self.leave(folder, TWICE, folder=True)
                continue
            self.seen.add(place)
            waiting += [(folder / name, place / name) for name in self._one_folder(folder, place)]

    def follow(self, link: Path) -> None:
        """Take what a link leads to, unless it is here already."""
        try:
            real = Path(os.path.realpath(self.root / link, strict=True))
        except (OSError, RuntimeError):  # it leads nowhere, or in a circle
            self.leave(link, NOWHERE)
            return
        if real in self.seen:
            self.leave(link, TWICE, folder=real.is_dir())
        elif real.is_dir():
            self.below(link, real)
        else:
            self._file(link, real)

    def without_live_parts(self) -> list[Path]:
        """The photos without the clips that phones keep beside them, called the same: those show
        the moment of the photo once more."""
        stills = {path.with_suffix("") for path in self.photos if not is_clip(path)}
        moving = {
            path
            for path in self.photos
            if is_clip(path) and LIVE.fullmatch(path.name) and path.with_suffix("") in stills
        }
        for path in moving:
            self.leave(path, LIVE_PART)
        return [path for path in self.photos if path not in moving]

    def leave(self, path: Path, why: str, folder: bool = False) -> None:
        """Note why a file, or a folder with all that is in it, does not come in."""
        self.left_alone.append(LeftAlone(as_text(path) + ("/" if folder else ""), why))

    def _one_folder(self, folder: Path, place: Path) -> list[str]:
        """Note what lies in one folder; the names of the folders in it that are to be read next."""
        try:
            with self.open_folder(place) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._closed(folder, error)
            return []
        if folder.parts and _is_ours(place, {entry.name for entry in found}):
            self.leave(folder, OURS, folder=True)
            return []
        if not found and folder.parts:
            self.leave(folder, EMPTY, folder=True)
        return [
            entry.name
            for entry in found
            if self._is_folder_to_read(folder / entry.name, place, entry)
        ]

    def _is_folder_to_read(self, path: Path, place: Path, entry: os.DirEntry[str]) -> bool:
        is_folder = entry.is_dir(follow_symlinks=False)
        if self._is_excluded(path):
            self.leave(path, EXCLUDED, is_folder)
        elif entry.name.startswith(".") or SYSTEM_NAMES.fullmatch(entry.name):
            self.leave(path, SYSTEM, is_folder)
        elif entry.is_symlink():
            self.links.append(path)
        elif is_folder:
            return True
        else:
            self._file(path, place / entry.name)
        return False

    def _file(self, path: Path, real: Path) -> None:
        if real in self.seen:
            self.leave(path, TWICE)
            return
        self.seen.add(real)
        try:
            if not stat.S_ISREG(real.stat().st_mode):
                self.leave(path, SPECIAL)
            elif looks_like_photo(real) or (self.with_clips and is_clip(path)):
                self.photos.append(path)
            else:
                self.leave(path, no_photo(path) or NO_PHOTO)
        except FileNotFoundError:
            self.leave(path, GONE)
        except OSError:
            self.leave(path, CLOSED)

    def _closed(self, folder: Path, error: OSError) -> None:
        if not folder.parts:
            raise BadSource(
                f"The folder {self.root} cannot be opened: {error.strerror}.", source=str(self.root)
            )
        self.leave(folder, GONE if isinstance(error, FileNotFoundError) else CLOSED, folder=True)

    def _is_excluded(self, path: Path) -> bool:
        whole = _folded(path.as_posix())
        name = _folded(path.name)
        hits = {one for one in self.patterns if fnmatchcase(name, one) or fnmatchcase(whole, one)}
        self.matched |= hits
        return bool(hits)


def _is_ours(place: Path, names: set[str]) -> bool:
    """Whether a folder is what Vitrine made of photos, as where `make loop` writes into the folder
    of the photos."""
    if "collection" in names and os.path.isfile(place / "collection" / "classes.yaml"):
        return "README.md" in names
    return "vitrine" in names and os.path.isfile(place / "vitrine" / "release.json")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _files_first(path: Path) -> list[tuple[bool, str]]:
    return [(True, part) for part in path.parts[:-1]] + [(False, path.name)]
