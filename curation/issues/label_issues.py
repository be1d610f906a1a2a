"""Which labels are doubtful: out-of-fold probabilities and what the look-alikes are called,
together.

    judge(labels, probabilities, embeddings).doubt      scores (n,), higher is more doubtful

Pure functions of arrays: labels (n,) in 0..c-1, probabilities (n, c) from a model that had not
seen the photo, and embeddings (n, d). Nothing here compares a probability with a fixed
threshold: where labels are noisy all confidences sink together, so only their order and each
class's own level are used. `curation.issues.label_beliefs` weighs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from curation.issues.few_shots import FEW, LIKELY, chance_of_error, share_among
from curation.issues.label_beliefs import LEAST, beliefs, chances_of
from data_cards.wording import in_words, whole_percent
from train.probes.logistic import shots_that_teach

# How sure the pooled evidence is on average (its strongest belief), from which it is trusted alone,
# and below which the model's own chances count as much. Groceries: .80 to .96 with 5 to 40 % of the
# labels wrong, .76 to .81 with features thinned until a probe is right for 70 %. See
# docs/decisions/label-doubt.md.
STRONG = 0.85
WEAK = 0.8
# The share of labels that seem wrong, from which it is the labels that are weak, and not the
# evidence: .27 and .29 with 40 % of the labels wrong in hard or similar photos, .13 to .15 with
# thinned features.
MANY_WRONG = 0.25
FEW_WRONG = 0.2


@dataclass(frozen=True)
class Verdicts:
    """Of n labels: the doubt in each, the class that the evidence is for, and whether a person
    should see it.

    `chance`: that a label is wrong which few other shots speak for; 1 for all others.
    """

    doubt: np.ndarray
    likely: np.ndarray
    shown: np.ndarray
    chance: np.ndarray


def judge(
    labels: np.ndarray,
    probabilities: np.ndarray,
    embeddings: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    near: tuple[np.ndarray, np.ndarray] | None = None,
    known_by: np.ndarray | None = None,
) -> Verdicts:
    """Everything about these labels, for one weighing of the evidence. `groups` (n,): near-copies
    and bursts, which are no evidence for each other. `near`: the nearest others (n, k) and their
    cosines, if known. `known_by` (n,): how many other shots support each label; counted from the
    groups if not given. A label without support is not doubted."""
    y = np.asarray(labels, dtype=np.int64)
    classes = np.shape(probabilities)[1]
    own = np.zeros(len(y))
    best = np.zeros(len(y))
    other = y.copy()
    if not len(y) or classes < 2:
        return Verdicts(own, y, np.zeros(len(y), bool), np.ones(len(y)))
    shots = np.arange(len(y)) if groups is None else np.unique(groups, return_inverse=True)[1]
    known_by = shots_that_teach(y, shots) if known_by is None else known_by
    for part, belief in beliefs(y, probabilities, embeddings, groups, near, known_by > 0):
        rows = np.arange(len(belief))
        own[part] = belief[rows, y[part]]
        belief[rows, y[part]] = -np.inf
        best[part], other[part] = belief.max(axis=1), belief.argmax(axis=1)
    said = chances_of(probabilities)[np.arange(len(y)), y]
    doubt = weighed(own, best, said, known_by > 0)
    usual = _usual(y, np.exp(own), classes, known_by > 0)
    against = (best > own) & (known_by > 0)
    likely = np.where(against, other, y)
    shown = against & (np.exp(best) >= usual[likely]) & (doubt > 0)
    chance = _chance(y, known_by, embeddings, shots, shown)
    return Verdicts(np.where(known_by > 0, doubt, 0.0), likely, shown & (chance >= LIKELY), chance)


def weighed(
    own: np.ndarray, best: np.ndarray, said: np.ndarray, in_training: np.ndarray | None = None
) -> np.ndarray:
    """The doubt (n,) in labels: logarithms of the belief in each and in the best other class,
    and the model's chance.

    Strong evidence knows what else a photo shows, and that counts by half. Weak evidence mistakes
    junk and ambiguous photos for anything, and junk shows only in that no evidence supports its
    label; then the label's own belief and chance decide, as log odds. `in_training`: labels that
    tell which it is. As many doubts are above 0 as labels have the belief against them.
    """
    telling = np.ones(len(own), bool) if in_training is None else in_training
    if not telling.any():
        return np.zeros(len(own))
    sure = float(np.exp(np.maximum(own, best)[telling]).mean())
    wrong = sure - float(np.exp(own[telling]).mean())
    weak = min(max((STRONG - sure) / (STRONG - WEAK), 0.0), 1.0)
    weak *= min(max((MANY_WRONG - wrong) / (MANY_WRONG - FEW_WRONG), 0.0), 1.0)
    both = np.clip((np.exp(own) + said) / 2, LEAST, 1 - LEAST)
    doubt = (1 - weak) * (best / 2 - own) + weak * (np.log1p(-both) - np.log(both))
    against = int((best > own)[telling].sum())
    ranked = np.sort(doubt[telling])[::-1]
    around = np.concatenate([[ranked[0] + 1], ranked, [ranked[-1] - 1]])[against : against + 2]
    return np.asarray(doubt - around.mean())


def _chance(
    y: np.ndarray,
    known_by: np.ndarray,
    embeddings: np.ndarray | None,
    shots: np.ndarray,
    shown: np.ndarray,
) -> np.ndarray:
    """The chance (n,) that a label is wrong that few speak for: none without embeddings; 1 for
    all others."""
    well_known = known_by > FEW
    if embeddings is None:
        return np.where(well_known, 1.0, 0.0)
    found = chance_of_error(y, known_by, embeddings, shots, share_among(shown[well_known]))
    return np.where(well_known, 1.0, np.nan_to_num(found))


def _usual(
    labels: np.ndarray, own: np.ndarray, classes: int, in_training: np.ndarray
) -> np.ndarray:
    """How strong the evidence for each class is, on average over the photos that carry its
    label, by `own` (n,).

    Only labels count that others speak for (`in_training`, a mask); a class without is like all.
    """
    counts = np.bincount(labels[in_training], minlength=classes)
    sums = np.bincount(labels[in_training], weights=own[in_training], minlength=classes)
    return np.where(
        counts > 0,
        sums / np.maximum(counts, 1),
        own[in_training].mean() if in_training.any() else 1.0,
    )


def reason_for(
    chance: float, near: Sequence[str], likely: str, title: Callable[[str], str], own: str = ""
) -> str:
    """Why a label is doubtful, in words: the model's probability of it, how many of the (at most
    five) nearest photos have the likely label, and what speaks for the label that it has: `own`."""
    said = f"The model gives this label {_percent_chance(chance)}."
    named = [label for label in near[:5] if label]
    count = named.count(likely)
    if not named:
        return said
    kept = named.count(own) if own != likely else 0
    if count == 0:
        own_ones = (
            f"{in_words(kept)} of its {in_words(len(named))} nearest photos {_has(kept)} its label"
        )
        return (
            f"{said} It looks more like *{title(likely)}*{', though ' + own_ones if kept else ''}."
        )
    whose = (
        f"{in_words(count).capitalize()} of its {in_words(len(named))} nearest photos "
        f"{'is' if count == 1 else 'are'}"
    )
    if count == len(named):
        whose = (
            f"All of its {in_words(len(named))} nearest photos are"
            if count > 1
            else "The nearest photo is"
        )
    return (
        f"{said} {whose} "
        f"*{title(likely)}*{f', {in_words(kept)} {_has(kept)} its label' if kept else ''}."
    )


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def _percent_chance(share: float) -> str:
    return "less than a 1 % chance" if share < 0.01 else f"only a {whole_percent(share)} chance"
