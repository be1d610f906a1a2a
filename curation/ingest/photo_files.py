"""Files that hold photos: how they are known, and how their bytes are read.

    looks_like_photo(Path("IMG_1.jpg"))       read_file(Path("IMG_1.jpg"))
"""

from __future__ import annotations

import os
from pathlib import Path

from data_cards.errors import BadPhoto
from data_cards.photo import LIMITS

PHOTO_ENDINGS = frozenset((".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp",
                           ".tif", ".tiff"))
# The endings that promise a format which is stored as it came; all others become JPEG on the way in.
PROMISES = {".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG", ".webp": "WEBP"}


def looks_like_photo(path: Path) -> bool:
    """Whether a regular file is a photo, by its name, or by its first bytes where it has no ending. Raises OSError."""
    if path.suffix:
        return path.suffix.lower() in PHOTO_ENDINGS
    with open(path, "rb") as file:
        start = file.read(12)
    return start.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or start[8:] == b"WEBP" or start[4:8] == b"ftyp"


def format_of(start: bytes) -> str:
    """JPEG, PNG or WEBP by a file's first twelve bytes, else nothing."""
    if start.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    return "PNG" if start.startswith(b"\x89PNG\r\n\x1a\n") else "WEBP" if start[8:12] == b"WEBP" else ""


def named_wrongly(path: str, format: str) -> str:
    """The rest of a sentence when a file's name promises another format than its stored bytes have, else nothing."""
    ending = Path(path).suffix.lower()
    if not format or PROMISES.get(ending, format) == format:
        return ""
    return f"a {format} file, though its name ends in {ending}. Here it is read as what it is; other programs may not."


def as_text(path: Path) -> str:
    """A path as text that can be stored, even where the disk's names are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace").replace(os.sep, "/")


def read_file(path: Path) -> bytes:
    """A file's bytes. Raises BadPhoto when it is missing, not a file, or larger than any photo we would open."""
    try:
        if not path.is_file():
            raise BadPhoto("There is no such file.")
        size = path.stat().st_size
        if size > LIMITS.max_bytes:
            most = LIMITS.max_bytes / 1e6
            raise BadPhoto(f"This file is {size / 1e6:.0f} MB; photos up to {most:.0f} MB can be read.")
        return path.read_bytes()
    except OSError as error:
        raise BadPhoto("The disk does not give this file.", cause=str(error)) from error
