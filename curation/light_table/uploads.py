"""Photos that come in through the browser: kept in a folder until somebody says that they were
understood, then collected as from any folder, through the same guards.

    uploads = Uploads(folder)
    uploads.put("mug/IMG_1.jpg", offset=0, data=b"...")     how many bytes of the file are here
    uploads.seen()                                          what `collect` would make of them
    uploads.take_in("out/dataset")                          collect, and empty the folder

A file comes in pieces; after a broken connection the page asks how much is here and goes on.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

from curation.ingest.collect import collect
from curation.ingest.incoming import Gathered, SourceOptions
from curation.ingest.report import CollectReport
from curation.ingest.sources import open_source
from data_cards.errors import BadSource, DiskFull, VitrineError
from data_cards.wording import counted

PIECE = 4_000_000  # bytes of a request
MOST_FILE = 2_000_000_000  # bytes: a long clip, or a zip of a thousand photos
MOST_FILES = 20_000
LONGEST_NAME = 180
SPARE = 500_000_000  # bytes of the disk that stay free
MOST_ROWS = 60
ARCHIVES = (".zip", ".tar", ".tgz", ".gz")


class Uploads:
    """What one person has sent so far. Not safe for two threads on one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def have(self, name: str) -> int:
        """Bytes of this file that are here."""
        path = self._path(name)
        return path.stat().st_size if path.is_file() else 0

    def put(self, name: str, offset: int, data: bytes) -> int:
        """Add a piece at its place; how many bytes are here then. A piece that was sent twice
        counts once. Raises BadSource and DiskFull."""
        path = self._path(name)
        have = self.have(name)
        if offset > have or offset < 0:
            return have  # a piece before it is missing: the page sends from there
        if offset + len(data) > MOST_FILE:
            raise BadSource(f"“{path.name}” is larger than 2 GB. Collect it from a folder instead.")
        if not have and self._count() >= MOST_FILES:
            raise BadSource(f"At most {MOST_FILES} files come in at a time. Add these first.")
        path.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(path.parent).free < SPARE + len(data):
            raise DiskFull("This machine's disk is nearly full; nothing more can come in.")
        with path.open("r+b" if have else "wb") as file:
            file.seek(offset)
            file.write(data)
        return path.stat().st_size

    def seen(self) -> dict[str, Any]:
        """What would come in: `names` with counts, how many photos are `loose`, `total`, `remarks`
        and the `question` to answer; an `empty` one before anything is here. Raises BadSource."""
        if not self._count():
            return {
                "empty": True,
                "names": [],
                "loose": 0,
                "total": 0,
                "remarks": [],
                "question": "",
            }
        gathered = self._gathered()
        titles = {info.id: info.title for info in gathered.classes}
        labels = Counter(one.label for one in gathered.photos)
        loose = labels.pop(None, 0)
        names = [
            {"title": titles.get(str(label), str(label)), "photos": count}
            for label, count in labels.most_common()
        ]
        return {
            "empty": False,
            "names": names[:MOST_ROWS],
            "loose": loose,
            "total": loose + sum(labels.values()),
            "remarks": list(gathered.remarks),
            "question": question_of(len(names), loose, sum(labels.values())),
        }

    def take_in(self, address: str) -> CollectReport:
        """Collect what is here into a dataset, then forget it. Raises what `collect` does; the
        files then stay."""
        report = collect(self._source(), address)
        self.clear()
        return report

    def clear(self) -> None:
        """Forget everything that is not taken in."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _gathered(self) -> Gathered:
        return open_source(str(self._source()), SourceOptions(workplace=self._folder.parent))

    def _source(self) -> Path:
        """A single archive is the source; otherwise the folder is."""
        files = [path for path in self._folder.rglob("*") if path.is_file()]
        alone = files[0] if len(files) == 1 else None
        return alone if alone and alone.suffix.lower() in ARCHIVES else self._folder

    def _count(self) -> int:
        return sum(path.is_file() for path in self._folder.rglob("*"))

    def _path(self, name: str) -> Path:
        """Where a file is kept. Raises BadSource for a name that leads elsewhere."""
        parts = PurePosixPath(name.replace("\\", "/")).parts
        odd = [
            part
            for part in parts
            if part in ("..", "/") or len(part) > LONGEST_NAME or "\0" in part
        ]
        if not parts or odd or name.startswith("/"):
            raise BadSource("This file's name cannot be kept. Rename it, then add it again.")
        return self._folder.joinpath(*parts)


def question_of(names: int, loose: int, named: int) -> str:
    """What was understood, as something to say yes to.

    >>> question_of(8, 76, 120)
    'I see 8 names with 120 photos, and 76 loose photos. Is that right?'
    """
    parts = []
    if names:
        parts.append(f"{counted(names, 'name')} with {counted(named, 'photo')}")
    if loose:
        parts.append(counted(loose, "loose photo"))
    if not parts:
        raise VitrineError(
            "None of these files is a photo. Try JPEG, PNG, WebP, HEIC, a clip or a zip."
        )
    return f"I see {', and '.join(parts)}. Is that right?"
