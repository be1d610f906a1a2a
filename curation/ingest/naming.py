"""What folders and people call a thing, and which class of the collection that is.

naming = Naming.of(["Agra fort", "none_of_these"])       naming.label("Agra fort") == "Agra-fort"
join(collection, naming.classes, texts)                  which of them the collection knows already
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from data_cards.dataset.class_names import (
    class_id_from,
    free_id,
    is_made_from,
    name_key,
    title_from,
)
from data_cards.dataset.collection import (
    ClassInfo,
    Collection,
    load_collection,
    shipped_collection,
    shipped_names,
)
from data_cards.texts.painters import with_painters

NONE_WORDS = frozenset(("none", "_none", "none of these", "_none of these"))
UNLABELLED_WORDS = frozenset(
    ("", "unlabelled", "_unlabelled", "unlabeled", "_unlabeled", "unknown")
)


def meaning(name: str) -> str:
    """The label status that a folder's name or a typed label asks for."""
    word = name_key(name)
    return (
        "none_of_these"
        if word in NONE_WORDS
        else "unlabelled"
        if word in UNLABELLED_WORDS
        else "labelled"
    )


@dataclass(frozen=True)
class Naming:
    """Folder names or typed labels -> classes, one for each name as it is written. Different
    spellings are joined by `join`, which knows the classes of the collection."""

    by_name: dict[str, ClassInfo]

    @classmethod
    def of(cls, names: Iterable[str]) -> Naming:
        """Names that are valid ids become ids, whatever the order; if several names give the same
        id, all but one get a number."""
        met = list(dict.fromkeys(name for name in names if meaning(name) == "labelled"))
        clearest = set(_clearest(met).values())
        ids: dict[str, str] = {}
        for name in sorted(
            met, key=lambda name: (name not in clearest, class_id_from(name) != name, name)
        ):
            ids[name] = free_id(name, ids.values())
        return cls({name: _class_called(name, ids[name]) for name in met})

    def label(self, name: str) -> str | None:
        """The class id a name stands for; None when it stands for none of these, or for nothing."""
        return self.by_name[name].id if name in self.by_name else None

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """In the order in which they were met."""
        return tuple(self.by_name.values())


def _class_called(name: str, class_id: str) -> ClassInfo:
    """A class whose title, alias or id is the name as it was written: that is what it is found
    by later on."""
    text = as_written(name)
    title = title_from(as_written(name))
    is_kept = text == class_id or (text == title and name_key(class_id) == name_key(text))
    return ClassInfo(class_id, title, aliases=() if is_kept else (text,))


