"""What was answered and what was written, kept in the album's folder, so that a run can be
stopped, go on, and be undone to the last byte.

    .vitrine-tags/answers.jsonl     what a model said of a photo
    .vitrine-tags/written.jsonl     what was to be written where, and that it was; the last line of
                                    a file counts
    .vitrine-tags/before/           files as they were before us
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from data_cards.errors import TooBusy
from data_cards.storage.atomic_files import full_disk_named, place, write_durably
from data_cards.storage.json_lines import lines_of, written
from space.album.tags import Answer, Tags, tags_from

FOLDER = ".vitrine-tags"


@dataclass(frozen=True)
class Written:
    """A file that we changed: its path and the photo's, both relative to the album; the copy of
    what was there before ("" where nothing was); the sha256 of what it became; and what is ours of
    what it says. `was`: the sha256 of what this writing replaced ("" for nothing); `is_edited`:
    the copy is of a file that somebody had changed after an earlier run."""

    file: str
    photo: str
    before: str
    after: str
    ours: Tags
    answer: str = ""
    was: str = ""
    is_edited: bool = False


class AlbumJournal:
    """The journal of one album. `keeps` is False for a dry run in a folder that may not be written
    to: it then forgets everything."""

    def __init__(self, album: Path) -> None:
        self._album = album
        self.folder = album / FOLDER
        self.keeps = os.access(album, os.W_OK)
        self._answers: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.files: dict[str, Written] = {}
        self._planned: dict[str, Written] = {}

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Read what is there, and let no other run change it. Raises TooBusy where one is at
        work: each would take what the other wrote for the words of people."""
        with ExitStack() as stack:
            if self.keeps:
                with full_disk_named("what is tagged"):
                    self.folder.mkdir(exist_ok=True)
                try:
                    stack.enter_context(FileLock(self.folder / "lock", timeout=0))
                except Timeout as error:
                    raise TooBusy(
                        f"Another run is at work in {self._album}. Try again when it has ended."
                    ) from error
            self._read()
            yield

    def _read(self) -> None:
        for row in _rows(self.folder / "answers.jsonl"):
            if {"photo", "seen", "model"} <= row.keys():
                self._answers[str(row["photo"]), str(row["seen"]), str(row["model"])] = row
        for row in _rows(self.folder / "written.jsonl"):
            self._take(row)
        for name, planned in self._planned.items():  # a run was stopped between plan and file
            if self.sha_now(name) != planned.was:
                self.files[name] = planned
        self._follow_moved()

    def _follow_moved(self) -> None:
        """Files that somebody moved within the album, with the folder or alone, are still ours."""
        gone = [row for row in self.files.values() if not (self._album / row.file).exists()]
        wanted = {PurePosixPath(row.file).name for row in gone}
        found: dict[tuple[str, str], str] = {}
        for folder, _, names in os.walk(self._album) if gone else ():
            for name in wanted.intersection(names):
                now = Path(folder, name).relative_to(self._album).as_posix()
                if now not in self.files:
                    found[name, self.sha_now(now)] = now
        for row in gone:
            now = found.get((PurePosixPath(row.file).name, row.after), "")
            if now:
                photo = PurePosixPath(now).with_name(PurePosixPath(row.photo).name)
                self._planned[now] = replace(row, file=now, photo=str(photo))
                self._append("written.jsonl", asdict(self._planned[now]))
                self.done(now)
                del self.files[row.file]
                self._append("written.jsonl", {"file": row.file, "undone": True})

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

    def sha_now(self, name: str) -> str:
        """The sha256 of a file as it is; empty where there is none."""
        file = self._album / name
        return sha_of(file.read_bytes()) if file.exists() else ""

    def is_as_left(self, row: Written) -> bool:
        """Whether nobody has changed a file since."""
        return self.sha_now(row.file) == row.after

    def plan(self, row: Written) -> Written:
        """Copy a file as somebody made it, and remember what it is about to become."""
        known = self.files.get(row.file)
        was = self.sha_now(row.file)
        if known and was == known.after:
            row = replace(row, before=known.before, was=was, is_edited=known.is_edited)
        else:
            row = replace(row, before=self._copied(row.file), was=was, is_edited=known is not None)
        self._append("written.jsonl", asdict(row))
        self._planned[row.file] = row
        return row

    def done(self, name: str) -> None:
        """Remember that a file has become what was planned."""
        self.files[name] = self._planned.pop(name)
        self._append("written.jsonl", {"file": name, "done": True})

    def forget(self, name: str) -> None:
        """Forget a file that is again as it was."""
        gone = self.files.pop(name)
        self._append("written.jsonl", {"file": name, "undone": True})
        if gone.before:
            (self.folder / "before" / gone.before).unlink(missing_ok=True)

    def _copied(self, name: str) -> str:
        """The name of a copy of a file as it is; empty where there is none."""
        file = self._album / name
        if not file.exists():
            return ""
        copy = f"{secrets.token_hex(16)}.bin"  # a name of its own: files are moved and replaced
        place(file, self.folder / "before" / copy, link=False)
        shutil.copystat(file, self.folder / "before" / copy)
        return copy

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
        name = str(row.get("file"))
        if row.get("undone"):
            self.files.pop(name, None)
            self._planned.pop(name, None)
        elif row.get("done") and name in self._planned:
            self.files[name] = self._planned.pop(name)
        elif {"file", "photo", "before", "after", "ours"} <= row.keys() and _is_inside(row):
            read = Written(
                name,
                str(row["photo"]),
                str(row["before"]),
                str(row["after"]),
                tags_from(row["ours"]),
                str(row.get("answer", "")),
                str(row.get("was", "")),
                bool(row.get("is_edited")),
            )
            where = self._planned if "was" in row else self.files  # older journals had no plans
            where[name] = read

    def _append(self, name: str, row: Mapping[str, Any]) -> None:
        if not self.keeps:
            return
        with full_disk_named("what was tagged"):
            self.folder.mkdir(exist_ok=True)
            with open(self.folder / name, "ab+") as file:
                # A line that a full disk or a power cut broke off must not spoil this one.
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) != b"\n":
                        file.write(b"\n")
                file.write(written([row]))
                file.flush()
                os.fsync(file.fileno())


def _rows(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes() if path.is_file() else b""
    return [dict(line) for line in lines_of(data, path.name)]


def _is_inside(row: Mapping[str, Any]) -> bool:
    """Albums are handed on: undoing what somebody else's journal says must not leave the album."""
    file = PurePosixPath(str(row["file"]))
    return not file.is_absolute() and ".." not in file.parts and "/" not in str(row["before"])


def sha_of(data: bytes) -> str:
    """The sha256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()
