"""A dataset repo: the only code that knows a path inside one.

    README.md  collection/  images/*.parquet  labels/labels.parquet  splits/splits.parquet
    data/*.parquet (the default config, derived from the three)  data/contents.json
    collection/asking.json  splits/certificate.json  ledger/<ulid>.jsonl  findings/*.parquet
    opinions/*.parquet
    inbox/<image_id>.parquet   visitors' photos that nobody has accepted yet; no table has them

A `Dataset` is pinned to one revision: what it reads never changes under it. `newest()` moves on;
`update()` writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from data_cards.dataset.collection import Collection as Things
from data_cards.dataset.collection import read_collection, write_collection
from data_cards.dataset.collection_files import FRONT_MATTER
from data_cards.dataset.default_config import table_edits
from data_cards.dataset.outside_edits import CellEdit, label_after, line_of_edit
from data_cards.dataset.schema import Finding, Label, Opinion, Photo, Split
from data_cards.dataset.tables import (
    label_edits,
    read_photo_rows,
    read_remarks,
    read_rows,
    row_locations,
    says_what_was_written,
)
from data_cards.errors import Conflict, MissingFile, NewerFormat, TooBusy
from data_cards.storage.atomic_files import damage_named
from data_cards.storage.json_lines import lines_of
from data_cards.storage.repository import Repository, open_repository, parse_address

FORMAT = 1
README = "README.md"
CARD = "collection/card.md"
CLASSES = "collection/classes.yaml"
ASKING = "collection/asking.json"
REFERENCES = "collection/references/"
IMAGES = "images/"
INBOX = "inbox/"
LEDGER = "ledger/"
FINDINGS = "findings/"
OPINIONS = "opinions/"
DATA = "data/"
CONTENTS = "data/contents.json"
LABELS = "labels/labels.parquet"
SPLITS = "splits/splits.parquet"
CERTIFICATE = "splits/certificate.json"
TRIES = 8


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """Where a photo's bytes are: the shard, its row group, the row in it."""

    shard: str
    group: int
    row: int


@dataclass(frozen=True)
class Changes:
    """What one commit adds, replaces and removes."""

    add: Mapping[str, bytes | Path] = field(default_factory=dict)
    delete: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


