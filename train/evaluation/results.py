"""What a test came to, as the plain values of metrics.json: from arrays, without a model.

Every share has its 95 % interval and the number of photos it rests on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from data_cards.wording import percent, whole_percent
from train.statistics.metrics import (
    calibration_bins,
    calibration_error,
    confusion,
    hits_at,
    precision_and_recall,
    wilson,
)
from train.uncertainty.sure import PROBABLY, USUAL

TOPS = (1, 3, 5)
MOST_MIX_UPS = 20
CURVE = 60  # points of a curve


@dataclass(frozen=True)
class Answered:
    """A model's answers about test photos: calibrated `probabilities` (n, c), `truth` (n,),
    `refused` (n,) bool; `none_refused` (m,) bool for the photos of nothing in the collection;
    how foreign they look to it, `ood_score` (n,) and `none_ood_score` (m,), where that is
    known; `sure_at`: the confidence from which on it is sure."""

    probabilities: np.ndarray
    truth: np.ndarray
    refused: np.ndarray
    none_refused: np.ndarray
    ood_score: np.ndarray = field(default_factory=lambda: np.zeros(0))
    none_ood_score: np.ndarray = field(default_factory=lambda: np.zeros(0))
    sure_at: float = USUAL


def report(answered: Answered, classes: Sequence[str], titles: Sequence[str]) -> dict[str, Any]:
    """Top-1/3/5, per class, confusions, calibration and rejection. `classes`, `titles` by class
    number."""
    p = answered.probabilities
    truth = answered.truth
    table = confusion(p, truth, len(classes))
    right = hits_at(p, truth, 1)
    confidence = p.max(axis=1, initial=0.0)
    tops = {f"top{k}": wilson(int(hits_at(p, truth, k).sum()), len(truth)).to_json() for k in TOPS}
    rows = zip(classes, titles, precision_and_recall(table), strict=True)
    return {
        "n": len(truth),
        **tops,
        "ece": calibration_error(confidence, right) if len(truth) else None,
        "calibration": calibration_bins(confidence, right),
        "classes": {class_id: {"title": title, **row} for class_id, title, row in rows},
        "confusion": table.tolist(),
        "mix_ups": mix_ups(table, classes),
        "curves": {
            "answered": answered_curve(confidence, right),
            "refusals": refusal_curve(answered.ood_score, answered.none_ood_score),
        },
        "answers": answers_given(confidence, right, answered.refused, answered.sure_at),
        "rejection": {
            "known_refused": _share(answered.refused),
            "none_refused": _share(answered.none_refused),
            "right_and_given": _share(right & ~answered.refused),
        },
    }


def answers_given(
    confidence: np.ndarray, right: np.ndarray, refused: np.ndarray, sure_at: float
) -> dict[str, Any]:
    """How often each answer is given, from confidence, right and refused (n,): shares of all photos
    (`sure`, `probably`, `one_of`, `none`), of the sure ones that are wrong (`sure_wrong`), and of
    those answered rightly that are sure (`right_sure`)."""
    sure = ~refused & (confidence >= sure_at)
    probably = ~refused & ~sure & (confidence >= PROBABLY)
    return {
        "sure": _share(sure),
        "probably": _share(probably),
        "one_of": _share(~refused & ~sure & ~probably),
        "none": _share(refused),
        "sure_wrong": _share(~right[sure]),
        "right_sure": _share(sure[right]),
    }


def answered_curve(confidence: np.ndarray, right: np.ndarray) -> list[tuple[float, float]]:
    """(share of photos answered, share right among these) when only the surest are: risk and
    coverage (El-Yaniv and Wiener 2010)."""
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    return [
        (round((n + 1) / len(order), 4), round(float(shares[n]), 4)) for n in _spread(len(order))
    ]


def refusal_curve(known: np.ndarray, foreign: np.ndarray) -> list[tuple[float, float]]:
    """(share of known photos refused, share of other things refused) for every possible threshold
    between scores; empty unless there are photos of both."""
    if not len(known) or not len(foreign):
        return []
    lines = np.unique(np.concatenate([known, foreign, [-np.inf]]))[::-1]
    return [
        (round(float((known > lines[n]).mean()), 4), round(float((foreign > lines[n]).mean()), 4))
        for n in _spread(len(lines))
    ]


def _spread(count: int) -> list[int]:
    """At most CURVE places of 0..count-1, the first and the last among them."""
    return (
        []
        if not count
        else sorted({int(n) for n in np.linspace(0, count - 1, min(count, CURVE)).round()})
    )


def mix_ups(table: np.ndarray, classes: Sequence[str]) -> list[dict[str, Any]]:
    """The pairs most often taken for one another, most frequent first."""
    wrong = table - np.diag(table.diagonal())
    cells = [(int(was), int(answered)) for was, answered in np.argwhere(wrong > 0)]
    cells.sort(key=lambda cell: (-wrong[cell], cell))
    return [
        {"was": classes[was], "answered": classes[answered], "photos": int(wrong[was, answered])}
        for was, answered in cells[:MOST_MIX_UPS]
    ]


def name_of_test(image_ids: Iterable[str], truth: Iterable[str]) -> str:
    """Names a test: the same photos with the same labels."""
    lines = sorted(f"{image_id} {label}" for image_id, label in zip(image_ids, truth, strict=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def against(metrics: Mapping[str, Any], previous: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the round before came to, and whether it answered the same test; None when there was
    none."""
    if not previous.get("top1"):
        return None
    return {
        "top1": previous["top1"],
        "dataset_revision": previous.get("dataset_revision"),
        "model_revision": previous.get("model_revision"),
        "same_test": previous.get("test_digest") == metrics["test_digest"],
    }


