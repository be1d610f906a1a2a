"""Bring the table that everybody's tools open up to date with images, labels and splits.

    dataset = refresh_default_config(dataset)

Every command that changes one of the three calls this at the end (collect, decide, fold, split,
scan, erase). Only files whose rows changed are written, in one commit; where nothing changed there
is none. A folder keeps no history of these files: it would be another copy of all pixels.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from data_cards.annotations.journal import known
from data_cards.annotations.ledger import present_labels
from data_cards.annotations.outside_edits import decisions_about, saved_labels
from data_cards.dataset.default_config import (
    Table,
    planned_tables,
    strange_photos,
    with_configs,
    write_table,
)
from data_cards.dataset.repo import CONTENTS, DATA, README, Changes, Dataset
from data_cards.dataset.schema import Label
from data_cards.progress import say
from data_cards.storage.atomic_files import full_disk_named
from data_cards.storage.repository import content_names, parse_address
from data_cards.wording import counted

ELSEWHERE = "elsewhere/"  # where a file goes that somebody put into data/ with photos of their own
LEFT_OUT = "left_out"
UNFINISHED = ".table-"  # a hidden folder: repositories leave those alone
NAME = "the table for other tools (data/; --no-table leaves it out)"


def refresh_default_config(dataset: Dataset, wanted: bool | None = None) -> Dataset:
    """The dataset with data/ as its newest images, labels and splits have it; edits made there
    elsewhere go to the ledger first.

    `wanted`: whether there should be such a table at all; None: as the owner chose before.
    """
    if dataset.repo.pinned is not None:
        return dataset
    with _workplace(dataset.address) as folder:
        return dataset.update("Bring data/ up to date", lambda base: _changes(base, wanted, folder))


def _changes(base: Dataset, wanted: bool | None, folder: Path) -> Changes:
    written = base.written_tables()
    is_left_out = written.get(LEFT_OUT, False) if wanted is None else not wanted
    is_edited = bool(base.unsaved_edits)
    labels = present_labels(base.photos(), known(base)) if is_edited else base.labels()
    add: dict[str, bytes | Path] = {}
    if is_edited:
        add |= saved_labels(base, labels.values())
    there = {path for path in base.paths if path.startswith(DATA) and path.endswith(".parquet")}
    tables = [] if is_left_out else _planned(base, labels)
    decided = decisions_about(base)
    files = _written(base, tables, written.get("files", {}), folder, add, decided)
    add |= _moved(base, labels, there - set(written.get("files", {})))
    gone = there - set(files)
    record = {LEFT_OUT: True} if is_left_out else {"files": files}
    if record != written and (written or files or wanted is not None):
        add[CONTENTS] = json.dumps(record, indent=0, sort_keys=True).encode()
    readme = base.repo.read(README, base.revision).decode("utf-8", "replace")
    head = with_configs(readme, set(files))
    if head != readme:
        add[README] = head.encode()
    replaced = gone | (there & set(add))
    is_folder = parse_address(base.address).kind == "folder"  # the Hub stores what is alike once
    return Changes(add, tuple(sorted(gone)), tuple(sorted(replaced)) if is_folder else ())


def _planned(base: Dataset, labels: Mapping[str, Label]) -> list[Table]:
    shards: dict[str, list[str]] = {}
    for image_id in base.photos():
        shards.setdefault(base.shard_of(image_id), []).append(image_id)
    return planned_tables(shards, labels, base.splits())


def _written(
    base: Dataset,
    tables: list[Table],
    before: Mapping[str, Any],
    folder: Path,
    add: dict[str, bytes | Path],
    decided: Mapping[str, int],
) -> dict[str, Any]:
    """What data/contents.json says of the files; those that have to be written are put into
    `add`."""
    things = base.collection()
    strange = set(base.strange_tables)
    files: dict[str, Any] = {}
    for table in tables:
        digest = table.digest(things.unique_titles)
        was = before.get(table.path, {})
        if was.get("rows") == digest and table.path in base.paths and table.path not in strange:
            files[table.path] = was
            continue
        target = folder / PurePosixPath(table.path).name
        shard = base.repo.fetch(table.shard, base.revision)
        with full_disk_named(NAME):
            write_table(target, shard, table, things, decided)
        add[table.path] = target
        files[table.path] = {"rows": digest, "contents": list(content_names(target))}
    return files


def _moved(base: Dataset, labels: Mapping[str, Label], others: set[str]) -> dict[str, Path]:
    """Files that somebody else put into data/ and that hold photos of theirs, under a name where
    they stay."""
    found: dict[str, Path] = {}
    for path in sorted(others):
        file = base.repo.fetch(path, base.revision)
        strange = strange_photos(file, base.collection(), labels)
        if strange:
            kept = f"{ELSEWHERE}{PurePosixPath(path).name}"
            photos = counted(strange, "photo is", "photos are")
            say(
                f"{photos} in {path} that this dataset does not have. The file is now {kept}; "
                "collect it to bring them in."
            )
            found[kept] = file
    return found


@contextmanager
def _workplace(address: str) -> Iterator[Path]:
    """Where files wait for the commit: on the dataset's own disk, where they need no copy."""
    place = parse_address(address)
    beside = place.name if place.kind == "folder" else None
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=beside) as folder:
        yield Path(folder)
