"""Which labels are doubtful: out-of-fold probabilities and what the neighbours are called, together.

    label_doubt(labels, probabilities, embeddings) -> scores      higher is more doubtful

Pure functions of arrays: labels (n,) in 0..c-1, probabilities (n, c) from a model that had not seen the photo, and
embeddings (n, d). Nothing here compares a probability with a fixed threshold: where labels are noisy all
confidences sink together, so only their order and each class's own level are used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

NEIGHBOURS = 10
LEAST = 1e-6
ROWS_AT_ONCE = 512


def label_doubt(labels: np.ndarray, probabilities: np.ndarray, embeddings: np.ndarray | None = None) -> np.ndarray:
    """Doubt (n,) in each label, -1 to 1; higher is more doubtful.

    The difference of square roots of the belief in the likeliest other class and in the given one: between the plain
    difference, which misses a label that nothing speaks for, and their ratio, which overrates photos that look like
    nothing at all.
    """
    labels = np.asarray(labels, dtype=np.int64)
    belief = np.sqrt(_belief(labels, probabilities, embeddings))
    rows = np.arange(len(labels))
    own = belief[rows, labels]
    belief[rows, labels] = 0.0
    return belief.max(axis=1, initial=0.0) - own


def likely_label(labels: np.ndarray, probabilities: np.ndarray, embeddings: np.ndarray | None = None) -> np.ndarray:
    """The class (n,) that the evidence is for; the given one where nothing speaks for another."""
    return _belief(np.asarray(labels, dtype=np.int64), probabilities, embeddings).argmax(axis=1)


def suspected(labels: np.ndarray, probabilities: np.ndarray, embeddings: np.ndarray | None = None) -> np.ndarray:
    """Which labels (n,) bool to show to a person: the belief is in another class, and as strong as it usually is for
    photos that carry that other label (confident learning, Northcutt et al. 2021, on combined evidence)."""
    labels = np.asarray(labels, dtype=np.int64)
    belief = _belief(labels, probabilities, embeddings)
    likely, usual = belief.argmax(axis=1), _usual(labels, belief)
    return (likely != labels) & (belief[np.arange(len(labels)), likely] >= usual[likely])


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


def _belief(labels: np.ndarray, probabilities: np.ndarray, embeddings: np.ndarray | None) -> np.ndarray:
    """Belief (n, c) in each class, rows sum to 1: half the model's, levelled by class, and half the neighbours'."""
    if not len(labels):
        return np.zeros(np.shape(probabilities))
    belief = _levelled(labels, np.maximum(np.asarray(probabilities, dtype=np.float64), LEAST))
    if embeddings is None or len(labels) < 3:
        return belief
    return (belief + votes(labels, *neighbours(embeddings), belief.shape[1])) / 2


def _levelled(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Take out what the model says of a class on the whole: it is shy of some classes and fond of others."""
    shares = np.bincount(labels, minlength=probabilities.shape[1]) / len(labels)
    level = probabilities * (shares + LEAST) / (probabilities.mean(axis=0) + LEAST)
    return level / level.sum(axis=1, keepdims=True)


def _usual(labels: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """How strong the evidence for each class is, on average over the photos that carry its label."""
    counts = np.maximum(np.bincount(labels, minlength=shares.shape[1]), 1)
    own = shares[np.arange(len(labels)), labels]
    return np.bincount(labels, weights=own, minlength=shares.shape[1]) / counts


def reason_for(chance: float, near: Sequence[str], likely: str, title: Callable[[str], str]) -> str:
    """Why a label is doubtful, in words: the model's probability of it, and how many of the (at most five) nearest
    photos have the likely label."""
    said = f"The model gives this label {_percent(chance)}."
    named = [label for label in near[:5] if label]
    count = named.count(likely)
    if not named:
        return said
    if count == 0:
        return f"{said} It thinks of *{title(likely)}*."
    whose = f"{_word(count).capitalize()} of its {_word(len(named))} nearest photos {'is' if count == 1 else 'are'}"
    if count == len(named):
        whose = f"All of its {_word(len(named))} nearest photos are" if count > 1 else "The nearest photo is"
    return f"{said} {whose} *{title(likely)}*."


def _percent(share: float) -> str:
    return "less than 1 %" if share < 0.01 else f"{round(share * 100)} %"


def _word(count: int) -> str:
    return ("no", "one", "two", "three", "four", "five")[count]
