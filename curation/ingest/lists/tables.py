"""Tables of text, JSON lines or Parquet as rows of cells, each with the line it stands on.

    table = read_table(Path("list.csv"), known=("file", "label"))
    table.columns, table.rows[0].line, table.rows[0].cells["file"]

A delimited file may have any of four delimiters and the usual encodings. What cannot be read for
certain is refused with its line: a cell that slips into another column would become a wrong
label.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_cards.dataset.class_names import name_key
from data_cards.errors import BadSource

DELIMITED = frozenset((".csv", ".tsv", ".tab", ".psv"))
ENDINGS = DELIMITED | {".jsonl", ".ndjson", ".json", ".parquet"}
DELIMITERS = (",", ";", "\t", "|")
MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# characters: a caption may be long, and a quotation mark that is never closed is longer
# Letters beyond ASCII stand alone or in pairs in Western text; whole words of them are another
# script.
HIGH = re.compile(rb"[\x80-\xff]+")
LARGEST_CELL = 1_000_000
OTHER_FILES = (
    (b"PK\x03\x04", "an Excel or zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"%PDF", "a PDF"),
)


@dataclass(frozen=True)
class Row:
    """The cells of one row by column, without blanks around them, and its line in the file (1 is
    the first)."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A file of rows. `names`: of a column of numbers, what the numbers stand for, where the
    file itself says so."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_table(path: Path, known: Collection[str] = (), encoding: str | None = None) -> Table:
    """Read a table. `known`: names (as `name_key` gives them) that its columns may have; they
    tell the delimiter. `encoding`: what the owner says it is, where its bytes do not tell.
    Raises BadSource, with the line where it can be told.
    """
    if path.suffix.lower() == ".parquet":
        return _parquet(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadSource(
            f"{path.name} cannot be read: {error.strerror}.", source=str(path)
        ) from error
    text, guess = decoded(data, path.name, encoding)
    remarks = (
        (
            f"{path.name} is not UTF-8; it was read as {guess}. If names look wrong, name the "
            "encoding with --encoding.",
        )
        if guess
        else ()
    )
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return _json(path, text, remarks)
    return _delimited(path, text, known, remarks)


def decoded(data: bytes, name: str, told: str | None = None) -> tuple[str, str]:
    """(text, the encoding if it was guessed). Raises BadSource for bytes that are not text."""
    for start, words in OTHER_FILES:
        if data.startswith(start):
            raise BadSource(
                f"{name} is {words}, not a list. Save it as CSV (UTF-8) and give that.", source=name
            )
    encoding = told or _encoding_by_its_start(data)
    try:
        text = data.decode(encoding)
        guess = ""
    except LookupError as error:
        raise BadSource(
            f"There is no encoding called {told}; try utf-8, cp1251, shift_jis or gbk.",
            encoding=told,
        ) from error
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise BadSource(
                f"{name} is cut off, damaged or not {encoding.upper()} text."
            ) from error
        text, guess = _western(data, name, error)
    text = text.removesuffix("\x1a")
    for place, sign in enumerate(text):
        if sign < " " and sign not in "\t\r\n\f\v":
            line = 1 + len(re.findall("\r\n|\r|\n", text[:place]))
            raise BadSource(
                f"Line {line} of {name} holds a character that is not text; is it a list?",
                line=line,
            )
    return text, guess


def _encoding_by_its_start(data: bytes) -> str:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    # UTF-16 without a mark: of the first line, which is Latin letters, every other byte is zero.
    start = data[:64]
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    return "utf-16-be" if start[::2].count(0) > len(start) // 4 else "utf-8"


def _western(data: bytes, name: str, error: UnicodeDecodeError) -> tuple[str, str]:
    """Windows-1252, which is Latin-1 and more, unless most of the other letters are UTF-8 and a
    few bytes are damaged."""
    lenient = data.decode("utf-8", "replace")
    broken = lenient.count("\N{REPLACEMENT CHARACTER}")
    whole = sum(sign > "\x7f" for sign in lenient) - broken
    if whole > broken:
        line = data[: error.start].count(b"\n") + 1
        raise BadSource(
            f"Line {line} of {name} has a byte that is not UTF-8, and other lines are UTF-8. Fix "
            "that line.",
            line=line,
        ) from error
    high = HIGH.findall(data)
    if 2 * sum(len(run) for run in high if len(run) > 2) > sum(map(len, high)):
        raise _unknown_encoding(name) from error
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError as worse:
        raise _unknown_encoding(name) from worse


def _unknown_encoding(name: str) -> BadSource:
    return BadSource(
        f"{name} is neither UTF-8 nor Windows-1252. Save it as UTF-8, or name its encoding: "
        "--encoding cp1251, shift_jis, gbk or another.",
        source=name,
    )


def _delimited(path: Path, text: str, known: Collection[str], remarks: tuple[str, ...]) -> Table:
    text, delimiter, line = _declared(text)
    delimiter = delimiter or _delimiter(text, known, path)
    records = _records(text, delimiter, line, path.name)
    line, head = next(((number, cells) for number, cells in records if any(cells)), (1, [""]))
    columns = [cell.strip() for cell in head]
    _check_columns(columns, line, path.name)
    rows = []
    for number, cells in records:
        if any(cell.strip() for cell in cells):
            _check_length(cells, columns, number, path.name)
            pairs = zip(columns, cells, strict=False)
            rows.append(
                Row(
                    number,
                    dict.fromkeys(columns, "") | {name: cell.strip() for name, cell in pairs},
                )
            )
    return Table(path, tuple(filter(None, columns)), tuple(rows), remarks)


def _declared(text: str) -> tuple[str, str, int]:
    """(text without a first line like "sep=;", its delimiter or nothing, number of the first
    line that is left)."""
    first, end, rest = _first_line(text)
    words = first.strip().strip('"')
    if words.casefold().startswith("sep=") and end and len(first.strip('"\r\n ')) <= len("sep=x"):
        return rest, words[4:5] or "\t", 2
    return text, "", 1


def _first_line(text: str) -> tuple[str, str, str]:
    for end in ("\r\n", "\n", "\r"):
        first, found, rest = text.partition(end)
        if found and not set(first) & {"\r", "\n"}:
            return first, found, rest
    return text, "", ""


def _delimiter(text: str, known: Collection[str], path: Path) -> str:
    """The delimiter that makes the first line name most columns that we know, or else most
    columns."""

    def heads(delimiter: str) -> tuple[int, int]:
        try:
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            cells = next(filter(any, lines), [])
        except csv.Error:
            return 0, 0
        return sum(name_key(cell) in known for cell in cells), len(cells)

    first = (
        "\t"
        if path.suffix.lower() in (".tsv", ".tab")
        else "|"
        if path.suffix.lower() == ".psv"
        else ","
    )
    return max(sorted(DELIMITERS, key=lambda delimiter: delimiter != first), key=heads)


def _records(
    text: str, delimiter: str, first_line: int, name: str
) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each record. A quotation mark that is not closed is refused with the line
    that opens it."""
    before = csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = first_line
    try:
        for cells in reader:
            yield line, cells
            line = first_line + reader.line_num
    except csv.Error as error:
        raise BadSource(
            f"Line {line} of {name}: a quotation mark is opened and not closed, or stands inside a "
            "cell "
            f"({error}).",
            line=line,
        ) from error
    finally:
        csv.field_size_limit(before)


def _check_columns(columns: Sequence[str], line: int, name: str) -> None:
    seen: dict[str, str] = {}
    for column in filter(None, columns):
        if name_key(column) in seen:
            raise BadSource(
                f"Line {line} of {name} names the column “{column}” twice; which one counts? "
                "Rename one.",
                line=line,
                columns=list(columns),
            )
        seen[name_key(column)] = column


def _check_length(cells: Sequence[str], columns: Sequence[str], line: int, name: str) -> None:
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise BadSource(
            f"Line {line} of {name} has {len(cells)} cells, and the first line names "
            f"{len(columns)} "
            "columns. Put a cell that holds the delimiter between quotation marks.",
            line=line,
        )


def _json(path: Path, text: str, remarks: tuple[str, ...]) -> Table:
    """An object on each line, or one list of objects, whose rows are counted instead of lines."""
    objects = (
        _json_list(text, path.name)
        if text.lstrip().startswith("[")
        else _json_lines(text, path.name)
    )
    rows: list[Row] = []
    columns: dict[str, None] = {}
    for number, row in objects:
        cells = {key.strip(): as_cell(value) for key, value in row.items()}
        columns |= dict.fromkeys(cells)
        rows.append(Row(number, cells))
    if path.suffix.lower() == ".json" and len(rows) == 1 and text.lstrip().startswith("{"):
        raise BadSource(
            f"{path.name} is one JSON object, not a list. Write a list of objects like "
            '[{"file": "1.jpg", "label": "mug"}].',
            source=str(path),
        )
    _check_columns(list(columns), 1, path.name)
    every = dict.fromkeys(columns, "")
    return Table(
        path, tuple(columns), tuple(Row(row.line, every | row.cells) for row in rows), remarks
    )


def _json_list(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        rows = json.loads(text, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise BadSource(
            f"{name} is not a list of JSON objects: {_wrong(error)}.", source=name
        ) from error
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise BadSource(f"Row {number} of {name} is not a JSON object.", line=number)
        yield number, row


def _json_lines(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=_each_once)
        except (ValueError, RecursionError) as error:
            raise BadSource(
                f"Line {number} of {name} is not a JSON object: {_wrong(error)}.", line=number
            ) from error
        if not isinstance(row, dict):
            raise BadSource(
                f'Line {number} of {name} is not a JSON object; write {{"file_name": …}}.',
                line=number,
            )
        yield number, row


def _wrong(error: Exception) -> str:
    return (
        f"{error.msg} at column {error.colno}"
        if isinstance(error, json.JSONDecodeError)
        else str(error)
    )


def _each_once(found: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(found)) < len(found):
        raise ValueError("a name is given twice")
    return dict(found)


def as_cell(value: Any) -> str:
    """A value as the text of a cell: nothing for null, the one thing of a list of one, JSON for
    what is nested (a list of several begins with "[")."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or value == [] or value != value:  # only NaN is not itself
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bytes):
        return ""
    text = (
        json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, dict | list)
        else str(value)
    )
    return text.strip()


