"""How good answers are: plain arithmetic on arrays, no model in sight.

Everywhere: `probabilities` is (n, classes) float, `truth` is (n,) int class numbers, `classes`
counts them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]


@dataclass(frozen=True)
class Share:
    """A fraction of `n` with its 95 % interval; `value` is None where there was nothing to
    count."""

    value: float | None
    low: float
    high: float
    n: int

    def to_json(self) -> dict[str, float | int | None]:
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


def wilson(hits: float, n: int, z: float = 1.959964) -> Share:
    """The share hits/n with Wilson's score interval (1927), which stays honest for small n and
    for 100 %. `z`: 1.96 for 95 %, 1.645 for 90 %."""
    if n == 0:
        return Share(None, 0.0, 1.0, 0)
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)))
    return Share(p, max(0.0, middle - half), min(1.0, middle + half), n)


def standard_error(share: float, n: int) -> float:
    """The standard error of a share of `n`; a few photos that are all right still give one above
    zero."""
    p = (share * n + 1) / (n + 2)
    return float(np.sqrt(p * (1 - p) / max(1, n)))


def hits_at(probabilities: Floats, truth: Ints, k: int) -> NDArray[np.bool_]:
    """(n,) bool: is the truth among the k likeliest? Ties go against us, so a constant answer
    never looks good."""
    if not len(truth):
        return np.zeros(0, bool)
    own = probabilities[np.arange(len(truth)), truth]
    ahead = (probabilities >= own[:, None]).sum(axis=1) - 1
    return np.asarray(ahead < k)


def top_k(probabilities: Floats, truth: Ints, k: int) -> float:
    """The fraction of photos whose truth is among the k likeliest classes; 0.0 without photos."""
    return float(hits_at(probabilities, truth, k).mean()) if len(truth) else 0.0


def confusion(probabilities: Floats, truth: Ints, classes: int) -> NDArray[np.int64]:
    """(classes, classes) counts: rows are true classes, columns are predicted ones."""
    table = np.zeros((classes, classes), np.int64)
    if len(truth):
        np.add.at(table, (truth, probabilities.argmax(axis=1)), 1)
    return table


def precision_and_recall(table: NDArray[np.int64]) -> list[dict[str, float | int | None]]:
    """Per class of a confusion table: photos, recall and precision (None where nothing was there
    or named so)."""
    right = table.diagonal()
    there = table.sum(axis=1)
    named = table.sum(axis=0)
    return [
        {
            "n": int(n),
            "recall": float(r / n) if n else None,
            "precision": float(r / m) if m else None,
        }
        for r, n, m in zip(right, there, named, strict=True)
    ]


def calibration_bins(
    confidence: Floats, correct: NDArray[np.bool_], bins: int = 10
) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, photos) for each equal-width bin that holds photos."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        (
            float(confidence[place == b].mean()),
            float(correct[place == b].mean()),
            int((place == b).sum()),
        )
        for b in range(bins)
        if (place == b).any()
    ]


def calibration_error(confidence: Floats, correct: NDArray[np.bool_]) -> float:
    """Expected calibration error (Naeini 2015): how far "97 %" is from being right 97 times in a
    hundred."""
    rows = calibration_bins(confidence, correct)
    return float(sum(abs(c - a) * n for c, a, n in rows) / max(1, len(confidence)))


def cross_entropy(probabilities: Floats, truth: Ints) -> float:
    """Mean surprise in nats; 0.0 without photos."""
    own = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.clip(own, 1e-12, 1.0)).mean()) if len(truth) else 0.0


def softmax(logits: Floats) -> Floats:
    """(n, c) -> (n, c), each row adding up to one."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
