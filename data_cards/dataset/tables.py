"""The rows of a dataset's tables, and how they become parquet and come back.

Each table has one frozen dataclass. `*_file` functions give (path in the repo, bytes); readers
take a local path.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from functools import lru_cache
from pathlib import Path
from sys import intern
from threading import Lock
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ulid import ULID

from data_cards.bulk.batching import batches
from data_cards.dataset.outside_edits import (
    MARK_LETTERS,
    CellEdit,
    edit_of,
    written_text,
)
from data_cards.dataset.schema import (
    Finding,
    Label,
    Opinion,
    Photo,
    Source,
    Split,
    WrittenLabel,
)
from data_cards.storage.json_lines import written

ROWS_AT_ONCE = 4096
REMARKS = b"vitrine.remarks"  # in the file's own metadata: sentences are no rows
ROWS_PER_GROUP = 16  # one photo is read without its whole shard
SHARDS_KNOWN = 64  # shards whose footer is remembered: some hundred bytes a row group
Row = TypeVar("Row")
_FOOTER_LOCK = Lock()
_TEXT = pa.string()
_WHOLE = pa.int32()
_SOURCE = pa.struct(
    [
        pa.field(item.name, pa.float64() if item.name == "second" else _TEXT)
        for item in fields(Source)
    ]
)
_IMAGE = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", _TEXT)])
IMAGES_SCHEMA = pa.schema(
    [
        ("image_id", _TEXT),
        ("image", _IMAGE),
        ("width", _WHOLE),
        ("height", _WHOLE),
        ("sources", pa.list_(_SOURCE)),
    ]
)
SCHEMAS: Mapping[type[Any], pa.Schema] = {
    Label: pa.schema([("image_id", _TEXT), ("label", _TEXT), ("status", _TEXT)]),
    WrittenLabel: pa.schema(
        [("image_id", _TEXT), ("label", _TEXT), ("status", _TEXT), ("written", _TEXT)]
    ),
    Split: pa.schema([("image_id", _TEXT), ("group", _TEXT), ("split", _TEXT)]),
    Finding: pa.schema(
        [
            ("image_id", _TEXT),
            ("kind", _TEXT),
            ("score", pa.float64()),
            ("reason", _TEXT),
            ("given_label", _TEXT),
            ("suggested_label", _TEXT),
            ("related", pa.list_(_TEXT)),
            ("scan_id", _TEXT),
            ("model_revision", _TEXT),
        ]
    ),
    Opinion: pa.schema(
        [
            ("image_id", _TEXT),
            ("labels", pa.list_(_TEXT)),
            ("chances", pa.list_(pa.float32())),
            ("near", pa.list_(_TEXT)),
            ("view", _TEXT),
            ("light", pa.float32()),
        ]
    ),
}


def images_file(rows: Sequence[tuple[Photo, bytes]]) -> tuple[str, bytes]:
    """A new image shard; its name is unique, since shards never change."""
    return f"images/{ULID()}.parquet", _shard(rows)


def inbox_file(photo: Photo, data: bytes) -> tuple[str, bytes]:
    """A visitor's photo that waits, in a file of its own: it can leave without a trace."""
    return f"inbox/{photo.image_id}.parquet", _shard([(photo, data)])


def _shard(rows: Sequence[tuple[Photo, bytes]]) -> bytes:
    table = pa.Table.from_pylist(
        [
            {
                "image_id": photo.image_id,
                "image": {"bytes": data, "path": _file_name(photo, data)},
                "width": photo.width,
                "height": photo.height,
                "sources": [asdict(source) for source in photo.sources],
            }
            for photo, data in rows
        ],
        schema=IMAGES_SCHEMA.with_metadata(
            {b"huggingface": json.dumps(_image_features()).encode()}
        ),
    )
    # Photos are compressed already; a second compression only costs time.
    return _parquet(table, compression="none", row_group_size=ROWS_PER_GROUP)


