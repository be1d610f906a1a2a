"""Where photos come from: one entry for each kind of source. To add a kind, add an entry to SOURCES.

    open_source("photos/")             class folders, or train/val/test folders of class folders
    open_source("list.csv")            columns file, label, split, role
    open_source("clip.mp4")            one frame a second
    open_source("museum:400")          simulated

Nothing is decoded here; `Incoming.read` gives a file's bytes when somebody wants them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from curation.ingest import clips, lists
from curation.ingest.built_in import from_museum
from curation.ingest.catalogue import FILE as CATALOGUE
from curation.ingest.clips import from_clip
from curation.ingest.folder import from_folder
from curation.ingest.incoming import Gathered, SourceOptions
from curation.ingest.lists import from_list, from_metadata, lists_in, metadata_in
from data_cards.errors import BadSource


@dataclass(frozen=True)
class SourceKind:
    """One kind of source. `takes`: whether it is meant by what the owner typed; `opens`: look at it;
    `words`: how it is called in a sentence that says what can be given."""

    words: str
    takes: Callable[[str], bool]
    opens: Callable[[str, SourceOptions], Gathered]


# The first kind that takes a source opens it.
SOURCES = (
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
        lambda source: _is_file(source, lists.ENDINGS),
        lambda source, options: from_list(_path(source), options),
    ),
    SourceKind(
        "a clip",
        lambda source: _is_file(source, clips.ENDINGS),
        lambda source, options: from_clip(_path(source), options),
    ),
)


def open_source(source: str, options: SourceOptions | None = None) -> Gathered:
    """Look at a source. Raises BadSource."""
    for kind in SOURCES:
        if kind.takes(source):
            return kind.opens(source, options or SourceOptions())
    if not _path(source).is_file():
        raise BadSource(f"There is no folder or file {source}.", source=source)
    known = ", ".join(kind.words for kind in SOURCES[:-1])
    raise BadSource(
        f"Photos cannot be collected from {_path(source).name}: give {known} or {SOURCES[-1].words}.",
        source=source,
    )


def _offering_lists(root: Path, options: SourceOptions) -> Gathered:
    """A folder, and a word about lists that lie in it: they may be what its owner means."""
    lists_here = [path for path in lists_in(root) if path.name != CATALOGUE]
    told = "".join(
        f" There is a list {path.name} in it; to use it, give it as the source: {path}." for path in lists_here
    )
    try:
        gathered = from_folder(root, options)
    except BadSource as error:
        raise BadSource(f"{error.sentence}{told}", **error.evidence) from error
    return replace(gathered, remarks=(*gathered.remarks, told.strip())) if told else gathered


def _path(source: str) -> Path:
    return Path(source).expanduser()


def _is_file(source: str, endings: frozenset[str]) -> bool:
    path = _path(source)
    return path.is_file() and path.suffix.lower() in endings
