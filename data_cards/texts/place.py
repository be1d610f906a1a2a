"""Where a collection lies that somebody names: one that ships, a folder, or a dataset.

place = find_place("deities")
place.card, place.classes          the texts as they are written
place.write(change, "Draft texts")
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data_cards.dataset.collection import (
    SHIPPED,
    Collection,
    read_collection,
    shipped_names,
    write_collection,
)
from data_cards.dataset.collection_files import CARD, CLASSES
from data_cards.dataset.repo import CARD as CARD_THERE
from data_cards.dataset.repo import CLASSES as CLASSES_THERE
from data_cards.dataset.repo import README, Changes, Dataset, collection_files, open_dataset
from data_cards.errors import BadCollection
from data_cards.storage.atomic_files import at_home, damage_named, write_durably
from data_cards.storage.repository import HUB


@dataclass(frozen=True)
class CollectionPlace:
    """The two texts of a collection, the class ids that have a reference picture, and how a
    change is kept: it is made to what is there by then."""

    name: str
    card: str
    classes: str
    pictures: frozenset[str]
    write: Callable[[Callable[[Collection], Collection], str], None]

    def collection(self) -> Collection:
        """Read strictly. Raises BadCollection."""
        return read_collection(self.card, self.classes)


def find_place(name: str) -> CollectionPlace:
    """A shipped collection by name, a folder with card.md and classes.yaml, or a dataset. Raises
    BadCollection, and what a dataset raises."""
    if name.startswith(HUB):
        return _in_dataset(name)
    folder = at_home(name)
    # Before a dataset, since a collection may have a README of its own.
    if (folder / CARD).is_file() or (folder / CLASSES).is_file():
        return _in_folder(name, folder)
    if (folder / README).is_file():
        return _in_dataset(name)
    if name in shipped_names():
        return _in_folder(name, SHIPPED / name)
    raise BadCollection(
        f"There is no collection '{name}': no folder with {CARD} and {CLASSES}, no dataset, and "
        f"none of those that ship ({', '.join(shipped_names())}). Begin one: "
        f"vitrine new {shlex.quote(name)}",
        name=name,
    )


def _in_dataset(address: str) -> CollectionPlace:
    dataset = open_dataset(address)

    def write(change: Callable[[Collection], Collection], message: str) -> None:
        def changes(base: Dataset) -> Changes:
            before = base.collection()
            changed = change(before)
            return Changes() if before == changed else Changes(collection_files(changed))

        dataset.update(message, changes)

    return CollectionPlace(
        address,
        _text(dataset.repo.read(CARD_THERE, dataset.revision), CARD, address),
        _text(dataset.repo.read(CLASSES_THERE, dataset.revision), CLASSES, address),
        dataset.references(),
        write,
    )


def _in_folder(name: str, folder: Path) -> CollectionPlace:
    def write(change: Callable[[Collection], Collection], message: str) -> None:
        _, classes = write_collection(change(_in_folder(name, folder).collection()))
        before = (folder / CLASSES).read_text("utf-8-sig")
        write_durably(folder / CLASSES, (_head_comment(before) + classes).encode())

    for file in (CARD, CLASSES):
        if not (folder / file).is_file():
            raise BadCollection(f"A collection needs card.md and classes.yaml; {file} is missing.")
    return CollectionPlace(
        name,
        _text((folder / CARD).read_bytes(), CARD, name),
        _text((folder / CLASSES).read_bytes(), CLASSES, name),
        frozenset(path.stem for path in (folder / "references").glob("*.jpg")),
        write,
    )


def _text(data: bytes, file: str, name: str) -> str:
    with damage_named(f"{file} of {name}", "It is text in UTF-8.", BadCollection):
        return data.decode("utf-8-sig")


def _head_comment(text: str) -> str:
    """The comment that a file begins with; YAML's writer does not know of it."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if not line.startswith("#"):
            break
        lines.append(line)
    return "".join(lines)
