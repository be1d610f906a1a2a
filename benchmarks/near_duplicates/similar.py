"""Look-alikes among very many photos: ours beside looking at all of them.

    python -m benchmarks.near_duplicates.similar --features ../shared/photos/groceries/train [--photos 100000]

The features are mixtures of two real embeddings each, so that near ones and far ones lie as they
do in a collection.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.labels.label_errors import named_features
from data_cards.progress import speak_up
from train.inference.photo_index import Index, write_index
from train.statistics.vectors import unit

K = 8
QUESTIONS = 100
GOAL = 5.0  # milliseconds at 100,000 photos


def mixtures(x: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, d): each of two rows of x (n, d), by at most half from the second."""
    one = x[rng.integers(0, len(x), count)]
    other = x[rng.integers(0, len(x), count)]
    share = rng.random((count, 1)).astype(np.float32) / 2
    return unit(one * (1 - share) + other * share)


def milliseconds(ask: Callable[[np.ndarray], object], questions: np.ndarray) -> float:
    """Of one question, the median."""
    took = []
    for question in questions:
        began = time.perf_counter()
        ask(question)
        took.append(time.perf_counter() - began)
    return float(np.median(took)) * 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.near_duplicates.similar", description=__doc__
    )
    parser.add_argument(
        "--features",
        type=Path,
        required=True,
        help="a folder of class folders to take embeddings of",
    )
    parser.add_argument("--photos", type=int, default=100_000)
    flags = parser.parse_args()
    speak_up()
    rng = np.random.default_rng(0)
    real = named_features(flags.features)[1].astype(np.float32)
    x = mixtures(real, flags.photos, rng)
    questions = mixtures(real, QUESTIONS, rng)
    names = [str(number) for number in range(len(x))]
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as made:
        began = time.perf_counter()
        write_index(Path(made), names, ["x"] * len(x), x, [b"small"] * len(x))
        written = time.perf_counter() - began
        index = Index.load(Path(made))
        whole = Index(names, ["x"] * len(x), x, lambda row: b"")
        found = sum(
            len(
                {one.image_id for one in index.nearest(question, K)}
                & {one.image_id for one in whole.nearest(question, K)}
            )
            for question in questions
        )
        ours, all_of_them = (
            milliseconds(lambda question, at=at: at.nearest(question, K), questions)  # type: ignore[misc]
            for at in (index, whole)
        )
    print(f"{len(x)} photos, {x.shape[1]} numbers each; written in {written:.0f} s")
    print(f"all of them   {all_of_them:7.2f} ms")
    print(
        f"ours          {ours:7.2f} ms   {all_of_them / ours:.0f} times faster, goal {GOAL:.0f} ms"
    )
    print(f"ours finds {found / QUESTIONS / K:.3f} of the nearest {K}")


if __name__ == "__main__":
    main()
