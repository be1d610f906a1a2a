"""Which photos to label first: accuracy of the probe after 1 to 20 labels per class, chosen five
ways.

    python -m benchmarks.curation acquisition ../shared/photos/groceries/train ../shared/photos/groceries/val

A simulated annotator labels what each rule asks for, from nothing; between two budgets nothing
is scanned again. Every seed hides another fifth of the photos; the probe is judged on these and
on the second folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.labels.label_errors import named_features
from curation.active_learning.acquisition import half_informed, label_first
from train.probes.logistic import Probe, fit_probe

BUDGETS = (1, 2, 5, 10, 20)
HIDDEN = 0.2


@dataclass(frozen=True)
class Labelling:
    """What a rule may look at: embeddings, labels with -1 where there are none, a probe on them,
    how many to choose."""

    x: np.ndarray
    labelled: np.ndarray
    classes: int
    probe: Probe | None
    count: int
    rng: np.random.Generator

    @property
    def pool(self) -> np.ndarray:
        """The unlabelled rows."""
        return np.flatnonzero(self.labelled < 0)


Rule = Callable[[Labelling], np.ndarray]


def at_random(labelling: Labelling) -> np.ndarray:
    """Any."""
    return labelling.rng.permutation(labelling.pool)[: labelling.count]


def by_entropy(labelling: Labelling) -> np.ndarray:
    """What the probe is least sure of, by entropy."""
    if labelling.probe is None:
        return at_random(labelling)
    p = labelling.probe.probabilities(labelling.x[labelling.pool])
    return labelling.pool[
        np.argsort((p * np.log(np.maximum(p, 1e-12))).sum(axis=1))[: labelling.count]
    ]


def by_margin(labelling: Labelling) -> np.ndarray:
    """Where the two best classes are closest."""
    if labelling.probe is None:
        return at_random(labelling)
    p = np.sort(labelling.probe.probabilities(labelling.x[labelling.pool]), axis=1)
    return labelling.pool[np.argsort(p[:, -1] - p[:, -2])[: labelling.count]]


def typical(labelling: Labelling) -> np.ndarray:
    """TypiClust (Hacohen et al. 2022): as many clusters as labels, the most typical photo of
    each that has none."""
    from sklearn.cluster import MiniBatchKMeans

    x = labelling.x / np.linalg.norm(labelling.x, axis=1, keepdims=True)
    known = np.flatnonzero(labelling.labelled >= 0)
    clusters = min(len(known) + labelling.count, len(x) // 2)
    member = (
        MiniBatchKMeans(
            clusters, n_init=1, random_state=int(labelling.rng.integers(2**31)), batch_size=2048
        )
        .fit(x)
        .labels_
    )
    taken = np.bincount(member[known], minlength=clusters)
    size = np.bincount(member, minlength=clusters)
    free = labelling.labelled < 0
    chosen = list[int]()
    while len(chosen) < labelling.count:
        for cluster in np.lexsort((-size, taken)):
            inside = np.flatnonzero((member == cluster) & free)
            if len(inside):
                break
        best = int(inside[_typicality(x[inside]).argmax()])
        chosen.append(best)
        free[best] = False
        taken[cluster] += 1
    return np.array(chosen)


def _typicality(x: np.ndarray) -> np.ndarray:
    """The inverse of the mean distance to the 20 nearest of the cluster."""
    apart = np.sort(np.linalg.norm(x[:, None] - x[None], axis=2), axis=1)[:, 1:21]
    return 1 / np.maximum(apart.mean(axis=1), 1e-9) if apart.shape[1] else np.ones(len(x))


def ours(labelling: Labelling) -> np.ndarray:
    """`curation.active_learning.acquisition.label_first`."""
    opinions = (
        half_informed(labelling.probe, labelling.x[labelling.pool]) if labelling.probe else None
    )
    return label_first(labelling.x, labelling.labelled, opinions)[: labelling.count]


RULES: dict[str, Rule] = {
    "random": at_random,
    "entropy": by_entropy,
    "margin": by_margin,
    "TypiClust": typical,
    "ours": ours,
}


def one_run(
    rule: Rule,
    x: np.ndarray,
    y: np.ndarray,
    tests: list[tuple[np.ndarray, np.ndarray]],
    classes: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Accuracy (budgets, tests) of the probe as labels come in."""
    labelled = np.full(len(y), -1)
    probe = None
    found = []
    for budget in BUDGETS:
        count = min(budget * classes, len(y)) - int((labelled >= 0).sum())
        chosen = rule(Labelling(x, labelled, classes, probe, count, rng))
        labelled[chosen] = y[chosen]
        known = labelled >= 0
        probe = fit_probe(x[known], y[known], classes)
        found.append(
            [float((probe.logits(some).argmax(axis=1) == truth).mean()) for some, truth in tests]
        )
    return np.array(found)


def acquisition(folder: Path, test: Path, seeds: int) -> None:
    """Every rule on the same photos, seed by seed."""
    names, x = named_features(folder)
    titles, y = np.unique(names, return_inverse=True)
    others, x_test = named_features(test)
    place = {name: number for number, name in enumerate(titles)}
    known = np.array([name in place for name in others])
    y_test = np.array([place[name] for name in np.array(others)[known]])
    table: dict[str, list[np.ndarray]] = {name: [] for name in RULES}
    for seed in range(seeds):
        hidden = np.random.default_rng(seed).random(len(y)) < HIDDEN
        tests = [(x_test[known], y_test), (x[hidden], y[hidden])]
        for name, rule in RULES.items():
            rng = np.random.default_rng(seed)
            table[name].append(one_run(rule, x[~hidden], y[~hidden], tests, len(titles), rng))
    print(
        f"{len(y)} photos of {len(titles)} classes, {seeds} seeds; labels per class: "
        + " ".join(f"{budget:5}" for budget in BUDGETS)
    )
    for column, where in enumerate(
        (f"{test.name}, {len(y_test)} photos", "the fifth that was hidden")
    ):
        print(f"accuracy on {where}, and the difference to random in points")
        for name, runs in table.items():
            mean = np.mean(runs, axis=0)[:, column]
            gain = 100 * np.mean(
                [run - base for run, base in zip(runs, table["random"], strict=True)], axis=0
            )
            print(
                f"  {name:10} "
                + " ".join(
                    f"{one:.3f} ({more:+5.1f})"
                    for one, more in zip(mean, gain[:, column], strict=True)
                ),
                flush=True,
            )


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("folder", type=Path)
    command.add_argument("test", type=Path)
    command.add_argument("--seeds", type=int, default=3)


def run(flags: argparse.Namespace) -> None:
    """Print the table."""
    acquisition(flags.folder, flags.test, flags.seeds)
