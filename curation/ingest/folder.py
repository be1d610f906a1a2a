"""A folder as a source: class folders, or split folders of class folders."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from curation.ingest.catalogue import FILE as CATALOGUE
from curation.ingest.catalogue import FOLDERS as CATALOGUE_FOLDERS
from curation.ingest.catalogue import read_catalogue
from curation.ingest.incoming import Gathered, Incoming, SourceOptions
from curation.ingest.naming import Naming, meaning
from curation.ingest.photo_files import as_text, list_photos, read_file
from curation.ingest.split_names import split_of
from data_cards.errors import BadSource


def from_folder(root: Path, options: SourceOptions) -> Gathered:
    """Class folders, or split folders of class folders; what lies directly in the folder has the label that was given.

    Hidden files, litter of operating systems and links that lead outside are passed over.
    """
    files, others = list_photos(root)
    splits = _split_folders(files)
    catalogued = bool(splits) or (root / CATALOGUE).is_file()
    wanted = [file for file in files if file.parts[0] in splits or
              (not splits and not (catalogued and file.parts[0].casefold() in CATALOGUE_FOLDERS))]
    names = {file: _label_of(file, bool(splits), options) for file in wanted}
    naming = Naming.of(sorted(set(names.values())))
    catalogue = read_catalogue(root if catalogued else None, naming.by_name)
    photos = [Incoming(as_text(file), partial(read_file, root / file), naming.label(name), meaning(name),
                       split_of(file.parts[0]) if splits else None)
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
    given = {name for name in top if split_of(name)}
    return frozenset(given if given == top or "train" in map(split_of, given) else ())


def _label_of(file: Path, split_layout: bool, options: SourceOptions) -> str:
    folders = file.parts[1:-1] if split_layout else file.parts[:-1]
    if folders:
        return folders[0]
    return _name_without_number(file.stem) if options.by_name else options.label or ""


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
