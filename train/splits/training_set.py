"""What a training may look at, and what the sealed test holds: photo ids and class numbers, no
pixels.

material = gather(sealed(open_dataset("museum")))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from data_cards.dataset.collection import Collection
from data_cards.errors import CannotTrain
from train.splits.seal import Sealed, usable


@dataclass(frozen=True)
class Material:
    """`classes`: class ids by class number, in the collection's order. `none`: "none of these"
    photos by side.

    `references`: class numbers whose reference picture is learned from, where things are
    recognised by one picture each; None where a classifier is trained.
    """

    collection: Collection
    classes: tuple[str, ...]
    sides: Mapping[str, tuple[Example, ...]]
    none: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    references: tuple[int, ...] | None = None

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


def gather(source: Sealed, one_picture: bool = True) -> Material:
    """Labels and sides, joined. `one_picture`: where most things have only one picture, learn
    from references, too. Raises CannotTrain when a model could not come from them, UnknownClass."""
    collection = source.dataset.collection()
    labels = usable(source.dataset.labels())
    rows = [(i, labels[i], row.split) for i, row in source.splits.items() if i in labels]
    present = {label for _, label, _ in rows if label is not None}
    pictured = _pictured(source) & set(collection.ids)
    learned = Counter(label for _, label, where in rows if label is not None and where != "test")
    by_references = one_picture and have_one_picture(learned, pictured)
    present |= pictured if by_references else set()
    classes = tuple(class_id for class_id in collection.ids if class_id in present)
    for label in present - set(classes):
        collection.index(label)
    number = {class_id: position for position, class_id in enumerate(classes)}
    sides = {
        side: tuple(
            (i, number[label]) for i, label, where in rows if where == side and label is not None
        )
        for side in ("train", "validation", "test")
    }
    none = {
        side: tuple(i for i, label, where in rows if where == side and label is None)
        for side in sides
    }
    if (
        by_references
    ):  # there is nothing to validate, so every photo outside the test is learned from
        sides |= {"train": (*sides["train"], *sides["validation"]), "validation": ()}
        return Material(
            collection,
            classes,
            sides,
            none,
            tuple(number[name] for name in classes if name in pictured),
        )
    material = Material(collection, classes, sides, none)
    _check(material)
    return material


def have_one_picture(photos: Mapping[str, int], pictured: Set[str]) -> bool:
    """Whether things are to be recognised by one picture each: most have one photo at most to
    learn from, and all together fewer than two each. `photos` by class id; `pictured`: those
    with a reference picture."""
    things = set(photos) | pictured
    single = sum(photos.get(thing, 0) < 2 for thing in things)
    return len(things) > 1 and 2 * single > len(things) and sum(photos.values()) < 2 * len(things)


def _pictured(source: Sealed) -> frozenset[str]:
    """Classes with a reference picture that is not one of the photos: people may have chosen one
    of the test."""
    chosen = source.dataset.collection().extra.get("references") or {}
    return frozenset(
        name for name in source.dataset.references() if chosen.get(name) not in source.splits
    )


def _check(material: Material) -> None:
    learned = Counter(label for _, label in material.train)
    if not learned:
        raise CannotTrain(
            "No labelled photo is on the training side. Label some photos, then split again."
        )
    if len(learned) < 2:
        only = material.titles[next(iter(learned))]
        raise CannotTrain(
            f"Only “{only}” has photos to learn from; a recognizer needs at least two things to "
            "tell apart.",
            classes=len(learned),
        )


Example = tuple[str, int]  # image_id, class number