class Dataset:
    """Photos, labels, splits, findings and decisions at one revision of a repository."""

    def __init__(self, repo: Repository, revision: str) -> None:
        self.repo = repo
        self.revision = revision

    @property
    def address(self) -> str:
        """Where the repository is, without a revision."""
        return self.repo.address

    @cached_property
    def paths(self) -> frozenset[str]:
        """Every file of this revision."""
        return frozenset(self.repo.files(revision=self.revision))

    def collection(self) -> Things:
        """The classes and the card that travel with the data."""
        with self._whole(CARD):
            card = self._read(CARD).decode()
        with self._whole(CLASSES):
            return read_collection(card, self._read(CLASSES).decode())

    def reference(self, class_id: str) -> bytes | None:
        """The reference picture of a class (JPEG), if there is one."""
        path = f"{REFERENCES}{class_id}.jpg"
        return self._read(path) if path in self.paths else None

    def references(self) -> frozenset[str]:
        """The classes that have a reference picture."""
        return frozenset(
            path.removeprefix(REFERENCES).removesuffix(".jpg") for path in self._under(REFERENCES)
        )

    @cached_property
    def _photos(self) -> dict[str, Photo]:
        return {photo.image_id: photo for shard in self.shards for photo in self._rows_of(shard)}

    def photos(self) -> Mapping[str, Photo]:
        """Every photo by image_id, without its bytes, in storage order."""
        return self._photos

    def inbox(self) -> Mapping[str, Photo]:
        """Visitors' photos that wait for a person, by image_id: no row of any table."""
        return self._inbox

    @cached_property
    def _inbox(self) -> dict[str, Photo]:
        return {
            photo.image_id: photo for shard in self._under(INBOX) for photo in self._rows_of(shard)
        }

    def labels(self) -> dict[str, Label]:
        """The label of every photo: given labels with decisions folded over them, and what
        somebody wrote into the table elsewhere."""
        rows = {row.image_id: row for row in self._rows(LABELS, Label)}
        if self._label_edits:
            things = self.collection()
            rows |= {one.image_id: label_after(one, things) for one in self._label_edits}
        return rows

    @cached_property
    def _label_edits(self) -> list[CellEdit]:
        if LABELS not in self.paths:
            return []
        with self._whole(LABELS):
            return label_edits(self._fetch(LABELS), LABELS)

    @property
    def is_missing_written(self) -> bool:
        """Whether an earlier Vitrine wrote the labels: edits of that table do not show."""
        return LABELS in self.paths and not says_what_was_written(self._fetch(LABELS))

    @cached_property
    def cell_edits(self) -> list[CellEdit]:
        """What somebody changed elsewhere, in the labels or in the table of the default
        config."""
        edits = list(self._label_edits)
        strange = self.strange_tables
        if strange:
            things = self.collection()
            labels = {row.image_id: row for row in self._rows(LABELS, Label)}
            labels |= {edit.image_id: edit.before for edit in edits}
            for path in strange:
                edits += table_edits(self._fetch(path), path, things, labels)
        return edits

    @cached_property
    def strange_tables(self) -> list[str]:
        """Files of the default config whose bytes are not those that Vitrine wrote."""
        tables = [path for path in self._under(DATA) if path.endswith(".parquet")]
        if not tables:
            return []
        there = self.repo.contents(self.revision)
        written = self.written_tables().get("files", {})
        return [
            path for path in tables if there[path] not in written.get(path, {}).get("contents", ())
        ]

    def written_tables(self) -> dict[str, Any]:
        """What was written for the default config: `files` (path -> rows, contents), or
        `left_out`; empty when nothing was."""
        return self._object(CONTENTS) if CONTENTS in self.paths else {}

    def splits(self) -> dict[str, Split]:
        """Group and split of every photo that has one; empty before `train split`."""
        return {row.image_id: row for row in self._rows(SPLITS, Split)}

    def certificate(self) -> dict[str, Any] | None:
        """What the split promises, if there is one."""
        return self._object(CERTIFICATE) if CERTIFICATE in self.paths else None

    def asking(self) -> dict[str, Any]:
        """How many people are asked about a photo, as the owner chose it; empty when nothing was
        chosen."""
        return self._object(ASKING) if ASKING in self.paths else {}

    def findings(self) -> list[Finding]:
        """What the last scan suspects, and what could not be read."""
        return [row for rows in self.findings_by_file().values() for row in rows]

    def findings_by_file(self) -> dict[str, list[Finding]]:
        """The same, by the file that holds them: each scan and each collect writes its own."""
        return {path: self._rows(path, Finding) for path in self._under(FINDINGS)}

    def remarks(self) -> list[str]:
        """What the last scan says of the collection as a whole, in sentences."""
        paths = (self.repo.fetch(path, self.revision) for path in self._under(FINDINGS))
        return [sentence for path in paths for sentence in read_remarks(path)]

    def opinions(self) -> list[Opinion]:
        """What the model of the last scan said of each photo."""
        return [row for path in self._under(OPINIONS) for row in self._rows(path, Opinion)]

    def ledger(self) -> list[dict[str, Any]]:
        """Every decision that was sent, and those that edits made elsewhere amount to, as raw
        lines, in no particular order; a damaged one as {"unreadable": text}."""
        return [*self._sent, *self.unsaved_edits]

    @cached_property
    def unsaved_edits(self) -> list[dict[str, Any]]:
        """The lines of edits made elsewhere that no ledger file holds yet. Code that overwrites an
        edited table saves them with it (data_cards.annotations.outside_edits)."""
        edits = self.cell_edits
        if not edits:
            return []
        things = self.collection()
        sent = {row.get("id") for row in self._sent}
        saved = {
            path: self.repo.last_change(path, self.revision)
            for path in sorted({edit.path for edit in edits})
        }
        lines = (
            line_of_edit(edit, things, saved[edit.path].at, saved[edit.path].who) for edit in edits
        )
        return [line for line in lines if line and line["id"] not in sent]

    @cached_property
    def _sent(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for path in self._under(LEDGER):
            found += lines_of(self._read(path), path)
        return found

    @cached_property
    def shards(self) -> list[str]:
        """Paths of the image shards, in storage order."""
        return self._under(IMAGES)

    @cached_property
    def _where(self) -> dict[str, _Place]:
        return {
            image_id: _Place(shard, group, row)
            for shard in (*self._under(INBOX), *self.shards)
            for image_id, group, row in self._places_in(shard)
        }

    def locate(self) -> int:
        """Find where the bytes of every photo are, now and not while somebody waits for the first
        photo. How many there are."""
        return len(self._where)

    def shard_of(self, image_id: str) -> str:
        """The path of the shard that holds a photo's bytes."""
        return self._where[image_id].shard

    def name_of(self, image_id: str) -> str:
        """By what name something that is computed of a photo may be remembered."""
        return image_id

    def read_photo(self, image_id: str) -> bytes:
        """The stored bytes of one photo. Raises MissingFile."""
        for _, data in self.read_photos([image_id]):
            return data
        raise MissingFile(
            f"There is no photo {image_id[:12]} in {self.address}.", image_id=image_id
        )

    def read_photos(self, image_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """(image_id, bytes) of the wanted photos, in storage order, a few at a time in memory."""
        from data_cards.dataset.tables import open_images

        for shard, places in groupby(self.places(image_ids), key=lambda place: place[0]):
            rows = list(places)
            with self._whole(self.shard_of(rows[0][3])), open_images(shard) as images_of:
                for group, several in groupby(rows, key=lambda place: place[1]):
                    images = images_of(group)
                    yield from ((image_id, images[row]) for _, _, row, image_id in several)

    def places(self, image_ids: Iterable[str]) -> Iterator[tuple[Path, int, int, str]]:
        """(shard on this machine, row group, row, image_id) of the wanted photos, in storage
        order."""
        wanted = sorted((self._where[i], i) for i in set(image_ids) if i in self._where)
        for shard, rows in groupby(wanted, key=lambda found: found[0].shard):
            file = self._fetch(shard)
            yield from ((file, place.group, place.row, image_id) for place, image_id in rows)

    def newest(self) -> Dataset:
        """The same repository at its newest revision."""
        head = self.repo.head()
        return self if head is None or head == self.revision else Dataset(self.repo, head)

    def commit(
        self,
        add: Mapping[str, bytes | Path],
        message: str,
        delete: Collection[str] = (),
        parent: str | None = None,
        forget: Collection[str] = (),
        about: Collection[str] = (),
    ) -> Dataset:
        """Commit and move on to the new revision; with `parent`, raises Conflict if somebody else
        committed first. `forget` and `about`: as Repository.commit takes them."""
        made = self.repo.commit(add, message, delete, parent, forget, about)
        return Dataset(self.repo, made)

    def update(self, message: str, change: Callable[[Dataset], Changes]) -> Dataset:
        """Commit what `change` makes of the newest revision; worked out again when somebody else
        was first."""
        for _ in range(TRIES):
            base = self.newest()
            changes = change(base)
            if not changes.add and not changes.delete:
                return base
            try:
                return base.commit(
                    changes.add,
                    message,
                    changes.delete,
                    base.revision,
                    changes.forget,
                    changes.about,
                )
            except Conflict:
                continue
        raise TooBusy(
            f"{self.address} kept changing while we tried to save; nothing was saved. Try again "
            "soon."
        )

    def _under(self, prefix: str) -> list[str]:
        return sorted(path for path in self.paths if path.startswith(prefix))

    def _rows(self, path: str, kind: type[Any]) -> list[Any]:
        if path not in self.paths:
            return []
        with self._whole(path):
            return read_rows(self._fetch(path), kind)

    def _rows_of(self, shard: str) -> Iterator[Photo]:
        with self._whole(shard):
            yield from read_photo_rows(self._fetch(shard))

    def _places_in(self, shard: str) -> Iterator[tuple[str, int, int]]:
        with self._whole(shard):
            yield from row_locations(self._fetch(shard))

    def _object(self, path: str) -> dict[str, Any]:
        with self._whole(path):
            return dict(json.loads(self._read(path)))

    def _whole(self, path: str) -> AbstractContextManager[None]:
        return damage_named(
            f"{path} in {self.address}",
            f"Put it back from a copy, or use an earlier revision ({self.address}@REVISION).",
        )

    def _read(self, path: str) -> bytes:
        return self.repo.read(path, self.revision)

    def _fetch(self, path: str) -> Path:
        return self.repo.fetch(path, self.revision)


def open_dataset(address: str) -> Dataset:
    """The dataset at `folder` or `hf://user/name`, at `@revision` or the newest.

    Raises MissingFile when there is none, NewerFormat when a newer Vitrine wrote it.
    """
    hint = f"Collect photos into it first: vitrine collect PHOTOS {address}"
    place = parse_address(address)
    if place.kind == "folder" and not (Path(place.name) / README).is_file():
        raise MissingFile(f"There is no dataset at {address}. {hint}", address=address)
    repo = open_repository(address)
    revision = repo.pinned or repo.head()
    if revision is None or README not in repo.files(revision=revision):
        raise MissingFile(f"There is no dataset at {address}. {hint}", address=address)
    _check_format(repo.read(README, revision).decode("utf-8", "replace"), address)
    return Dataset(repo, revision)


def create_dataset(
    address: str,
    collection: Things,
    references: Mapping[str, bytes] | None = None,
    private: bool = True,
) -> Dataset:
    """An empty dataset at an address (made private on the Hub unless asked); an existing one is
    opened as it is.

    Raises BadCollection where photos of people would leave this machine without their policy.
    """
    if parse_address(address).kind == "hub":
        collection.check_publishable()
    repo = open_repository(address, create=True, private=private)
    revision = repo.head()
    if revision is not None and README in repo.files(revision=revision):
        return open_dataset(address)
    files = collection_files(collection, references or {})
    return Dataset(repo, repo.commit(files, f"Begin {collection.title}"))


def collection_files(
    collection: Things, references: Mapping[str, bytes] | None = None
) -> dict[str, bytes | Path]:
    """README, card, classes and reference pictures (JPEG by class id), as a commit wants them."""
    from data_cards.dataset.cards import DatasetCard, dataset_card

    card, classes = write_collection(collection)
    pictures: dict[str, bytes | Path] = {
        f"{REFERENCES}{name}.jpg": data for name, data in (references or {}).items()
    }
    readme = dataset_card(DatasetCard(collection=collection))
    return {README: readme.encode(), CARD: card.encode(), CLASSES: classes.encode(), **pictures}


def _check_format(readme: str, address: str) -> None:
    import yaml

    found = FRONT_MATTER.match(readme.replace("\r\n", "\n"))
    try:
        head = yaml.safe_load(found.group(1)) if found else None
    except yaml.YAMLError:  # somebody else's README, or a damaged one: neither names our format
        head = None
    version = head.get("format") if isinstance(head, dict) else None
    if not isinstance(version, int):
        raise MissingFile(
            f"{address} is not a Vitrine dataset: its README.md names no format.", address=address
        )
    if version > FORMAT:
        raise NewerFormat(
            f"{address} was written by a newer Vitrine (format {version}; this one reads up to "
            f"{FORMAT}). Update Vitrine and try again; nothing was changed.",
            format=version,
        )
