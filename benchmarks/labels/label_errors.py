"""Which labels are doubtful: wrong labels planted four ways, and how well each rule finds them.

    python -m benchmarks.curation labels ../shared/photos/groceries/train [--seeds 3] [--noise 0.05 0.4]

    python -m benchmarks.curation labels ../shared/photos/groceries/train --weak [--seeds 3]

The second thins the features by random projection until a probe is right for 70 %, and puts junk
and photos of two things among them: loss must not rank better there either, neither wrong labels
nor wrong labels and junk.

A line per rule: average precision, area under the ROC curve, share of the wrong labels found
after reviewing 5, 10 and 20 % of the photos, and, against plain loss and against cleanlab's
normalized margin, whether the difference in average precision is more than chance (paired
bootstrap, 95 %). Nothing here is tuned to these photos; other sets are tried elsewhere.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from curation.issues.label_issues import judge
from data_cards.settings import default_cache
from train.inference.embeddings import FeatureCache, embedder_for
from train.models.backbone import find_backbone
from train.probes.ensemble import out_of_fold

NOISE = (0.05, 0.1, 0.2, 0.4)
REVIEWED = (0.05, 0.1, 0.2)
RESAMPLES = 200
Rule = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def self_confidence(y: np.ndarray, p: np.ndarray, _: np.ndarray) -> np.ndarray:
    """Plain loss: one minus the probability of the label (cleanlab's self_confidence ranks the
    same)."""
    return 1 - p[np.arange(len(y)), y]


def cleanlab(method: str) -> Rule:
    """A score of cleanlab.rank, turned round."""

    def rule(y: np.ndarray, p: np.ndarray, _: np.ndarray) -> np.ndarray:
        from cleanlab.rank import get_label_quality_scores

        return 1 - get_label_quality_scores(y, p, method=method)

    return rule


RULES: dict[str, Rule] = {
    "loss": self_confidence,
    "cleanlab margin": cleanlab("normalized_margin"),
    "cleanlab entropy": cleanlab("confidence_weighted_entropy"),
    "ours, model only": lambda y, p, x: judge(y, p).doubt,
    "ours": lambda y, p, x: judge(y, p, x).doubt,
}
ANCHORS = ("loss", "cleanlab margin")


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


def by_annotators(
    y: np.ndarray, x: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Five annotators share the photos; each confuses pairs of classes of their own, and only
    those."""
    who = rng.integers(0, 5, len(y))
    given = y.copy()
    for annotator in range(5):
        partner = rng.permutation(y.max() + 1)
        confused = rng.random(y.max() + 1) < min(1.0, share * 2)
        wrong = (
            (who == annotator) & confused[y] & (rng.random(len(y)) < share / min(1.0, share * 2))
        )
        given[wrong] = partner[y[wrong]]
    return given


