"""Are several releases better together? Each answers the sealed test; their chances are averaged.

    python -m benchmarks.training.averaged DATASET MODEL MODEL

Chances are calibrated as each release says and weigh the same, so that nothing is chosen by the
test. `vitrine train DATASET NEW --teacher MODEL --teacher MODEL` makes one network of them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data_cards.annotations.framed_photos import framed
from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.progress import speak_up
from data_cards.settings import default_cache
from data_cards.wording import percent
from train.finetune.recipe import teachers_in
from train.inference.batch_predict import Answers, ask
from train.inference.model_folder import OURS, classes_of
from train.splits.seal import sealed
from train.splits.training_set import Material, gather
from train.statistics.metrics import wilson
from train.statistics.paired import paired
from train.uncertainty.decision_rule import Judgement


def together(chances: Sequence[np.ndarray]) -> np.ndarray:
    """The mean (n, c) of what several releases say, each (n, c)."""
    return np.asarray(np.mean(np.stack(chances), axis=0))


def right(hits: np.ndarray) -> str:
    """The share of right answers, hits (n,) bool, with its interval."""
    share = wilson(int(hits.sum()), len(hits))
    return (
        f"{percent(float(hits.mean()))} of {len(hits)} "
        f"({percent(share.low)} to {percent(share.high)})"
    )


def gain(before: np.ndarray, after: np.ndarray) -> str:
    """How many points more are right, (n,) bool each, with the interval."""
    found = paired(before, after)
    points = (100 * number for number in (found.difference, found.low, found.high))
    return "{:+.1f} points ({:+.1f} to {:+.1f})".format(*points)


def chances_of(folder: Path, said: Answers, classes: Sequence[str]) -> np.ndarray:
    """Calibrated chances (n, c) that the release in `folder` gave, by `classes`."""
    own = list(classes_of(folder))
    found = Judgement.load(folder / OURS).probabilities(said.logits)
    return found[:, [own.index(name) for name in classes]]


def bench(dataset: Dataset, material: Material, folders: Sequence[Path]) -> None:
    """Print a line for each release and one for all of them."""
    label = dict(material.test)
    said = [ask(folder, dataset, list(label), folder.name) for folder in folders]
    read = [name for name in label if all(name in one.ids for one in said)]
    truth = np.array([label[name] for name in read])
    chances = [
        chances_of(folder, one.of(read), material.classes)
        for folder, one in zip(folders, said, strict=True)
    ]
    hits = [row.argmax(axis=1) == truth for row in (*chances, together(chances))]
    for name, hit in zip([*map(str, folders), "averaged"], hits, strict=True):
        print(f"{name}: {right(hit)}")
    print(f"averaged against the best of them: {gain(max(hits[:-1], key=np.mean), hits[-1])}")


def main() -> None:
    """The sealed test of one dataset."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training.averaged",
        description=(__doc__ or "").splitlines()[0],
    )
    parser.add_argument("dataset")
    parser.add_argument("models", nargs="+", metavar="MODEL")
    flags = parser.parse_args()
    speak_up()
    source = sealed(open_dataset(flags.dataset))
    dataset = framed(source.dataset)
    material = gather(source)
    folders = teachers_in(flags.models, material.classes, default_cache(os.environ))
    bench(dataset, material, [Path(folder) for folder in folders])


if __name__ == "__main__":
    main()
