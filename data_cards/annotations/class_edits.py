"""Classes that people renamed, merged, added or described: the collection that follows from the
ledger.

The original class is kept in the card (`given_classes` in its front matter), so that a change that
is taken back leaves nothing behind. A text that somebody has since written into classes.yaml by
hand is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from data_cards.annotations.actions import CLASS_ACTIONS
from data_cards.annotations.class_card import card_of, read_card, with_fields
from data_cards.annotations.decision import Decision
from data_cards.annotations.ledger import in_order, standing
from data_cards.dataset.class_names import RESERVED, class_id_from, title_from
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.translations import as_rows, from_rows

GIVEN = "given_classes"
REFERENCES = "references"
ADDED = {"added": True}
Field = tuple[str, str]


def changed_collection(collection: Collection, decisions: Iterable[Decision]) -> Collection:
    """The collection after every standing change of classes. A class merged into another lives
    on as its alias."""
    known = in_order(decisions)
    given: dict[str, dict[str, Any]] = {
        name: dict(row) for name, row in (collection.extra.get(GIVEN) or {}).items()
    }
    changes = [one for one in standing(known) if one.action in CLASS_ACTIONS and one.label]
    added = {one.label for one in changes if one.action == "add_class"}
    edits = [one for one in known if one.action == "edit_card"]
    references = dict(references_of(collection))
    by_hand = _written_by_hand(collection, edits)
    classes = _as_given({info.id: info for info in collection.classes}, given, added)
    for one in reversed(edits):
        _write(classes, references, one, one.card_before, by_hand)
    for one in changes:
        if one.action == "edit_card":
            _write(classes, references, one, one.card, by_hand)
        else:
            _change(classes, given, one, one.label or "")
    if list(classes.values()) == list(collection.classes) and references == references_of(
        collection
    ):
        return collection
    extra = {
        key: value for key, value in collection.extra.items() if key not in (GIVEN, REFERENCES)
    }
    extra |= ({GIVEN: given} if given else {}) | ({REFERENCES: references} if references else {})
    return replace(collection, classes=tuple(classes.values()), extra=extra)


def references_of(collection: Collection) -> dict[str, str]:
    """Class id -> the photo (image_id) that people chose as its reference picture."""
    return dict(collection.extra.get(REFERENCES) or {})


def _written_by_hand(collection: Collection, edits: Sequence[Decision]) -> set[Field]:
    """Fields (class, field) whose text comes from no edit: somebody has changed the file itself
    since."""
    said: dict[Field, list[Any]] = {}
    for one in edits:
        before = read_card(one.card_before or "{}")
        for name, value in read_card(one.card).items():
            said.setdefault((one.label or "", name), []).extend([value, before.get(name)])
    references = references_of(collection)
    return {
        (label, name)
        for (label, name), values in said.items()
        if label in collection
        and None not in values
        and card_of(collection.info(label), references.get(label, ""))[name] not in values
    }


def _write(
    classes: dict[str, ClassInfo],
    references: dict[str, str],
    one: Decision,
    text: str,
    by_hand: set[Field],
) -> None:
    """Put the fields of an edit on the card, except those that have since been written by hand."""
    label = one.label or ""
    if label not in classes or not text:
        return
    fields = {
        name: value for name, value in read_card(text).items() if (label, name) not in by_hand
    }
    classes[label] = with_fields(classes[label], fields)
    if "reference" in fields:
        references.pop(label, None)
        references |= {label: fields["reference"]} if fields["reference"] else {}


def _as_given(
    classes: dict[str, ClassInfo], given: dict[str, dict[str, Any]], added: set[str | None]
) -> dict[str, ClassInfo]:
    """Classes before any decision; texts that were edited in the card since are kept."""
    for name, row in given.items():
        if row == ADDED:
            if name not in added:
                classes.pop(name, None)
        elif name in classes:
            classes[name] = replace(
                classes[name], title=row["title"], aliases=tuple(row["aliases"])
            )
        else:
            classes[name] = _info(row)
    return classes


def _change(
    classes: dict[str, ClassInfo], given: dict[str, dict[str, Any]], one: Decision, label: str
) -> None:
    if one.action == "add_class":
        if label not in classes and label not in RESERVED and label == class_id_from(label):
            classes[label] = ClassInfo(label, one.title or title_from(label))
            given.setdefault(label, dict(ADDED))
    elif label in classes and one.action == "rename_class":
        given.setdefault(label, _row(classes[label]))
        classes[label] = replace(classes[label], title=one.title)
    elif label in classes and one.label_before in classes and one.label_before != label:
        gone = classes.pop(one.label_before or "")
        given.setdefault(label, _row(classes[label]))
        given.setdefault(gone.id, _row(gone))
        aliases = dict.fromkeys((*classes[label].aliases, gone.id, gone.title, *gone.aliases))
        classes[label] = replace(classes[label], aliases=tuple(aliases))


def _row(info: ClassInfo) -> dict[str, Any]:
    row = {name: getattr(info, name) for name in ClassInfo.__dataclass_fields__}
    return row | {
        "facts": [list(fact) for fact in info.facts],
        "aliases": list(info.aliases),
        "location": list(info.location) if info.location else None,
        "translations": as_rows(info.translations),
    }


def _info(row: dict[str, Any]) -> ClassInfo:
    place = row.get("location")
    known = {name: row[name] for name in ClassInfo.__dataclass_fields__ if name in row}
    return ClassInfo(
        **known
        | {
            "facts": tuple((fact[0], fact[1]) for fact in row.get("facts") or ()),
            "aliases": tuple(row.get("aliases") or ()),
            "location": (float(place[0]), float(place[1])) if place else None,
            "translations": from_rows(row.get("translations") or ()),
        }
    )
