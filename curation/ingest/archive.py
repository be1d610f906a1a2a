"""A zip or tar as a source: unpacked member by member into a hidden folder that is removed
afterwards, then read like any folder; paths are those inside the archive.

    gathered = from_archive(Path("photos.zip"), SourceOptions(), open_folder)

A stranger wrote the archive. Members that lead outside, links, devices, and members that are
encrypted, damaged or far larger than their compressed size are skipped, each with the reason; the
rest comes in.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import shutil
import stat
import struct
import tarfile
import tempfile
import time
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, cast

from curation.ingest.clips import ENDINGS as CLIP_ENDINGS
from curation.ingest.incoming import Gathered, LeftAlone, SourceOptions
from curation.ingest.naming import as_written
from data_cards.errors import FULL, BadSource
from data_cards.photos.image import LIMITS
from data_cards.storage.atomic_files import full_disk_named

TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
ENDINGS = (".zip", ".cbz", *TAR_ENDINGS)
# Archives that are not opened, be it as a source or inside another archive.
OTHER_ENDINGS = (
    ".7z",
    ".rar",
    ".cbr",
    ".tar.zst",
    ".tzst",
    ".zst",
    ".gz",
    ".bz2",
    ".xz",
    ".iso",
    ".dmg",
)
UNPACKING = ".unpacking-"
ABANDONED = 24 * 3600.0  # seconds
PIECE = 1 << 20


@dataclass(frozen=True)
class ArchiveLimits:
    """What is unpacked at most. Photos are packed already and hardly shrink, a drawing as BMP
    about a hundredfold; deflate ends at 1032-fold, which only a bomb needs. `ratio` counts for
    members above `small` bytes."""

    members: int = 500_000
    photo: int = LIMITS.max_bytes
    other: int = 4_000_000_000  # a clip of an hour
    total: int = 200_000_000_000
    ratio: int = 200
    small: int = 10_000_000
    always: int = 1_000_000_000  # what any archive may unpack to, however small it is
    header: int = 1 << 20  # one read of a tar's headers

    def of_all(self, packed: int) -> int:
        """What an archive of this many bytes may unpack to in all."""
        return min(self.total, max(self.always, self.ratio * packed))


@dataclass(frozen=True)
class Member:
    """One file of an archive. `packed`: its bytes in there, 0 where that is not known; `why`:
    why it is left alone."""

    name: str
    size: int
    packed: int
    open: Callable[[], IO[bytes]]
    why: str = ""


def is_archive(path: Path) -> bool:
    """Whether a file is called like an archive that can be read; one without any ending is a zip
    where its bytes say so."""
    if not path.suffix and path.is_file():
        return zipfile.is_zipfile(path)
    return path.name.lower().endswith(ENDINGS)


def from_archive(
    path: Path,
    options: SourceOptions,
    open_folder: Callable[[Path, SourceOptions], Gathered],
    limits: ArchiveLimits | None = None,
) -> Gathered:
    """What is in an archive. Its files are on disk as long as a photo of it may still be read.
    Raises BadSource."""
    unpacked = Unpacked(options.workplace)
    with full_disk_named("the files of the archive"):
        left_alone, broken = unpack(path, unpacked.folder, limits or ArchiveLimits())
    try:
        gathered = open_folder(unpacked.folder, options)
    except BadSource as error:
        told = error.sentence.replace(str(unpacked.folder), path.name)
        why = "".join(f" Left alone: {one.path} ({one.why})." for one in left_alone[:3])
        raise BadSource(" ".join(filter(None, (broken, told + why))), source=str(path)) from error
    said = [remark.replace(str(unpacked.folder), path.name) for remark in gathered.remarks]
    photos = (
        replace(
            photo,
            read=partial(unpacked.kept, photo.read),
            named_by=photo.named_by.replace(str(unpacked.folder), path.name),
        )
        for photo in gathered.photos
    )
    return replace(
        gathered,
        name=_stem(path),
        photos=list(photos) if isinstance(gathered.photos, list) else photos,
        references={
            name: partial(unpacked.kept, read) for name, read in gathered.references.items()
        },
        remarks=(*filter(None, [broken]), *said),
        left_alone=(*left_alone, *gathered.left_alone),
    )


def _stem(path: Path) -> str:
    ending = max((one for one in ENDINGS if path.name.lower().endswith(one)), key=len, default="")
    return path.name[: len(path.name) - len(ending)]


class Unpacked:
    """A hidden folder for unpacked files, beside the dataset; it is deleted once nothing can read
    from it any more."""

    def __init__(self, workplace: Path | None) -> None:
        if workplace is not None:
            clear_abandoned(workplace, UNPACKING)
        self.folder = Path(tempfile.mkdtemp(prefix=UNPACKING, dir=workplace))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def kept(self, read: Callable[[], bytes]) -> bytes:
        """What `read` gives; whoever may call this holds the folder."""
        return read()


def clear_abandoned(workplace: Path, prefix: str) -> None:
    """Delete the folders called so that a killed run left behind."""
    for left in workplace.glob(f"{prefix}*"):
        if time.time() - left.stat().st_mtime > ABANDONED:  # a younger one may be in use right now
            shutil.rmtree(left, ignore_errors=True)


def unpack(path: Path, folder: Path, limits: ArchiveLimits) -> tuple[list[LeftAlone], str]:
    """Write the members of an archive below `folder`: (what is left alone and why, what to say
    of an archive that ends too early). Raises BadSource where there is nothing to read, and
    OSError for a full disk."""
    left: list[LeftAlone] = []
    done = seen = 0
    total = min(limits.of_all(path.stat().st_size), shutil.disk_usage(folder).free)
    try:
        for member in _members(path, limits):
            seen += 1
            if seen > limits.members:
                return (
                    left,
                    f"{path.name} holds more than {limits.members:,} files; the others were left "
                    "alone.",
                )
            why = member.why or _unwelcome(member, limits)
            if not why:
                wrote, why = _write(member, folder, min(total - done, _most(member, limits)))
                done += wrote
                if done >= total:
                    return (
                        left,
                        f"{path.name} unpacks to more than {total / 1e9:.1f} GB; the rest was left "
                        "alone.",
                    )
            if why:
                left.append(LeftAlone(as_written(member.name), why))
    except (
        EOFError,
        zlib.error,
        lzma.LZMAError,
        OSError,
        tarfile.TarError,
        zipfile.BadZipFile,
        ValueError,
    ) as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        if not seen:
            raise BadSource(
                f"{path.name} is damaged or cut off, or not an archive: {error}. Copy or "
                "download it again.",
                source=str(path),
            ) from error
        return (
            left,
            f"{path.name} is damaged or cut off after {seen} of its files; what comes before was "
            "read.",
        )
    return left, ""


def _most(member: Member, limits: ArchiveLimits) -> int:
    return (
        limits.other if member.name.lower().endswith((*CLIP_ENDINGS, ".parquet")) else limits.photo
    )


def _unwelcome(member: Member, limits: ArchiveLimits) -> str:
    """Why a member is not unpacked, as far as its entry tells."""
    if member.name.lower().endswith((*ENDINGS, *OTHER_ENDINGS)):
        return "an archive inside the archive; unpack it and give it by itself"
    if member.size > _most(member, limits):
        return f"larger than {_most(member, limits) / 1e6:.0f} MB"
    if member.packed and member.size > limits.small and member.size > limits.ratio * member.packed:
        return f"unpacks to {member.size // member.packed} times its size, as only a zip bomb does"
    return _trick(member.name)


def _trick(name: str) -> str:
    """Why a path is not one inside a folder."""
    parts = name.split("/")
    if name.startswith("/") or re.match("[a-zA-Z]:", name) or ".." in parts:
        return "its path leads outside the archive"
    if (
        "\0" in name
        or any(len(os.fsencode(part)) > 255 for part in parts)
        or len(os.fsencode(name)) > 3000
    ):
        return "its name is too long, or not possible on this disk"
    return ""


def _write(member: Member, folder: Path, most: int) -> tuple[int, str]:
    """(bytes written, why it is left alone after all)."""
    path = folder.joinpath(*(part for part in member.name.split("/") if part not in ("", ".")))
    if os.path.lexists(path):
        return 0, "a second file of this name"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return 0, "a file has the name of its folder"
    wrote = 0
    why = "damaged"
    try:
        with closing(member.open()) as source, open(path, "xb") as target:
            while piece := source.read(min(PIECE, most - wrote + 1)):
                wrote += len(piece)
                if wrote > most:
                    break
                target.write(piece)
        why = "unpacks to more than it says" if wrote > most else ""
    except NotImplementedError:
        why = "compressed in a way that we can't read"
    except (zipfile.BadZipFile, RuntimeError, zlib.error, lzma.LZMAError):
        if not member.packed:  # what is wrong with a tar is wrong with all that follows
            raise
    finally:
        if why:
            path.unlink(missing_ok=True)
            with suppress(OSError):  # other files are in there
                path.parent.rmdir()
    return wrote, why


def _members(path: Path, limits: ArchiveLimits) -> Iterator[Member]:
    if path.name.lower().endswith(TAR_ENDINGS):
        return _of_tar(path, limits)
    return _of_zip(path) if zipfile.is_zipfile(path) else _of_cut_zip(path, limits)


def _of_zip(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = _name_in_zip(info.filename, info.flag_bits)
            if not info.is_dir() and not _is_litter(name):
                yield Member(
                    name,
                    info.file_size,
                    max(1, info.compress_size),
                    partial(archive.open, info),
                    _odd_in_zip(info),
                )


def _of_cut_zip(path: Path, limits: ArchiveLimits) -> Iterator[Member]:
    """The members before the end of a zip that lost its table of contents, which lies at its
    end."""
    with open(path, "rb") as file:
        while len(head := file.read(30)) == 30 and head.startswith(b"PK\x03\x04"):
            flags, method, packed, _, letters, extra = struct.unpack("<6xHH8xIIHH", head)
            name = file.read(letters).decode("utf-8" if flags & 0x800 else "cp437", "replace")
            file.seek(extra, 1)
            if flags & 0x1 or method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                break
            data = (
                file.read(packed) if method == zipfile.ZIP_STORED else _inflated(file, limits.photo)
            )
            if method == zipfile.ZIP_STORED and len(data) < packed:
                break
            if flags & 0x8:
                _pass_descriptor(file)
            name = _name_in_zip(name, flags)
            if not name.endswith("/") and not _is_litter(name):
                yield Member(name, len(data), 0, partial(io.BytesIO, data))
    raise EOFError("its table of contents is missing")


def _inflated(file: IO[bytes], most: int) -> bytes:
    """What is packed from here on, and the file stands behind it. Raises EOFError where it is
    cut off or too much."""
    reader = zlib.decompressobj(-15)
    data = b""
    while not reader.eof:
        piece = file.read(PIECE)
        data += reader.decompress(piece, most + 1 - len(data))
        if not piece or len(data) > most or reader.unconsumed_tail:
            raise EOFError("a member is cut off, or too large")
    file.seek(-len(reader.unused_data), 1)
    return data


def _pass_descriptor(file: IO[bytes]) -> None:
    """Pass over the sizes that follow a member whose size was not known when it was begun."""
    place = file.tell()
    file.seek(place + (16 if file.read(4) == b"PK\x07\x08" else 12))


def _name_in_zip(name: str, flags: int) -> str:
    """The path of a member. Without the mark for UTF-8 it should be in letters of MS-DOS; macOS
    writes UTF-8 anyway."""
    if not flags & 0x800:
        with suppress(UnicodeError):  # then its name says what it is
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _odd_in_zip(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x1:
        return "locked with a password"
    return "a link" if stat.S_ISLNK(info.external_attr >> 16) else ""


def _is_litter(name: str) -> bool:
    """What archives of macOS bring along beside each file."""
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1] in (".DS_Store", "")


def _of_tar(path: Path, limits: ArchiveLimits) -> Iterator[Member]:
    most = limits.of_all(path.stat().st_size)
    with (
        _opened(path) as plain,
        tarfile.open(fileobj=cast(IO[bytes], _Guarded(plain, most, limits)), mode="r:") as archive,
    ):
        for info in archive:
            archive.members = []  # type: ignore[attr-defined]  # it would keep them all
            name = info.name.replace("\\", "/")
            if not info.isdir() and not _is_litter(name):
                why = (
                    ""
                    if info.isreg()
                    else "a link"
                    if info.issym() or info.islnk()
                    else "not a regular file"
                )
                yield Member(name, info.size, 0, partial(_extracted, archive, info), why)


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    found = archive.extractfile(info)
    if found is None:
        raise tarfile.ReadError(f"{info.name} has no content")
    return found


def _opened(path: Path) -> IO[bytes]:
    """The plain tar inside, by the first bytes of the file."""
    with open(path, "rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(path))
    if start.startswith(b"BZh"):
        return cast(IO[bytes], bz2.open(path))
    return (
        cast(IO[bytes], lzma.open(path)) if start.startswith(b"\xfd7zXZ\x00") else open(path, "rb")
    )


class _Guarded:
    """The bytes of a tar, with limits on one read and on the whole: a header may claim any length,
    and a few bytes may unpack to terabytes."""

    def __init__(self, file: IO[bytes], most: int, limits: ArchiveLimits) -> None:
        self._file = file
        self._most = most
        self._at_once = max(limits.header, PIECE + 1)

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self._at_once:
            raise tarfile.ReadError("a header that is too long")
        return self._file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        if place > self._most:
            raise tarfile.ReadError("more than may be unpacked")
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()
