"""Was cleaning worth it: top-1 per round when an annotator works through the queue, and when
through photos at random.

    python -m benchmarks.curation rounds             the built-in museum, a probe on frozen features
    python -m benchmarks.curation rounds --photos ../shared/photos/groceries/train --flip 0.1
    python -m benchmarks.curation rounds --finetune  the museum with real fine-tuning (hours); to see it run:
        --size 120 --epochs 4 --rounds 1 --threads 1

Whoever decides knows the truth: the museum's is known, other photos get wrong labels planted and
their folders are the truth. Each fifth of the groups is sealed in turn (with --finetune only the
first), and its answers are held against the truth, whatever the labels say. Decisions cover test
photos too, as at the light table. `left` are the wrong labels that are really left, `told` what
the page would say.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.labels.label_errors import named_features, to_similar
from curation.issues.label_issues import judge
from curation.museum.programme import Museum, photos
from data_cards.dataset.repo import Dataset, create_dataset
from data_cards.dataset.schema import Label, Photo, Source, Split
from data_cards.dataset.tables import images_file, labels_file, splits_file
from data_cards.photos.image import image_id
from data_cards.settings import default_cache
from data_cards.wording import points
from train.evaluation.label_value import ENOUGH, LATEST
from train.models.backbone import find_backbone
from train.probes.ensemble import fitted, out_of_fold
from train.probes.logistic import folds_of
from train.settings import TrainSettings
from train.statistics.metrics import wilson
from train.statistics.paired import paired

JUNK = -1
NOT_ASKED = -2
FOLDS = 5
Learner = Callable[[np.ndarray], np.ndarray]


@dataclass
class Experiment:
    """Photos with features `x` (n, d), `truth` (n,) (JUNK: of nothing here), `given` labels
    (n,), and the `fold` (n,) that each is in."""

    names: list[str]
    x: np.ndarray
    truth: np.ndarray
    given: np.ndarray
    groups: list[str]
    fold: np.ndarray
    classes: int


@dataclass
class Past:
    """What was decided so far: labels as they are now, who was asked, and whether each doubt was
    a wrong label."""

    labels: np.ndarray
    decided: np.ndarray
    were_wrong: list[bool] = field(default_factory=list)


Order = Callable[[Experiment, Past, int, np.random.Generator], tuple[np.ndarray, int]]


def by_queue(
    experiment: Experiment, past: Past, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """The next photos of our queue, as a scan would pile them up now, and how many doubts are
    left on it."""
    kept = np.flatnonzero(past.labels != JUNK)
    y = past.labels[kept]
    groups = [experiment.groups[n] for n in kept]
    chances = out_of_fold(experiment.x[kept], y, groups, experiment.classes)
    said = judge(y, chances, experiment.x[kept], np.unique(groups, return_inverse=True)[1])
    order = kept[np.argsort(-said.doubt, kind="stable")]
    shown = set(kept[said.shown].tolist())
    open_ones = np.array([n for n in order if n in shown and not past.decided[n]], int)
    return open_ones[:count], len(open_ones)


def at_random(
    experiment: Experiment, past: Past, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """Photos as they come."""
    free = np.flatnonzero(~past.decided)
    return rng.permutation(free)[:count], len(free)


def probing(experiment: Experiment) -> Learner:
    """Answers (n,) of probes, each of which learned from the labels of the other folds."""

    def learn(labels: np.ndarray) -> np.ndarray:
        answers = np.full(len(labels), NOT_ASKED)
        for fold in range(FOLDS):
            test = experiment.fold == fold
            in_training = ~test & (labels != JUNK)
            probe = fitted(experiment.x[in_training], labels[in_training], experiment.classes)
            answers[test] = probe.logits(experiment.x[test]).argmax(axis=1)
        return answers

    return learn


def story(
    experiment: Experiment, order: Order, learn: Learner, rounds: int, count: int, seed: int = 0
) -> list[str]:
    """One line a round."""
    past = Past(experiment.given.copy(), np.zeros(len(experiment.given), bool))
    rng = np.random.default_rng(seed)
    before: np.ndarray | None = None
    lines = []
    made = 0
    for number in range(rounds + 1):
        answers = learn(past.labels)
        asked = np.flatnonzero((answers != NOT_ASKED) & (experiment.truth != JUNK))
        right = answers[asked] == experiment.truth[asked]
        groups = [experiment.groups[n] for n in asked]
        left = int((past.labels != experiment.truth).sum())
        chosen, doubts = order(experiment, past, count, rng)
        share = wilson(int(right.sum()), len(right))
        against = ""
        if before is not None:
            found = paired(before, right, groups)
            against = f"{points(found.difference):>6} ({points(found.low)} to {points(found.high)})"
        told = f"{round(doubts * _wrong_share(past)):4d}" if order is by_queue else "   -"
        lines.append(
            f"  round {number}  {made:4d} decisions  "
            f"top-1 {share.value:6.1%} ({share.low:.1%} to {share.high:.1%})  wrong labels left "
            f"{left:4d}, "
            f"told {told}  {against}"
        )
        if not len(chosen):
            lines.append("  nothing doubtful is left")
            break
        past.were_wrong += [bool(past.labels[n] != experiment.truth[n]) for n in chosen]
        past.labels[chosen], past.decided[chosen] = experiment.truth[chosen], True
        made = made + len(chosen)
        before = right
    return lines


def _wrong_share(past: Past) -> float:
    """As `train.evaluation.label_value` works it out."""
    latest = past.were_wrong[-LATEST:]
    return (sum(latest) + 1) / (len(latest) + 2) if len(latest) >= ENOUGH else 1.0


def museum_experiment(size: int, wrong: float, cache: Path) -> tuple[Experiment, dict[str, bytes]]:
    """The built-in museum as a collector sees it, copies left out; the photos' bytes for
    fine-tuning."""
    museum = Museum(photos=size, wrong=wrong)
    kept = {}
    rows = []
    for truth, data in photos(museum):
        if truth.kind in ("painting", "junk") and truth.given_label:
            name = image_id(data)
            kept[name] = data
            rows.append((name, truth.true_class, truth.given_label, truth.burst or name))
    classes = sorted({row[2] for row in rows})
    number = {name: place for place, name in enumerate(classes)}
    ids, x = _embedded(kept, cache)
    known = {row[0]: row for row in rows}
    truth_of = np.array([number.get(known[i][1] or "", JUNK) for i in ids])
    given = np.array([number[known[i][2]] for i in ids])
    return _desk(ids, x, truth_of, given, [known[i][3] for i in ids], len(classes)), kept


def planted_experiment(folder: Path, flip: float, seed: int) -> Experiment:
    """A folder of class folders with labels flipped to the class that looks most like them."""
    of_class, x = named_features(folder)
    truth = np.unique(of_class, return_inverse=True)[1]
    names = [str(number) for number in range(len(of_class))]
    given = to_similar(truth, x, flip, np.random.default_rng(seed))
    return _desk(names, x, truth, given, names, int(truth.max()) + 1)


def _desk(
    names: Sequence[str],
    x: np.ndarray,
    truth: np.ndarray,
    given: np.ndarray,
    groups: Sequence[str],
    classes: int,
) -> Experiment:
    return Experiment(
        list(names), x, truth, given, list(groups), folds_of(given, groups, FOLDS), classes
    )


def _embedded(kept: Mapping[str, bytes], cache: Path) -> tuple[list[str], np.ndarray]:
    from train.inference.embeddings import embed_dataset

    class InMemory:
        def read_photos(self, ids: Sequence[str]) -> list[tuple[str, bytes]]:
            return [(name, kept[name]) for name in ids]

    return embed_dataset(InMemory(), list(kept), find_backbone("auto", cache), cache)


def tuning(
    experiment: Experiment,
    kept: Mapping[str, bytes],
    cache: Path,
    scratch: Path,
    settings: TrainSettings,
) -> Learner:
    """Answers of a release: a dataset with these labels and this test, and `train_model`; once
    for the same labels."""
    from train.evaluation.compare_models import answers_of
    from train.splits.seal import sealed
    from train.splits.training_set import gather
    from train.train_model import train_model

    made = _dataset(experiment, kept, scratch / "set")
    learned: dict[bytes, np.ndarray] = {}

    def learn(labels: np.ndarray) -> np.ndarray:
        if labels.tobytes() not in learned:
            learned[labels.tobytes()] = anew(labels)
        return learned[labels.tobytes()]

    def anew(labels: np.ndarray) -> np.ndarray:
        now = made.newest().commit(dict([_labels(experiment, labels)]), "Decide")
        report = train_model(now.address, str(scratch / "model"), settings, cache=cache)
        source = sealed(now.newest())
        said = answers_of(report.folder, source.dataset, gather(source), "The sealed test")
        return np.array(
            [int(said[name][1:]) if name in said else NOT_ASKED for name in experiment.names]
        )

    return learn


def _dataset(experiment: Experiment, kept: Mapping[str, bytes], folder: Path) -> Dataset:
    from data_cards.dataset.collection import ClassInfo, Collection
    from data_cards.photos.image import inspect_photo

    things = Collection(
        "bench", "Bench", tuple(ClassInfo(f"c{n}", f"Class {n}") for n in range(experiment.classes))
    )
    rows = []
    for name in experiment.names:
        seen = inspect_photo(kept[name])
        rows.append((Photo(name, seen.width, seen.height, (Source(path=name),)), kept[name]))
    sides = ("test" if fold == 0 else "train" for fold in experiment.fold)
    splits = [Split(*row) for row in zip(experiment.names, experiment.groups, sides, strict=True)]
    files = dict([images_file(rows), splits_file(splits), _labels(experiment, experiment.given)])
    return create_dataset(str(folder), things).commit(files, "Bench")


def _labels(experiment: Experiment, labels: np.ndarray) -> tuple[str, bytes]:
    return labels_file(
        Label(i, None if y == JUNK else f"c{y}", "junk" if y == JUNK else "labelled")
        for i, y in zip(experiment.names, labels, strict=True)
    )


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument(
        "--photos", type=Path, help="a folder of class folders instead of the museum"
    )
    command.add_argument("--size", type=int, default=Museum().photos, help="photos of the museum")
    command.add_argument("--flip", type=float, default=0.1, help="share of wrong labels")
    command.add_argument("--rounds", type=int, default=4)
    command.add_argument(
        "--decisions",
        type=int,
        default=0,
        help="a round; a third of the wrong labels when left out",
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--finetune", action="store_true")
    command.add_argument(
        "--epochs", type=int, default=None, help="of the fine-tuning; its own number when left out"
    )
    command.add_argument("--threads", type=int, default=0, help="that train; 0: all")


def run(flags: argparse.Namespace) -> None:
    """Print both stories."""
    cache = default_cache(os.environ)
    kept: dict[str, bytes] = {}
    if flags.photos:
        experiment = planted_experiment(flags.photos, flags.flip, flags.seed)
    else:
        experiment, kept = museum_experiment(flags.size, flags.flip, cache)
    wrong = int((experiment.given != experiment.truth).sum())
    count = flags.decisions or max(8, wrong // 3)
    how = "fine-tuned" if flags.finetune else "a probe on frozen features"
    print(
        f"{len(experiment.names)} photos of {experiment.classes} classes, {wrong} wrong labels; {count} "
        "decisions a "
        f"round; {how}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as scratch:
        settings = TrainSettings(epochs=flags.epochs, threads=flags.threads)
        learn = (
            tuning(experiment, kept, cache, Path(scratch), settings)
            if flags.finetune and kept
            else probing(experiment)
        )
        for words, order in (
            ("the queue, most doubtful first", by_queue),
            ("photos at random", at_random),
        ):
            print(
                words,
                *story(experiment, order, learn, flags.rounds, count, flags.seed),
                sep="\n",
                flush=True,
            )
