"""When to say "none of these": how foreign a photo looks, a threshold with a guarantee, the three-way answer.

A photo is foreign when it is far from every class, compared with how far it is from photos of the collection as
such (relative Mahalanobis distance, Ren 2021, on embeddings of length 1). The threshold is conformal (Vovk 2005):
of new photos of known things, taken like the calibration photos, at most a stated share is refused.

    python -c "from train.rejection import answer; print(answer([0.7, 0.3], 0.0, 1.0, 0.8))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from train.probe import folds_of

SURE, ONE_OF, NONE = "sure", "one_of", "none"
# Known photos refused: the usual share, and the range in which photos of "none of these" may move it.
ALPHA, LEAST_ALPHA, MOST_ALPHA = 0.05, 0.02, 0.10
# With fewer calibration photos than this, folds of the training photos are used; with fewer of those, nothing is.
ENOUGH = 10
# Share of the average variance that stands in for directions the photos are too few to know.
SHRINK = 0.1
# Strangers that may be named, where both are simulated.
NAMED = 0.05
# "Sure" must have been right this often on validation; with too few photos to tell, this confidence is asked for.
SURE_RIGHT, SURE_AT, LOWEST_SURE, HIGHEST_SURE = 0.95, 0.8, 0.6, 0.99


@dataclass(frozen=True)
class Foreignness:
    """The score's parameters: class means (c, d) and what turns differences into distances, within and overall."""

    means: np.ndarray
    within: np.ndarray
    centre: np.ndarray
    overall: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Embeddings (n, d), any length -> scores (n,), higher is more foreign."""
        z = unit(x)
        q, m = z @ self.within, self.means @ self.within
        near = ((q * q).sum(axis=1)[:, None] - 2 * q @ m.T + (m * m).sum(axis=1)).min(axis=1)
        return np.asarray(near - (((z - self.centre) @ self.overall) ** 2).sum(axis=1))


@dataclass(frozen=True)
class Rejection:
    """A threshold on the score, and what it rests on.

    `n` calibration photos (`by`: validation | folds | views | nothing); at most `alpha` of known photos are refused,
    by the sentence `guarantee`. Of `none_n` known photos of "none of these", `none_refused` is the share refused.
    `by_logits`: foreign is what no class gets a high logit for, whatever its embedding.
    """

    threshold: float = float("inf")
    alpha: float = 0.0
    n: int = 0
    by: str = "nothing"
    guarantee: str = "Too few photos to tell what is foreign: every photo gets an answer."
    refused: float | None = None
    none_n: int = 0
    none_refused: float | None = None
    sure_at: float = SURE_AT
    by_logits: bool = False
    foreignness: Foreignness | None = field(default=None, repr=False, compare=False)

    def scores(self, x: np.ndarray, logits: np.ndarray | None = None) -> np.ndarray:
        """Embeddings (n, d) and logits (n, c) -> how foreign each photo is, (n,); 0 where nothing is known of it."""
        if self.by_logits:
            if logits is None:
                raise ValueError("this release tells what is foreign by its logits")
            return np.asarray(-logits.max(axis=1, initial=-np.inf))
        return self.foreignness(x) if self.foreignness else np.zeros(len(x))

    def save(self, folder: Path) -> None:
        """rejection.json and, for the score's parameters, rejection.npz."""
        import json

        card = {name: value for name, value in asdict(self).items() if name != "foreignness"}
        # JSON has no infinity; no threshold is null.
        card["threshold"] = self.threshold if np.isfinite(self.threshold) else None
        (folder / "rejection.json").write_text(json.dumps(card, indent=2), encoding="utf-8")
        if self.foreignness:
            np.savez(folder / "rejection.npz", **asdict(self.foreignness))

    @classmethod
    def load(cls, folder: Path) -> Rejection:
        """Read what `save` wrote; a folder without it refuses nothing."""
        import json

        if not (folder / "rejection.json").is_file():
            return cls()
        card: dict[str, Any] = json.loads((folder / "rejection.json").read_text(encoding="utf-8"))
        card["threshold"] = float("inf") if card["threshold"] is None else card["threshold"]
        known = {name: card[name] for name in cls.__dataclass_fields__ if name in card and name != "foreignness"}
        if not (folder / "rejection.npz").is_file():
            return cls(**known)
        with np.load(folder / "rejection.npz") as arrays:
            return cls(**known, foreignness=Foreignness(**{name: arrays[name] for name in arrays.files}))


def answer(probabilities: Sequence[float], score: float, threshold: float, sure_at: float) -> str:
    """sure | one_of | none, from calibrated probabilities (c,) and the score of one photo."""
    if score > threshold:
        return NONE
    return SURE if max(probabilities) >= sure_at else ONE_OF


def fit_foreignness(x: np.ndarray, y: np.ndarray) -> Foreignness:
    """From embeddings (n, d) of known things and their class numbers (n,)."""
    z, classes = unit(x), np.unique(y)
    means = np.stack([z[y == c].mean(axis=0) for c in classes])
    centre = z.mean(axis=0)
    return Foreignness(means, _whitening(z - means[np.searchsorted(classes, y)]), centre, _whitening(z - centre))


