"""A collection: what the things are, and the one table between a class id and everything about
it.

On disk it is two files, `card.md` (front matter and a description) and `classes.yaml` (a list of
classes), with reference pictures beside them. The same two files travel with the data and into
every model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from data_cards.dataset.class_names import (
    RESERVED,
    class_id_from,
    is_made_from,
    name_key,
    title_from,
)
from data_cards.dataset.collection_files import TEXTS_IN_CARD, ClassRow, card_head, class_rows
from data_cards.dataset.translations import IN_CARD, Translation, as_cards, by_language, keys_of
from data_cards.errors import BadCollection, UnknownClass
from data_cards.storage.atomic_files import damage_named
from data_cards.wording import counted

SHIPPED = Path(__file__).parent.parent / "collections"


@dataclass(frozen=True)
class ClassInfo:
    """One thing that can be recognised. `facts` are (name, value) pairs; `location` is
    (latitude, longitude); `draft`: a program wrote the texts, and nobody has accepted them yet."""

    id: str
    title: str
    summary: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    source: str = ""
    licence: str = ""
    wikidata: str = ""
    location: tuple[float, float] | None = None
    aliases: tuple[str, ...] = ()
    parent: str = ""
    draft: bool = False
    translations: tuple[Translation, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What the API calls a card: plain values, `facts` as a list of {name, value}, and where
        there are any, `translations` by language. Visitors are not told a draft."""
        untold: dict[str, Any] = {
            "summary": "",
            "facts": (),
            "source": "",
            "licence": "",
            "translations": (),
        }
        said = replace(self, **untold) if self.draft else self
        row = {name: value for name, value in vars(said).items() if name != "draft"}
        others = row.pop("translations")
        told = {
            "facts": [{"name": name, "value": value} for name, value in said.facts],
            "aliases": list(said.aliases),
            "location": list(said.location) if said.location else None,
        }
        return row | told | ({"translations": as_cards(others)} if others else {})