def by_a_weaker_eye(
    y: np.ndarray, x: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Where somebody who sees a third of the features finds another class nearly as likely: the
    hard photos, as people do."""
    part = rng.permutation(x.shape[1])[: max(1, x.shape[1] // 3)]
    seen = np.log(out_of_fold(x[:, part], y, range(len(y)), int(y.max()) + 1)) + rng.gumbel(
        size=(len(y), y.max() + 1)
    )
    rows = np.arange(len(y))
    given = y.copy()
    own = seen[rows, y]
    seen[rows, y] = -np.inf
    wrong = np.argsort(own - seen.max(axis=1), kind="stable")[: round(share * len(y))]
    given[wrong] = seen[wrong].argmax(axis=1)
    return given


KINDS = {
    "uniform": uniform,
    "similar": to_similar,
    "annotators": by_annotators,
    "hard": by_a_weaker_eye,
}


def average_precision(wrong: np.ndarray, scores: np.ndarray) -> float:
    """Area under precision over recall."""
    hits = wrong[np.argsort(-scores, kind="stable")]
    return (
        float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())
        if hits.any()
        else float("nan")
    )


def roc_area(wrong: np.ndarray, scores: np.ndarray) -> float:
    """How often a wrong label is more doubtful than a right one; ties count half."""
    _, level, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[level]
    bad = int(wrong.sum())
    return float((ranks[wrong].sum() - bad * (bad + 1) / 2) / max(1, bad * (len(wrong) - bad)))


def recall_after(wrong: np.ndarray, scores: np.ndarray, share: float) -> float:
    """Share of the wrong labels among the most doubtful `share` of photos."""
    first = np.argsort(-scores, kind="stable")[: round(share * len(scores))]
    return float(wrong[first].sum() / max(1, wrong.sum()))


def verdict(
    wrongs: Sequence[np.ndarray], ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]
) -> str:
    """better, worse or no difference in average precision, seed by seed on the same photos drawn
    again and again."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(RESAMPLES):
        gaps = []
        for wrong, one, other in zip(wrongs, ours, theirs, strict=True):
            drawn = rng.integers(0, len(wrong), len(wrong))
            gaps.append(
                average_precision(wrong[drawn], one[drawn])
                - average_precision(wrong[drawn], other[drawn])
            )
        found.append(np.nanmean(gaps))
    low, high = np.quantile(found, (0.025, 0.975))
    return "better" if low > 0 else "worse" if high < 0 else "no difference"


def labels(folder: Path, seeds: int, noise: Sequence[float]) -> None:
    """Wrong labels planted into a folder of class folders."""
    truth, x = _features(folder)
    all_rows: dict[str, list[np.ndarray]] = {}
    against: dict[tuple[str, str], list[str]] = {}
    for kind, plant in KINDS.items():
        for share in noise:
            wrongs: list[np.ndarray] = []
            scores: dict[str, list[np.ndarray]] = {name: [] for name in RULES}
            for seed in range(seeds):
                given = plant(truth, x, share, np.random.default_rng(seed))
                p = out_of_fold(x, given, range(len(given)), int(truth.max()) + 1)
                wrongs.append(given != truth)
                for name, rule in RULES.items():
                    scores[name].append(rule(given, p, x))
            for name, found in scores.items():
                row = np.mean([_figures(*pair) for pair in zip(wrongs, found, strict=True)], axis=0)
                all_rows.setdefault(name, []).append(row)
                said = {
                    anchor: verdict(wrongs, found, scores[anchor])
                    for anchor in ANCHORS
                    if anchor != name
                }
                for anchor, word in said.items():
                    against.setdefault((name, anchor), []).append(word)
                print(
                    f"{kind:10} {share:4.0%}  {_line(name, row)}"
                    + "".join(
                        f"  {word} than {anchor}"
                        if word != "no difference"
                        else f"  no difference to {anchor}"
                        for anchor, word in said.items()
                    ),
                    flush=True,
                )
    for (name, anchor), words in against.items():
        print(
            f"{name} against {anchor}: "
            + ", ".join(
                f"{word} {words.count(word)}" for word in ("better", "no difference", "worse")
            )
        )
    print(
        f"average over {len(KINDS) * len(noise)} cases: "
        + "; ".join(_line(name, np.mean(rows, axis=0)) for name, rows in all_rows.items())
    )


# What a human audit found in a public set of drawings on which a probe is right for 69 %.
WRONG = 0.024
JUNK = 0.04
AMBIGUOUS = 0.14
REACHED = 0.7
FEWER = (10, 20, 60)  # classes that stay, the commonest ones
WIDTHS = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)


@dataclass(frozen=True)
class Weak:
    """A collection of weak features: what each photo is, and which are junk or show two things."""

    truth: np.ndarray
    x: np.ndarray
    junk: np.ndarray
    ambiguous: np.ndarray


def weakened(truth: np.ndarray, x: np.ndarray, kept: int, rng: np.random.Generator) -> Weak:
    """The commonest `kept` classes; junk are photos of the others, and a photo of two things
    lies between them."""
    common = np.argsort(-np.bincount(truth), kind="stable")[:kept]
    rows = np.flatnonzero(np.isin(truth, common))
    others = np.flatnonzero(~np.isin(truth, common))
    y = np.unique(truth[rows], return_inverse=True)[1]
    mixed = x[rows].copy()
    order = rng.permutation(len(rows))
    n = len(rows)
    junk = np.zeros(n, bool)
    ambiguous = np.zeros(n, bool)
    junk[order[: round(JUNK * n)]] = True
    ambiguous[order[round(JUNK * n) : round((JUNK + AMBIGUOUS) * n)]] = True
    mixed[junk] = x[rng.choice(others, junk.sum())]
    share = rng.uniform(0.35, 0.65, (int(ambiguous.sum()), 1))
    mixed[ambiguous] = share * mixed[ambiguous] + (1 - share) * x[rng.choice(rows, len(share))]
    return Weak(y, _thinned(mixed, y, rng), junk, ambiguous)


