"""What folders and people call a thing, and which class of the collection that is.

    naming = Naming.of(["Agra fort", "none_of_these"])       naming.label("Agra fort") == "Agra-fort"
    join(collection, naming.classes, texts)                  which of them the collection knows already
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from data_cards.collection import (
    ClassInfo,
    Collection,
    class_id_from,
    load_collection,
    shipped_collection,
    shipped_names,
    title_from,
)
from data_cards.errors import UnknownClass

NONE_WORDS = frozenset(("none", "_none", "none_of_these", "none-of-these", "none of these"))
UNLABELLED_WORDS = frozenset(("", "unlabelled", "_unlabelled", "unlabeled", "_unlabeled", "unknown"))


def meaning(name: str) -> str:
    """The label status that a folder's name or a typed label asks for."""
    word = name.strip().casefold()
    return "none_of_these" if word in NONE_WORDS else "unlabelled" if word in UNLABELLED_WORDS else "labelled"


@dataclass(frozen=True)
class Naming:
    """Folder names or typed labels -> classes with ids of their own; two names never share an id by accident."""

    by_name: dict[str, ClassInfo]

    @classmethod
    def of(cls, names: Iterable[str]) -> Naming:
        """Ids are the names where those are fit; a second name that would give the same id gets a number."""
        found: dict[str, ClassInfo] = {}
        taken: set[str] = set()
        for name in names:
            if name in found or meaning(name) != "labelled":
                continue
            class_id, number = class_id_from(name), 1
            while class_id in taken:
                number += 1
                class_id = f"{class_id_from(name)}-{number}"
            taken.add(class_id)
            title = title_from(name)
            found[name] = ClassInfo(class_id, title, aliases=() if name in (class_id, title) else (name,))
        return cls(found)

    def label(self, name: str) -> str | None:
        """The class id a name stands for; None when it stands for none of these, or for nothing."""
        return self.by_name[name].id if name in self.by_name else None

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """In the order in which they were met."""
        return tuple(self.by_name.values())


def join(known: Collection, met: Iterable[ClassInfo],
         texts: Collection | None = None) -> tuple[dict[str, str], Collection]:
    """(class id of a source -> class id of the collection, the collection with the classes it lacked).

    A class is the same when its id, an alias or its title is known to `known`, or else to `texts`, which then also says
    what is to be told of it; the source says what is left.
    """
    ids: dict[str, str] = {}
    classes = {info.id: info for info in known.classes}
    for info in met:
        found = same_class(known, info)
        if found is None:
            told = same_class(texts, info) if texts else None
            new = _completed(texts.info(told), info) if texts and told else info
            found = new.id
            classes.setdefault(found, new)
        ids[info.id] = found
    return ids, known.with_classes(classes.values())


def _completed(told: ClassInfo, met: ClassInfo) -> ClassInfo:
    return replace(told, summary=told.summary or met.summary, parent=told.parent or met.parent)


def same_class(collection: Collection, info: ClassInfo) -> str | None:
    """The id that a collection has for a class, found by id, alias or title."""
    for name in (info.id, *info.aliases, info.title):
        try:
            return collection.resolve(name)
        except UnknownClass:
            continue
    return None


def told_texts(name: str) -> Collection | None:
    """A shipped collection by name, or one in a folder with card.md and classes.yaml. Raises BadCollection."""
    if name in shipped_names():
        return shipped_collection(name)
    return load_collection(Path(name)) if (Path(name) / "card.md").is_file() else None


def texts_for(known: Collection, wanted: str | None = None) -> Collection | None:
    """What says more about classes to come: what is wanted, or the shipped collection that `known` began as."""
    if wanted:
        return told_texts(wanted)
    shipped = shipped_collection(known.name) if known.name in shipped_names() else None
    return shipped if shipped and shipped.title == known.title else None


def begin(name: str, met: tuple[ClassInfo, ...], wanted: str | None = None) -> Collection:
    """The collection a new dataset begins with, still without classes.

    `wanted`: a shipped name, a folder, or a new name. Without it, the source's own name finds a shipped collection
    when at least half of the source's classes are in there.
    """
    texts = told_texts(wanted) if wanted else shipped_collection(name) if name in shipped_names() else None
    if texts and (wanted or 2 * sum(_speaks_of(texts, info) for info in met) >= len(met)):
        return texts.with_classes(())
    return Collection(class_id_from(wanted or name), title_from(wanted or name))


def _speaks_of(texts: Collection, info: ClassInfo) -> bool:
    """Whether a shipped collection means this class. Folders called 0, 1, 2 could be anything."""
    return not info.id.isdigit() and same_class(texts, info) is not None