@dataclass(frozen=True)
class Collection:
    """A named set of classes, and what its owner says about it."""

    name: str
    title: str
    classes: tuple[ClassInfo, ...] = ()
    description: str = ""
    subject: str = "things"
    language: str = "en"
    licence: str = ""
    intended_use: str = ""
    consent: str = ""
    legal_basis: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for info in self.classes:
            if info.id in RESERVED:
                raise BadCollection(
                    f"'{info.id}' is a reserved word and cannot be a class id.", id=info.id
                )
            if not info.id or info.id != class_id_from(info.id):
                raise BadCollection(
                    f"'{info.id}' cannot be a class id; '{class_id_from(info.id)}' could.",
                    id=info.id,
                )
            if info.id in seen:
                raise BadCollection(f"Two classes have the id '{info.id}'.", id=info.id)
            seen.add(info.id)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Class ids in their fixed order."""
        return tuple(info.id for info in self.classes)

    @cached_property
    def unique_titles(self) -> tuple[str, ...]:
        """Titles in the order of `ids`, made unique: if two classes share a title, their ids are
        added."""
        shared = Counter(info.title for info in self.classes)
        return tuple(
            f"{info.title} ({info.id})" if shared[info.title] > 1 else info.title
            for info in self.classes
        )

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {class_id: position for position, class_id in enumerate(self.ids)}

    @cached_property
    def names(self) -> frozenset[str]:
        """Every id, title and alias: what an id of a new class must not be. A class that was
        merged into another left its id there as an alias."""
        return frozenset(self.ids) | {
            name for info in self.classes for name in (info.title, *info.aliases)
        }

    @cached_property
    def _written(self) -> dict[str, str]:
        """Names as written -> class ids. A name that two classes share belongs to the class with
        the better claim (see `_names`)."""
        names: dict[str, str] = {}
        for name, class_id in self._names():
            names.setdefault(name, class_id)
        return names

    @cached_property
    def _keys(self) -> dict[str, str]:
        keys: dict[str, str] = {}
        for name, class_id in self._names():
            keys.setdefault(name_key(name), class_id)
        return keys

    def _names(self) -> Iterator[tuple[str, str]]:
        """Each name of a class with its id: ids that read like the class, titles, aliases, then
        ids that somebody chose. An id that lost characters of the name it was made from is not a
        name ("C" from "C++")."""
        chosen: list[str] = []
        for info in self.classes:
            written = (info.title, *info.aliases)
            if name_key(info.id) in map(name_key, written):
                yield info.id, info.id
            elif not is_made_from(info.id, written):
                chosen.append(info.id)
        yield from ((info.title, info.id) for info in self.classes)
        yield from ((alias, info.id) for info in self.classes for alias in info.aliases)
        yield from zip(chosen, chosen, strict=True)

    def __contains__(self, class_id: object) -> bool:
        return class_id in self._positions

    def index(self, class_id: str) -> int:
        """Position of a class id. Raises UnknownClass."""
        try:
            return self._positions[class_id]
        except KeyError:
            raise UnknownClass(
                f"'{class_id}' is not one of the "
                f"{counted(len(self.ids), 'class', 'classes')} of {self.title}.",
                label=class_id,
            ) from None

    def info(self, class_id: str) -> ClassInfo:
        """Everything about a class. Raises UnknownClass."""
        return self.classes[self.index(class_id)]

    def title_of(self, class_id: str) -> str:
        """The name people read."""
        return self.info(class_id).title

    def find(self, name: str) -> str | None:
        """The class that people call this: written exactly so, or else the same by `name_key`;
        None for no class."""
        key = name_key(name)
        return (self._written.get(name) or self._keys.get(key)) if key else None

    def resolve(self, text: str) -> str:
        """The class id that somebody means by an id, a title or an alias. Raises UnknownClass."""
        if text in self._positions:
            return text
        return self.find(text) or self.ids[self.index(text)]

    @property
    def words(self) -> dict[str, Any]:
        """What a page may call its things (`noun`, `nouns`) and whoever keeps them (`keeper`), as
        card.md says it, and `translations` of these, the title and the description by language."""
        said = {name: _text(self.extra.get(name)) for name in ("noun", "nouns", "keeper")}
        return said | {"translations": by_language(self.extra, IN_CARD)}

    @property
    def is_about_people(self) -> bool:
        """Photos of people: the sensitive policy applies."""
        return self.subject == "people"

    def check_publishable(self) -> None:
        """Raises BadCollection when photos of people lack a stated use, consent or legal basis."""
        missing = [
            name
            for name in ("intended_use", "consent", "legal_basis")
            if not getattr(self, name).strip()
        ]
        if self.is_about_people and missing:
            raise BadCollection(
                f"{self.title} is a collection of photos of people. Before it can be published, "
                f"fill in {', '.join(missing)} in collection/card.md.",
                missing=missing,
            )

    def with_classes(self, classes: Iterable[ClassInfo]) -> Collection:
        """The same collection with other classes."""
        return replace(self, classes=tuple(classes))


def read_collection(card: str, classes: str) -> Collection:
    """From the texts of card.md and classes.yaml. Raises BadCollection saying which line or
    class is wrong."""
    head, body = card_head(card)
    texts = {key: _text(head.pop(key)) for key in TEXTS_IN_CARD if key in head}
    _check_one_label(head)
    texts.setdefault("name", "collection")
    texts.setdefault("title", title_from(texts["name"]))
    return Collection(
        classes=tuple(map(_class_info, class_rows(classes))),
        description=body.strip(),
        extra=head,
        **texts,
    )


def _check_one_label(head: Mapping[str, object]) -> None:
    """Several labels for a photo are not offered (docs/decisions/several-labels.md)."""
    wanted = str(head.get("labels", "one")).strip().casefold()
    if wanted not in ("", "one", "none"):
        raise BadCollection(
            f"The card says `labels: {head['labels']}`, but a photo has one label here. Crop a "
            "photo that shows two things (k on the light table), or make a class of each pair "
            "that is shown together; then leave `labels` out of card.md.",
            labels=str(head["labels"]),
        )


def write_collection(collection: Collection) -> tuple[str, str]:
    """(text of card.md, text of classes.yaml); `read_collection` gives the same collection back."""
    head = {
        "name": collection.name,
        "title": collection.title,
        "subject": collection.subject,
        "language": collection.language,
        "licence": collection.licence,
        "intended_use": collection.intended_use,
        "consent": collection.consent,
        "legal_basis": collection.legal_basis,
        **collection.extra,
    }
    said = {key: value for key, value in head.items() if value}
    card = f"---\n{_dump(said)}---\n\n{collection.description}\n"
    return card, _dump([_class_row(info) for info in collection.classes])


def load_collection(folder: Path) -> Collection:
    """From a folder with card.md and classes.yaml. Raises BadCollection when either is missing."""
    try:
        with damage_named(
            f"The collection in {folder}",
            "card.md and classes.yaml are text in UTF-8.",
            BadCollection,
        ):
            return read_collection(
                (folder / "card.md").read_text("utf-8"),
                (folder / "classes.yaml").read_text("utf-8"),
            )
    except FileNotFoundError as error:
        raise BadCollection(
            f"A collection needs card.md and classes.yaml; {Path(error.filename).name} is missing "
            "in "
            f"{folder}."
        ) from error


def shipped_names() -> tuple[str, ...]:
    """Collections that come with Vitrine."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob("*/card.md")))


def shipped_collection(name: str) -> Collection:
    """A collection that comes with Vitrine, by name. Raises BadCollection."""
    if name not in shipped_names():
        raise BadCollection(
            f"There is no collection '{name}' here; there are {', '.join(shipped_names())}.",
            name=name,
        )
    return load_collection(SHIPPED / name)


def _dump(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _class_info(row: ClassRow) -> ClassInfo:
    fields = {name: getattr(row, name) for name in ClassInfo.__dataclass_fields__}
    return ClassInfo(**{**fields, "title": row.title or title_from(row.id)})


def _class_row(info: ClassInfo) -> dict[str, Any]:
    row = asdict(info) | {
        "facts": dict(info.facts),
        "aliases": list(info.aliases),
        "location": list(info.location) if info.location else None,
        "translations": None,
        **keys_of(info.translations),
    }
    return {key: value for key, value in row.items() if value}
