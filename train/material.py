"""What a training may look at, and what the sealed test holds: photo ids and class numbers, no pixels.

    material = gather(sealed(open_dataset("museum")))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from data_cards.collection import Collection
from data_cards.errors import CannotTrain
from train.plan import Example
from train.sealing import Sealed, usable


@dataclass(frozen=True)
class Material:
    """`classes`: class ids by class number, in the collection's order. `none`: "none of these" photos by side."""

    collection: Collection
    classes: tuple[str, ...]
    sides: Mapping[str, tuple[Example, ...]]
    none: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def train(self) -> tuple[Example, ...]:
        return self.sides["train"]

    @property
    def validation(self) -> tuple[Example, ...]:
        return self.sides["validation"]

    @property
    def test(self) -> tuple[Example, ...]:
        return self.sides["test"]

    @property
    def titles(self) -> tuple[str, ...]:
        """What people read, by class number."""
        return tuple(self.collection.title_of(class_id) for class_id in self.classes)

    def counts(self) -> dict[str, int]:
        """Photos of known things by side."""
        return {side: len(examples) for side, examples in self.sides.items()}


def gather(source: Sealed) -> Material:
    """Labels and sides, joined. Raises CannotTrain when a model could not come from them, UnknownClass."""
    collection, labels = source.dataset.collection(), usable(source.dataset.labels())
    rows = [(i, labels[i], row.split) for i, row in source.splits.items() if i in labels]
    present = {label for _, label, _ in rows if label is not None}
    classes = tuple(class_id for class_id in collection.ids if class_id in present)
    for label in present - set(classes):
        collection.index(label)
    number = {class_id: position for position, class_id in enumerate(classes)}
    sides = {side: tuple((i, number[label]) for i, label, where in rows if where == side and label is not None)
             for side in ("train", "validation", "test")}
    none = {side: tuple(i for i, label, where in rows if where == side and label is None) for side in sides}
    material = Material(collection, classes, sides, none)
    _check(material)
    return material


def _check(material: Material) -> None:
    learned = Counter(label for _, label in material.train)
    if not learned:
        raise CannotTrain("No labelled photo is on the training side. Label some photos, then split again.")
    if len(learned) < 2:
        only = material.titles[next(iter(learned))]
        raise CannotTrain(f"Only “{only}” has photos to learn from; a recognizer needs at least two things to "
                          "tell apart.", classes=len(learned))
