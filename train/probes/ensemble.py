"""Two probes, a regression and a discriminant: which of them to fit, and what both say of photos
they had not seen.

They err on different photos. On groceries with wrong labels planted, the middle between them
finds more that is wrong than either (docs/decisions/label-doubt.md).

    from train.probes.ensemble import fitted, out_of_fold
    fitted(features, labels, classes=81), out_of_fold(features, labels, groups, classes=81)
"""

from __future__ import annotations

import numpy as np

from train.probes import lda as discriminant
from train.probes import logistic as probe
from train.probes.logistic import Groups, Probe, folds_of

# Photos beyond the first of their class, from which the shape of the clouds is known well enough:
# with fewer the regression was better on artifacts and landmarks.
ENOUGH = 20
LOGIT_FOLDS = 10


def fitted(x: np.ndarray, y: np.ndarray, classes: int) -> Probe:
    """The discriminant, or of very few photos the regression, on x (n, d) and y (n,)."""
    enough = len(y) - len(np.unique(y)) >= ENOUGH
    return (
        discriminant.fit_discriminant(x, y, classes) if enough else probe.fit_probe(x, y, classes)
    )


def out_of_fold(x: np.ndarray, y: np.ndarray, groups: Groups, classes: int) -> np.ndarray:
    """Probabilities (n, c) of each photo by probes that saw neither it nor any of its group, x
    (n, d) and y (n,)."""
    p = probe.out_of_fold(x, y, groups, classes)
    p += discriminant.out_of_fold(x, y, groups, classes)
    p /= 2
    return p


def out_of_fold_logits(x: np.ndarray, y: np.ndarray, groups: Groups, classes: int) -> np.ndarray:
    """Logits (n, c) of each photo by a model fitted to those outside its fold, x (n, d) and y
    (n,): as sure as it is. NaN for a photo whose class no other fold shows."""
    x = np.asarray(x, np.float32)
    y = np.asarray(y, np.int64)
    fold = folds_of(y, groups, LOGIT_FOLDS)
    out = np.full((len(y), classes), np.nan, np.float32)
    for one in np.unique(fold):
        rest = fold != one
        asked = ~rest & np.isin(y, y[rest])
        if asked.any():
            out[asked] = fitted(x[rest], y[rest], classes).logits(x[asked])
    return out