def as_written(name: str) -> str:
    """A folder's name as text, even where the disk's names are not UTF-8: those bytes are then
    read as Latin-1."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1")
    return name


@dataclass(frozen=True)
class Named:
    """The classes of a source in a collection: as it was `known` before, class id of the source ->
    its class id there, the collection with the classes it lacked, and what to say of spellings."""

    known: Collection
    ids: dict[str, str]
    things: Collection
    remarks: list[str]


def name_classes(
    there: Collection | None, name: str, met: tuple[ClassInfo, ...], wanted: str | None = None
) -> Named:
    """The classes `met` in a source called `name`, in the collection that is `there` or that one
    begins with. `wanted`: as for `begin`. Raises BadCollection."""
    known = there or begin(name, met, wanted)
    ids, things = join(known, met, texts_for(known, wanted))
    things = with_painters(things, known)
    return Named(known, ids, things, put_together(met, ids, things))


def join(
    known: Collection, met: Iterable[ClassInfo], texts: Collection | None = None
) -> tuple[dict[str, str], Collection]:
    """(class id of a source -> class id of the collection, the collection with the classes it
    lacked).

    A class is the same when `known` has one of its names, or else `texts`, which then also says
    what is to be told of it; the source says what is left. Names of the source that differ in
    spelling alone are one class.
    """
    met = list(met)
    by_written = {written(info): info for info in met}
    clearest = {key: by_written[name] for key, name in _clearest(by_written).items()}
    ids: dict[str, str] = {}
    taken = set(known.names)
    added: dict[str, ClassInfo] = {}
    by_text: dict[str, str] = {}
    by_key: dict[str, str] = {}
    for info in met:
        told = same_class(texts, info) if texts else None
        key = name_key(written(info))
        found = same_class(known, info) or by_key.get(key) or (by_text.get(told) if told else None)
        if found is None:
            new = _completed(texts.info(told), info) if texts and told else clearest[key]
            new = replace(new, id=_free(new, taken))
            taken.add(new.id)
            added[new.id] = new
            found = new.id
        by_key.setdefault(key, found)
        if told:
            by_text.setdefault(told, found)
        ids[info.id] = found
    return ids, known.with_classes((*known.classes, *added.values()))


def _free(info: ClassInfo, taken: set[str]) -> str:
    """The id of a class, or one with a number where another class has it."""
    return info.id if info.id not in taken else free_id(written(info), taken)


def _clearest(names: Iterable[str]) -> dict[str, str]:
    """Of each name that is spelled in several ways the spelling that names the class, in
    whatever order they came; by `name_key`."""
    found: dict[str, str] = {}
    for name in names:
        key = name_key(name)
        found[key] = min(found.get(key, name), name, key=_oddity)
    return found


def _oddity(name: str) -> tuple[bool, str]:
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    return plain != name or "_" in name, name


def put_together(met: Iterable[ClassInfo], ids: Mapping[str, str], things: Collection) -> list[str]:
    """What to say of names that differ in spelling and are one class."""
    spellings: dict[str, list[str]] = {}
    for info in met:
        spellings.setdefault(ids[info.id], []).append(written(info))
    return [
        _one_class(names, things.title_of(class_id))
        for class_id, names in spellings.items()
        if len(names) > 1
    ]


def _one_class(names: list[str], title: str) -> str:
    seen = dict.fromkeys(_as_seen(name) for name in sorted(names))
    if len(seen) == 1:
        return (
            f"“{next(iter(seen))}” is spelled in {len(names)} ways that look alike (hidden or "
            f"composed characters); they are one class: {title}."
        )
    *some, last = (f"“{name}”" for name in seen)
    return f"{', '.join(some)} and {last} are one class: {title}."


def _as_seen(name: str) -> str:
    return unicodedata.normalize(
        "NFC", "".join(sign for sign in name if unicodedata.category(sign) != "Cf")
    )


def _completed(told: ClassInfo, met: ClassInfo) -> ClassInfo:
    return replace(told, summary=told.summary or met.summary, parent=told.parent or met.parent)


def written(info: ClassInfo) -> str:
    """The name that a class of a source was given by people: its alias, or its title."""
    if name_key(info.id) == name_key(info.title):
        return info.id if not info.aliases else info.aliases[0]
    return info.aliases[0] if info.aliases else info.title


def same_class(collection: Collection, info: ClassInfo) -> str | None:
    """The id that a collection has for a class, found by a name that somebody wrote: never by an
    id that was made from another name."""
    names = [*info.aliases, info.title]
    if name_key(info.id) in map(name_key, names) or not is_made_from(info.id, names):
        names.insert(0, info.id)
    return next(filter(None, map(collection.find, names)), None)


def told_texts(name: str) -> Collection | None:
    """A shipped collection by name, or one in a folder with card.md and classes.yaml. Raises
    BadCollection."""
    if name in shipped_names():
        return shipped_collection(name)
    return load_collection(Path(name)) if (Path(name) / "card.md").is_file() else None


def texts_for(known: Collection, wanted: str | None = None) -> Collection | None:
    """What says more about classes to come: what is wanted, or the shipped collection that
    `known` began as."""
    if wanted:
        return told_texts(wanted)
    shipped = shipped_collection(known.name) if known.name in shipped_names() else None
    return shipped if shipped and shipped.title == known.title else None


def begin(name: str, met: tuple[ClassInfo, ...], wanted: str | None = None) -> Collection:
    """The collection a new dataset begins with, still without classes.

    `wanted`: a shipped name, a folder, or a new name. Without it, the source's own name finds a
    shipped collection when at least half of the source's classes are in there.
    """
    texts = (
        told_texts(wanted)
        if wanted
        else shipped_collection(name)
        if name in shipped_names()
        else None
    )
    if texts and (wanted or 2 * sum(_speaks_of(texts, info) for info in met) >= len(met)):
        return texts.with_classes(())
    return Collection(class_id_from(wanted or name), title_from(wanted or name))


def _speaks_of(texts: Collection, info: ClassInfo) -> bool:
    """Whether a shipped collection means this class. Folders called 0, 1, 2 could be anything."""
    return not info.id.isdigit() and same_class(texts, info) is not None
