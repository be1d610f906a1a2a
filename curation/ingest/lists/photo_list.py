"""A list as a source: a table that names files with their label, split and role.

CSV with `,` `;` tab or `|`, JSON lines, Parquet (with the pictures in it, too), and the
`metadata.*` files of Hugging Face beside the photos.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from curation.ingest.clips import is_clip
from curation.ingest.folder import from_folder
from curation.ingest.incoming import Gathered, Incoming, LeftAlone, SourceOptions
from curation.ingest.listing import list_photos
from curation.ingest.lists.columns import (
    KNOWN,
    Columns,
    as_number,
    columns_of,
    marked,
    names_of_numbers,
    role_in,
    split_in,
)
from curation.ingest.lists.file_lookup import FileLookup, Missing
from curation.ingest.lists.tables import (
    ENDINGS,
    Row,
    Table,
    picture_columns,
    pictures_of,
    read_table,
)
from curation.ingest.naming import Naming, meaning
from curation.ingest.photo_files import as_text, read_file
from curation.ingest.split_names import split_of
from data_cards.dataset.class_names import name_key
from data_cards.errors import BadPhoto, BadSource
from data_cards.wording import counted, first_few

SEVERAL = '["'  # how a cell begins that holds a list of texts
PLAIN_NAMES = frozenset(
    (
        "list",
        "labels",
        "label",
        "metadata",
        "annotations",
        "data",
        "index",
        "files",
        "images",
        "photos",
        "dataset",
        "classes",
    )
)
# Of Hugging Face, and of Roboflow.
METADATA = (
    "metadata.csv",
    "metadata.tsv",
    "metadata.jsonl",
    "metadata.parquet",
    "_classes.csv",
)
# What programs write where there is no label; "none" is the word for none of these.
NOT_GIVEN = frozenset(("nan", "null", "n/a", "#n/a", "<na>", "nil"))


def is_list(path: Path) -> bool:
    """Whether a file is called like a list."""
    return path.suffix.lower() in ENDINGS | {".txt"}


@dataclass(frozen=True)
class Listed:
    """One row, read: the file it names below the source (or why there is none), and what it says
    of it."""

    line: int
    named: str
    found: Path | Missing
    label: str
    split: str | None
    role: str
    by: str


def from_list(path: Path, options: SourceOptions) -> Gathered:
    """A list beside its photos, with the columns file, label, split and role (photo, reference
    or query; a query is a test photo). Raises BadSource.
    """
    if path.suffix.lower() == ".parquet" and picture_columns(path):
        return _from_pictures(path, options)
    rows, remarks = _read(path, FileLookup(path.parent, path.stem), options)
    return _gathered(_called(path), path.parent, rows, remarks)


def _called(path: Path) -> str:
    """What a list is about: its own name, or that of its folder where it is called as lists are."""
    folder = path.absolute().parent.name
    is_plain = path.stem.casefold() in PLAIN_NAMES or split_of(path.stem)
    return folder if is_plain and folder else path.stem


def from_metadata(root: Path, options: SourceOptions) -> Gathered:
    """A folder with a `metadata.*` of Hugging Face in it, or in its split folders. Raises
    BadSource."""
    rows: list[Listed] = []
    remarks: list[str] = []
    for path in metadata_in(root):
        own, said = _read(path, FileLookup(path.parent), options)
        inner = path.parent.relative_to(root)
        side = split_of(path.parent.name) if inner.parts else None
        rows += [
            replace(
                row,
                found=inner / row.found if isinstance(row.found, Path) else row.found,
                split=row.split or side,
            )
            for row in own
        ]
        remarks += [remark for remark in said if remark not in remarks]
    if not any(row.label for row in rows) and any(_class_folder(row.found) for row in rows):
        gathered = from_folder(root, options)
        return replace(gathered, remarks=(*remarks, *gathered.remarks))
    gathered = _gathered(root.resolve().name, root, rows, remarks)
    named = {row.found for row in rows}
    photos = list_photos(root, options.exclude, options.follow_links).photos
    beside = [
        LeftAlone(as_text(path), "not named by the metadata")
        for path in photos
        if path not in named
    ]
    return replace(gathered, left_alone=(*gathered.left_alone, *beside))


def beside_list(gathered: Gathered, root: Path, options: SourceOptions, name: str) -> Gathered:
    """The same, and the photos below `root` that a list does not name among what is left alone."""
    named = {photo.path for photo in gathered.photos}
    photos = map(as_text, list_photos(root, options.exclude, options.follow_links).photos)
    beside = (LeftAlone(path, f"not named by {name}") for path in photos if path not in named)
    return replace(gathered, left_alone=(*gathered.left_alone, *beside))


def _class_folder(found: Path | Missing) -> bool:
    """Whether a file lies in a folder that is no side of a split: metadata that gives no label
    leaves it to that."""
    return isinstance(found, Path) and any(split_of(part) is None for part in found.parts[:-1])


def metadata_in(root: Path) -> list[Path]:
    """The metadata files of a folder: its own, or those of its split folders."""
    folders = [root, *(path for path in _in_folder(root) if split_of(path.name) and path.is_dir())]
    found = [
        folder / name
        for folder in folders
        for name in METADATA
        if os.path.isfile(folder / name) and _is_about_files(folder / name)
    ]
    return [path for path in found if path.parent == root] or found


def _in_folder(root: Path) -> list[Path]:
    """What lies in a folder; nothing where it may not be opened, which whoever reads it says."""
    try:
        return sorted(root.iterdir())
    except OSError:
        return []


def lists_in(root: Path) -> list[Path]:
    """Lists that lie directly in a folder and name files that are there: they may be what its
    owner means."""
    found = []
    for path in _in_folder(root):
        if path.suffix.lower() in ENDINGS and path.name not in METADATA and os.path.isfile(path):
            try:
                if _names_files(read_table(path, KNOWN), 3):
                    found.append(path)
            except BadSource:
                continue  # some other table
    return found


def _names_files(table: Table, rows: int) -> bool:
    """Whether a table names files that are there, in its first rows."""
    lookup = FileLookup(table.path.parent, table.path.stem)
    try:
        column = columns_of(table, None, lookup.is_there).file
    except BadSource:
        return False
    return any(lookup.is_there(row.cells[column]) for row in table.rows[:rows])


def _is_about_files(path: Path) -> bool:
    """Whether metadata describes photos: it says so, or names some. A file that cannot be read is
    reported when it is read."""
    try:
        table = read_table(path, KNOWN)
    except BadSource:
        return True
    return any(name_key(column) == "file name" for column in table.columns) or _names_files(
        table, len(table.rows)
    )


def _read(path: Path, lookup: FileLookup, options: SourceOptions) -> tuple[list[Listed], list[str]]:
    table = read_table(path, KNOWN, options.encoding)
    columns = columns_of(table, options.label_column, lookup.is_there)
    labels = _Labels.of(table, columns, options.label or "")
    nameless = [str(row.line) for row in table.rows if not row.cells[columns.file]]
    rows = [
        _listed(row, columns, labels, lookup, path.name)
        for row in table.rows
        if row.cells[columns.file]
    ]
    if not rows:
        raise BadSource(
            f"{path.name} names no file: its column {columns.file} is empty.", source=str(path)
        )
    rows = _sides_in_paths(rows) if columns.split is None else rows
    told = [*table.remarks, *columns.remarks, *labels.remarks(table.rows), *_missing(rows)]
    if nameless:
        told.append(
            f"{counted(len(nameless), 'row names', 'rows name')} no file: line "
            f"{first_few(nameless)}."
        )
    return rows, told


def _listed(row: Row, columns: Columns, labels: _Labels, lookup: FileLookup, name: str) -> Listed:
    named = row.cells[columns.file]
    found = lookup.find(named)
    if isinstance(found, Missing) and found.is_outside:
        raise BadSource(
            f"Line {row.line} names {named}, which lies outside the folder of the list.",
            line=row.line,
        )
    return Listed(
        row.line,
        named,
        found,
        labels.of_row(row),
        split_in(row, columns, name),
        role_in(row, columns, name),
        columns.labelled_by,
    )


def _sides_in_paths(rows: list[Listed]) -> list[Listed]:
    """If a list has no splits, and its files lie in folders for at least two sides, take the sides
    from the folders."""
    sides = {
        row.line: split_of(row.found.parts[0])
        for row in rows
        if isinstance(row.found, Path) and len(row.found.parts) > 1
    }
    if len(set(sides.values()) - {None}) < 2:
        return rows
    return [replace(row, split=sides.get(row.line)) for row in rows]


@dataclass(frozen=True)
class _Labels:
    """How a row's label is read: from a column, whose numbers may have names, or from columns of
    0 and 1."""

    name: str
    columns: Columns
    given: str
    names: dict[int, str]
    names_from: str
    are_numbers: bool

    @classmethod
    def of(cls, table: Table, columns: Columns, given: str) -> _Labels:
        values = {row.cells[columns.label] for row in table.rows} if columns.label else set()
        values = {value for value in values if value and value.casefold() not in NOT_GIVEN}
        numbers = bool(values) and all(as_number(value) is not None for value in values)
        names, source = (
            names_of_numbers(table, columns.label) if columns.label and numbers else ({}, "")
        )
        return cls(table.path.name, columns, given, names, source, numbers)

    def of_row(self, row: Row) -> str:
        """The label of a row; if it has none, the label given for all."""
        if self.columns.one_hot:
            ones = marked(row, self.columns.one_hot)
            return ones[0] if len(ones) == 1 else self.given
        told = row.cells[self.columns.label] if self.columns.label else ""
        if told.startswith(SEVERAL) or told.casefold() in NOT_GIVEN:
            return self.given
        number = as_number(told) if self.are_numbers else None
        return (
            self.given
            if not told
            else told
            if number is None
            else self.names.get(number, str(number))
        )

    def remarks(self, rows: Sequence[Row]) -> Iterator[str]:
        """What to say of labels."""
        if self.columns.one_hot:
            yield (
                f"{self.name} has a column of 0 and 1 for each of {len(self.columns.one_hot)} "
                "classes: " + first_few(self.columns.one_hot, 6) + "."
            )
            yield from self._unclear(rows)
        several = [
            str(row.line)
            for row in rows
            if self.columns.label and row.cells[self.columns.label].startswith(SEVERAL)
        ]
        if several:
            yield (
                f"{counted(len(several), 'row has', 'rows have')} several labels, and so none: "
                f"line {first_few(several)}."
            )
        empty = [
            str(row.line)
            for row in rows
            if self.columns.label and row.cells[self.columns.label].casefold() in NOT_GIVEN
        ]
        if empty:
            yield (
                f"{counted(len(empty), 'row says', 'rows say')} NaN, null or the like for a label, "
                f"and so {'has' if len(empty) == 1 else 'have'} none: line {first_few(empty)}."
            )
        if self.names_from:
            yield (
                f"The labels of {self.name} are numbers; {self.names_from} says what they stand "
                "for."
            )
        elif self.are_numbers:
            yield (
                f"The labels of {self.name} are numbers, and the classes are called so. To give "
                "them names, lay a "
                "classes.txt beside it with a name on each line, the first for 0."
            )

    def _unclear(self, rows: Sequence[Row]) -> Iterator[str]:
        for wrong, words in ((0, "no 1"), (2, "several 1s")):
            lines = [
                str(row.line)
                for row in rows
                if min(2, len(marked(row, self.columns.one_hot))) == wrong
            ]
            if lines:
                rows_have = counted(len(lines), "row has", "rows have")
                yield f"{rows_have} {words} and no label: line {first_few(lines)}."


def _missing(rows: Sequence[Listed]) -> Iterator[str]:
    gone = [(row.line, row.named, row.found) for row in rows if isinstance(row.found, Missing)]
    if gone:
        verb = "file is" if len(rows) == 1 else "files is" if len(gone) == 1 else "files are"
        told = "; ".join(f"line {line}: {name}, {found.why}" for line, name, found in gone[:3])
        yield f"{len(gone)} of {len(rows)} {verb} not there. {told}{'; …' if gone[3:] else ''}."


def _gathered(name: str, root: Path, rows: Sequence[Listed], remarks: Sequence[str]) -> Gathered:
    naming = Naming.of(row.label for row in rows)
    photos: list[Incoming] = []
    references: dict[str, Callable[[], bytes]] = {}
    has_sides = any(row.split or row.role == "query" for row in rows)
    more: dict[str, int] = {}
    pictured: set[str] = set()
    for row in rows:
        class_id = naming.label(row.label)
        key = name_key(row.label)
        read = _reader(root, row.found)
        split = row.split or ("test" if row.role == "query" else None)
        if row.role == "reference" and class_id:
            if key not in pictured:
                pictured.add(key)
                references[class_id] = read
                continue
            more[row.label] = more.get(row.label, 0) + 1
            split = row.split or (
                "train" if has_sides else None
            )  # a visitor's photo is what a test wants
        path = as_text(row.found) if isinstance(row.found, Path) else row.named
        clip = root / row.found if isinstance(row.found, Path) and is_clip(row.found) else None
        photos.append(
            Incoming(path, read, class_id, meaning(row.label), split, named_by=row.by, clip=clip)
        )
    return Gathered(
        name, photos, len(photos), naming.classes, references, (*remarks, *_second_references(more))
    )


def _second_references(more: dict[str, int]) -> Iterator[str]:
    if more:
        yield (
            "A class has one reference picture, the first that is listed; further ones come in as "
            "photos of the "
            f"class: {first_few(f'{name} ({count})' for name, count in more.items())}."
        )


def _reader(root: Path, found: Path | Missing) -> Callable[[], bytes]:
    return (
        partial(read_file, root / found) if isinstance(found, Path) else partial(_refuse, found.why)
    )


def _refuse(why: str) -> bytes:
    raise BadPhoto(f"{why[:1].upper()}{why[1:]}.")


def _from_pictures(path: Path, options: SourceOptions) -> Gathered:
    """A Parquet file with the pictures in it, as `datasets` writes it."""
    column = picture_columns(path)[0]
    table = read_table(path)
    if not table.rows:
        raise BadSource(f"{path.name} has no rows.", source=str(path))
    plain = replace(table, columns=tuple(name for name in table.columns if name != column))
    columns = replace(
        columns_of(
            replace(plain, columns=(column, *plain.columns)),
            options.label_column,
            lambda name: False,
        ),
        file=column,
    )
    labels = _Labels.of(table, columns, options.label or "")
    told = [labels.of_row(row) for row in table.rows]
    naming = Naming.of(told)

    def incoming() -> Iterator[Incoming]:
        for row, label, data in zip(table.rows, told, pictures_of(path, column), strict=True):
            name = f"{path.name}/{row.cells[column] or f'{row.line:06d}'}"
            yield Incoming(
                name,
                partial(bytes, data),
                naming.label(label),
                meaning(label),
                split_in(row, columns, path.name),
                named_by=columns.labelled_by,
            )

    return Gathered(
        path.stem,
        incoming(),
        len(table.rows),
        naming.classes,
        remarks=(*columns.remarks, *labels.remarks(table.rows)),
    )
