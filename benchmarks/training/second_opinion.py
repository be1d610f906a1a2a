"""Does a second, small network help? Linear probes on two frozen networks, alone and averaged.

    python -m benchmarks.training.second_opinion ../shared/photos [--sets groceries artifacts]

Groceries by its given test; artifacts from three photos of each thing (others with every seed);
landmarks by its given test, without the copies that it shares with training; iconography in five
folds. Both probes are the one that training begins with (train/probes/ensemble.py); averaged are
their chances, half and half, so that nothing is chosen by the test.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.collections import class_of, folds_by_class
from benchmarks.training.averaged import gain, right, together
from benchmarks.training.frozen_features import (
    Known,
    features_of,
    numbered,
    sides_of,
    thinned,
)
from data_cards.progress import speak_up
from data_cards.settings import default_cache
from data_cards.wording import percent
from train.models.backbone import AUTO, SMALL
from train.probes.ensemble import fitted
from train.statistics.vectors import unit

SETS = ("groceries", "landmarks", "artifacts", "iconography")
SEEDS = 3
FEW = 3  # photos of each artifact to learn from
FOLDS = 5
# Cosine about the mean. Copies that were sent on or cropped lie above, two photos of a place below.
COPY = 0.9


@dataclass(frozen=True)
class Draw:
    """What is learned from and what is asked, as rows of all photos; `seed` of its own."""

    seed: int
    learned: np.ndarray
    asked: np.ndarray


def photos_of(name: str, folder: Path, a_class: int = 0, test: int = 0) -> Known:
    """The photos of a set with their classes, the given sides one after the other; of groceries
    `a_class` training photos of each class and `test` test photos, where that is not 0."""
    if name == "groceries":
        sides = sides_of(folder)
        return [*thinned(sides["train"], a_class, 0), *thinned(sides["test"], 0, test)]
    if name == "iconography":
        return [(path, class_of(path.name)) for path in sorted(folder.glob("*.jpg"))]
    return [one for side in sides_of(folder).values() for one in side]


def draws(name: str, folder: Path, known: Known) -> Iterator[Draw]:
    """How a set is divided."""
    rows = np.arange(len(known))
    if name == "artifacts":
        for seed in range(SEEDS):
            learned = few_of_each([label for _, label in known], FEW, seed)
            yield Draw(seed, learned, np.setdiff1d(rows, learned))
    elif name == "iconography":
        fold_of = folds_by_class([path.name for path, _ in known], FOLDS)
        fold = np.array([fold_of[path.name] for path, _ in known])
        yield from (Draw(0, rows[fold != one], rows[fold == one]) for one in range(FOLDS))
    else:
        is_test = np.array([path.is_relative_to(folder / "test") for path, _ in known])
        yield Draw(0, rows[~is_test], rows[is_test])


def few_of_each(labels: list[str], count: int, seed: int) -> np.ndarray:
    """Rows of `count` photos of every class, drawn."""
    rng = np.random.default_rng(seed)
    classes = np.array(labels)
    return np.sort(
        np.concatenate(
            [rng.permutation(np.flatnonzero(classes == one))[:count] for one in sorted(set(labels))]
        )
    )


def without_copies(x: np.ndarray, draw: Draw) -> np.ndarray:
    """The rows to learn from without those that look like a copy of a test photo: landmarks came
    with some on both sides. Features x (n, d)."""
    seen = unit(x - x.mean(axis=0))
    nearest = (seen[draw.learned] @ seen[draw.asked].T).max(axis=1)
    return draw.learned[nearest < COPY]


def bench(name: str, photos: Path, cache: Path, a_class: int = 0, test: int = 0) -> None:
    """Print the line of one set: all draws together."""
    folder = photos / name
    known = photos_of(name, folder, a_class, test)
    classes = sorted({label for _, label in known})
    y = numbered(known, classes)
    paths = [path for path, _ in known]
    views = [features_of(paths, cache, backbone) for backbone in (AUTO, SMALL)]
    chosen = list(draws(name, folder, known))
    if name == "landmarks":
        chosen = [replace(one, learned=without_copies(views[0], one)) for one in chosen]
    shares: dict[str, list[np.ndarray]] = {"first": [], "second": [], "averaged": []}
    for draw in chosen:
        chances = [
            fitted(x[draw.learned], y[draw.learned], len(classes)).probabilities(x[draw.asked])
            for x in views
        ]
        said = dict(zip(shares, [*chances, together(chances)], strict=True))
        for way, chance in said.items():
            shares[way].append(chance.argmax(axis=1) == y[draw.asked])
    hits = {way: np.concatenate(parts) for way, parts in shares.items()}
    for way, found in hits.items():
        worst = min(float(part.mean()) for part in shares[way])
        print(f"{name:12} {way:9} {right(found)}, worst part {percent(worst)}")
    print(f"{name:12} averaged against first: {gain(hits['first'], hits['averaged'])}")


def main() -> None:
    """Every set."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training.second_opinion",
        description=(__doc__ or "").splitlines()[0],
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--a-class", type=int, default=0, help="of groceries, to learn; 0: all")
    parser.add_argument("--test-photos", type=int, default=0, help="of groceries; 0: all")
    flags = parser.parse_args()
    speak_up()
    cache = default_cache(os.environ)
    for name in flags.sets:
        bench(name, flags.photos, cache, flags.a_class, flags.test_photos)


if __name__ == "__main__":
    main()
