"""What was answered and what was written, kept in the album's folder, so that a run can be
stopped, go on, and be undone to the last byte.

    .vitrine-tags/answers.jsonl     what a model said of a photo
    .vitrine-tags/written.jsonl     what was written where; the last line of a file counts
    .vitrine-tags/before/           files as they were before us
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_cards.storage.atomic_files import full_disk_named, write_durably
from data_cards.storage.json_lines import lines_of, written
from space.album.tags import Answer, Tags, tags_from

FOLDER = ".vitrine-tags"


@dataclass(frozen=True)
class Written:
    """A file that we changed: its path and the photo's, both relative to the album; the copy of
    what was there before ("" where nothing was); the sha256 of what it became; and what is ours of
    what it says."""

    file: str
    photo: str
    before: str
    after: str
    ours: Tags
    answer: str = ""


class AlbumJournal:
    """The journal of one album. `keeps` is False for a dry run in a folder that may not be written
    to: it then forgets everything."""

    def __init__(self, album: Path) -> None:
        self.folder = album / FOLDER
        self.keeps = os.access(album, os.W_OK)
        self._answers = {
            (str(row["photo"]), str(row["seen"]), str(row["model"])): row
            for row in _rows(self.folder / "answers.jsonl")
            if {"photo", "seen", "model"} <= row.keys()
        }
        self.files: dict[str, Written] = {}
        for row in _rows(self.folder / "written.jsonl"):
            self._take(row)

    def answered(self, photo: str, seen: str, model: str) -> Answer | None:
        """What this model said of the photo as it was `seen` (its size and time)."""
        row = self._answers.get((photo, seen, model))
        if row is None:
            return None
        return Answer(
            model,
            str(row["answer"]),
            str(row["label"]),
            float(row["confidence"]),
            tags_from(row["tags"]),
        )

    def note_answer(self, photo: str, seen: str, answer: Answer) -> None:
        """Remember an answer."""
        row = {"photo": photo, "seen": seen, **asdict(answer)}
        self._answers[photo, seen, answer.model] = row
        self._append("answers.jsonl", row)

    def begin(self, file: Path, name: str) -> str:
        """Copy a file as it is before we change it for the first time; the name of the copy."""
        if name in self.files:
            return self.files[name].before
        if not file.exists():
            return ""
        copy = f"{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()}.bin"
        with full_disk_named(f"a copy of {file.name}"):
            target = self.folder / "before" / copy
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
        return copy

    def note(self, row: Written) -> None:
        """Remember that a file is about to become what `after` says."""
        self.files[row.file] = row
        self._append("written.jsonl", asdict(row))

    def forget(self, name: str) -> None:
        """Forget a file that is again as it was."""
        gone = self.files.pop(name)
        self._append("written.jsonl", {"file": name, "undone": True})
        if gone.before:
            (self.folder / "before" / gone.before).unlink(missing_ok=True)

    def restored(self, row: Written) -> Path | None:
        """The copy of a file as it was; None where there was none."""
        return self.folder / "before" / row.before if row.before else None

    def close(self) -> None:
        """Delete the folder if nothing is left to undo."""
        if not self.files and self.folder.is_dir():
            shutil.rmtree(self.folder)

    def keep_sheet(self, page: str) -> Path:
        """Write the contact sheet; where it is."""
        path = self.folder / "sheet.html"
        write_durably(path, page.encode("utf-8", "replace"))
        return path

    def _take(self, row: Mapping[str, Any]) -> None:
        if row.get("undone"):
            self.files.pop(str(row.get("file")), None)
        elif {"file", "photo", "before", "after", "ours"} <= row.keys():
            self.files[str(row["file"])] = Written(
                str(row["file"]),
                str(row["photo"]),
                str(row["before"]),
                str(row["after"]),
                tags_from(row["ours"]),
                str(row.get("answer", "")),
            )

    def _append(self, name: str, row: Mapping[str, Any]) -> None:
        if not self.keeps:
            return
        with full_disk_named("what was tagged"):
            self.folder.mkdir(exist_ok=True)
            with open(self.folder / name, "ab") as file:
                file.write(written([row]))
                file.flush()
                os.fsync(file.fileno())


def _rows(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes() if path.is_file() else b""
    return [dict(line) for line in lines_of(data, path.name)]


def sha_of(data: bytes) -> str:
    """The sha256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()
