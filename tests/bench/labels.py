"""Which labels are doubtful: wrong labels planted three ways, and how well each rule finds them.

    python -m tests.bench.curation labels ../shared/photos/groceries/train [--seeds 3]

Nothing here is tuned to these photos; other sets are tried elsewhere.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from curation.suspects import label_doubt
from train.backbone import find_backbone
from train.config import default_cache
from train.features import FeatureCache, embedder_for
from train.probe import out_of_fold

NOISE = (0.05, 0.1, 0.2, 0.4)
Rule = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def self_confidence(y: np.ndarray, p: np.ndarray, _: np.ndarray) -> np.ndarray:
    """Plain loss: one minus the probability of the label."""
    return 1 - p[np.arange(len(y)), y]


def cleanlab_margin(y: np.ndarray, p: np.ndarray, _: np.ndarray) -> np.ndarray:
    """cleanlab's normalized margin, adjusted for class bias as its Datalab does."""
    from cleanlab.rank import get_label_quality_scores

    return 1 - get_label_quality_scores(y, p, method="normalized_margin")


RULES: dict[str, Rule] = {
    "loss": self_confidence,
    "cleanlab": cleanlab_margin,
    "ours, model only": lambda y, p, x: label_doubt(y, p),
    "ours": label_doubt,
}


def uniform(y: np.ndarray, x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Any other class, at random."""
    wrong = rng.random(len(y)) < share
    return np.where(wrong, (y + rng.integers(1, y.max() + 1, len(y))) % (y.max() + 1), y)


def to_similar(y: np.ndarray, x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """The class whose mean embedding is nearest."""
    means = np.stack([x[y == label].mean(axis=0) for label in range(y.max() + 1)])
    means -= means.mean(axis=0)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    alike = means @ means.T - 2 * np.eye(len(means))
    return np.where(rng.random(len(y)) < share, alike.argmax(axis=1)[y], y)


def by_annotators(y: np.ndarray, x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Five annotators share the photos; each confuses pairs of classes of their own, and only those."""
    who, given = rng.integers(0, 5, len(y)), y.copy()
    for annotator in range(5):
        partner = rng.permutation(y.max() + 1)
        confused = rng.random(y.max() + 1) < min(1.0, share * 2)
        wrong = (who == annotator) & confused[y] & (rng.random(len(y)) < share / min(1.0, share * 2))
        given[wrong] = partner[y[wrong]]
    return given


KINDS = {"uniform": uniform, "similar": to_similar, "annotators": by_annotators}


def average_precision(wrong: np.ndarray, scores: np.ndarray) -> float:
    """Area under precision over recall."""
    hits = wrong[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()) if hits.any() else float("nan")


def recall_after(wrong: np.ndarray, scores: np.ndarray, share: float) -> float:
    """Share of the wrong labels among the most doubtful `share` of photos."""
    first = np.argsort(-scores, kind="stable")[: round(share * len(scores))]
    return float(wrong[first].sum() / max(1, wrong.sum()))


def labels(folder: Path, seeds: int) -> None:
    """Wrong labels planted into a folder of class folders."""
    truth, x = _features(folder)
    for kind, plant in KINDS.items():
        for share in NOISE:
            rows: dict[str, list[tuple[float, ...]]] = {}
            for seed in range(seeds):
                given = plant(truth, x, share, np.random.default_rng(seed))
                p = out_of_fold(x, given, range(len(given)), int(truth.max()) + 1)
                for name, rule in RULES.items():
                    scores, wrong = rule(given, p, x), given != truth
                    rows.setdefault(name, []).append((average_precision(wrong, scores), *(
                        recall_after(wrong, scores, part) for part in (0.05, 0.1, 0.2))))
            for name, found in rows.items():
                ap, *recalls = np.mean(found, axis=0)
                print(f"{kind:10} {share:4.0%}  {name:16} AP {ap:.3f}  recall after 5/10/20 %: "
                      + " ".join(f"{recall:.2f}" for recall in recalls), flush=True)


def _features(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    names, x = named_features(folder)
    return np.unique(names, return_inverse=True)[1], x


def named_features(folder: Path) -> tuple[list[str], np.ndarray]:
    """The class folder and the embedding of each photo, by path; computed once."""
    cache = default_cache(os.environ)
    backbone = find_backbone("auto", cache)
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    kept = FeatureCache(cache / "bench" / backbone.revision[:12])
    missing = kept.missing([path.as_posix() for path in files])
    if missing:
        embedder = embedder_for(backbone, cache, photos=len(missing))
        for outputs in embedder.stream((name, Path(name).read_bytes()) for name in missing):
            kept.add(outputs.ids, outputs.arrays[-1])
    ids, x = kept.load([path.as_posix() for path in files])
    return [Path(name).parent.name for name in ids], x


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("folder", type=Path)
    command.add_argument("--seeds", type=int, default=1)


def run(flags: argparse.Namespace) -> None:
    """Print the table."""
    labels(flags.folder, flags.seeds)
