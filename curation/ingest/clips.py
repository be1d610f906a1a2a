"""Clips as sources: the frames of one, or of those among the photos of a folder, a list or an
archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from curation.ingest.incoming import REGULAR, Gathered, Incoming, SourceOptions
from curation.ingest.naming import Naming, meaning
from data_cards.errors import BadPhoto, BadSource

ENDINGS = frozenset(
    (
        ".mp4",
        ".mov",
        ".m4v",
        ".avi",
        ".mkv",
        ".webm",
        ".3gp",
        ".3g2",
        ".mpg",
        ".mpeg",
        ".mts",
        ".m2ts",
        ".wmv",
        ".flv",
        ".ogv",
    )
)


def is_clip(path: Path) -> bool:
    """Whether a file is called like a clip."""
    return path.suffix.lower() in ENDINGS


def from_clip(path: Path, options: SourceOptions) -> Gathered:
    """Frames of a clip, all with one label or none."""
    label = options.label or ""
    naming = Naming.of([label] if label else [])
    photo = Incoming(path.name, bytes, naming.label(label), meaning(label), clip=path)
    return Gathered(path.stem, [photo], None, naming.classes)


def with_frames(gathered: Gathered, options: SourceOptions) -> Gathered:
    """The same files, with the frames of each clip in place of the clip. A clip that cannot be read
    counts as one unreadable file."""
    if not isinstance(gathered.photos, list) or not any(photo.clip for photo in gathered.photos):
        return gathered
    return replace(gathered, photos=_frames(gathered.photos, options), total=None)


def _frames(photos: Iterable[Incoming], options: SourceOptions) -> Iterator[Incoming]:
    from curation.ingest.video import best_frames, frames

    every = options.every
    taken = frames if options.frames == REGULAR else best_frames

    for photo in photos:
        if photo.clip is None:
            yield photo
            continue
        try:
            for second, data in taken(photo.clip, every):
                yield replace(photo, read=partial(bytes, data), origin="video", second=second)
        except BadSource:
            if every <= 0:
                raise
            yield replace(photo, read=partial(_refused, "This clip cannot be read."))


def _refused(why: str) -> bytes:
    raise BadPhoto(why)
