"""Where photos come from: a folder, a list (CSV), a clip, or the built-in museum; each read into the same shape.

    open_source("photos/")             class folders, or train/val/test folders of class folders
    open_source("list.csv")            columns file, label, split, role
    open_source("clip.mp4")            one frame a second
    open_source("museum:400")          simulated

Nothing is decoded here; `Incoming.read` gives a file's bytes when somebody wants them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from curation.catalogue import FILE as CATALOGUE
from curation.catalogue import FOLDERS as CATALOGUE_FOLDERS
from curation.catalogue import read_catalogue
from curation.naming import Naming, meaning
from curation.photo_files import as_text, list_photos, read_file
from data_cards.collection import ClassInfo
from data_cards.errors import BadSource

CLIP_ENDINGS = frozenset((".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm"))
COLUMNS = ("file", "label", "split", "role")
SPLITS = {"train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
          "dev": "validation", "test": "test", "testing": "test"}


@dataclass(frozen=True)
class Incoming:
    """A photo at the door. `label`: a class id of its `Gathered`; `status`: as in a dataset; `second`: of a clip."""

    path: str
    read: Callable[[], bytes]
    label: str | None = None
    status: str = "unlabelled"
    split: str | None = None
    origin: str = "file"
    second: float | None = None


@dataclass(frozen=True)
class Gathered:
    """What a source holds: photos to stream, the classes they name, and a catalogue picture for some of them."""

    name: str
    photos: Iterable[Incoming]
    total: int | None = None
    classes: tuple[ClassInfo, ...] = ()
    references: dict[str, Callable[[], bytes]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def open_source(source: str, label: str | None = None, every: float = 1.0, by_name: bool = False) -> Gathered:
    """Look at a source. `label`: for photos that bring none; `every`: seconds between frames of a clip; `by_name`:
    take labels from file names ("gond painting_7.jpg") where there is no class folder. Raises BadSource.
    """
    if source.startswith("search:"):
        raise BadSource("Photos cannot be searched for on the web yet; give a folder, a CSV, a clip or museum.",
                        source=source)
    path = Path(source).expanduser()
    if source.partition(":")[0] == "museum" and not path.exists():
        return from_museum(source)
    if path.is_dir():
        return from_folder(path, label, by_name)
    if not path.is_file():
        raise BadSource(f"There is no folder or file {source}.", source=source)
    if path.suffix.lower() == ".csv":
        return from_csv(path, label)
    if path.suffix.lower() in CLIP_ENDINGS:
        return from_clip(path, label, every)
    raise BadSource(f"Photos cannot be collected from {path.name}: give a folder, a CSV with the columns file and "
                    "label, a clip, or museum.", source=source)


def from_museum(source: str) -> Gathered:
    """The built-in sample, with its shipped classes and reference pictures."""
    from curation import museum
    from data_cards.collection import shipped_collection

    wanted = museum.parse_museum(source)
    classes = shipped_collection("museum").classes

    def incoming() -> Iterator[Incoming]:
        for truth, data in museum.photos(wanted):
            status = "labelled" if truth.given_label else "none_of_these"
            yield Incoming(truth.path, partial(bytes, data), truth.given_label, status, origin="synthetic")

    return Gathered("museum", incoming(), wanted.photos, classes,
                    {info.id: partial(museum.reference, info.id, museum.canvas_side(wanted.side)) for info in classes})


def from_clip(path: Path, label: str | None, every: float) -> Gathered:
    """Frames of a clip, all with one label or none."""
    from curation.video import frames

    naming = Naming.of([label] if label else [])
    status = meaning(label or "")

    def incoming() -> Iterator[Incoming]:
        for second, data in frames(path, every):
            yield Incoming(path.name, partial(bytes, data), naming.label(label or ""), status, origin="video",
                           second=second)

    return Gathered(path.stem, incoming(), None, naming.classes)


def from_csv(path: Path, label: str | None) -> Gathered:
    """A list with the columns file, label, split and role (photo, reference or query; a query is a test photo)."""
    rows = [(line, row) for line, row in _csv_rows(path) if row["file"]]
    naming = Naming.of(row["label"] or label or "" for _, row in rows)
    photos: list[Incoming] = []
    references: dict[str, Callable[[], bytes]] = {}
    for line, row in rows:
        name, read = row["label"] or label or "", partial(read_file, _inside(path.parent, row["file"], line))
        class_id = naming.label(name)
        if row["role"] == "reference" and class_id:
            references.setdefault(class_id, read)
            continue
        split = SPLITS.get(row["split"].casefold()) or ("test" if row["role"] == "query" else None)
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


def from_folder(root: Path, label: str | None = None, by_name: bool = False) -> Gathered:
    """Class folders, or split folders of class folders; what lies directly in the folder has the label that was given.

    Hidden files, litter of operating systems and links that lead outside are passed over.
    """
    files, others = list_photos(root)
    splits = _split_folders(files)
    catalogued = bool(splits) or (root / CATALOGUE).is_file()
    wanted = [file for file in files if file.parts[0] in splits or
              (not splits and not (catalogued and file.parts[0].casefold() in CATALOGUE_FOLDERS))]
    names = {file: _label_of(file, bool(splits), label, by_name) for file in wanted}
    naming = Naming.of(sorted(set(names.values())))
    catalogue = read_catalogue(root if catalogued else None, naming.by_name)
    photos = [Incoming(as_text(file), partial(read_file, root / file), naming.label(name), meaning(name),
                       SPLITS[file.parts[0].casefold()] if splits else None)
              for file, name in names.items() if file not in catalogue.pictures]
    if not photos:
        raise BadSource(f"There are no photos in {root}. Vitrine expects one folder per class, with the photos of that "
                        "class in it.", source=str(root))
    aside = len(set(files) - set(wanted) - catalogue.pictures)
    return Gathered(root.resolve().name, photos, len(photos), catalogue.classes, catalogue.references,
                    tuple(_remarks(photos, others, aside)))


def _split_folders(files: list[Path]) -> frozenset[str]:
    """Top folders that are splits: where one of them is for training, or all of them are splits. A class may be called
    "test", too.
    """
    top = {file.parts[0] for file in files if len(file.parts) > 1}
    given = {name for name in top if name.casefold() in SPLITS}
    return frozenset(given if given == top or "train" in {SPLITS[name.casefold()] for name in given} else ())


def _label_of(file: Path, split_layout: bool, label: str | None, by_name: bool) -> str:
    folders = file.parts[1:-1] if split_layout else file.parts[:-1]
    if folders:
        return folders[0]
    return _name_without_number(file.stem) if by_name else label or ""


def _name_without_number(stem: str) -> str:
    """"gond painting_7", "mon04", "bay (3)" -> "gond painting", "mon", "bay"."""
    return stem.rstrip("0123456789() ").rstrip("_- ") or stem


def _remarks(photos: list[Incoming], others: list[Path], aside: int) -> Iterator[str]:
    bare = sum(photo.status == "unlabelled" for photo in photos)
    if bare:
        yield f"{bare} of {len(photos)} photos lie in no class folder and come in without a label."
    if aside:
        yield f"{aside} photos beside the class folders were left alone."
    if others:
        shown = ", ".join(as_text(path) for path in others[:3])
        yield f"Left alone, since they are no photos: {shown}{f' and {len(others) - 3} more' if others[3:] else ''}."
