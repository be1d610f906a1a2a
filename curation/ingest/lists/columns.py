"""What the columns of a list mean: which names files, which labels, splits and roles, and which
is not used.

    columns = columns_of(table, wanted=None, is_there=lookup.is_there)

Nothing is ignored silently: an unused column is named, and an unknown split or role is refused with
its line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from curation.ingest.lists.tables import Row, Table, decoded
from curation.ingest.photo_files import PHOTO_ENDINGS
from curation.ingest.split_names import split_of
from data_cards.dataset.class_names import name_key
from data_cards.errors import BadSource
from data_cards.wording import first_few

# As `name_key` gives them; the first that is there counts, where several are.
FILE = (
    "file name",
    "file",
    "filename",
    "filepath",
    "file path",
    "path",
    "image path",
    "imagepath",
    "image file",
    "image filename",
    "image name",
    "imagename",
    "img path",
    "img name",
    "img file",
    "image",
    "images",
    "img",
    "photo",
    "photo path",
    "photo file",
    "photo name",
    "picture",
    "fname",
    "image id",
    "imageid",
    "img id",
    "photo id",
    "id",
)
LABEL = (
    "label",
    "class",
    "category",
    "class name",
    "classname",
    "label name",
    "category name",
    "labels",
    "class label",
    "classes",
    "target",
    "tag",
    "cls",
)
SPLIT = ("split", "subset", "partition", "set", "data split")
ROLE = ("role",)
KNOWN = frozenset((*FILE, *LABEL, *SPLIT, *ROLE))
ROLES = {
    "": "photo",
    "photo": "photo",
    "image": "photo",
    "picture": "photo",
    "photos": "photo",
    "reference": "reference",
    "references": "reference",
    "query": "query",
    "queries": "query",
}
YES = frozenset(("1", "1.0", "true", "yes", "x"))
NO = frozenset(("", "0", "0.0", "false", "no"))
# Files beside a list that may say what numbers stand for.
NAMES_FILES = (
    "classes.txt",
    "labels.txt",
    "class_names.txt",
    "label_names.txt",
    "names.txt",
    "categories.txt",
    "classes.json",
    "labels.json",
    "class_names.json",
    "label_names.json",
    "label_map.json",
    "class_to_idx.json",
    "id2label.json",
)
# Parts of names that columns of labels have, in the languages of spreadsheets we know of; and
# cells that are no word: numbers and dates, JSON, addresses.
LABEL_LIKE = re.compile(
    r"label|class|categ|kategor|klasse|etiquet|étiquet|clase|species|breed|genus|variety|choice"
    r"|\btags?\b|\bkind|\btype|标签|標籤|类别|類別|分类|ラベル|метка|класс"
)
NO_WORD = re.compile(r"[\d.:/\s-]+$|[\[{]|\S+://|\d{4}-\d\d-\d\d")
LOOKED_AT = 20  # rows that tell which of several columns names files


@dataclass(frozen=True)
class Columns:
    """The columns of a list by what they mean; `one_hot`: columns that are classes. `remarks`
    says what is not used."""

    file: str
    label: str | None
    split: str | None
    role: str | None
    one_hot: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def labelled_by(self) -> str:
        """Where labels come from, in a word or two."""
        if self.one_hot:
            return f"{len(self.one_hot)} columns of 0 and 1"
        return f"column {self.label}" if self.label else ""


def columns_of(table: Table, wanted: str | None, is_there: Callable[[str], bool]) -> Columns:
    """Tell what each column means. `wanted`: the label column that the owner named; `is_there`:
    whether a name is a file. Raises BadSource.
    """
    file = _file_column(table, is_there)
    others = [name for name in table.columns if name != file]
    split = _split_column(table, others)
    role = _first(others, ROLE)
    left = [name for name in others if name not in (split, role)]
    label = _wanted(table, wanted) if wanted else _label_column(table, left)
    one_hot = () if label else _one_hot(table, left)
    unused = [name for name in left if name != label and name not in one_hot]
    return Columns(
        file, label, split, role, one_hot, tuple(_unused(table, unused, bool(label or one_hot)))
    )


def _first(columns: Sequence[str], names: Sequence[str]) -> str | None:
    by_key = {name_key(column): column for column in columns}
    return next((by_key[name] for name in names if name in by_key), None)


def _file_column(table: Table, is_there: Callable[[str], bool]) -> str:
    by_key = {name_key(column): column for column in table.columns}
    called = [by_key[name] for name in FILE if name in by_key]
    called += [
        column for key, column in by_key.items() if key.endswith(" file name")
    ]  # as `datasets` allows
    found = {
        column: sum(
            is_there(row.cells[column]) for row in table.rows[:LOOKED_AT] if row.cells[column]
        )
        for column in table.columns
    }
    if called:
        return max(_like_files(table, called, found), key=lambda column: found[column])
    named = [
        column
        for column in table.columns
        if all(
            PurePosixPath(row.cells[column]).suffix.lower() in PHOTO_ENDINGS
            for row in table.rows[:LOOKED_AT]
        )
    ]
    best = max(named, key=lambda column: found[column], default="")
    is_row = any(PurePosixPath(column).suffix.lower() in PHOTO_ENDINGS for column in table.columns)
    if best and found[best] and not is_row:
        return best
    hint = (
        " That looks like a photo already: add a line like file,label above it." if is_row else ""
    )
    raise BadSource(
        f"{table.path.name} needs a first line with the columns file, label, split and role (only "
        "file is "
        f"required); it has {', '.join(table.columns) or 'none'}.{hint}",
        columns=list(table.columns),
    )


def _like_files(table: Table, columns: Sequence[str], found: Mapping[str, int]) -> Sequence[str]:
    """Those of the columns whose cells end as photos do, where there are such: the number of a
    task or a row may be the name of a file by accident."""
    rows = table.rows[:LOOKED_AT]
    ending = [
        column
        for column in columns
        if any(PurePosixPath(row.cells[column]).suffix.lower() in PHOTO_ENDINGS for row in rows)
        and not all("://" in row.cells[column] for row in rows)
    ]
    return [column for column in ending if found[column]] or ending or columns


def _split_column(table: Table, columns: Sequence[str]) -> str | None:
    """A column called split is one. A column called set or subset may mean anything, so it counts
    only if a value names a side."""
    for column in filter(None, (_first(columns, [name]) for name in SPLIT)):
        if name_key(column) == "split" or any(split_of(row.cells[column]) for row in table.rows):
            return column
    return None


def _wanted(table: Table, wanted: str) -> str:
    found = _first(table.columns, [name_key(wanted)])
    if found is None:
        raise BadSource(
            f"{table.path.name} has no column “{wanted}”; it has {', '.join(table.columns)}.",
            columns=list(table.columns),
        )
    return found


def _label_column(table: Table, columns: Sequence[str]) -> str | None:
    """The first known name; of a number and a word for it, the word."""
    called = [column for column in (_first(columns, [name]) for name in LABEL) if column]
    for other in called[1:]:
        if (
            _are_numbers(table, called[0])
            and not _are_numbers(table, other)
            and _says(table, called[0], other)
        ):
            return other
    return called[0] if called else None


def _are_numbers(table: Table, column: str) -> bool:
    values = {row.cells[column] for row in table.rows} - {""}
    return bool(values) and all(as_number(value) is not None for value in values)


def as_number(text: str) -> int | None:
    """A label that is a whole number, also where a program wrote it as 3.0."""
    plain = text.removesuffix(".0")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else None


def _says(table: Table, number: str, word: str) -> bool:
    """Whether one column is a word for each number of the other."""
    words: dict[str, set[str]] = {}
    for row in table.rows:
        words.setdefault(row.cells[number], set()).add(row.cells[word])
    return all(len(found) == 1 for found in words.values())


def _one_hot(table: Table, columns: Sequence[str]) -> tuple[str, ...]:
    """Columns of 0 and 1 that are classes: two at least, and most rows have exactly one 1."""
    binary = [
        column
        for column in columns
        if table.rows
        and all(row.cells[column].casefold() in YES | NO for row in table.rows)
        and any(row.cells[column].casefold() in YES for row in table.rows)
    ]
    if len(binary) < 2:
        return ()
    single = sum(len(marked(row, binary)) == 1 for row in table.rows)
    return tuple(binary) if 2 * single > len(table.rows) else ()


def marked(row: Row, columns: Sequence[str]) -> list[str]:
    """The columns that a row has a 1 in."""
    return [column for column in columns if row.cells[column].casefold() in YES]


def _unused(table: Table, columns: Sequence[str], is_labelled: bool) -> Iterator[str]:
    if not columns:
        return
    named = first_few((f"`{column}`" for column in columns), 6)
    plural = "columns" if len(columns) > 1 else "column"
    verb = "are" if len(columns) > 1 else "is"
    maybe = (
        [] if is_labelled else sorted(columns, key=lambda column: _is_unlike_a_label(table, column))
    )
    question = ""
    if maybe and not all(_is_unlike_a_label(table, maybe[0])[:3]):
        it = f"`{maybe[0]}`" if len(columns) > 1 else "it"
        question = f' Is {it} the label? Then add --label-column "{maybe[0]}".'
    yield f"Line 1 of {table.path.name}: the {plural} {named} {verb} not used.{question}"


def _is_unlike_a_label(table: Table, column: str) -> tuple[bool, bool, bool, int]:
    """A label is a word that several photos share, in a column that is called as one."""
    values = {row.cells[column] for row in table.rows} - {""}
    is_shared = 1 < len(values) <= len(table.rows) / 2
    is_word = not any(NO_WORD.match(value) for value in values)
    return not LABEL_LIKE.search(name_key(column)), not is_word, not is_shared, len(values)


def split_in(row: Row, columns: Columns, name: str) -> str | None:
    """The split that a row gives. Raises BadSource for a word that is none."""
    told = row.cells[columns.split] if columns.split else ""
    split = split_of(told)
    if told and split is None:
        raise BadSource(
            f"Line {row.line} of {name}: “{told}” is not a split. Use train, validation (val, "
            "valid, dev) or test.",
            line=row.line,
            split=told,
        )
    return split


def role_in(row: Row, columns: Columns, name: str) -> str:
    """photo, reference or query. Raises BadSource for another word."""
    told = row.cells[columns.role] if columns.role else ""
    role = ROLES.get(name_key(told))
    if role is None:
        raise BadSource(
            f"Line {row.line} of {name}: “{told}” is not a role. Use photo, reference or query.",
            line=row.line,
            role=told,
        )
    return role


def names_of_numbers(table: Table, column: str) -> tuple[dict[int, str], str]:
    """The meaning of the numbers in a label column, and the file that gives it; empty if no file
    has all of them."""
    numbers = {as_number(row.cells[column]) for row in table.rows} - {None}
    if column in table.names:
        return dict(enumerate(table.names[column])), table.path.name
    for name in NAMES_FILES:
        names = _names_in(table.path.parent / name)
        if names and numbers <= set(names):
            return names, name
    return {}, ""


def _names_in(path: Path) -> dict[int, str]:
    if not path.is_file():
        return {}
    text, _ = decoded(path.read_bytes(), path.name)
    return _names_in_json(text) if path.suffix == ".json" else _names_in_lines(text.split("\n"))


def _names_in_json(text: str) -> dict[int, str]:
    """{"0": "mug"}, {"mug": 0} or ["mug"]."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    pairs = (
        enumerate(found)
        if isinstance(found, list)
        else found.items()
        if isinstance(found, dict)
        else ()
    )
    names: dict[int, str] = {}
    for one, other in pairs:
        number, name = (one, other) if as_number(str(one)) is not None else (other, one)
        if as_number(str(number)) is None or not isinstance(name, str):
            return {}
        names[as_number(str(number)) or 0] = name
    return names


def _names_in_lines(lines: Sequence[str]) -> dict[int, str]:
    """A name on each line, the first is 0; or lines like "0 mug", "0: mug" or "0,mug"."""
    words = [line.strip() for line in lines if line.strip()]
    numbered: dict[int, str] = {}
    for line in words:
        first, _, rest = line.replace(":", " ").replace(",", " ").replace("\t", " ").partition(" ")
        if as_number(first) is None or not rest.strip():
            return dict(enumerate(words))
        numbered[as_number(first) or 0] = rest.strip()
    return numbered