def _thinned(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Projected to the fewest directions from which a probe is right for REACHED."""
    turn = rng.normal(size=(x.shape[1], WIDTHS[-1]))
    for width in WIDTHS:
        z = ((x - x.mean(axis=0)) @ turn[:, :width] / np.sqrt(width)).astype(np.float32)
        if (
            out_of_fold(z, y, range(len(y)), int(y.max()) + 1).argmax(axis=1) == y
        ).mean() >= REACHED:
            break
    return z


def weak(folder: Path, seeds: int) -> None:
    """Wrong labels planted where features are weak and some photos are junk or show two things."""
    truth, x = _features(folder)
    words: dict[str, list[str]] = {}
    for kept in FEWER:
        several = [weakened(truth, x, kept, np.random.default_rng(seed)) for seed in range(seeds)]
        for kind, plant in KINDS.items():
            given: list[np.ndarray] = []
            scores: dict[str, list[np.ndarray]] = {name: [] for name in ("loss", "ours")}
            for seed, one in enumerate(several):
                planted = plant(one.truth, one.x, WRONG, np.random.default_rng(seed))
                given.append(np.where(one.junk | one.ambiguous, one.truth, planted))
                p = out_of_fold(one.x, given[-1], range(len(one.truth)), kept)
                for name, found in scores.items():
                    found.append(RULES[name](given[-1], p, one.x))
            for sought, extra in (("wrong", False), ("wrong or junk", True)):
                asked = [
                    (labels != one.truth) | (one.junk & extra)
                    for labels, one in zip(given, several, strict=True)
                ]
                word = verdict(asked, scores["ours"], scores["loss"])
                words.setdefault(sought, []).append(word)
                aps = [
                    np.nanmean(
                        [average_precision(*pair) for pair in zip(asked, scores[name], strict=True)]
                    )
                    for name in ("ours", "loss")
                ]
                case = f"{kept:3} classes, {several[0].x.shape[1]:3} wide  {kind:10}  {sought:13}"
                print(f"{case}  AP ours {aps[0]:.3f}, loss {aps[1]:.3f}: {word}", flush=True)
    for sought, said in words.items():
        print(
            f"{sought}: "
            + ", ".join(
                f"{word} {said.count(word)}" for word in ("better", "no difference", "worse")
            )
        )


def _figures(wrong: np.ndarray, scores: np.ndarray) -> tuple[float, ...]:
    return (
        average_precision(wrong, scores),
        roc_area(wrong, scores),
        *(recall_after(wrong, scores, part) for part in REVIEWED),
    )


def _line(name: str, row: np.ndarray) -> str:
    ap, area, *recalls = row
    return f"{name:16} AP {ap:.3f}  AUROC {area:.3f}  recall after 5/10/20 %: " + " ".join(
        f"{recall:.2f}" for recall in recalls
    )


def _features(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    names, x = named_features(folder)
    return np.unique(names, return_inverse=True)[1], x


def named_features(folder: Path) -> tuple[list[str], np.ndarray]:
    """The class folder and the embedding of each photo, by path; computed once."""
    cache = default_cache(os.environ)
    backbone = find_backbone("auto", cache)
    files = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png")
    )
    kept = FeatureCache(cache / "bench" / backbone.revision[:12])
    missing = kept.missing([path.as_posix() for path in files])
    if missing:
        embedder = embedder_for(backbone, cache, photos=len(missing))
        for outputs in embedder.stream((name, Path(name).read_bytes()) for name in missing):
            kept.add(outputs.ids, outputs.arrays[-1])
    ids, x = kept.load([path.as_posix() for path in files])
    return [Path(name).parent.name for name in ids], x.astype(np.float32)


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("folder", type=Path)
    command.add_argument("--seeds", type=int, default=1)
    command.add_argument(
        "--weak", action="store_true", help="with weak features, junk and ambiguous photos"
    )
    command.add_argument(
        "--noise", type=float, nargs="+", default=NOISE, help="shares of wrong labels"
    )


def run(flags: argparse.Namespace) -> None:
    """Print the table."""
    if flags.weak:
        weak(flags.folder, flags.seeds)
    else:
        labels(flags.folder, flags.seeds, flags.noise)
