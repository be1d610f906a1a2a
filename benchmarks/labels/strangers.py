"""Photos of other collections planted among those of one: how many are called unlike the rest,
and who else is.

    python -m benchmarks.curation strangers --photos ../shared/photos/groceries/val \
        --others ../shared/photos/artifacts ../shared/photos/heritage ../shared/photos/landmarks

One photo of each other folder is planted at a time, `--rounds` times. Beside it the plain rule:
the cosine to the two nearest photos, with the same line.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.labels.label_errors import named_features
from curation.issues.outliers import STRICT, strangers
from curation.measures.neighbours import nearest


def by_cosine(x: np.ndarray) -> np.ndarray:
    """(n,) true for photos whose two nearest are farther than photos' nearest are."""
    far = np.log(np.maximum(1 - nearest(x, 2).cosines.mean(axis=1), 1e-6))
    middle, high = np.percentile(far, (50, 84))
    return np.asarray(far > middle + STRICT * np.sqrt(2 * np.log(len(x))) * (high - middle))


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("--photos", type=Path, required=True, help="the collection")
    command.add_argument(
        "--others", type=Path, nargs="+", required=True, help="collections that strangers come from"
    )
    command.add_argument("--rounds", type=int, default=10)
    command.add_argument("--seed", type=int, default=0)


def run(flags: argparse.Namespace) -> None:
    """Print the figures."""
    home = named_features(flags.photos)[1]
    others = [named_features(folder)[1] for folder in flags.others]
    rng = np.random.default_rng(flags.seed)
    rules: dict[str, Callable[[np.ndarray], np.ndarray]] = {"ours": strangers, "cosine": by_cosine}
    alarms = {name: int(rule(home).sum()) for name, rule in rules.items()}
    hits = dict.fromkeys(rules, 0)
    strays = dict.fromkeys(rules, 0)
    for _ in range(flags.rounds):
        x = np.concatenate([home, *(other[rng.integers(len(other))][None] for other in others)])
        for name, rule in rules.items():
            found = rule(x)
            hits[name] += int(found[len(home) :].sum())
            strays[name] += int(found[: len(home)].sum())
    planted = flags.rounds * len(others)
    for name in rules:
        precision = hits[name] / max(1, hits[name] + strays[name])
        print(
            f"{name:8} recall {hits[name] / planted:.2f} of {planted}, precision {precision:.2f}; "
            "with none planted "
            f"{alarms[name]} of {len(home)} own photos called strangers"
        )