def labels_file(
    labels: Iterable[Label], decided: Mapping[str, int] | None = None
) -> tuple[str, bytes]:
    """The labels table, sorted by image_id, so that equal labels are equal bytes but for the
    write mark. Each row also says what was written, so that a later edit of its cells shows.

    `decided`: how many lines of the ledger are about each photo.
    """
    counts = decided or {}
    rows = (
        WrittenLabel(
            row.image_id,
            row.label,
            row.status,
            written_text(row, counts.get(row.image_id, 0)),
        )
        for row in sorted(labels, key=lambda row: row.image_id)
    )
    return "labels/labels.parquet", _table_bytes(rows, WrittenLabel)


def label_edits(path: Path, place: str) -> list[CellEdit]:
    """The rows of a labels table whose cells differ from what Vitrine wrote. A table of an older
    Vitrine, or one that lost its column `written`, gives none."""
    if not says_what_was_written(path):
        return []
    table = pq.read_table(path, columns=SCHEMAS[WrittenLabel].names)
    said = pc.binary_join_element_wise(_as_text(table["status"]), _as_text(table["label"]), "", "/")
    begins = pc.utf8_slice_codeunits(_as_text(table["written"]), 0, stop=-MARK_LETTERS)
    edited = table.filter(pc.not_equal(said, begins))
    found = (
        edit_of(row["image_id"], row["written"], row["label"], row["status"], place)
        for row in edited.to_pylist()
    )
    return [edit for edit in found if edit]


def says_what_was_written(path: Path) -> bool:
    """Whether a labels table has the column `written`."""
    return set(SCHEMAS[WrittenLabel].names) <= set(pq.read_schema(path).names)


def _as_text(column: Any) -> Any:
    return pc.fill_null(column.cast(_TEXT), "")


def splits_file(splits: Iterable[Split]) -> tuple[str, bytes]:
    """The splits table, sorted by image_id."""
    return "splits/splits.parquet", _table_bytes(
        sorted(splits, key=lambda row: row.image_id), Split
    )


def certificate_file(certificate: Mapping[str, Any]) -> tuple[str, bytes]:
    """The certificate that lies beside the splits."""
    return "splits/certificate.json", json.dumps(certificate, indent=2, ensure_ascii=False).encode()


def findings_file(
    scan_id: str, findings: Iterable[Finding], remarks: Sequence[str] = ()
) -> tuple[str, bytes]:
    """The findings of one scan. `remarks`: sentences about the collection as a whole."""
    return f"findings/{scan_id}.parquet", _table_bytes(findings, Finding, remarks)


def opinions_file(scan_id: str, opinions: Iterable[Opinion]) -> tuple[str, bytes]:
    """What the model of one scan said of every photo."""
    return f"opinions/{scan_id}.parquet", _table_bytes(opinions, Opinion)


def ledger_file(lines: Iterable[Mapping[str, Any]]) -> tuple[str, bytes]:
    """One flush of decisions; its name is unique."""
    return f"ledger/{ULID()}.jsonl", written(lines)


def read_remarks(path: Path) -> tuple[str, ...]:
    """The sentences that lie beside a table of findings."""
    text = (pq.read_schema(path).metadata or {}).get(REMARKS)
    return tuple(json.loads(text)) if text else ()


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """Every row of a small table as dataclasses; columns it does not know are left alone."""
    names = [name for name in SCHEMAS[kind].names if name in pq.read_schema(path).names]
    empty = {
        field.name: ()
        for field in SCHEMAS[kind]
        if pa.types.is_list(field.type) and field.name in names
    }
    with pq.ParquetFile(path) as file:
        batches = file.iter_batches(ROWS_AT_ONCE, columns=names)
        return [
            kind(**{name: _shared(value) or empty.get(name, value) for name, value in row.items()})
            for batch in batches
            for row in batch.to_pylist()
        ]


def _shared(value: Any) -> Any:
    """Photos' and classes' names stand in many rows: one text in memory serves them all. Lists
    become tuples."""
    if isinstance(value, list):
        return tuple(intern(item) if type(item) is str else item for item in value)
    return intern(value) if type(value) is str else value


