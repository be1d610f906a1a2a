"""Files that hold photos: how they are known, and how their bytes are read.

looks_like_photo(Path("IMG_1.jpg"))       read_file(Path("IMG_1.jpg"))
"""

from __future__ import annotations

import os
from pathlib import Path

from data_cards.errors import BadPhoto
from data_cards.photos.file_format import START, format_of
from data_cards.photos.image import LIMITS

__all__ = [
    "PHOTO_ENDINGS",
    "as_text",
    "format_of",
    "looks_like_photo",
    "named_wrongly",
    "no_photo",
    "read_file",
]

PHOTO_ENDINGS = frozenset(
    (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".pjpeg",
        ".pjp",
        ".mpo",
        ".png",
        ".webp",
        ".heic",
        ".heif",
        ".hif",
        ".heics",
        ".heifs",
        ".avif",
        ".avifs",
        ".gif",
        ".bmp",
        ".dib",
        ".tif",
        ".tiff",
    )
)
# Raw files of cameras begin as a TIFF does; all that can be read of them is a thumbnail.
RAW_ENDINGS = frozenset(
    (
        ".dng",
        ".nef",
        ".nrw",
        ".arw",
        ".sr2",
        ".srf",
        ".cr2",
        ".pef",
        ".srw",
        ".3fr",
        ".iiq",
        ".erf",
        ".mos",
        ".kdc",
        ".dcr",
        ".rwl",
        ".fff",
    )
)
# The endings that promise a format which is stored as it came; all others become JPEG on the way
# in.
PROMISES = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
}


ARCHIVE_ENDINGS = frozenset((".zip", ".tar", ".tgz", ".rar", ".7z", ".gz", ".xz", ".bz2", ".zst"))
# Pictures that are not read here.
OTHER_PICTURES = frozenset(
    (
        ".jp2",
        ".j2k",
        ".jpx",
        ".jxl",
        ".psd",
        ".svg",
        ".tga",
        ".ppm",
        ".pgm",
        ".exr",
        ".ico",
        ".pcx",
    )
)
RAW = "a raw file of a camera; export it as JPEG"
ARCHIVE = "an archive; give it as a source by itself"
OTHER_PICTURE = "a picture in a format that we can't read; save it as JPEG or PNG"
RAW_TOO = frozenset((".crw", ".cr3", ".raf", ".orf", ".rw2", ".x3f", ".gpr"))


def no_photo(path: Path) -> str:
    """Why a file that is not a photo is left out, if its name tells; otherwise empty."""
    ending = path.suffix.lower()
    if ending in RAW_ENDINGS or ending in RAW_TOO:
        return RAW
    if ending in ARCHIVE_ENDINGS:
        return ARCHIVE
    return OTHER_PICTURE if ending in OTHER_PICTURES else ""


def looks_like_photo(path: Path) -> bool:
    """Whether a regular file looks like a photo by its ending, or is one by its first bytes,
    whatever its name. Raises OSError."""
    ending = path.suffix.lower()
    if ending in PHOTO_ENDINGS or ending in RAW_ENDINGS:
        return ending in PHOTO_ENDINGS
    with open(path, "rb") as file:
        return bool(format_of(file.read(START)))


def named_wrongly(path: str, format: str) -> str:
    """The rest of a sentence when a file's name promises another format than its stored bytes
    have, else nothing."""
    ending = Path(path).suffix.lower()
    if not format or PROMISES.get(ending, format) == format:
        return ""
    return (
        f"a {format} file, though its name ends in {ending}. Vitrine reads it correctly; "
        "other programs may not."
    )


def as_text(path: Path) -> str:
    """A path as text that can be stored, even where the disk's names are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace").replace(os.sep, "/")


def read_file(path: Path) -> bytes:
    """A file's bytes. Raises BadPhoto when it is missing, not a file, or larger than any photo
    we would open."""
    try:
        if not path.is_file():
            raise BadPhoto(
                "This is not a regular file." if path.exists() else "There is no such file."
            )
        size = path.stat().st_size
        if size > LIMITS.max_bytes:
            most = LIMITS.max_bytes / 1e6
            raise BadPhoto(
                f"This file is {size / 1e6:.0f} MB; photos up to {most:.0f} MB can be read."
            )
        return path.read_bytes()
    except OSError as error:
        raise BadPhoto("This file can't be read from the disk.", cause=str(error)) from error
