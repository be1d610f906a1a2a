"""Photos unlike the rest of their collection: what they show lies where other photos hardly
differ.

    unlikeness(embeddings)  (n,) how far each photo is from the rest; 1 is the middle
    strangers(embeddings)    (n,) true for the few that are farther than photos of the collection go

Mahalanobis distances of unit-length embeddings, the covariance held back by a tenth of its mean
and each photo judged without its own share in it (its leverage), or else a lone one would make
its own direction usual. Distances to the nearest photos were tried first and see less: a photo
of another collection has a near one in nearly any other (`python -m benchmarks.curation
strangers` prints both).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from data_cards.dataset.schema import Label
from train.probes.logistic import numbered, shots_that_teach
from train.statistics import vectors

FEWEST = 50  # photos; of fewer nobody can say what is usual
HELD = 0.1  # of the mean variance, added to every direction's
# Of n lognormal distances the farthest lies about sqrt(2 ln n) standard deviations out. Somewhat
# less was chosen on the museum, groceries and artifacts, whose own photos hardly ever go beyond it.
STRICT = 0.85
ROWS_AT_ONCE = 4096
FEW_SHOTS = 3  # of a class, from which nobody can say what else it looks like
LEAST = 1.5  # times the usual distance: where all photos are alike, a little more is nothing yet


def unlikeness(embeddings: np.ndarray, usual: np.ndarray | None = None) -> np.ndarray:
    """(n,) distances from the rest. `usual`: a mask (n,) of the photos that say what is usual;
    all of them."""
    x = np.asarray(embeddings)
    known = np.ones(len(x), dtype=bool) if usual is None else np.asarray(usual, dtype=bool)
    if known.sum() < FEWEST:
        return np.ones(len(x))
    count = int(known.sum())
    parts = [slice(start, start + ROWS_AT_ONCE) for start in range(0, len(x), ROWS_AT_ONCE)]

    # Part by part: of very many photos every copy is hundreds of megabytes.
    def unit(rows: slice) -> np.ndarray:
        return vectors.unit(x[rows])

    middle = sum(unit(rows)[known[rows]].sum(axis=0) for rows in parts) / np.float32(count)
    together = sum((some := unit(rows)[known[rows]] - middle).T @ some for rows in parts)
    spread, axes = np.linalg.eigh(together.astype(np.float64) / count)
    spread = np.maximum(spread, 0) + HELD * max(float(spread.mean()), 1e-12)
    turn = (axes / np.sqrt(spread)).astype(np.float32)
    far = np.concatenate(
        [np.square((unit(rows) - middle) @ turn).sum(axis=1, dtype=np.float64) for rows in parts]
    )
    own = np.where(known, far / count, 0.0)
    far = np.sqrt(far / np.maximum(1 - own, 0.01))
    return np.asarray(far / max(float(np.median(far[known])), 1e-9))


def strangers(embeddings: np.ndarray, usual: np.ndarray | None = None) -> np.ndarray:
    """(n,) true for photos farther from the rest than `usual` ones go (a mask (n,); all)."""
    return _beyond(unlikeness(embeddings, usual), usual)


def _beyond(unlike: np.ndarray, usual: np.ndarray | None) -> np.ndarray:
    far = np.log(np.maximum(unlike, 1e-9))
    known = far if usual is None else far[np.asarray(usual, dtype=bool)]
    if len(known) < FEWEST:
        return np.zeros(len(far), dtype=bool)
    middle, high = np.percentile(known, (50, 84))
    line = STRICT * np.sqrt(2 * np.log(len(known)))
    return np.asarray(far > middle + max(line * float(high - middle), np.log(LEAST)))


def strangers_among(
    ids: Sequence[str],
    embeddings: np.ndarray,
    labels: Mapping[str, Label],
    groups: Mapping[str, str] | None = None,
) -> dict[str, float]:
    """Strangers by image_id with their unlikeness. Photos that people said do not belong are left
    out, also of what counts as usual. A class of few shots may well be unlike the rest, so its
    photos are never strangers. `groups`: photos of one group are one shot.
    """
    gone = ("none_of_these", "junk")
    usual = np.array(
        [labels[name].status not in gone if name in labels else False for name in ids], dtype=bool
    )
    far = unlikeness(embeddings, usual)
    strange = _beyond(far, usual) & usual & ~_of_few_shots(ids, labels, groups or {})
    return {ids[row]: float(far[row]) for row in np.flatnonzero(strange).tolist()}


def _of_few_shots(
    ids: Sequence[str], labels: Mapping[str, Label], groups: Mapping[str, str]
) -> np.ndarray:
    """Which photos (n,) have a label that at most FEW_SHOTS shots have, their own among them."""
    rows = [labels.get(name) for name in ids]
    named = np.array([bool(row and row.label) for row in rows], bool)
    teaching = named & np.array([bool(row and row.status == "labelled") for row in rows], bool)
    classes = numbered(row.label if row and row.label else "" for row in rows)
    shots = numbered(groups.get(name, name) for name in ids)
    return named & (shots_that_teach(classes, shots, teachers=teaching) < FEW_SHOTS)
