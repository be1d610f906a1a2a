"""Photos of a folder get keywords, a title and a place from what a model says they show.

    report = Album(folder, options).tag(predictor.predict_json)
    Album(folder, options).undo()

A dry run writes nothing beside photos; a run that was stopped goes on where it was; `undo` puts
every byte back, except in files that people have changed since.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curation.ingest.listing import CLOSED, GONE, NOWHERE, TWICE, list_photos
from curation.ingest.listing import LINK as NOT_FOLLOWED
from curation.ingest.photo_files import RAW as RAW_FILE
from curation.ingest.photo_files import read_file
from data_cards.errors import BadPhoto, BadSource, NotAllowed
from data_cards.photos.image import thumbnail
from data_cards.progress import track
from data_cards.settings import dial
from data_cards.storage.atomic_files import write_durably
from space.album.contact_sheet import contact_sheet
from space.album.journal import AlbumJournal, Written, sha_of
from space.album.metadata import RAW, is_writable, sidecar_of, sidecars_of, tags_of, with_tags
from space.album.preview import preview
from space.album.report import AlbumReport, Change
from space.album.tags import Answer, Tags, added, answer_from, joined, merged

Ask = Callable[[bytes], Mapping[str, Any]]
THUMBNAIL = 200
LINK = "a link; --follow-links tags what it leads to"
CHANGED = "changed by somebody since, so it stays"
EDITED = "as somebody had changed it after an earlier run, with words of that run"
TOLD = (CLOSED, GONE, NOWHERE, TWICE)  # of what is left alone; the rest are no photos


@dataclass(frozen=True)
class AlbumOptions:
    """What the owner said about an album. `collection`: the root of the tree of keywords."""

    dry_run: bool = dial(False, "say what would change, and write nothing but the contact sheet")
    in_file: bool = dial(
        False, "write into JPEG, PNG, WEBP and TIFF files; others get a sidecar as before"
    )
    least: float = dial(
        0.0, "confidence below which a sure answer is not written", least=0.0, most=1.0
    )
    follow_links: bool = dial(False, "tag what links lead to, each file once")
    exclude: tuple[str, ...] = dial((), "skip files and folders with this name; may be repeated")
    collection: str = ""


class Album:
    """One folder of photos."""

    def __init__(self, folder: Path, options: AlbumOptions) -> None:
        if not folder.is_dir():
            raise BadSource(f"There is no folder {folder}.", source=str(folder))
        self._folder = folder
        self._options = options
        self._journal = AlbumJournal(folder)

    def tag(self, ask: Ask, model: str) -> AlbumReport:
        """Ask a model about every photo that it has not been asked about yet, and write what it
        is sure of. `ask`: bytes -> /predict's JSON; `model`: its name with its revision. Raises
        TooBusy while another run is at work here."""
        if not self._options.dry_run and not self._journal.keeps:
            raise NotAllowed(
                f"{self._folder} is read-only, so no sidecar can be written there. Use --dry-run "
                "to see what the model says."
            )
        report = AlbumReport(is_dry=self._options.dry_run)
        with self._journal.opened():
            photos = list(self._photos(report))
            for photo in track(photos, "Tagging", len(photos)):
                self._one(photo, report, ask, model)
            if self._journal.keeps:
                page = contact_sheet(report, model, self._thumbnail)
                report.sheet = self._journal.keep_sheet(page)
        return report

    def _one(self, photo: Path, report: AlbumReport, ask: Ask, model: str) -> None:
        report.looked += 1
        name = photo.relative_to(self._folder).as_posix()
        try:
            change = self._change(photo, name, ask, model)
            if change.is_change and not self._options.dry_run:
                self._write(change)
            report.changes.append(change)
        except BadPhoto as error:
            report.left.append((name, error.sentence.rstrip(".")))
        except PermissionError:
            report.left.append((name, "it may not be read or written"))
        except OSError as error:  # it went away since, or its name leaves no room for an ending
            report.left.append((name, f"{error.strerror or error}".lower()))

    def undo(self) -> tuple[int, list[tuple[str, str]]]:
        """Put every file back that we changed: (how many, those left alone and why). Raises
        TooBusy while a run is at work here."""
        left: list[tuple[str, str]] = []
        done = 0
        with self._journal.opened():
            for row in list(self._journal.files.values()):
                try:
                    is_back, why = self._put_back(row)
                except OSError as error:
                    is_back, why = False, f"it cannot be put back: {error.strerror}"
                done += is_back
                if why:
                    left.append((row.file, why))
        self._journal.close()
        return done, left

    def _put_back(self, row: Written) -> tuple[bool, str]:
        """Whether a file is now other than it was a moment ago, and what is to be said of it."""
        file = self._folder / row.file
        before = self._journal.restored(row)
        if before and not before.exists():
            return False, "the copy of what it was is no longer in .vitrine-tags"
        was = before.read_bytes() if before else None
        data = file.read_bytes() if file.exists() else None
        if data is None and before:
            return False, f"it is not there any more; what it was is {before}"
        if data is not None and data != was and not self._journal.is_as_left(row):
            return False, CHANGED
        if data != was:
            self._restore(file, before)
        self._journal.forget(row.file)
        return data != was, EDITED if row.is_edited else ""

    def _restore(self, file: Path, before: Path | None) -> None:
        if before is None:
            file.unlink()
            return
        write_durably(file, before.read_bytes())
        shutil.copystat(before, file)

    def _photos(self, report: AlbumReport) -> Iterator[Path]:
        """Photos, RAW files among them, by their real paths inside the album."""
        options = self._options
        listing = list_photos(self._folder, options.exclude, options.follow_links)
        raw = [
            Path(one.path)
            for one in listing.left_alone
            if one.why == RAW_FILE and Path(one.path).suffix.lower() in RAW
        ]
        for path in sorted({*listing.photos, *raw}):
            photo = self._folder / path
            try:
                path.as_posix().encode()
            except UnicodeEncodeError:
                report.left.append((repr(path.as_posix()), "its name is not UTF-8"))
                continue
            if photo.is_symlink() or photo.resolve() != self._folder.resolve() / path:
                photo = photo.resolve()
                if not photo.is_relative_to(self._folder.resolve()):
                    report.left.append((path.as_posix(), "a link to a place outside the folder"))
                    continue
                photo = self._folder / photo.relative_to(self._folder.resolve())
            yield photo
        for one in listing.left_alone:
            if one.why == NOT_FOLLOWED:
                report.left.append((one.path, LINK))
            elif one.why in TOLD:
                report.left.append((one.path, one.why))

    def _change(self, photo: Path, name: str, ask: Ask, model: str) -> Change:
        answer = self._answer(photo, name, ask, model)
        places = [*sidecars_of(photo), photo]
        rows = self._rows_of(photo, name)
        file = self._file_for(photo, rows)
        if file.is_symlink():
            raise BadPhoto(f"{file.name} is a link, so it stays.")
        earlier = rows.pop(file, None)
        ours = earlier.ours if earlier else None
        people = joined(*(self._by_people(one, rows) for one in places if one != file))
        now = joined(tags_of(file), people)
        wanted = replace(
            answer.tags,
            title=people.title or answer.tags.title,
            location=people.location or answer.tags.location,
        )
        after = merged(now, ours, wanted)
        return Change(
            name,
            file,
            answer,
            now,
            after,
            added(now, ours, after),
            earlier.answer if earlier else "",
            tuple(rows.values()),
        )

    def _rows_of(self, photo: Path, name: str) -> dict[Path, Written]:
        """What we wrote of a photo before, by the file that it is in."""
        found = {}
        for file in (photo, *sidecars_of(photo)):
            row = self._journal.files.get(self._name(file))
            if row and row.photo == name:
                found[file] = row
        return found

    def _by_people(self, file: Path, rows: Mapping[Path, Written]) -> Tags:
        """What a file says without us."""
        if file not in rows:
            return tags_of(file)
        before = self._journal.restored(rows[file])
        return tags_of(before) if before else Tags()

    def _file_for(self, photo: Path, rows: Mapping[Path, Written]) -> Path:
        """The photo itself, or its sidecar; or where our words are, if somebody has changed that
        file since, so that it cannot be put back."""
        for file, row in rows.items():
            if not self._journal.is_as_left(row):
                return file
        return photo if self._options.in_file and is_writable(photo) else sidecar_of(photo)

    def _name(self, file: Path) -> str:
        return file.relative_to(self._folder).as_posix()

    def _answer(self, photo: Path, name: str, ask: Ask, model: str) -> Answer:
        seen = _seen(photo)
        known = self._journal.answered(name, seen, f"{model}>{self._options.least:g}")
        if known:
            return known
        data = photo.read_bytes() if photo.suffix.lower() in RAW else read_file(photo)
        said = ask(preview(data) if photo.suffix.lower() in RAW else data)
        found = answer_from(said, self._options.collection, self._options.least)
        answer = Answer(
            f"{model}>{self._options.least:g}",
            found.answer,
            found.label,
            found.confidence,
            found.tags,
        )
        self._journal.note_answer(name, seen, answer)
        return answer

    def _write(self, change: Change) -> None:
        """Note first, then write: whatever stops us in between can be undone. Raises
        PermissionError where somebody locked the file."""
        if change.file.exists() and not os.access(change.file, os.W_OK):
            raise PermissionError
        key = self._name(change.file)
        is_tagged = change.answer.answer == "sure"
        note = {
            "Label": change.answer.label,
            "Confidence": f"{change.answer.confidence:.4f}" if is_tagged else "",
            "Model": change.answer.model.partition(">")[0] if is_tagged else "",
        }
        data = with_tags(change.file, change.after, note, change.now)
        self._journal.plan(
            Written(key, change.photo, "", sha_of(data), change.ours, change.answer.label)
        )
        self._replace(change.file, data)
        self._journal.done(key)
        for row in change.elsewhere:
            self._put_back(row)
        if key == change.photo:  # the file is another one now, and the answer is still known
            self._journal.note_answer(change.photo, _seen(change.file), change.answer)

    def _replace(self, file: Path, data: bytes) -> None:
        """Write a file anew; one that was there keeps its mode and what file managers note on it
        (KDE keeps tags in attributes of the file)."""
        kept = self._journal.folder / "attributes"
        kept.unlink(missing_ok=True)
        if not file.exists():
            write_durably(file, data)
            return
        kept.touch()
        shutil.copystat(file, kept)
        write_durably(file, data)
        shutil.copystat(kept, file)
        os.utime(file)

    def _thumbnail(self, name: str) -> bytes:
        photo = self._folder / name
        data = photo.read_bytes()
        return thumbnail(preview(data) if photo.suffix.lower() in RAW else data, THUMBNAIL)


def _seen(photo: Path) -> str:
    """What identifies the version of a photo that was looked at."""
    stat = photo.stat()
    return f"{stat.st_size}-{stat.st_mtime_ns}"
