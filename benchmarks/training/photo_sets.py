"""What the training bench learns from: four sets of photos, each collected, scanned and split
once into a work folder.

    known = prepare("landmarks", Path("../shared/photos"), Path("/tmp/bench"), cache)

What "cleaning" is, so that rows with and without it can be compared on the same test, whose
labels are right:

- groceries, landmarks: training photos with a near-copy in the given test have left (the scan found them); without
  cleaning they are learned from.
- museum: wrong labels were planted; cleaned, somebody who knows has put them right and junk has left; without cleaning
  they are learned as they are.
- artifacts: nothing to clean. Five photos a thing (others with every seed), the rest is the test, and all are of one
  burst: an easy test.
- flipped labels (`flipped`): a share of the labels of training and validation photos names another class, drawn at
  random. Reviewed (`reviewed`): of all those photos the most doubtful, half again as many as were flipped, are looked
  at by somebody who knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from curation.ingest.collect import collect
from curation.issues.label_issues import judge
from curation.museum.programme import Museum, plan
from curation.scan.run import scan
from data_cards.dataset.repo import Dataset, open_dataset
from train.inference.embeddings import embed_dataset
from train.models.backbone import Backbone, find_backbone
from train.probes.ensemble import out_of_fold
from train.splits.seal import Sealed, sealed
from train.splits.training_set import Example, Material, gather

SETS = ("groceries", "landmarks", "artifacts", "museum")
A_THING = 5  # photos of each artifact to learn from
REVIEWED = 1.5  # times the share of flipped labels


@dataclass(frozen=True)
class TrainingSet:
    """`clean`: what is learned from; `raw`: without cleaning (None: there was nothing to clean).
    Their tests are one and the same. `groups`: near-copies by image_id; `source`: with the
    splits."""

    name: str
    dataset: Dataset
    clean: Material
    raw: Material | None
    groups: Mapping[str, str]
    source: Sealed


def prepare(name: str, photos: Path, work: Path, cache: Path) -> TrainingSet:
    """Collect, scan and split a set into `work`, or find it there."""
    folder = work / name
    if not (work / f"{name}.done").exists():
        collect("museum" if name == "museum" else str(photos / name), str(folder))
        if name != "artifacts":
            scan(open_dataset(str(folder)), find_backbone("auto", cache), cache)
        (work / f"{name}.done").touch()
    source = sealed(open_dataset(str(folder)))
    dataset = source.dataset
    given = gather(source)
    groups = {image_id: row.group for image_id, row in source.splits.items()}
    if name == "museum":
        return TrainingSet(name, dataset, *_put_right(dataset, given), groups, source)
    labels = dataset.labels()
    number = {class_id: place for place, class_id in enumerate(given.classes)}
    left = tuple(
        (i, number[str(labels[i].label)])
        for i in source.certificate.removed
        if labels[i].label in number
    )
    raw = _with(given, train=(*given.train, *left)) if left else None
    return TrainingSet(name, dataset, given, raw, groups, source)


def few(material: Material, seed: int, a_class: int = A_THING) -> Material:
    """`a_class` photos of each thing to learn from, all others for the test."""
    rng = np.random.default_rng(seed)
    shelf = defaultdict(list)
    for example in sorted(example for side in material.sides.values() for example in side):
        shelf[example[1]].append(example)
    drawn = [(some, set(rng.permutation(len(some))[:a_class].tolist())) for some in shelf.values()]
    return _with(
        material,
        train=tuple(one for some, chosen in drawn for n, one in enumerate(some) if n in chosen),
        validation=(),
        test=tuple(one for some, chosen in drawn for n, one in enumerate(some) if n not in chosen),
    )


def thinned(material: Material, a_class: int, test: int) -> Material:
    """At most `a_class` training photos of each class and `test` test photos in all; 0: all of
    them."""
    rng = np.random.default_rng(0)
    taken = dict.fromkeys(range(len(material.classes)), 0)
    train = []
    for place in rng.permutation(len(material.train)):
        example = material.train[place]
        if not a_class or taken[example[1]] < a_class:
            taken[example[1]] += 1
            train.append(example)
    tested = [material.test[n] for n in rng.permutation(len(material.test))[: test or None]]
    return _with(material, train=tuple(sorted(train)), test=tuple(sorted(tested)))


def flipped(material: Material, share: float, seed: int) -> Material:
    """This share of the labels outside the test names another class, drawn at random."""
    rng = np.random.default_rng(seed)
    classes = len(material.classes)

    def plant(side: Sequence[Example]) -> tuple[Example, ...]:
        wrong = rng.random(len(side)) < share
        shift = rng.integers(1, classes, len(side))
        return tuple(
            (image_id, int((label + away) % classes) if bad else label)
            for (image_id, label), bad, away in zip(side, wrong, shift, strict=True)
        )

    return _with(material, train=plant(material.train), validation=plant(material.validation))


def reviewed(
    planted: Material,
    truth: Material,
    share: float,
    known: TrainingSet,
    backbone: Backbone,
    cache: Path,
) -> Material:
    """`planted`, where somebody who knows the `truth` has looked at the most doubtful labels."""
    examples = (*planted.train, *planted.validation)
    ids, x = embed_dataset(known.dataset, [image_id for image_id, _ in examples], backbone, cache)
    given = dict(examples)
    right = dict((*truth.train, *truth.validation))
    y = np.array([given[i] for i in ids])
    groups = [known.groups.get(i, i) for i in ids]
    doubt = judge(y, out_of_fold(x, y, groups, len(planted.classes)), x).doubt
    seen = {ids[n] for n in np.argsort(-doubt, kind="stable")[: round(REVIEWED * share * len(ids))]}
    put = {
        side: tuple((i, right[i] if i in seen else label) for i, label in planted.sides[side])
        for side in ("train", "validation")
    }
    return _with(planted, **put)


def _put_right(dataset: Dataset, given: Material) -> tuple[Material, Material]:
    """Clean and raw, both with the test as it truly is."""
    true = {entry.truth.path: entry.truth.true_class for entry in plan(Museum())}
    classes = {class_id: place for place, class_id in enumerate(given.classes)}
    shown = {
        image_id: next(
            (classes[c] for source in photo.sources if (c := true.get(source.path)) in classes),
            None,
        )
        for image_id, photo in dataset.photos().items()
    }

    def right(side: Sequence[Example]) -> tuple[Example, ...]:
        return tuple(
            (image_id, label) for image_id, _ in side if (label := shown[image_id]) is not None
        )

    clean = _with(given, **{side: right(examples) for side, examples in given.sides.items()})
    return clean, _with(given, test=clean.test)


def _with(material: Material, **sides: tuple[Example, ...]) -> Material:
    return replace(material, sides={**material.sides, **sides})
