"""What is known before anything is fine-tuned: two probes on frozen features, and the one that
is fitted.

    python -m benchmarks.training.probes --photos ../shared/photos

One, two and five photos a thing (several draws), all of them, and all with labels flipped; right
answers and cross-entropy on the test or, of few, on all other photos. Sets are found or made as
`benchmarks.training.recipes` does.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.training.photo_sets import few, flipped, prepare
from data_cards.progress import speak_up
from data_cards.settings import default_cache
from train.inference.embeddings import embed_dataset
from train.models.backbone import find_backbone
from train.probes.ensemble import fitted
from train.probes.lda import fit_discriminant
from train.probes.logistic import Probe, fit_probe
from train.splits.training_set import Example, Material
from train.statistics.metrics import cross_entropy, softmax

Fit = Callable[[np.ndarray, np.ndarray, int], Probe]
PROBES: dict[str, Fit] = {
    "regression": fit_probe,
    "discriminant": fit_discriminant,
    "fitted": fitted,
}
SETS = ("artifacts", "landmarks", "groceries")


def draws(known: Material, count: int) -> Iterator[tuple[str, Material]]:
    """What is learned from, by name; of the same name several."""
    for a_class in (1, 2, 5):
        yield from ((f"{a_class} a thing", few(known, seed, a_class)) for seed in range(count))
    if known.validation:  # a split of its own
        yield "all", known
        yield from ((f"all, {share:.0%} flipped", flipped(known, share, 0)) for share in (0.2, 0.4))


def bench(name: str, photos: Path, work: Path, count: int) -> None:
    """Print both probes on one set, line by line."""
    cache = default_cache(os.environ)
    one = prepare(name, photos, work, cache)
    ids = [image_id for side in one.clean.sides.values() for image_id, _ in side]
    found, features = embed_dataset(one.dataset, ids, find_backbone("auto", cache), cache)
    place = {image_id: row for row, image_id in enumerate(found)}

    def side(examples: tuple[Example, ...]) -> tuple[np.ndarray, np.ndarray]:
        read = [(place[image_id], label) for image_id, label in examples if image_id in place]
        return features[[row for row, _ in read]], np.array([label for _, label in read])

    rows: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for what, material in draws(one.clean, count):
        (x, y), (asked, truth) = side(material.train), side(material.test)
        for probe, fit in PROBES.items():
            begun = time.perf_counter()
            logits = fit(x, y, len(material.classes)).logits(asked)
            seconds = time.perf_counter() - begun
            rows.setdefault((what, probe), []).append(
                (
                    float((logits.argmax(axis=1) == truth).mean()),
                    cross_entropy(softmax(logits), truth),
                    seconds,
                )
            )
    for (what, probe), figures in rows.items():
        right, surprise, seconds = np.mean(figures, axis=0)
        print(
            f"{name:10} {what:18} {probe:13} {right:6.1%} right (worst "
            f"{min(one for one, _, _ in figures):.1%} of "
            f"{len(figures)}), cross-entropy {surprise:.3f}, {seconds:.2f} s"
        )


def main() -> None:
    """Every set."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training.probes", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("/tmp/bench"))
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--draws", type=int, default=5, help="of few photos")
    flags = parser.parse_args()
    speak_up()
    for name in flags.sets:
        bench(name, flags.photos, flags.work, flags.draws)


if __name__ == "__main__":
    main()
