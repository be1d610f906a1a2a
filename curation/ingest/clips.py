"""A clip as a source: its frames, all with one label or none."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from curation.ingest.incoming import Gathered, Incoming, SourceOptions
from curation.ingest.naming import Naming, meaning

ENDINGS = frozenset((".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm"))


def from_clip(path: Path, options: SourceOptions) -> Gathered:
    """Frames of a clip, all with one label or none."""
    from curation.ingest.video import frames

    label = options.label or ""
    naming = Naming.of([label] if label else [])
    status = meaning(label)

    def incoming() -> Iterator[Incoming]:
        for second, data in frames(path, options.every):
            yield Incoming(path.name, partial(bytes, data), naming.label(label), status, origin="video",
                           second=second)

    return Gathered(path.stem, incoming(), None, naming.classes)
