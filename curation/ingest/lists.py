"""A list as a source: a CSV that names files with their label, split and role."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from curation.ingest.incoming import Gathered, Incoming, SourceOptions
from curation.ingest.naming import Naming, meaning
from curation.ingest.photo_files import read_file
from curation.ingest.split_names import split_of
from data_cards.errors import BadSource

ENDINGS = frozenset((".csv",))
COLUMNS = ("file", "label", "split", "role")


def from_list(path: Path, options: SourceOptions) -> Gathered:
    """A list with the columns file, label, split and role (photo, reference or query; a query is a test photo)."""
    label = options.label or ""
    rows = [(line, row) for line, row in _csv_rows(path) if row["file"]]
    naming = Naming.of(row["label"] or label for _, row in rows)
    photos: list[Incoming] = []
    references: dict[str, Callable[[], bytes]] = {}
    for line, row in rows:
        name, read = row["label"] or label, partial(read_file, _inside(path.parent, row["file"], line))
        class_id = naming.label(name)
        if row["role"] == "reference" and class_id:
            references.setdefault(class_id, read)
            continue
        split = split_of(row["split"]) or ("test" if row["role"] == "query" else None)
        photos.append(Incoming(row["file"], read, class_id, meaning(name), split))
    return Gathered(path.stem, photos, len(photos), naming.classes, references)


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = {name.strip().casefold(): name for name in reader.fieldnames or () if name}
            if "file" not in names:
                raise BadSource(f"{path.name} needs a first line with the columns file, label, split and role (only "
                                f"file is required); it has {', '.join(names) or 'none'}.", columns=list(names))
            for row in reader:
                yield reader.line_num, {key: (row.get(names.get(key, "")) or "").strip() for key in COLUMNS}
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadSource(f"{path.name} cannot be read as a CSV in UTF-8: {error}.", source=str(path)) from error


def _inside(folder: Path, name: str, line: int) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BadSource(f"Line {line} names {name}, which lies outside the folder of the list.", line=line)
    return path
