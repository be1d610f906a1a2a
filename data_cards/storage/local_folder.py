"""A local folder as a repository: plain files for people, every revision kept beside them.

    folder/…                      the newest revision, as ordinary files
    folder/.vitrine/objects/  contents by sha256; large ones share their bytes with the ordinary
                              file (hard links)
    folder/.vitrine/revisions/   one small JSON per revision: parent, time, message, path -> content
    folder/.vitrine/HEAD          the newest revision; replacing this one file is what commits
    folder/.vitrine/FORGETTING    what a commit is to take out of history; finished on opening
    folder/.vitrine/APPLIED  the revision that the ordinary files show; a crash in between is
                             finished on opening

Files that somebody edits by hand become a revision of their own the next time anybody asks for
the newest one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from data_cards.errors import (
    CLOSED,
    FULL,
    BadAddress,
    ClosedDisk,
    Conflict,
    DiskFull,
    MissingFile,
    TooBusy,
)
from data_cards.storage.atomic_files import at_home, damage_named, place, write_durably
from data_cards.storage.forgetting import Forgetting, Notes
from data_cards.storage.last_change import Saved
from data_cards.storage.revision_names import check_tag

STORE = ".vitrine"
TAGS = "tags.json"
REVISION_LENGTH = 40
# bytes; small files are copied, so that an editor that writes in place cannot change history
LARGE = 1_000_000
UNFINISHED = re.compile(r"\..*\.[0-9a-f]{12}\.part")  # as data_cards.storage.atomic_files.beside
WAIT_FOR_LOCK = 60.0  # seconds
Files = dict[str, str]  # path -> sha256


class FolderRepository:
    """See data_cards.storage.repository.Repository for what each method promises."""

    def __init__(self, path: Path, create: bool = False, pinned: str | None = None) -> None:
        self.path = at_home(path).absolute()
        self.address = str(path)
        if create:
            self.path.mkdir(parents=True, exist_ok=True)
        if not self.path.is_dir():
            raise MissingFile(f"There is no folder {path}.", address=str(path))
        self._store = self.path / STORE
        self._notes = Notes(self._store)
        self.pinned: str | None = None
        if pinned:
            self.pinned = self._resolve(pinned)

    def head(self) -> str | None:
        """The newest revision, after taking in what was edited by hand."""
        if not os.access(self.path, os.W_OK):
            return self._pointer("HEAD")
        with self._locked():
            return self._settled()

    def files(self, prefix: str = "", revision: str | None = None) -> list[str]:
        """Paths at a revision, sorted."""
        return sorted(
            path for path in self._files(self._resolve(revision)) if path.startswith(prefix)
        )

    def read(self, path: str, revision: str | None = None) -> bytes:
        """The bytes of a file at a revision."""
        return self.fetch(path, revision).read_bytes()

    def fetch(self, path: str, revision: str | None = None) -> Path:
        """Where the bytes of a file at a revision lie; not to be changed."""
        content = self._files(self._resolve(revision)).get(path)
        if content is None:
            raise MissingFile(
                f"{self.address} has no {path}"
                + (f" at revision {revision[:12]}." if revision else "."),
                path=path,
                revision=revision,
            )
        held = self._object(content)
        if not held.exists():
            raise MissingFile(
                f"{path} was erased from {self.address}.", path=path, revision=revision
            )
        return held

    def contents(self, revision: str | None = None) -> Mapping[str, str]:
        """path -> sha256 of its bytes."""
        return self._files(self._resolve(revision))

    def tag(self, name: str, revision: str) -> None:
        """Give a revision a name, kept beside the revisions."""
        with self._locked():
            taken = self.tags()
            check_tag(name, taken)
            text = json.dumps({**taken, name: revision}, indent=0).encode()
            write_durably(self._store / TAGS, text)

    def tags(self) -> Mapping[str, str]:
        """Names that people gave, and the revisions that have them."""
        try:
            with self._whole(TAGS):
                return dict(json.loads((self._store / TAGS).read_bytes()))
        except FileNotFoundError:
            return {}

    def last_change(self, path: str, revision: str) -> Saved:
        """The revision that gave a file its bytes; a folder does not know who made it."""
        content = self._files(revision).get(path)
        record = self._record(revision)
        while record["parent"] and self._files(record["parent"]).get(path) == content:
            record = self._record(record["parent"])
        return Saved(record["at"], "")

    def commit(
        self,
        add: Mapping[str, bytes | Path],
        message: str,
        delete: Collection[str] = (),
        parent: str | None = None,
        forget: Collection[str] = (),
        about: Collection[str] = (),
    ) -> str:
        """All of it or nothing; the new revision (the old one when nothing changes)."""
        for path in (*add, *delete):
            _check_path(path)
        with self._locked():
            head = self._settled()
            if parent is not None and parent != head:
                raise Conflict(
                    f"Somebody else saved to {self.address} in the meantime.",
                    head=head,
                    parent=parent,
                )
            before = self._files(head)
            after = {path: content for path, content in before.items() if path not in delete}
            after |= {path: self._keep(data) for path, data in add.items()}
            if after == before and head is not None:
                return head
            made = self._advance(head, after, message, forget=tuple(forget), about=tuple(about))
            self._finish_forgetting(made)
            return made

    def forgotten(self) -> frozenset[str]:
        """What was erased here, by image_id."""
        return self._notes.forgotten()

    def forget(self, path: str) -> None:
        """Remove the contents `path` ever had, from history too, unless a file of the newest
        revision has them."""
        with self._locked():
            self._forget((path,), self._settled())

    def keep_only(self, revisions: Collection[str]) -> None:
        """Remove large contents that neither the newest revision nor one of these has. The
        others keep their names."""
        with self._locked():
            wanted = {
                content
                for one in (self._settled(), *map(self._resolve, revisions))
                for content in self._files(one).values()
            }
            for record in (self._store / "revisions").glob("*.json"):
                for content in set(json.loads(record.read_bytes())["files"].values()) - wanted:
                    held = self._object(content)
                    if held.exists() and held.stat().st_size > LARGE:
                        held.unlink()

    # --- revisions

    def _resolve(self, revision: str | None) -> str | None:
        revision = revision or self.pinned
        if revision is None:
            return self.head()
        revision = self.tags().get(revision, revision)
        records = self._store / "revisions"
        if (records / f"{revision}.json").exists():
            return revision
        found = [
            record.stem for record in records.glob("*.json") if record.stem.startswith(revision)
        ]
        if len(found) != 1 or len(revision) < 6:
            raise MissingFile(f"{self.address} has no revision {revision}.", revision=revision)
        return found[0]

    def _files(self, revision: str | None) -> Files:
        if revision is None:
            return {}
        files: Files = self._record(revision)["files"]
        return files

    def _record(self, revision: str) -> dict[str, Any]:
        with self._whole(f"revisions/{revision}.json"):
            return dict(json.loads((self._store / "revisions" / f"{revision}.json").read_bytes()))

    def _advance(
        self,
        parent: str | None,
        files: Files,
        message: str,
        applied: bool = False,
        forget: tuple[str, ...] = (),
        about: tuple[str, ...] = (),
    ) -> str:
        record = {
            "parent": parent,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "message": message,
            "files": dict(sorted(files.items())),
        }
        text = json.dumps(record, ensure_ascii=False, indent=0).encode()
        revision = hashlib.sha256(text).hexdigest()[:REVISION_LENGTH]
        write_durably(self._store / "revisions" / f"{revision}.json", text)
        if forget:
            self._notes.plan(Forgetting(revision, forget, about))
        write_durably(self._store / "HEAD", revision.encode())  # the moment of the commit
        if applied:
            self._mark_applied(revision, files)
        else:
            self._apply(revision)
        return revision

    # --- the ordinary files

    def _settled(self) -> str | None:
        """HEAD, after finishing what a crash interrupted (a commit, and what it was to forget) and
        taking in edits by hand."""
        head = self._newest()
        self._finish_forgetting(head)
        return head

    def _finish_forgetting(self, head: str | None) -> None:
        plan = self._notes.planned()
        if plan is None:
            return
        if self._is_part_of(plan.revision, head):
            self._forget(plan.paths, head)
            self._remove_unfinished()
            self._notes.done(plan.about)
        else:  # its commit never happened
            self._notes.drop()

    def _is_part_of(self, revision: str, head: str | None) -> bool:
        """Whether a revision is `head` or one before it."""
        at = head
        while at is not None and at != revision:
            at = json.loads((self._store / "revisions" / f"{at}.json").read_bytes())["parent"]
        return at is not None

    def _forget(self, paths: Collection[str], head: str | None) -> None:
        wanted = set(self._files(head).values())
        for record in (self._store / "revisions").glob("*.json"):
            files = json.loads(record.read_bytes())["files"]
            for content in {files[path] for path in paths if path in files} - wanted:
                self._object(content).unlink(missing_ok=True)

    def _remove_unfinished(self) -> None:
        """Files that a crash left half-written: whoever writes here holds the lock, as we do."""
        for folder, _, names in os.walk(self.path):
            for name in names:
                if UNFINISHED.fullmatch(name):
                    (Path(folder) / name).unlink(missing_ok=True)

    def _newest(self) -> str | None:
        head = self._pointer("HEAD")
        applied = self._pointer("APPLIED")
        if head != applied and head is not None:
            self._apply(head)
            return head
        seen = self._stamps()
        if seen == self._known_stamps():
            return head
        files = {path: self._keep(self.path / path) for path in seen}
        if files == self._files(head):
            self._mark_applied(head, files)
            return head
        return self._advance(head, files, "Edited by hand" if head else "Found here", applied=True)

    def _apply(self, revision: str) -> None:
        files = self._files(revision)
        applied = self._files(self._pointer("APPLIED"))
        known = applied if self._stamps() == self._known_stamps() else {}
        for path, content in files.items():
            target = self.path / path
            if known.get(path) != content or not target.exists():
                place(
                    self._object(content), target, link=self._object(content).stat().st_size > LARGE
                )
        for path in set(applied) - set(
            files
        ):  # files we do not know were put there by somebody, and stay
            (self.path / path).unlink(missing_ok=True)
        self._mark_applied(revision, files)

    def _mark_applied(self, revision: str | None, files: Files) -> None:
        stamps = {path: stamp for path, stamp in self._stamps().items() if path in files}
        write_durably(self._store / "stamps.json", json.dumps(stamps).encode())
        if revision:
            write_durably(self._store / "APPLIED", revision.encode())

    def _stamps(self) -> dict[str, list[int]]:
        """path -> [size, mtime in ns]: what tells an edit by hand without reading everything."""
        found = {path: (self.path / path).stat() for path in self._walk()}
        return {path: [stat.st_size, stat.st_mtime_ns] for path, stat in found.items()}

    def _known_stamps(self) -> dict[str, list[int]]:
        try:
            stamps = json.loads((self._store / "stamps.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return stamps if isinstance(stamps, dict) else {}

    def _walk(self) -> list[str]:
        """Every ordinary file; names that start with a dot are not ours."""
        found: list[str] = []
        for folder, inner, names in os.walk(self.path):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            here = Path(folder).relative_to(self.path)
            found += [(here / name).as_posix() for name in names if not name.startswith(".")]
        return sorted(found)

    # --- the store

    def _keep(self, data: bytes | Path) -> str:
        content = _sha256(data)
        held = self._object(content)
        if not held.exists():
            if isinstance(data, bytes):
                write_durably(held, data)
            else:
                place(data, held, link=data.stat().st_size > LARGE)
        return content

    def _object(self, content: str) -> Path:
        return self._store / "objects" / content[:2] / content[2:]

    def _pointer(self, name: str) -> str | None:
        try:
            with self._whole(name):
                revision = (self._store / name).read_text().strip()
                if len(revision) != REVISION_LENGTH or not revision.isalnum():
                    raise ValueError(revision)
                return revision
        except FileNotFoundError:
            return None

    def _whole(self, name: str) -> AbstractContextManager[None]:
        return damage_named(f"{STORE}/{name} in {self.address}", "Put the folder back from a copy.")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._store.mkdir(exist_ok=True)
            with FileLock(self._store / "lock", timeout=WAIT_FOR_LOCK):
                yield
        except DiskFull as error:  # for a file whose name means nothing to people
            raise DiskFull(
                f"The disk is full, so the changes could not be saved to {self.address}. What was "
                "there before is untouched. Free some space and try again.",
                cause=str(error),
            ) from error
        except Timeout as error:
            raise TooBusy(
                f"Somebody else has been saving to {self.address} for a minute; try again."
            ) from error
        except OSError as error:
            if error.errno not in (*CLOSED, *FULL):
                raise
            if error.errno in FULL:
                said = f"The disk of {self.address} is full. Free some space and try again."
                raise DiskFull(said, cause=str(error)) from error
            raise ClosedDisk(
                f"{self.address} cannot be written to: {error.strerror}. Nothing was changed. Make "
                "it writable, or copy it to a place that is.",
                cause=str(error),
            ) from error


def _check_path(path: str) -> None:
    parts = PurePosixPath(path).parts
    if (
        not parts
        or path.startswith("/")
        or "\\" in path
        or any(part.startswith(".") for part in parts)
    ):
        raise BadAddress(f"'{path}' cannot be the name of a file in a repository.", path=path)


def _sha256(data: bytes | Path) -> str:
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    with open(data, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
