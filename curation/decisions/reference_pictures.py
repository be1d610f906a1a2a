"""The reference picture of a class, when people chose one of its photos: written when decisions
are folded.

The picture that came with the collection is kept beside it, so that a choice that is taken back
leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from data_cards.annotations.class_edits import references_of
from data_cards.annotations.framed_photos import framed
from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import REFERENCES, Changes, Dataset
from data_cards.photos.image import thumbnail

SIDE = 1024  # pixels of the longer side
CAME_WITH = f"{REFERENCES}given/"


def reference_files(base: Dataset, after: Collection, gone: Container[str] = ()) -> Changes:
    """What a commit that makes `after` the collection of `base` does to pictures whose choice
    changed.

    `gone`: photos that are about to leave, and cannot be chosen any more.
    """
    photos = base.photos()
    before = references_of(base.collection())
    wanted = {
        name: photo
        for name, photo in references_of(after).items()
        if photo in photos and photo not in gone
    }
    add = dict[str, bytes | Path]()
    delete = list[str]()
    for name in sorted(set(before) | set(wanted)):
        path = f"{REFERENCES}{name}.jpg"
        kept = f"{CAME_WITH}{name}.jpg"
        if wanted.get(name) == before.get(name):
            continue
        came_with = base.reference(f"given/{name}") or (
            None if name in before else base.reference(name)
        )
        if name in wanted:
            add[path] = thumbnail(framed(base).read_photo(wanted[name]), SIDE)
            add |= {kept: came_with} if came_with else {}
        elif came_with:
            add |= {path: came_with} if base.reference(name) != came_with else {}
        elif path in base.paths:
            delete.append(path)
    return Changes(add, tuple(delete))