def fit_rejection(x: np.ndarray, y: np.ndarray, calibration: np.ndarray, none: np.ndarray | None = None,
                  groups: Sequence[object] | None = None, seed: int = 0) -> Rejection:
    """Fit on training embeddings x (n, d) with class numbers y; threshold from `calibration` (m, d) embeddings of
    known things that were not trained on.

    `none` (k, d): embeddings of "none of these" photos; they choose where between 2 and 10 % of known photos the
    line is drawn. With too few calibration photos, folds of the training photos (whole `groups`) stand in.
    """
    if len(x) < 2 or not len(np.unique(y)):
        return Rejection()
    fitted, by = fit_foreignness(x, y), "validation"
    known = fitted(calibration) if len(calibration) else np.zeros(0)
    if len(known) < ENOUGH <= len(x):
        known, by = _fold_scores(x, np.asarray(y), groups or range(len(x)), seed), "folds"
    if len(known) < ENOUGH:
        return Rejection(foreignness=fitted)
    foreign = fitted(none) if none is not None and len(none) else np.zeros(0)
    alpha = _best_alpha(known, foreign)
    threshold = conformal_threshold(known, alpha)
    # Whatever line the "none" photos chose, it is not below the one for the largest share: that much holds for sure.
    promised = MOST_ALPHA if len(foreign) else alpha
    return Rejection(threshold, alpha, len(known), by, _guarantee(promised, len(known), by), _share(known > threshold),
                     len(foreign), _share(foreign > threshold) if len(foreign) else None, foreignness=fitted)


def tuned_on_views(known: np.ndarray, strangers: np.ndarray, foreign: np.ndarray) -> Rejection:
    """A line on logits: `known` (n, c) of simulated views, `strangers` (m, c) of views whose own thing was taken away,
    `foreign` (k, c) of photos of "none of these". At most NAMED of strangers are named, unless that refused more than
    MOST_ALPHA of the known."""
    rejection = Rejection(by_logits=True, guarantee="No guarantee: tuned on simulated views of the pictures, not on "
                          "visitors' photos.")
    shown, named, other = (rejection.scores(some, some) for some in (known, strangers, foreign))
    if not len(shown):
        return rejection
    away = np.concatenate([named, other])
    strict = float(np.quantile(away, NAMED, method="lower")) - 1e-6
    loose = float(np.quantile(shown, 1 - MOST_ALPHA, method="higher"))
    threshold = max(strict, loose)
    return replace(rejection, threshold=threshold, n=len(shown), by="views", refused=_share(shown > threshold),
                   none_n=len(other), none_refused=_share(other > threshold) if len(other) else None)


def conformal_threshold(known: np.ndarray, alpha: float) -> float:
    """The score that a new known photo exceeds with a chance of at most alpha, or 1 / (n + 1) where n photos cannot
    tell less: the ceil((n + 1)(1 - alpha))-th smallest of the scores `known` (n,)."""
    rank = min(int(np.ceil((len(known) + 1) * (1 - alpha))), len(known))
    return float(np.sort(known)[rank - 1])


def sure_threshold(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The lowest confidence from which on answers to validation photos (n, c) were right often enough to say "sure"."""
    if len(truth) < ENOUGH:
        return SURE_AT
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    order = np.argsort(-confidence)
    share = np.cumsum(right[order]) / np.arange(1, len(truth) + 1)
    enough = np.flatnonzero(share >= SURE_RIGHT)
    if not len(enough):
        return HIGHEST_SURE
    lowest = float(confidence[order][enough[-1]])
    # Where even the least confident answer was right, validation has nothing against the usual line.
    lowest = min(lowest, SURE_AT) if enough[-1] == len(truth) - 1 else lowest
    return min(max(lowest, LOWEST_SURE), HIGHEST_SURE)


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32."""
    x = np.asarray(x, dtype=np.float32)
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12))


def _share(hits: np.ndarray) -> float:
    return float(hits.mean())


def _whitening(residuals: np.ndarray) -> np.ndarray:
    spread = residuals.T @ residuals / len(residuals)
    average = float(np.trace(spread)) / len(spread)
    spread = (1 - SHRINK) * spread + (SHRINK * average + 1e-9) * np.eye(len(spread))
    return np.asarray(np.linalg.cholesky(np.linalg.inv(spread)), dtype=np.float32)


def _fold_scores(x: np.ndarray, y: np.ndarray, groups: Sequence[object] | range, seed: int) -> np.ndarray:
    fold = folds_of(y, list(groups), 5, seed)
    parts = [fit_foreignness(x[fold != one], y[fold != one])(x[fold == one])
             for one in np.unique(fold) if (fold != one).any()]
    return np.concatenate(parts) if parts else np.zeros(0)


def _best_alpha(known: np.ndarray, foreign: np.ndarray) -> float:
    if not len(foreign):
        return ALPHA

    def loss(alpha: float) -> float:
        threshold = conformal_threshold(known, alpha)
        return float((known > threshold).mean() + (foreign <= threshold).mean())

    return min((ALPHA, *np.linspace(LEAST_ALPHA, MOST_ALPHA, 9)), key=lambda alpha: round(loss(alpha), 6))


def _guarantee(alpha: float, n: int, by: str) -> str:
    share = max(alpha, 1 / (n + 1))
    what = "validation photos" if by == "validation" else "training photos, judged by folds that did not see them"
    return (f"Of new photos of known things, taken like the {n} {what}, at most {share:.1%} are refused on average.")
