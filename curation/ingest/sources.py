"""Where photos come from: one entry for each kind of source. To add a kind, add an entry to
SOURCES.

    open_source("photos/")             class folders, or train/val/test folders of class folders
    open_source("list.csv")            columns file, label, split, role
    open_source("photos.zip")          what a folder may be, packed
    open_source("hf://user/name")      any dataset of images on the Hub
    open_source("clip.mp4")            its sharp and different frames
    open_source("museum:400")          simulated
    open_source("search:ganesha")      photos by words, of Wikimedia Commons and others

Nothing is decoded here; `Incoming.read` gives a file's bytes when somebody wants them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from curation.ingest import archive, clips
from curation.ingest.archive import from_archive
from curation.ingest.built_in import from_museum
from curation.ingest.catalogue import FILE as CATALOGUE
from curation.ingest.clips import from_clip, with_frames
from curation.ingest.folder import from_folder
from curation.ingest.hub_dataset import from_dataset, from_hub, is_dataset
from curation.ingest.incoming import Gathered, SourceOptions
from curation.ingest.lists.photo_list import (
    beside_list,
    from_list,
    from_metadata,
    is_list,
    lists_in,
    metadata_in,
)
from curation.ingest.photo_files import looks_like_photo
from curation.ingest.search.photo_search import from_search
from curation.ingest.search.query import SEARCH
from data_cards.errors import BadSource
from data_cards.storage.atomic_files import at_home
from data_cards.storage.repository import HUB


@dataclass(frozen=True)
class SourceKind:
    """One kind of source. `takes`: whether it is meant by what the owner typed; `opens`: look at
    it; `words`: how it is called in a sentence that says what can be given."""

    words: str
    takes: Callable[[str], bool]
    opens: Callable[[str, SourceOptions], Gathered]


SPREADSHEETS = frozenset((".xlsx", ".xls", ".xlsm", ".ods", ".numbers"))

# The first kind that takes a source opens it.
SOURCES = (
    SourceKind(
        "a dataset of the Hub (hf://user/name)",
        lambda source: source.startswith(HUB),
        from_hub,
    ),
    SourceKind(
        "search:WORDS",
        lambda source: source.startswith(SEARCH),
        from_search,
    ),
    SourceKind(
        "another dataset",
        lambda source: is_dataset(_path(source)),
        lambda source, options: from_dataset(str(_path(source))),
    ),
    SourceKind(
        "a folder with metadata.csv, .jsonl or .parquet",
        lambda source: _path(source).is_dir() and bool(metadata_in(_path(source))),
        lambda source, options: from_metadata(_path(source), options),
    ),
    SourceKind(
        "a folder",
        lambda source: _path(source).is_dir(),
        lambda source, options: _offering_lists(_path(source), options),
    ),
    SourceKind(
        "museum",
        lambda source: source.partition(":")[0] == "museum" and not _path(source).exists(),
        lambda source, options: from_museum(source),
    ),
    SourceKind(
        "a list (CSV, TSV, JSON lines or Parquet) with the columns file and label",
        lambda source: _path(source).is_file() and is_list(_path(source)),
        lambda source, options: from_list(_path(source), options),
    ),
    SourceKind(
        "a zip or tar",
        lambda source: _path(source).is_file() and archive.is_archive(_path(source)),
        lambda source, options: from_archive(_path(source), options, _unpacked),
    ),
    SourceKind(
        "a clip",
        lambda source: _path(source).is_file() and clips.is_clip(_path(source)),
        lambda source, options: from_clip(_path(source), options),
    ),
)


def open_source(source: str, options: SourceOptions | None = None) -> Gathered:
    """Look at a source. Raises BadSource."""
    options = options or SourceOptions()
    if not source.strip():
        raise BadSource("No source was given: its name is empty. Give a folder, a list or a zip.")
    for kind in SOURCES:
        if kind.takes(source):
            return with_frames(kind.opens(source, options), options)
    path = _path(source)
    if source.startswith(("http://", "https://")):
        raise BadSource(
            f"Photos can't be collected from a web address: download {source} and give the file. "
            "To "
            "search by words, give search:WORDS.",
            source=source,
        )
    if not path.is_file():
        raise BadSource(f"There is no folder or file {source}.", source=source)
    if path.suffix.lower() in SPREADSHEETS:
        raise BadSource(
            f"{path.name} is a spreadsheet. Save it as CSV (UTF-8), and give that.", source=source
        )
    if path.name.lower().endswith(archive.OTHER_ENDINGS):
        raise BadSource(
            f"{path.name} cannot be unpacked here. Unpack it, and give the folder.", source=source
        )
    if looks_like_photo(path):
        raise BadSource(
            f"{path.name} is a single photo. Give the folder that it lies in; to ask a model what "
            "it shows, use predict.",
            source=source,
        )
    known = ", ".join(kind.words for kind in SOURCES[:-1])
    raise BadSource(
        f"Photos cannot be collected from {path.name}: give {known} or {SOURCES[-1].words}.",
        source=source,
    )


def _offering_lists(root: Path, options: SourceOptions) -> Gathered:
    """A folder, with a hint about lists in it, which its owner may want instead."""
    found = [path for path in lists_in(root) if path.name != CATALOGUE]
    told = " ".join(
        f"There is a list {path.name} in it; to use it, give it as the source: {path}."
        for path in found
    )
    try:
        gathered = from_folder(root, options)
    except BadSource as error:
        raise BadSource(" ".join(filter(None, (error.sentence, told))), **error.evidence) from error
    return replace(gathered, remarks=(*gathered.remarks, told)) if told else gathered


def _unpacked(root: Path, options: SourceOptions) -> Gathered:
    """What an archive holds: a folder like any other, where a list counts if nothing else gives
    labels."""
    inner = root
    while not metadata_in(inner) and not lists_in(inner) and (only := _only_folder(inner)):
        inner = only
    found = [path for path in lists_in(inner) if path.name != CATALOGUE]
    if metadata_in(inner):
        return _below(from_metadata(inner, options), inner.relative_to(root))
    if is_dataset(inner):
        return from_dataset(str(inner))
    try:
        gathered = from_folder(root, options)
    except BadSource:
        if len(found) != 1:
            raise
        gathered = None
    if len(found) == 1 and (gathered is None or len(gathered.classes) < 2):
        listed = from_list(found[0], options)
        listed = beside_list(listed, inner, options, found[0].name)
        return _below(listed, inner.relative_to(root))
    if gathered is None:
        return from_folder(root, options)
    told = " ".join(
        f"There is a list {path.name} in it; to use it, unpack the archive." for path in found
    )
    return replace(gathered, remarks=(*gathered.remarks, told)) if told else gathered


def _only_folder(folder: Path) -> Path | None:
    """The one folder in a folder that holds nothing else that can be seen."""
    inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return (
        inside[0]
        if len(inside) == 1 and inside[0].is_dir() and not inside[0].is_symlink()
        else None
    )


def _below(gathered: Gathered, folder: Path) -> Gathered:
    """The same with paths that begin in a folder above."""
    if not folder.parts:
        return gathered
    photos = (replace(photo, path=f"{folder.as_posix()}/{photo.path}") for photo in gathered.photos)
    return replace(
        gathered,
        photos=list(photos) if isinstance(gathered.photos, list) else photos,
        left_alone=tuple(
            replace(one, path=f"{folder.as_posix()}/{one.path}") for one in gathered.left_alone
        ),
    )


def _path(source: str) -> Path:
    return at_home(source)