def read_photo_rows(path: Path) -> Iterator[Photo]:
    """The photos of a shard, without their bytes."""
    alike: dict[tuple[Source, ...], tuple[Source, ...]] = {}
    for row in pq.read_table(path, columns=["image_id", "width", "height", "sources"]).to_pylist():
        sources = tuple(_source(source) for source in row["sources"] or ())
        yield Photo(
            intern(row["image_id"]), row["width"], row["height"], alike.setdefault(sources, sources)
        )


def row_locations(path: Path) -> Iterator[tuple[str, int, int]]:
    """(image_id, row group, row in it) of each photo of a shard."""
    with pq.ParquetFile(path, metadata=_footer_of(path)) as file:
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        names = iter(file.read(columns=["image_id"]).column("image_id").to_pylist())
    for group, size in enumerate(sizes):
        yield from ((intern(next(names)), group, row) for row in range(size))


@contextmanager
def open_images(path: Path) -> Iterator[Callable[[int], list[bytes]]]:
    """What gives the bytes of the photos of a row group."""
    with pq.ParquetFile(path, metadata=_footer_of(path)) as file:
        yield lambda group: [
            image["bytes"]
            for image in file.read_row_group(group, columns=["image"]).column("image").to_pylist()
        ]


def _footer_of(path: Path) -> pq.FileMetaData:
    """The footer of a shard, cached: it lists hundreds of row groups, so reading it costs more than
    reading a photo, and a screen of photos reads each one separately."""
    seen = path.stat()
    with _FOOTER_LOCK:  # six photos asked for at once wait for one reading of it
        return _footer(path, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=SHARDS_KNOWN)
def _footer(path: Path, changed_at: int, size: int) -> pq.FileMetaData:
    return pq.read_metadata(path)


def read_image_group(path: Path, group: int) -> list[bytes]:
    """The bytes of the photos of one row group."""
    with open_images(path) as images_of:
        return images_of(group)


def _source(row: Mapping[str, Any]) -> Source:
    known = {item.name for item in fields(Source)}
    return Source(
        **{
            key: _shared(value)
            for key, value in row.items()
            if key in known
            and (value is not None or key in ("given_label", "given_split", "second"))
        }
    )


def _table_bytes(rows: Iterable[Any], kind: type[Any], remarks: Sequence[str] = ()) -> bytes:
    # The mark makes every write unique: the Hub answers "nothing changed" to a commit that equals
    # what it holds, without looking at its parent, and two people writing the same bytes would not
    # notice each other.
    said = {REMARKS: json.dumps(list(remarks), ensure_ascii=False).encode()} if remarks else {}
    schema = SCHEMAS[kind].with_metadata({b"vitrine.write": str(ULID()).encode(), **said})
    out = io.BytesIO()
    with pq.ParquetWriter(out, schema, compression="zstd") as file:
        for some in batches(rows, ROWS_AT_ONCE):  # as Python objects rows are large
            columns = [[getattr(row, name) for row in some] for name in schema.names]
            file.write_batch(pa.record_batch(columns, schema=schema))
    return out.getvalue()


def _parquet(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def _file_name(photo: Photo, data: bytes) -> str:
    ending = "png" if data.startswith(b"\x89PNG") else "webp" if data[8:12] == b"WEBP" else "jpg"
    return f"{photo.image_id}.{ending}"


def _image_features() -> dict[str, Any]:
    """What `datasets` reads to know that the struct is a picture."""
    text = {"dtype": "string", "_type": "Value"}
    number = {"dtype": "float64", "_type": "Value"}
    source = {item.name: number if item.name == "second" else text for item in fields(Source)}
    features = {
        "image_id": text,
        "image": {"_type": "Image"},
        "width": {"dtype": "int32", "_type": "Value"},
        "height": {"dtype": "int32", "_type": "Value"},
        "sources": {"feature": source, "_type": "List"},
    }
    return {"info": {"features": features}}
