"""A catalogue beside the photos: `classes.csv`, or a folder with one picture per class.

Its pictures show a thing as its maker does; they become references and never training photos.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from curation.ingest.lists.tables import read_table
from curation.ingest.naming import written
from curation.ingest.photo_files import looks_like_photo, read_file
from data_cards.dataset.class_names import name_key
from data_cards.dataset.collection import ClassInfo

FILE = "classes.csv"
FOLDERS = ("iconic", "references", "reference", "catalogue")
ID = ("class", "id", "label", "name")
TITLE = ("title",)
SUMMARY = ("description", "summary", "text")
PICTURE = ("iconic_image", "reference", "image", "picture")
PARENT = ("parent", "coarse_class", "group")


@dataclass(frozen=True)
class Catalogue:
    """Completed classes, how to read their pictures, and which files (relative to the source)
    those are."""

    classes: tuple[ClassInfo, ...]
    references: dict[str, Callable[[], bytes]]
    pictures: frozenset[Path]


def read_catalogue(root: Path | None, classes: Mapping[str, ClassInfo]) -> Catalogue:
    """The catalogue beside the class folders of `root`, or None; `classes` by folder name. Classes
    without photos are left out. Raises BadSource.
    """
    if root is None:
        return Catalogue(tuple(classes.values()), {}, frozenset())
    infos = {info.id: info for info in classes.values()}
    by_name: dict[str, list[str]] = {}
    for name, info in classes.items():
        by_name.setdefault(name_key(name), []).append(info.id)
    pictures: dict[str, Path] = {}
    for row in _rows(root / FILE):
        for class_id in by_name.get(name_key(_cell(row, ID)), ()):
            infos[class_id] = _completed(infos[class_id], row)
            if _cell(row, PICTURE):
                pictures[class_id] = Path(_cell(row, PICTURE))
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*")):
            is_photo = path.is_file() and looks_like_photo(path)
            for class_id in by_name.get(name_key(path.stem), []) if is_photo else []:
                pictures.setdefault(class_id, path.relative_to(root))
    there = {class_id: path for class_id, path in pictures.items() if _is_below(root, path)}
    references: dict[str, Callable[[], bytes]] = {
        class_id: partial(read_file, root / path) for class_id, path in there.items()
    }
    return Catalogue(tuple(infos.values()), references, frozenset(there.values()))


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    known = {name_key(name) for names in (ID, TITLE, SUMMARY, PICTURE, PARENT) for name in names}
    return [
        {name.casefold(): cell for name, cell in row.cells.items()}
        for row in read_table(path, known).rows
    ]


def _cell(row: dict[str, str], names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _completed(info: ClassInfo, row: dict[str, str]) -> ClassInfo:
    title = _cell(row, TITLE) or info.title
    name = written(info)
    is_found = name_key(name) in map(name_key, (info.id, title, *info.aliases))
    return replace(
        info,
        title=title,
        aliases=info.aliases if is_found else (name, *info.aliases),
        summary=_cell(row, SUMMARY) or info.summary,
        parent=_cell(row, PARENT) or info.parent,
    )


def _is_below(root: Path, path: Path) -> bool:
    whole = (root / path).resolve()
    return whole.is_relative_to(root.resolve()) and whole.is_file()
