"""Which labels are doubtful: out-of-fold probabilities and what the neighbours are called, together.

    label_doubt(labels, probabilities, embeddings) -> scores      higher is more doubtful

Pure functions of arrays: labels (n,) in 0..c-1, probabilities (n, c) from a model that had not seen the photo, and
embeddings (n, d). Nothing here compares a probability with a fixed threshold: where labels are noisy all
confidences sink together, so only their order and each class's own level are used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

NEIGHBOURS = 10
LEAST = 1e-6
ROWS_AT_ONCE = 512


def label_doubt(labels: np.ndarray, probabilities: np.ndarray, embeddings: np.ndarray | None = None) -> np.ndarray:
    """Doubt (n,) in each label; higher is more doubtful."""
    labels = np.asarray(labels, dtype=np.int64)
    if not len(labels):
        return np.zeros(0)
    return -_margins(labels, _evidence(labels, probabilities, embeddings))


def likely_label(labels: np.ndarray, probabilities: np.ndarray, embeddings: np.ndarray | None = None) -> np.ndarray:
    """The class (n,) that the evidence is for; the given one where nothing speaks for another."""
    return _evidence(np.asarray(labels, dtype=np.int64), probabilities, embeddings).argmax(axis=1)


def suspected(labels: np.ndarray, probabilities: np.ndarray, embeddings: np.ndarray | None = None) -> np.ndarray:
    """Which labels (n,) bool to show to a person: the evidence is for another class, and as strong as it usually is
    for photos that carry that other label (confident learning, Northcutt et al. 2021, on combined evidence)."""
    labels = np.asarray(labels, dtype=np.int64)
    evidence = _evidence(labels, probabilities, embeddings)
    shares = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    usual = _usual(labels, shares)
    likely = evidence.argmax(axis=1)
    return (likely != labels) & (shares[np.arange(len(labels)), likely] >= usual[likely])


def neighbours(embeddings: np.ndarray, count: int = NEIGHBOURS) -> tuple[np.ndarray, np.ndarray]:
    """The nearest others of each row: places (n, count) and cosines (n, count), nearest first."""
    x = np.asarray(embeddings, dtype=np.float32)
    x = x - x.mean(axis=0)
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    count = max(0, min(count, len(x) - 1))
    places, cosines = np.zeros((len(x), count), np.int64), np.zeros((len(x), count), np.float32)
    for start in range(0, len(x), ROWS_AT_ONCE) if count else ():
        alike = x[start:start + ROWS_AT_ONCE] @ x.T
        alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = -2
        near = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(alike, near, axis=1), axis=1, kind="stable")
        places[start:start + len(alike)] = np.take_along_axis(near, order, axis=1)
        cosines[start:start + len(alike)] = np.take_along_axis(alike, places[start:start + len(alike)], axis=1)
    return places, cosines


def votes(labels: np.ndarray, places: np.ndarray, cosines: np.ndarray, classes: int) -> np.ndarray:
    """What the neighbours are called, as shares (n, classes); nearer ones count more, and nobody counts for nothing."""
    shares = np.full((len(labels), classes), 1.0 / classes)
    weights = np.maximum(cosines, 0.0) ** 2
    for column in range(places.shape[1]):
        np.add.at(shares, (np.arange(len(labels)), labels[places[:, column]]), weights[:, column])
    return shares / shares.sum(axis=1, keepdims=True)


def _evidence(labels: np.ndarray, probabilities: np.ndarray, embeddings: np.ndarray | None) -> np.ndarray:
    """Log evidence (n, c) for each class: the model's, levelled by class, and the neighbours'."""
    evidence = _levelled(labels, np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), LEAST)))
    if embeddings is None or len(labels) < 3:
        return evidence
    classes = evidence.shape[1]
    return evidence + np.log(votes(labels, *neighbours(embeddings), classes))


def _levelled(labels: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Take out what the model says of a class on the whole: it is shy of some classes and fond of others."""
    counts = np.bincount(labels, minlength=logs.shape[1])
    mean = np.exp(logs).mean(axis=0)
    return logs - np.log((mean + LEAST) / (counts / len(labels) + LEAST))


def _margins(labels: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    rows = np.arange(len(labels))
    own, others = evidence[rows, labels], evidence.copy()
    others[rows, labels] = -np.inf
    return own - (others.max(axis=1) if evidence.shape[1] > 1 else 0.0)


def _usual(labels: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """How strong the evidence for each class is, on average over the photos that carry its label."""
    counts = np.maximum(np.bincount(labels, minlength=shares.shape[1]), 1)
    own = shares[np.arange(len(labels)), labels]
    return np.bincount(labels, weights=own, minlength=shares.shape[1]) / counts


def reason_for(chance: float, near: Sequence[str], title: Callable[[str], str]) -> str:
    """Why a label is doubtful, in words: the model's probability of it, and what the five nearest photos are called."""
    said = f"The model gives this label {_percent(chance)}."
    named = [label for label in near[:5] if label]
    if not named:
        return said
    label, count = Counter(named).most_common(1)[0]
    if count == 1 and len(named) > 1:
        return f"{said} Its {_word(len(named))} nearest photos are all called differently."
    whose = f"{_word(count).capitalize()} of its {_word(len(named))} nearest photos are"
    if count == len(named):
        whose = f"All of its {_word(len(named))} nearest photos are" if count > 1 else "The nearest photo is"
    return f"{said} {whose} *{title(label)}*."


def _percent(share: float) -> str:
    return "less than 1 %" if share < 0.01 else f"{round(share * 100)} %"


def _word(count: int) -> str:
    return ("no", "one", "two", "three", "four", "five")[count]
