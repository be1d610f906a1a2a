"""How sure a release is: calibration error, how many of its right answers are sure, and how many of
the sure ones are wrong, on a sealed test.

    python -m benchmarks.training.calibration --photos ../shared/photos --sets museum landmarks artifacts
    python -m benchmarks.training.calibration --photos ../shared/photos --sets museum --epochs 5

Of a probe, before and after. Before: one temperature and a line where 95 % were right, both from
validation photos alone. After: as `train/release/contents.py` does it. With --epochs, of a release
that the usual command fine-tuned. Sets are found or made as `benchmarks.training.recipes` does; the
museum is learned from with its wrong labels, and its test is asked by what is true.

Two columns say what the figures can come to. "by chance": the calibration error that a model would
show on so few photos whose confidence is exactly right. "reachable": how many of the right answers
could be sure if somebody who knew the test drew the line where at most 3 of 100 are wrong.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.training.photo_sets import SETS, TrainingSet, prepare
from data_cards.settings import default_cache
from train.finetune.refit_head import refitted, unseen_by_refitted
from train.inference.batch_predict import ask
from train.inference.embeddings import embed_dataset
from train.inference.model_folder import OURS, read_json
from train.models.backbone import find_backbone
from train.probes.ensemble import fitted, out_of_fold_logits
from train.probes.label_noise import doubted
from train.release.contents import SLIPS_FOUND
from train.settings import TrainSettings
from train.splits.training_set import Example
from train.statistics.metrics import calibration_error, hits_at, wilson
from train.train_model import train_model
from train.uncertainty.decision_rule import Judgement, Labelling, Seen, Unseen, confidence
from train.uncertainty.sure import WRONG
from train.uncertainty.temperature import Calibration, calibrate

FORMER_RIGHT = 0.95
DRAWS = 1000


@dataclass(frozen=True)
class Asked:
    """What is calibrated on, `held` and `unseen`, the most `slips`, and the `test`."""

    held: Seen
    unseen: Unseen
    slips: float
    test: Seen


def asked(one: TrainingSet, cache: Path) -> Asked:
    """The probe of a set, and what it says."""
    material = one.raw if one.raw is not None and one.name == "museum" else one.clean
    ids = [image_id for side in material.sides.values() for image_id, _ in side]
    found, features = embed_dataset(one.dataset, ids, find_backbone("auto", cache), cache)
    place = {image_id: row for row, image_id in enumerate(found)}
    classes = len(material.classes)

    def side(examples: tuple[Example, ...]) -> tuple[list[str], np.ndarray, np.ndarray]:
        kept = [example for example in examples if example[0] in place]
        rows = [place[image_id] for image_id, _ in kept]
        x = np.asarray(features[rows], np.float32)
        return [name for name, _ in kept], x, np.array([label for _, label in kept], int)

    names, x, given = side(material.train)
    labels = doubted(x, given, classes).labels
    slips = SLIPS_FOUND * float((labels != given).mean())
    kept = labels >= 0
    probe = fitted(x[kept], labels[kept], classes)
    learned = Seen(probe.logits(x[kept]), x[kept], labels[kept])
    held_names, held_x, held_y = side(material.validation)
    held = Seen(probe.logits(held_x), held_x, held_y)
    learned_names = [name for name, one_kept in zip(names, kept, strict=True) if one_kept]
    units = one.source.units([*learned_names, *held_names])
    anew = refitted(learned, held, units[len(learned_names) :])
    if anew is None:
        groups = units[: len(learned_names)]
        said = out_of_fold_logits(learned.embeddings, learned.truth, groups, classes)
    else:
        said = unseen_by_refitted(anew.probe, learned, held, units)
        held = Seen(anew.held, held_x, held_y)
        probe = anew.probe
    _, test_x, test_y = side(material.test)
    test = Seen(probe.logits(test_x), test_x, test_y)
    return Asked(held, Unseen(said, given[kept]), slips, test)


def former_line(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Where "sure" began before: the lowest confidence from which on 95 % of validation was right,
    between .6 and .99."""
    sureness = probabilities.max(axis=1)
    order = np.argsort(-sureness)
    right = hits_at(probabilities, truth, 1)[order]
    enough = np.flatnonzero(np.cumsum(right) / np.arange(1, len(order) + 1) >= FORMER_RIGHT)
    if not len(enough):
        return 0.99
    lowest = float(sureness[order][enough[-1]])
    return min(max(min(lowest, 0.8) if right.all() else lowest, 0.6), 0.99)


