"""A folder as a source: class folders, split folders of class folders, or plain files.

    gathered = from_folder(Path("photos"), SourceOptions())

`listing` says which files are photos, `layout` what their folders mean, `file_names` what their
names say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from curation.ingest.catalogue import FILE as CATALOGUE
from curation.ingest.catalogue import FOLDERS as CATALOGUE_FOLDERS
from curation.ingest.catalogue import Catalogue, read_catalogue
from curation.ingest.clips import is_clip
from curation.ingest.file_names import class_in_name, classes_in_names
from curation.ingest.incoming import Gathered, Incoming, LeftAlone, SourceOptions
from curation.ingest.layout import Layout, Place, few, read_layout, unwrapped
from curation.ingest.listing import Listing, list_photos
from curation.ingest.naming import Naming, meaning
from curation.ingest.photo_files import as_text, read_file
from data_cards.dataset.class_names import title_from
from data_cards.dataset.collection import ClassInfo
from data_cards.errors import BadSource
from data_cards.wording import counted

DRAWN = "drawn over the photo beside it that is called the same (a mask or the like)"


def from_folder(root: Path, options: SourceOptions) -> Gathered:
    """Class folders, or split folders of class folders; what lies in no class folder has the label
    that was given.

    Raises BadSource where there is no photo, or the folder may not be opened.
    """
    listing = list_photos(root, options.exclude, options.follow_links, with_clips=True)
    table = _folder_with_table(root, listing.photos)
    layout = read_layout(
        listing.photos,
        options.classes,
        options.splits,
        frozenset(CATALOGUE_FOLDERS),
        catalogued=table is not None,
        flat=options.by_name,
    )
    names = {
        file: place.label or _label_without_folder(file, options)
        for file, place in layout.places.items()
    }
    naming = Naming.of(sorted(set(names.values())))
    catalogue, pictures = _catalogue(root, table, layout, naming)
    photos = [
        _incoming(root, file, names[file], place, naming, options)
        for file, place in layout.places.items()
        if file not in pictures
    ]
    if not photos:
        raise BadSource(_nothing(root, listing), source=str(root))
    beside = [file for file in layout.beside if file not in pictures]
    remarks = (
        *layout.remarks,
        *_remarks(photos, beside, layout, listing),
        *_about_names(layout, options),
    )
    classes = _with_parents(catalogue.classes, _parents(layout, names, naming))
    read_anyway = None if table is None else as_text(table / CATALOGUE)
    left_alone = (
        *(one for one in listing.left_alone if one.path != read_anyway),
        *_beside(beside, layout),
        *(LeftAlone(as_text(file), DRAWN) for file in sorted(layout.drawn)),
    )
    return Gathered(
        root.resolve().name, photos, len(photos), classes, catalogue.references, remarks, left_alone
    )


def _folder_with_table(root: Path, files: Sequence[Path]) -> Path | None:
    """Where classes.csv lies: in the folder, or beside the class folders in it."""
    return next(
        (folder for folder in (unwrapped(files), Path()) if (root / folder / CATALOGUE).is_file()),
        None,
    )


def _catalogue(
    root: Path, table: Path | None, layout: Layout, naming: Naming
) -> tuple[Catalogue, frozenset[Path]]:
    """What lies beside the class folders, and which files are its pictures, relative to the
    source."""
    folder = layout.wrapper if table is None and layout.sides else table
    catalogue = read_catalogue(None if folder is None else root / folder, naming.by_name)
    return catalogue, frozenset((folder or Path()) / path for path in catalogue.pictures)


def _label_without_folder(file: Path, options: SourceOptions) -> str:
    """The place of a photo that lies in no class folder."""
    return class_in_name(file.stem) if options.by_name else options.label or ""


def _incoming(
    root: Path, file: Path, name: str, place: Place, naming: Naming, options: SourceOptions
) -> Incoming:
    given = "the file names" if options.by_name else "--label"
    named_by = place.folder if place.label or not name else given
    return Incoming(
        as_text(file),
        partial(read_file, root / file),
        naming.label(name),
        meaning(name),
        place.split,
        named_by=named_by,
        clip=root / file if is_clip(file) else None,
    )


def _parents(layout: Layout, names: Mapping[Path, str], naming: Naming) -> dict[str, str]:
    """The folder around a class folder by class id, where it is one and the same for all photos of
    the class."""
    around: dict[str, set[str]] = {}
    for file, place in layout.places.items():
        around.setdefault(naming.label(names[file]) or "", set()).add(place.parent)
    return {
        class_id: title_from(min(some))
        for class_id, some in around.items()
        if len(some) == 1 and min(some)
    }


def _with_parents(
    classes: Sequence[ClassInfo], parents: Mapping[str, str]
) -> tuple[ClassInfo, ...]:
    return tuple(replace(info, parent=info.parent or parents.get(info.id, "")) for info in classes)


def _beside(files: Sequence[Path], layout: Layout) -> Iterator[LeftAlone]:
    """Photos that lie beside the folders that are read."""
    read = few(sorted(layout.sides or ())) if layout.sides else "the class folders"
    yield from (LeftAlone(as_text(file), f"beside {read}") for file in files)


def _remarks(
    photos: Sequence[Incoming], beside: Sequence[Path], layout: Layout, listing: Listing
) -> Iterator[str]:
    bare = sum(photo.status == "unlabelled" for photo in photos)
    if bare:
        are, come = ("is", "comes") if bare == 1 else ("are", "come")
        yield (
            f"{bare} of {counted(len(photos), 'photo')} {are} in no class folder and {come} in "
            "without a label."
        )
    if beside:
        were = "was" if len(beside) == 1 else "were"
        told = f"{counted(len(beside), 'photo')} beside the class folders {were} skipped."
        in_folders = any(len(file.parts) > len(layout.wrapper.parts) + 2 for file in beside)
        cure = " If no folder here is a split, add --no-splits."
        yield told + (cure if layout.sides and in_folders else "")
    for pattern in listing.unmatched:
        yield (
            f"--exclude {pattern} matches nothing. It is compared with names, and with paths "
            "inside the folder."
        )


def _about_names(layout: Layout, options: SourceOptions) -> Iterator[str]:
    """Where no photo lies in a class folder, or all lie in one: whether the names of the files look
    like classes."""
    folders = {place.folder for place in layout.places.values() if place.label}
    loose = [file for file, place in layout.places.items() if not place.label]
    if options.by_name or options.label or len(folders) > 1 or (folders and loose):
        return
    found = classes_in_names(file.stem for file in layout.places) or _in_some_folder(loose)
    if found:
        named = few([f"{name} ({number})" for name, number in found.most_common()])
        yield (
            f"The names look like {len(found)} classes: {named}. "
            "To take them as labels, add --by-name (with make: BY_NAME=yes)."
        )


def _in_some_folder(files: Iterable[Path]) -> Counter[str]:
    """Classes in the names of files, where the files of one folder are named so and those of
    another are only numbered, as a test without labels is."""
    stems: dict[Path, list[str]] = {}
    for file in files:
        stems.setdefault(file.parent, []).append(file.stem)
    return sum((classes_in_names(some) for some in stems.values()), Counter())


def _nothing(root: Path, listing: Listing) -> str:
    """A sentence that says why a folder gives no photos."""
    told = f"There are no photos in {root}."
    why = Counter(one.why for one in listing.left_alone)
    if why:
        kinds = "; ".join(
            f"{kind}: {few([one.path for one in listing.left_alone if one.why == kind])}"
            for kind in why
        )
        told = f"{told} Left alone: {kinds}."
    return told + " Vitrine expects one folder per class, with the photos of that class in it."