def _parquet(path: Path) -> Table:
    """All columns but the pictures themselves; a struct of bytes and path is one column, its
    path the cell."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
        plain = [name for name in schema.names if not _is_picture(schema.field(name).type)]
        pictures = [name for name in schema.names if name not in plain]
        paths = [f"{name}.path" for name in pictures if _has(schema.field(name).type, "path")]
        table = file.read(columns=[*plain, *paths])
    except (pa.ArrowException, OSError) as error:
        raise BadSource(
            f"{path.name} is not a Parquet file that can be read: {error}.", source=str(path)
        ) from error
    _check_columns(schema.names, 1, path.name)
    rows = []
    for number, row in enumerate(table.to_pylist(), 1):
        given = {
            name: (row.get(name) or {}).get("path")
            for name in pictures
            if name in table.column_names
        }
        rows.append(
            Row(
                number,
                dict.fromkeys(schema.names, "")
                | {name: as_cell(value) for name, value in (row | given).items()},
            )
        )
    return Table(path, tuple(schema.names), tuple(rows), names=_class_names(schema.metadata or {}))


def _is_picture(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind)) or _has(kind, "bytes")


def _has(kind: Any, name: str) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_struct(kind) and name in {one.name for one in kind})


def picture_columns(path: Path) -> tuple[str, ...]:
    """The columns of a Parquet file that hold pictures. Raises BadSource."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise BadSource(
            f"{path.name} is not a Parquet file that can be read: {error}.", source=str(path)
        ) from error
    return tuple(name for name in schema.names if _is_picture(schema.field(name).type))


def pictures_of(path: Path, column: str) -> Iterator[bytes]:
    """The bytes of each row's picture, a few rows at a time; nothing where a row has none."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    is_struct = _has(file.schema_arrow.field(column).type, "bytes")
    for batch in file.iter_batches(
        batch_size=16, columns=[f"{column}.bytes" if is_struct else column]
    ):
        for row in batch.to_pylist():
            found = row[column]
            yield ((found or {}).get("bytes") if is_struct else found) or b""


def _class_names(metadata: dict[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """The names of ClassLabel columns, as `datasets` notes them in the file."""
    try:
        features = (
            json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
        )
        return {
            name: tuple(map(str, feature["names"]))
            for name, feature in features.items()
            if isinstance(feature, dict)
            and feature.get("_type") == "ClassLabel"
            and feature.get("names")
        }
    except (ValueError, AttributeError):
        return {}
