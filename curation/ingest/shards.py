"""How photos enter a dataset: shards fill up on disk, each distinct photo gets one row, and one
commit adds them all.

with Intake(dataset, collection) as intake:
    intake.take(photo, data)
    intake.refuse(image_id, "IMG_1.jpg", "red-grid", "This photo is damaged.")
    dataset = intake.finish("Collect from photos")
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ulid import ULID

from curation.ingest.archive import clear_abandoned
from data_cards.annotations.decision import NONE_OF_THESE, Decision, decide, line_of
from data_cards.annotations.ledger import fold, given_labels
from data_cards.annotations.outside_edits import saved_labels
from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import Changes, Dataset, collection_files
from data_cards.dataset.schema import Finding, Label, Photo, Source
from data_cards.dataset.tables import (
    findings_file,
    images_file,
    ledger_file,
    read_image_group,
    read_photo_rows,
    row_locations,
)
from data_cards.storage.atomic_files import full_disk_named
from data_cards.storage.repository import parse_address

SHARD_BYTES = 48_000_000
SHARD_PHOTOS = 2048
SHARDS_PER_COMMIT = 16  # about 0.8 GB: what a crash can cost
UNFINISHED = ".collecting-"  # a hidden folder: repositories leave those alone
# how files of our findings are called, so that a scan does not replace them as its own
OURS = "collect-"
WHO = "collect"  # who decides in the ledger when a folder or a list names a photo that had no label


class Intake:
    """Photos on their way into a dataset. `counts`: added, already_there, repeated, unreadable,
    labelled: stored photos that nobody had labelled and that came again with a label, and doubted:
    stored photos that came again with another label."""

    def __init__(
        self,
        dataset: Dataset,
        collection: Collection,
        references: Mapping[str, bytes] | None = None,
        shard_bytes: int = SHARD_BYTES,
        shards_per_commit: int = SHARDS_PER_COMMIT,
    ) -> None:
        self.dataset = dataset
        self.counts: Counter[str] = Counter()
        self._collection = collection
        self._references = dict(references or {})
        self._shard_bytes = shard_bytes
        self._shards_per_commit = shards_per_commit
        self._there = dict(dataset.photos())
        self._known_findings = {(one.image_id, one.reason) for one in dataset.findings()}
        self._open: dict[str, tuple[Photo, bytes]] = {}
        self._open_bytes = 0
        self._waiting: dict[str, Photo] = {}
        self._shards: dict[str, Path] = {}
        self._findings: list[Finding] = []
        self._conflicts: list[tuple[Photo, Source]] = []
        self._outdated: frozenset[Finding] = frozenset()
        self._labelled: dict[str, Decision] = {}
        self._files: dict[str, bytes] = {}
        self._folder = _workplace(dataset.address)

    def __enter__(self) -> Intake:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def take(self, photo: Photo, data: bytes) -> None:
        """One photo with one source. Bytes that are here already only add their source, or are
        counted."""
        if photo.image_id in self._there:
            self._again(self._there[photo.image_id], photo.sources[0])
        elif photo.image_id in self._open or photo.image_id in self._waiting:
            self._repeat(photo)
        else:
            self._open[photo.image_id] = (photo, data)
            self._open_bytes += len(data)
            self.counts["added"] += 1
            if self._open_bytes >= self._shard_bytes or len(self._open) >= SHARD_PHOTOS:
                self._seal()
                if len(self._shards) >= self._shards_per_commit:
                    self._commit("Collect, part by part")

    def refuse(self, image_id: str, path: str, label: str | None, reason: str) -> None:
        """A file that is no photo: kept as a finding, once."""
        self.counts["unreadable"] += 1
        self._find(Finding(image_id, "unreadable", 1.0, f"{path}: {reason}", label))

    def finish(
        self,
        message: str,
        collection: Collection | None = None,
        settled: Container[tuple[str, str]] = (),
        outdated: Iterable[Finding] = (),
        files: Mapping[str, bytes] | None = None,
    ) -> Dataset:
        """Commit what is left; the dataset at its new revision (the old one when nothing came
        in).

        `collection`: the classes, where only now it is known which of them are needed;
        `settled`: pairs of a stored photo's label and the one it came with now that are nothing
        to ask about; `outdated`: findings of earlier runs that no longer hold; `files`: what else
        is to be written, by its path.
        """
        self._files = dict(files or {})
        self._seal()
        self._collection = collection or self._collection
        self._outdated = frozenset(outdated)
        labels = self.dataset.labels() if self._conflicts else {}
        for photo, source in self._conflicts:
            self._settle(photo, source, labels.get(photo.image_id), settled)
        self._commit(message)
        return self.dataset

    def _repeat(self, photo: Photo) -> None:
        self.counts["repeated"] += 1
        source = photo.sources[0]
        if photo.image_id in self._open:
            first, data = self._open[photo.image_id]
            self._open[photo.image_id] = (_with_source(first, source), data)
        else:
            self._waiting[photo.image_id] = _with_source(self._waiting[photo.image_id], source)

    def _again(self, photo: Photo, source: Source) -> None:
        self.counts["already_there"] += 1
        if source.given_label and source.given_label not in _given(photo):
            self._conflicts.append((photo, source))

    def _settle(
        self, photo: Photo, source: Source, now: Label | None, settled: Container[tuple[str, str]]
    ) -> None:
        """A stored row is never rewritten. A label for a photo that had none becomes a decision,
        and a second opinion about one that has a label becomes a finding."""
        given = sorted(_given(photo))
        asked = source.given_label or ""
        decided = self._labelled.get(photo.image_id)
        current = decided.label or NONE_OF_THESE if decided else _word(now)
        if current == asked or (len(given) == 1 and (given[0], asked) in settled):
            return
        if not current and not given and all(one.origin != "visitor" for one in photo.sources):
            action = (
                {"action": "none_of_these"}
                if asked == NONE_OF_THESE
                else {"action": "relabel", "label": asked}
            )
            self._labelled[photo.image_id] = decide(WHO, photo.image_id, **action)
            self.counts["labelled"] += 1
            return
        self.counts["doubted"] += 1
        said = f"labelled {asked}; here it is {' and '.join(given) or 'without a label'}"
        self._find(
            Finding(
                photo.image_id,
                "label",
                1.0,
                f"The same photo came in again as {source.path}, {said}.",
                min(given, default=None),
                asked,
            )
        )

    def _find(self, finding: Finding) -> None:
        if (finding.image_id, finding.reason) not in self._known_findings:
            self._known_findings.add((finding.image_id, finding.reason))
            self._findings.append(finding)

    def _seal(self) -> None:
        """Close the open shard: its bytes go to disk, its rows wait for the commit."""
        if self._open:
            self._write(list(self._open.values()))
            self._waiting |= {image_id: photo for image_id, (photo, _) in self._open.items()}
            self._open = {}
            self._open_bytes = 0

    def _write(self, rows: list[tuple[Photo, bytes]]) -> None:
        name, data = images_file(rows)
        path = self._folder / Path(name).name
        with full_disk_named("the photos"):
            path.write_bytes(data)
        self._shards[name] = path

    def _commit(self, message: str) -> None:
        self._rewrite_repeated()
        added = given_labels(self._waiting)
        findings = self._findings
        self._findings = []
        found = findings_file(f"{OURS}{ULID()}", findings) if findings else None

        def change(base: Dataset) -> Changes:
            delete, kept = self._without_outdated(base)
            add: dict[str, bytes | Path] = {**self._shards, **kept}
            if added or self._labelled:
                labels = fold(added | base.labels(), self._labelled.values())
                add |= saved_labels(base, labels.values())
            if self._labelled:
                add |= dict([ledger_file(map(line_of, self._labelled.values()))])
            if found:
                add |= dict([found])
            add |= {path: data for path, data in self._files.items() if _differs(base, path, data)}
            if base.collection() != self._collection or self._references:
                add |= collection_files(self._collection, self._references)
            return Changes(add, delete)

        self.dataset = self.dataset.update(message, change)
        self._there |= self._waiting
        self._waiting = {}
        self._shards = {}
        self._references = {}

    def _without_outdated(self, base: Dataset) -> tuple[tuple[str, ...], dict[str, bytes | Path]]:
        """(files of earlier runs' findings to remove, what stays of them as files)."""
        delete: list[str] = []
        add: dict[str, bytes | Path] = {}
        for path, rows in base.findings_by_file().items():
            kept = [row for row in rows if row not in self._outdated]
            if len(kept) < len(rows) and Path(path).name.startswith(OURS):
                delete.append(path)
                add |= dict([findings_file(f"{OURS}{ULID()}", kept)]) if kept else {}
        return tuple(delete), add

    def _rewrite_repeated(self) -> None:
        """Bring sources that came after their photo's shard was sealed into that shard, before
        anybody has seen it."""
        for name, path in list(self._shards.items()):
            rows = list(read_photo_rows(path))
            if any(len(row.sources) != len(self._waiting[row.image_id].sources) for row in rows):
                del self._shards[name]
                self._write([(self._waiting[image_id], data) for image_id, data in _bytes_of(path)])
                path.unlink()


def _differs(base: Dataset, path: str, data: bytes) -> bool:
    return path not in base.paths or base.repo.read(path, base.revision) != data


def _bytes_of(path: Path) -> Iterator[tuple[str, bytes]]:
    held = -1
    images = list[bytes]()
    for image_id, group, row in row_locations(path):
        if group != held:
            held = group
            images = read_image_group(path, group)
        yield image_id, images[row]


def _word(label: Label | None) -> str:
    """A class id, "none", or another status; empty for a photo without a label."""
    if label is None or label.status == "unlabelled":
        return ""
    return label.label or (NONE_OF_THESE if label.status == "none_of_these" else label.status)


def _given(photo: Photo) -> set[str]:
    return {source.given_label for source in photo.sources if source.given_label}


def _with_source(photo: Photo, source: Source) -> Photo:
    return replace(photo, sources=(*photo.sources, source))


def _workplace(address: str) -> Path:
    """Where shards wait: on the dataset's own disk, where they can be moved in without a copy."""
    place = parse_address(address)
    if place.kind != "folder":
        return Path(tempfile.mkdtemp(prefix="vitrine-collecting-"))
    clear_abandoned(Path(place.name), UNFINISHED)
    return Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=place.name))