def metrics_text(metrics: Mapping[str, Any]) -> str:
    """The figures as a sentence or two."""
    if not metrics["n"]:
        return "No test photo could be read, so nothing was measured."
    top1 = metrics["top1"]
    rejection = metrics["rejection"]
    lines = [
        f"On {metrics['n']} sealed test photos: {percent(top1['value'])} right first time "
        f"(95 % interval {percent(top1['low'])} to {percent(top1['high'])}), "
        f"{percent(metrics['top3']['value'])} among the first three."
    ]
    if rejection["known_refused"]["n"]:
        lines.append(
            f"{percent(rejection['known_refused']['value'])} of them are refused as unknown."
        )
    if metrics.get("answers"):
        lines.append(answers_told(metrics["answers"]))
    if rejection["none_refused"]["n"]:
        lines.append(
            f"{percent(rejection['none_refused']['value'])} of {rejection['none_refused']['n']} "
            "photos of other things are answered “none”."
        )
    if metrics.get("learned_from"):
        lines.append(
            f"{metrics['learned_from']} of these photos were learned from, so this flatters the "
            "model."
        )
    previous = metrics.get("previous")
    if previous:
        same = (
            "the same test"
            if previous["same_test"]
            else "another test, so not to be compared photo by photo"
        )
        lines.append(f"The round before: {percent(previous['top1']['value'])} on {same}.")
    return " ".join(lines)


def answers_told(answers: Mapping[str, Any]) -> str:
    """A sentence that says how often each answer is given."""
    sure, probably, one_of, none = (
        answers[name]["value"] or 0.0 for name in ("sure", "probably", "one_of", "none")
    )
    wrong = answers["sure_wrong"]
    said = f" ({percent(wrong['value'])} of these wrongly)" if wrong["n"] else ""
    return (
        f"It is sure of {whole_percent(sure)}{said}, says “probably” to "
        f"{whole_percent(probably)}, “one of these” to "
        f"{whole_percent(one_of)} and “none of these” to {whole_percent(none)}."
    )


def _share(flags: np.ndarray) -> dict[str, Any]:
    return wilson(int(np.sum(flags)), len(flags)).to_json()
