"""With few photos of a class: one setting picked by a tiny validation set, or many averaged?

    python -m benchmarks.training.few_photos ../shared/photos/groceries [--draws 5]

One to ten photos a class are drawn from train/ and test/ is asked. `default`: the probe that
training begins with (train/probes/ensemble.py). `picked`: of a grid of settings the one that names
most of the photos rightly that were held back, one of each class; then fitted to all.
`averaged`: the mean of the chances of the whole grid, so that nothing is held back or picked.
`best`: the setting that did best on the test, which nobody can know beforehand. (FewTrans, arXiv
2603.00478, finds picking an illusion and averaging better.)
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.training.frozen_features import features_of, numbered, sides_of, thinned
from benchmarks.training.second_opinion import few_of_each
from data_cards.progress import speak_up
from data_cards.settings import default_cache
from data_cards.wording import percent
from train.probes.ensemble import fitted
from train.probes.lda import fit_beside
from train.probes.logistic import Probe, fit_probe, folds_of

PHOTOS = (1, 2, 5, 10)
STRENGTHS = (0.3, 3.0, 30.0)
SHRUNK = (0.03, 0.1, 0.3, 0.9)
Fit = Callable[[np.ndarray, np.ndarray, int], Probe]


def discriminant(x: np.ndarray, y: np.ndarray, classes: int, shrunk: float) -> Probe:
    """A discriminant of that roundness; how sure it is, five folds say."""
    return fit_beside(x, y, folds_of(y, range(len(y))), classes, shrunk)[0]


def grid(a_class: int) -> list[Fit]:
    """The settings; a discriminant needs two photos of a class to hold one against the other."""
    fits: list[Fit] = [partial(fit_probe, strength=one) for one in STRENGTHS]
    return fits + [partial(discriminant, shrunk=one) for one in SHRUNK if a_class > 1]


def one_draw(
    x: np.ndarray, y: np.ndarray, asked: np.ndarray, truth: np.ndarray, seed: int
) -> dict[str, float]:
    """The share of the test that each way names rightly."""
    classes = int(max(y.max(), truth.max())) + 1
    a_class = int(np.bincount(y).max())
    fits = grid(a_class)
    chances = [fit(x, y, classes).probabilities(asked) for fit in fits]
    right = [float((said.argmax(axis=1) == truth).mean()) for said in chances]
    found = {
        "default": float((fitted(x, y, classes).logits(asked).argmax(axis=1) == truth).mean()),
        "averaged": float((np.mean(chances, axis=0).argmax(axis=1) == truth).mean()),
        "best": max(right),
    }
    if a_class > 1:
        found["picked"] = right[_picked(fits, x, y, classes, seed)]
    return found


def _picked(fits: list[Fit], x: np.ndarray, y: np.ndarray, classes: int, seed: int) -> int:
    """The setting that does best on one photo of each class that it had not seen."""
    held = few_of_each([f"{label:04}" for label in y], 1, seed)
    rest = np.setdiff1d(np.arange(len(y)), held)
    said = [fit(x[rest], y[rest], classes).logits(x[held]).argmax(axis=1) for fit in fits]
    return int(np.argmax([(one == y[held]).mean() for one in said]))


def main() -> None:
    """Print the table, in Markdown."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training.few_photos", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("folder", type=Path, help="with train/ and test/")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--photos", type=int, nargs="+", default=PHOTOS, help="of each class")
    parser.add_argument("--pool", type=int, default=0, help="of each class, to draw from; 0: all")
    parser.add_argument("--test-photos", type=int, default=0, help="0: all")
    flags = parser.parse_args()
    speak_up()
    cache = default_cache(os.environ)
    sides = sides_of(flags.folder)
    sides["train"] = thinned(sides["train"], flags.pool, 0)
    sides["test"] = thinned(sides["test"], 0, flags.test_photos)
    classes = sorted({label for _, label in sides["train"]})
    x, asked = (features_of([path for path, _ in sides[side]], cache) for side in ("train", "test"))
    y, truth = (numbered(sides[side], classes) for side in ("train", "test"))
    print("| photos of a class | picked | default | averaged | best |\n|---|---|---|---|---|")
    for count in flags.photos:
        found = []
        for seed in range(flags.draws):
            rows = few_of_each([label for _, label in sides["train"]], count, seed)
            found.append(one_draw(x[rows], y[rows], asked, truth, seed))
        cells = [
            percent(float(np.mean([one[way] for one in found]))) if way in found[0] else "-"
            for way in ("picked", "default", "averaged", "best")
        ]
        print(f"| {count} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
