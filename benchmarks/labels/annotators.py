"""Several annotators of known accuracy: whose answers are believed, and is it told who is good.

    python -m benchmarks.curation annotators ../shared/photos/groceries/train

Simulated people answer for photos of a folder of class folders; the model is a probe's
out-of-fold opinion on labels of which 10 % are wrong. Each way of putting the answers together
is measured by how often the consensus is right, and by how well estimated quality goes with true
accuracy (Pearson).
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.labels.label_errors import named_features, to_similar, uniform
from curation.decisions.agreement import votes_of
from curation.decisions.crowdlab import crowdlab, dawid_skene
from train.probes.ensemble import out_of_fold

# (people, answers a photo, accuracies from .. to)
CROWDS = {
    "two a photo": (6, 2.0, 0.55, 0.98),
    "one in ten twice": (6, 1.1, 0.55, 0.98),
    "three a photo": (10, 3.0, 0.4, 0.95),
}
Found = tuple[np.ndarray, np.ndarray]
Way = Callable[[np.ndarray, np.ndarray], Found]


def crowd(
    truth: np.ndarray,
    x: np.ndarray,
    people: int,
    each: float,
    low: float,
    high: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """(answers (photos, people) with -1 where nobody was asked, true accuracies (people,)): half
    of what people get wrong is the most similar class, half any class."""
    accuracy = np.linspace(low, high, people)
    said = np.empty((len(truth), people), np.int64)
    for person, right in enumerate(accuracy):
        wrong = to_similar if person % 2 else uniform
        said[:, person] = wrong(truth, x, 1 - right, rng)
    number = np.floor(each).astype(int) + (rng.random(len(truth)) < each % 1)
    rank = rng.random(said.shape).argsort(axis=1).argsort(axis=1)
    answers = np.where(rank < number[:, None], said, -1)
    true = np.array([(column == truth)[column >= 0].mean() for column in answers.T])
    return answers, true


def ours(answers: np.ndarray, p: np.ndarray) -> Found:
    """CROWDLAB, as in curation/decisions/crowdlab.py."""
    found = crowdlab(answers, p)
    return found.consensus, found.quality


def twin(answers: np.ndarray, p: np.ndarray) -> Found:
    """Dawid and Skene: no model."""
    found = dawid_skene(answers, p.shape[1])
    return found.consensus, found.quality


def cleanlabs(answers: np.ndarray, p: np.ndarray) -> Found:
    """CROWDLAB, as in cleanlab."""
    import pandas as pd
    from cleanlab.multiannotator import get_label_quality_multiannotator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = pd.DataFrame(np.where(answers < 0, np.nan, answers))
        told = get_label_quality_multiannotator(table, p, verbose=False)
    quality = told["annotator_stats"]["annotator_quality"].sort_index()
    return told["label_quality"]["consensus_label"].to_numpy(), quality.to_numpy()


def majority(answers: np.ndarray, p: np.ndarray) -> Found:
    """What most said (the lowest number on a tie), and how often each person is with them."""
    most = votes_of(answers, p.shape[1]).argmax(axis=1)
    return most, np.array([(column == most)[column >= 0].mean() for column in answers.T])


WAYS: dict[str, Way] = {
    "ours": ours,
    "cleanlab": cleanlabs,
    "ours, no model": twin,
    "majority vote": majority,
}


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument(
        "folder", type=Path, help="class folders, or an .npz with x (features) and y (labels)"
    )
    command.add_argument("--seeds", type=int, default=3)


def run(flags: argparse.Namespace) -> None:
    """Print the table."""
    if flags.folder.suffix == ".npz":
        kept = np.load(flags.folder)
        truth = np.unique(kept["y"], return_inverse=True)[1]
        x = kept["x"]
    else:
        names, x = named_features(flags.folder)
        truth = np.unique(names, return_inverse=True)[1]
    classes = int(truth.max()) + 1
    print(f"{len(truth)} photos, {classes} classes, mean of {flags.seeds} seeds")
    for name, (people, each, low, high) in CROWDS.items():
        rows: dict[str, list[tuple[float, ...]]] = {}
        for seed in range(flags.seeds):
            rng = np.random.default_rng(seed)
            answers, true = crowd(truth, x, people, each, low, high, rng)
            p = out_of_fold(x, uniform(truth, x, 0.1, rng), range(len(truth)), classes)
            for way, put_together in WAYS.items():
                begin = time.monotonic()
                consensus, quality = put_together(answers, p)
                seconds = time.monotonic() - begin
                goes_with = np.corrcoef(quality, true)[0, 1]
                off = np.abs(quality - true).mean()
                rows.setdefault(way, []).append(
                    ((consensus == truth).mean(), goes_with, off, seconds)
                )
            rows.setdefault("the model alone", []).append(
                ((p.argmax(axis=1) == truth).mean(), np.nan, np.nan, 0.0)
            )
        for way, found in rows.items():
            right, goes_with, off, seconds = np.mean(found, axis=0)
            print(
                f"{name:17} {people:2} people  {way:16} consensus right {right:6.1%}   quality "
                "goes with truth "
                f"{goes_with:5.2f}, off by {off:.2f}   {seconds:6.2f} s",
                flush=True,
            )
