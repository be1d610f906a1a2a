"""The table that everybody's tools open: `image`, `label` (a ClassLabel with titles), `status`, in
the splits train, validation and test.

    load_dataset("user/name")["train"]            load_dataset("user/name", "aside")["junk"]

It is derived from images, labels and splits, a file for each image shard and split, so a changed
label rewrites one file. Where content-defined chunks are understood (Xet), that moves its page of
labels and not its pictures. What shows no class has a config of its own, `aside`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection as Container
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from data_cards.dataset.collection import Collection
from data_cards.dataset.collection_files import FRONT_MATTER
from data_cards.dataset.outside_edits import CellEdit, edit_of, written_text
from data_cards.dataset.schema import Label, Split

TRAIN = "train"
SPLITS = (TRAIN, "validation", "test")
OURS = ("images", "labels", "splits")  # the tables that the default config is derived from
LEFT_OUT = "left_out"  # labelled, and on no side of the split: a near-copy of a test photo
ASIDE = ("none_of_these", "junk", "duplicate", "unlabelled", LEFT_OUT)
ROWS_PER_GROUP = 100  # what the Hub's viewer shows at once
ROWS_READ = 16  # photos in memory at once, as the shards' row groups have them
_PICTURE = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])


@dataclass(frozen=True)
class Table:
    """One file of the default config: its rows in the order of the image shard they come from."""

    path: str
    shard: str
    rows: tuple[Label, ...]

    def digest(self, names: Iterable[str]) -> str:
        """What changes when its rows, or the classes, do."""
        rows = [[row.image_id, row.label, row.status] for row in self.rows]
        text = json.dumps([list(names), rows], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def planned_tables(
    shards: Mapping[str, Iterable[str]], labels: Mapping[str, Label], splits: Mapping[str, Split]
) -> list[Table]:
    """The files there should be. `shards`: path of an image shard -> its photos in order."""
    is_labelled = any(row.status == "labelled" for row in labels.values())
    found = list[Table]()
    for shard, image_ids in shards.items():
        rows = dict[str, list[Label]]()
        for image_id in image_ids:
            label = labels.get(image_id, Label(image_id, None, "unlabelled"))
            side = side_of(label, splits.get(image_id), bool(splits), is_labelled)
            rows.setdefault(side, []).append(label)
        name = PurePosixPath(shard).stem
        found += [
            Table(f"data/{side}-{name}.parquet", shard, tuple(rows[side])) for side in sorted(rows)
        ]
    return found


def side_of(label: Label, split: Split | None, is_split: bool, is_labelled: bool) -> str:
    """The split of the default config, or of `aside`, that a photo stands in.

    Before there is a split everything labelled is train; before there are labels, everything.
    """
    if label.status == "labelled":
        return split.split if split else LEFT_OUT if is_split else TRAIN
    if label.status == "unlabelled" and not is_labelled:
        return TRAIN
    return label.status


def write_table(
    target: Path, shard: Path, table: Table, collection: Collection, decided: Mapping[str, int]
) -> None:
    """Write one file from the shard that holds its pictures; a row group in memory at a time.

    `decided`: how many lines of the ledger are about each photo.
    """
    wanted = {row.image_id: row for row in table.rows}
    schema = _schema(collection.unique_titles)
    options: dict[str, Any] = {
        "compression": "none",  # photos are compressed already
        "use_content_defined_chunking": True,
        "write_page_index": True,
    }
    with pq.ParquetWriter(target, schema, **options) as file:
        for batch in _batches(_pictures(shard, wanted)):
            rows = [wanted[image_id] for image_id, _ in batch]
            pictures = [
                {
                    "bytes": image["bytes"],
                    "path": f"{written_text(row, decided.get(row.image_id, 0))}/{image['path']}",
                }
                for row, (_, image) in zip(rows, batch, strict=True)
            ]
            numbers = [
                collection.index(row.label) if row.label and row.label in collection else None
                for row in rows
            ]
            columns = [
                pa.array(pictures, _PICTURE),
                pa.array(numbers, pa.int64()),
                pa.array([row.status for row in rows], pa.string()),
            ]
            file.write_batch(pa.record_batch(columns, schema=schema))


def table_edits(
    path: Path, place: str, collection: Collection, labels: Mapping[str, Label]
) -> list[CellEdit]:
    """The rows of one file that differ from what was written.

    A row says what was written in its picture's path; where another tool dropped that, the photo
    is known by its bytes, and what was written is the row of `labels`. Other photos are passed
    over: `strange_photos` counts them.
    """
    return [edit for row in _rows_of(path, collection, labels) if (edit := row.edit(place))]


def strange_photos(path: Path, collection: Collection, labels: Mapping[str, Label]) -> int:
    """How many rows of a file hold a photo that the dataset does not have."""
    with pq.ParquetFile(path) as file:
        rows = file.metadata.num_rows
    return rows - sum(1 for _ in _rows_of(path, collection, labels))


def with_configs(readme: str, paths: Container[str], ours: bool = True) -> str:
    """The dataset card with the configs that these files of a dataset make; its words stay.
    `ours`: whether images, labels and splits are there as well."""
    found = FRONT_MATTER.match(readme.replace("\r\n", "\n"))
    head = yaml.safe_load(found.group(1)) if found else {}
    body = found.group(2) if found else readme
    head.pop("dataset_info", None)  # another tool's counts: they would be wrong after any change
    configs = configs_of(paths) if ours else configs_of(paths)[: -len(OURS)]
    if not ours:
        head.pop("format", None)
    if head.get("configs") == configs:
        return readme
    head["configs"] = configs
    front = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=110)
    return f"---\n{front}---\n\n{body.lstrip()}"


def configs_of(paths: Container[str]) -> list[dict[str, Any]]:
    """The configs of a dataset that holds these files, as its card lists them."""
    found: list[dict[str, Any]] = []
    for name, sides in (("default", SPLITS), ("aside", ASIDE)):
        files = [
            {"split": side, "path": f"data/{side}-*.parquet"}
            for side in sides
            if any(path.startswith(f"data/{side}-") for path in paths)
        ]
        if files:
            extra = {"default": True} if name == "default" else {}
            found.append({"config_name": name, "data_files": files, **extra})
    is_first = not any(one.get("default") for one in found)
    for name in OURS:
        extra = {"default": True} if is_first and name == OURS[0] else {}
        found.append({"config_name": name, "data_files": f"{name}/*.parquet", **extra})
    return found


def _schema(names: Iterable[str]) -> pa.Schema:
    features = {
        "image": {"_type": "Image"},
        "label": {"names": list(names), "_type": "ClassLabel"},
        "status": {"dtype": "string", "_type": "Value"},
    }
    said = json.dumps({"info": {"features": features}}, ensure_ascii=False)
    return pa.schema(
        [("image", _PICTURE), ("label", pa.int64()), ("status", pa.string())]
    ).with_metadata({b"huggingface": said.encode()})


def _pictures(shard: Path, wanted: Container[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    with pq.ParquetFile(shard) as file:
        for batch in file.iter_batches(ROWS_READ, columns=["image_id", "image"]):
            for row in batch.to_pylist():
                if row["image_id"] in wanted:
                    yield row["image_id"], row["image"]


def _batches(
    rows: Iterator[tuple[str, dict[str, Any]]],
) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    batch = list[tuple[str, dict[str, Any]]]()
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_PER_GROUP:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass(frozen=True)
class _Row:
    """A row of a file as it is now, and what was written of it."""

    image_id: str
    written: str
    label: str
    status: str

    def edit(self, place: str) -> CellEdit | None:
        return edit_of(self.image_id, self.written, self.label, self.status, place)


def _rows_of(path: Path, collection: Collection, labels: Mapping[str, Label]) -> Iterator[_Row]:
    """The rows of a file that are about photos of the dataset."""
    schema = pq.read_schema(path)
    if not {"image", "label"} <= set(schema.names):
        return
    ids = _ids_by_number(schema, collection)
    columns = [name for name in ("label", "status") if name in schema.names]
    with pq.ParquetFile(path) as file:  # which reads one field of a struct; read_table does not
        table = file.read(columns=["image.path", *columns])
    for number, row in enumerate(table.to_pylist()):
        written, _, name = ((row["image"] or {}).get("path") or "").rpartition("/")
        image_id = PurePosixPath(name).stem
        if image_id not in labels:
            image_id = _sha256_at(path, number)
            written = ""
        before = labels.get(image_id)
        if before is not None:
            cell = row["label"]
            label = cell if isinstance(cell, str) else ids.get(cell, "")
            yield _Row(
                image_id,
                written or written_text(before),
                label,
                row.get("status", before.status),
            )


def _ids_by_number(schema: pa.Schema, collection: Collection) -> dict[int | None, str]:
    """The class id that each number of the label column stands for, or the name that it has
    there."""
    said = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    features = said.get("info", {}).get("features", {})
    names = features.get("label", {}).get("names") or collection.unique_titles
    ids = dict(zip(collection.unique_titles, collection.ids, strict=True))
    return {
        number: ids.get(name) or collection.find(name) or name for number, name in enumerate(names)
    }


def _sha256_at(path: Path, place: int) -> str:
    """The name of the picture of one row."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if place < rows:
                column = file.read_row_group(group, columns=["image"]).column("image")
                data = column[place].as_py()["bytes"] or b""
                return hashlib.sha256(data).hexdigest()
            place -= rows
    return ""
