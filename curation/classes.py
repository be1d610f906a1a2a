"""Classes that people renamed, merged or added: the collection that follows from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from curation.decision import CLASS_ACTIONS, Decision
from curation.ledger import standing
from data_cards.collection import RESERVED, ClassInfo, Collection, class_id_from, title_from


def changed_collection(collection: Collection, decisions: Iterable[Decision]) -> Collection:
    """The collection after every standing change of classes. A class merged into another lives on as its alias."""
    classes = {info.id: info for info in collection.classes}
    for one in standing(decisions):
        if one.action in CLASS_ACTIONS and one.label:
            _change(classes, one, one.label)
    if list(classes.values()) == list(collection.classes):
        return collection
    return collection.with_classes(classes.values())


def _change(classes: dict[str, ClassInfo], one: Decision, label: str) -> None:
    if one.action == "add_class":
        if label not in classes and label not in RESERVED and label == class_id_from(label):
            classes[label] = ClassInfo(label, one.title or title_from(label))
    elif label in classes and one.action == "rename_class":
        classes[label] = replace(classes[label], title=one.title)
    elif label in classes and one.label_before in classes and one.label_before != label:
        gone = classes.pop(one.label_before or "")
        aliases = dict.fromkeys((*classes[label].aliases, gone.id, gone.title, *gone.aliases))
        classes[label] = replace(classes[label], aliases=tuple(aliases))