def told(
    name: str,
    calibration: Calibration,
    line: float,
    test: Seen,
    refused: np.ndarray | None = None,
) -> None:
    """One line of the table."""
    p = calibration.probabilities(test.logits)
    right = hits_at(p, test.truth, 1)
    sureness = p.max(axis=1)
    given = np.ones(len(right), bool) if refused is None else ~refused
    sure = given & (sureness >= line)
    error = 100 * calibration_error(sureness, right)
    rng = np.random.default_rng(0)
    drawn = [rng.integers(len(right), size=len(right)) for _ in range(DRAWS)]
    errors = [100 * calibration_error(sureness[rows], right[rows]) for rows in drawn]
    low, high = np.percentile(errors, (2.5, 97.5))
    of_right = wilson(int((sure & right).sum()), int(right.sum()))
    wrong = wilson(int((sure & ~right).sum()), int(sure.sum()))
    shares = [
        f"{100 * (share.value or 0):5.1f} ({100 * share.low:.0f} to {100 * share.high:.0f})"
        for share in (of_right, wrong)
    ]
    print(
        f"{name:18} T {calibration.temperature:4.2f} slips {calibration.slips:.3f} line {line:.2f} "
        f"right {right.mean():6.1%}  refused {1 - given.mean():.1%}  "
        f"ECE {error:4.1f} ({low:.1f} to {high:.1f}; by chance {by_chance(sureness):.1f})  "
        f"sure of right {shares[0]} (reachable {100 * reachable(sureness, right):.0f})  "
        f"wrong of sure {shares[1]} of {int(sure.sum())}",
        flush=True,
    )


def by_chance(sureness: np.ndarray, draws: int = 200) -> float:
    """The calibration error in points, on average, where answers of these confidences (n,) are
    right exactly so often."""
    rng = np.random.default_rng(0)
    drawn = [rng.random(len(sureness)) < sureness for _ in range(draws)]
    return 100 * float(np.mean([calibration_error(sureness, right) for right in drawn]))


def reachable(sureness: np.ndarray, right: np.ndarray, wrong: float = WRONG) -> float:
    """The largest share of right answers beyond a line on `sureness` (n,) beyond which at most the
    share `wrong` is not `right` (n,)."""
    hits = right[np.argsort(-sureness, kind="stable")]
    good = np.cumsum(hits)
    kept = np.cumsum(~hits) <= wrong * np.arange(1, len(hits) + 1)
    return float(good[kept].max(initial=0) / max(1, good[-1]))


def bench(name: str, photos: Path, work: Path, cache: Path) -> None:
    """Print both on one set."""
    answers = asked(prepare(name, photos, work, cache), cache)
    held = answers.held
    before = calibrate(held.logits, held.truth)
    line = former_line(before.probabilities(held.logits), held.truth)
    told(f"{name} before", before, line, answers.test)
    after, sure, _ = confidence(held, answers.unseen, Labelling(answers.slips))
    told(f"{name} {sure.by}", after, sure.at, answers.test)


def bench_tuned(name: str, photos: Path, work: Path, cache: Path, epochs: int) -> None:
    """Print what a fine-tuned release comes to; it is found where it was made before."""
    one = prepare(name, photos, work, cache)
    material = one.raw if one.raw is not None and one.name == "museum" else one.clean
    model = work / f"{name}-{epochs}"
    if not (model / OURS).is_dir():
        settings = TrainSettings(epochs=epochs)
        train_model(str(work / name), str(model), settings, cache=cache)
    truth = dict(material.test)
    answers = ask(model, one.dataset, list(truth), "The sealed test")
    judgement = Judgement.load(model / OURS)
    labels = np.array([truth[image_id] for image_id in answers.ids], int)
    test = Seen(answers.logits, answers.embeddings, labels, answers.early)
    title = f"{name}, {read_json(model / OURS / 'release.json')['kind']}"
    line = judgement.rejection.sure_at
    told(title, judgement.calibration, line, test, judgement.refused(answers))
    print(judgement.rejection.sure_words, flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("/tmp/vitrine-bench"))
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--epochs", type=int, help="fine-tune by the usual command")
    flags = parser.parse_args()
    cache = default_cache(os.environ)
    for name in flags.sets:
        if flags.epochs is None:
            bench(name, flags.photos, flags.work, cache)
        else:
            bench_tuned(name, flags.photos, flags.work, cache, flags.epochs)


if __name__ == "__main__":
    main()
