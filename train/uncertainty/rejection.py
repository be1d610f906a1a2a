"""When to say "none of these": a line on how foreign a photo looks, with a guarantee, and the
three-way answer.

The line is conformal (Vovk 2005): of new photos of known things, taken like the calibration
photos, at most a stated share is refused. Where simulated strangers (classes hidden in turn) lie
well beyond it, it moves half-way to them. The owner may set it from the other side: of 100
photos of strangers' objects, at most so many may be named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.storage.atomic_files import model_file
from data_cards.wording import counted, if_any, percent
from train.uncertainty.ood import (
    OutOfDistributionScore,
    fit_ood_score,
    hidden_scores,
    unseen_scores,
)
from train.uncertainty.sure import USUAL

SURE = "sure"
ONE_OF = "one_of"
REFUSED = "none"
# Known photos refused: the usual share, and the range in which photos of "none of these" may move
# it.
ALPHA = 0.05
LEAST_ALPHA = 0.02
MOST_ALPHA = 0.10
# With fewer calibration photos than this, folds of the training photos are used instead; with fewer
# of those as well, nothing is refused.
ENOUGH = 10
# With fewer than this no line keeps ALPHA but the one behind all of them. Folds are then better,
# where training photos look to the network as new ones do.
ENOUGH_BESIDE_FOLDS = round(1 / ALPHA) - 1
# The share of strangers that may be named, where strangers are simulated and the owner set no
# limit.
NAMED = 0.05
# What the score is computed from: the input of the head, or the class token before the last block.
EMBEDDING = "embedding"
EARLY = "early"


@dataclass(frozen=True)
class Rejection:
    """A threshold on the score, and what it rests on.

    `n` calibration photos (`by`: validation | folds | views | nothing); at most `alpha` of known
    photos are refused, by the sentence `guarantee`. Of `none_n` known photos of "none of these",
    `none_refused` is the share refused; of `strangers_n` simulated ones, `strangers_named` is
    the share named, and `wanted` what the owner allowed of them. `sure_at`: the confidence from
    which on an answer is sure, by the promise `sure_words` (train/uncertainty/sure.py);
    `kind_at`: the same for an answer that only names a kind of classes, where the collection has
    some.
    `by_logits`: foreign is what no class gets a high logit for, whatever its features. `sees`:
    embedding | early.
    """

    threshold: float = float("inf")
    alpha: float = 0.0
    n: int = 0
    by: str = "nothing"
    guarantee: str = "Too few photos to tell what is foreign: every photo gets an answer."
    refused: float | None = None
    none_n: int = 0
    none_refused: float | None = None
    sure_at: float = USUAL
    sure_words: str = ""
    kind_at: float | None = None
    by_logits: bool = False
    sees: str = EMBEDDING
    strangers_n: int = 0
    strangers_named: float | None = None
    wanted: float | None = None
    ood_score: OutOfDistributionScore | None = field(default=None, repr=False, compare=False)

    def scores(self, x: np.ndarray, logits: np.ndarray | None = None) -> np.ndarray:
        """Features (n, d), of the kind it `sees`, and logits (n, c) -> how foreign each photo
        is, (n,); 0 where nothing is known of it."""
        if self.by_logits:
            if logits is None:
                raise ValueError("this release tells what is foreign by its logits")
            return np.asarray(-logits.max(axis=1, initial=-np.inf))
        return self.ood_score(x) if self.ood_score else np.zeros(len(x))

    def save(self, folder: Path) -> None:
        """rejection.json and, for the score's parameters, rejection.npz."""

        card = {name: value for name, value in asdict(self).items() if name != "ood_score"}
        # JSON has no infinity; no threshold is null.
        card["threshold"] = self.threshold if np.isfinite(self.threshold) else None
        (folder / "rejection.json").write_text(json.dumps(card, indent=2), encoding="utf-8")
        if self.ood_score:
            np.savez(folder / "rejection.npz", **asdict(self.ood_score))

    @classmethod
    def load(cls, folder: Path) -> Rejection:
        """Read what `save` wrote; a folder without it refuses nothing."""

        if not (folder / "rejection.json").is_file():
            return cls()
        with model_file("rejection.json"):
            card: dict[str, Any] = json.loads(
                (folder / "rejection.json").read_text(encoding="utf-8")
            )
            card["threshold"] = float("inf") if card["threshold"] is None else card["threshold"]
            known = {
                name: card[name]
                for name in cls.__dataclass_fields__
                if name in card and name != "ood_score"
            }
        if not (folder / "rejection.npz").is_file():
            return cls(**known)
        with model_file("rejection.npz"), np.load(folder / "rejection.npz") as arrays:
            return cls(
                **known,
                ood_score=OutOfDistributionScore(**{name: arrays[name] for name in arrays.files}),
            )


def answer(probabilities: Sequence[float], score: float, threshold: float, sure_at: float) -> str:
    """sure | one_of | none, from calibrated probabilities (c,) and the score of one photo."""
    if score > threshold:
        return REFUSED
    return SURE if max(probabilities) >= sure_at else ONE_OF


@dataclass(frozen=True)
class Held:
    """Photos of known things that were not fitted to: features (m, d) and class numbers (m,)."""

    x: np.ndarray
    y: np.ndarray


def fit_rejection(
    x: np.ndarray,
    y: np.ndarray,
    held: Held,
    none: np.ndarray | None = None,
    groups: Sequence[object] | None = None,
    seed: int = 0,
    named: float | None = None,
    alike: bool = False,
) -> Rejection:
    """Fit on training features x (n, d) with class numbers y, and on `held`, photos that were not
    trained on; the line from these, each scored by a fit that did not see its group
    (cross-conformal, Vovk 2015: proven for twice the stated share; of photos drawn from four simple
    distributions at most .3 % were refused where 5 were stated). A network is surer of photos it
    learned from than of any other, so that a fit on those alone takes what is new for foreign.

    `none` (k, d): features of "none of these" photos; they choose where between 2 and 10 % of
    known photos the line is drawn, and what looks like one of them is more foreign. With too few
    held photos, folds of the training photos (whole `groups`, which may go on with those of held
    ones) stand in. `named`: the share of strangers that the owner lets be named, whatever that
    costs. `alike`: the network learned from none of the photos, so that all of them are alike.
    """
    y = np.asarray(y)
    learned = len(x)
    few = len(held.x) < (ENOUGH_BESIDE_FOLDS if alike else ENOUGH)
    alone = [f"alone {number}" for number in range(learned + len(held.x))]
    groups = [*(groups or ()), *alone[len(groups or ()) :]]
    if alike or not few:
        x, y = np.concatenate([x, held.x]), np.concatenate([y, held.y])
    if len(x) < 2:
        return Rejection()
    plain = fit_ood_score(x, y)
    by = "folds" if few else "validation"
    fitted = fit_ood_score(x, y, none)
    if not few:
        seen = (x[:learned], y[:learned])
        known = unseen_scores(held.x, held.y, groups[learned:], seed, none, seen)
    else:
        known = unseen_scores(x, y, groups[: len(x)], seed, none)
    if len(known) < ENOUGH:
        return Rejection(ood_score=fitted)
    strangers = hidden_scores(x, y, held.x[len(x) - learned :], held.y[len(x) - learned :], seed)
    # Not by the score that remembers them, which would tell only how well it does.
    foreign = plain(none) if none is not None and len(none) else np.zeros(0)
    threshold, promised = drawn_line(known, strangers, foreign, named, by == "folds")
    return Rejection(
        threshold,
        promised or _share(known > threshold),
        len(known),
        by,
        _guarantee(promised, _share(known > threshold), len(known), by),
        _share(known > threshold),
        len(foreign),
        _share(foreign > threshold) if len(foreign) else None,
        strangers_n=len(strangers),
        strangers_named=_share(strangers <= threshold) if len(strangers) else None,
        wanted=named,
        ood_score=fitted,
    )


def drawn_line(
    known: np.ndarray,
    strangers: np.ndarray,
    foreign: np.ndarray,
    named: float | None = None,
    expected: bool = False,
) -> tuple[float, float]:
    """Where to refuse, and the share of known photos that is promised not to be exceeded, 0.0
    for no promise.

    From scores of known photos (n,), of simulated strangers (m,) and of photos of "none of
    these" (k,). Where those leave a gap behind the usual line, it is drawn in the middle of the
    gap. Else the owner's word counts, `named`; else "none of these" photos move it; else
    simulated strangers do where the share is only `expected`, as of few photos, to which much that
    is foreign looks like home; else it is the usual one.
    """
    usual = conformal_threshold(known, ALPHA)
    away = min(
        (
            naming_threshold(some, NAMED if named is None else named)
            for some in (strangers, foreign)
            if len(some)
        ),
        default=-np.inf,
    )
    if away > usual:
        return (usual + away) / 2, ALPHA
    if named is not None and np.isfinite(away):
        return away, 0.0
    if not len(foreign):
        if not expected or not len(strangers):
            return usual, ALPHA
        share = _best_alpha(known, strangers)
        return conformal_threshold(known, share), share
    # The threshold that the "none" photos chose is never below the one for the largest share, so
    # that share is always guaranteed.
    return conformal_threshold(known, _best_alpha(known, foreign)), MOST_ALPHA


def tuned_on_views(
    known: np.ndarray, strangers: np.ndarray, foreign: np.ndarray, named: float | None = None
) -> Rejection:
    """A line on logits: `known` (n, c) of simulated views, `strangers` (m, c) of views whose own
    thing was taken away, `foreign` (k, c) of photos of "none of these". At most NAMED of
    strangers are named, unless that refused more than MOST_ALPHA of the known; or as many as the
    owner lets be `named`, whatever that costs."""
    rejection = Rejection(
        by_logits=True,
        wanted=named,
        guarantee="No guarantee: tuned on simulated views of the "
        "pictures, not on visitors' photos.",
    )
    shown, away, other = (rejection.scores(some, some) for some in (known, strangers, foreign))
    if not len(shown):
        return rejection
    strict = min(
        naming_threshold(some, NAMED if named is None else named)
        for some in (away, other)
        if len(some)
    )
    loose = float(np.quantile(shown, 1 - MOST_ALPHA, method="higher"))
    threshold = max(strict, loose) if named is None else strict
    return replace(
        rejection,
        threshold=threshold,
        n=len(shown),
        by="views",
        refused=_share(shown > threshold),
        none_n=len(other),
        none_refused=_share(other > threshold) if len(other) else None,
        strangers_n=len(away),
        strangers_named=_share(away <= threshold) if len(away) else None,
    )


def conformal_threshold(known: np.ndarray, alpha: float) -> float:
    """The score that a new known photo exceeds with a chance of at most alpha, or 1 / (n + 1)
    where n photos cannot tell less: the ceil((n + 1)(1 - alpha))-th smallest of the scores
    `known` (n,)."""
    rank = min(int(np.ceil((len(known) + 1) * (1 - alpha))), len(known))
    return float(np.sort(known)[rank - 1])


def naming_threshold(strangers: np.ndarray, named: float) -> float:
    """The score that at most the share `named` of the scores `strangers` (m,) do not exceed;
    -inf without any."""
    if not len(strangers):
        return -np.inf
    ordered = np.sort(strangers)
    allowed = int(np.floor(named * len(ordered) + 1e-9))
    return np.inf if allowed >= len(ordered) else float(np.nextafter(ordered[allowed], -np.inf))


def _share(hits: np.ndarray) -> float:
    return float(hits.mean())


def _best_alpha(known: np.ndarray, foreign: np.ndarray) -> float:
    def loss(alpha: float) -> float:
        threshold = conformal_threshold(known, alpha)
        return float((known > threshold).mean() + (foreign <= threshold).mean())

    return min(
        (ALPHA, *np.linspace(LEAST_ALPHA, MOST_ALPHA, 9)), key=lambda alpha: round(loss(alpha), 6)
    )


def _guarantee(promised: float, refused: float, n: int, by: str) -> str:
    """A sentence about what is promised for which photos, and what is not."""
    if not promised:
        return (
            "No guarantee for known things: the threshold follows from the owner's limit for "
            f"strangers' objects, and refuses {percent(refused)} of {counted(n, 'photo')} it was "
            "tried on."
        )
    if by == "folds":
        return (
            "No strict guarantee: too few photos were left to calibrate on. About "
            f"{percent(promised)} of new photos of known things will be refused, judging by {n} "
            "training photos, each by folds that did not see them."
        )
    share = max(promised, 1 / (n + 1))
    few = (
        f"No guarantee of {percent(promised)}: only {counted(n, 'photo')} to calibrate on. "
        if share > promised
        else ""
    )
    return (
        f"{few}Of new photos of known things, taken like the {n} validation photos, at most "
        f"{percent(share)} are refused on average. Nothing is promised about photos taken "
        "differently, or about any single thing."
    )


def rejection_words(rejection: Mapping[str, Any]) -> str:
    """When the model says "none of these", and on which photos that rests."""
    promise = str(rejection.get("guarantee") or "")
    if rejection.get("threshold") is None:
        return promise
    line = (
        "Said when no picture agrees well enough with the photo."
        if rejection.get("by_logits")
        else "Said when a photo's strangeness (relative Mahalanobis distance) is above "
        f"{rejection['threshold']:.3g}."
    )
    foreign = if_any(rejection.get("none_n") or 0, "photo")
    chosen = f"The line was also chosen on {foreign} of other things." if foreign else ""
    return " ".join(part for part in (line, promise, strangers_words(rejection), chosen) if part)


def strangers_words(rejection: Mapping[str, Any]) -> str:
    """How many strangers are named, as far as simulated ones can tell, and what the owner asked
    for."""
    count, share, wanted = (
        rejection.get(name) for name in ("strangers_n", "strangers_named", "wanted")
    )
    asked = (
        ""
        if wanted is None
        else (
            f"The owner's limit: of 100 photos of strangers' objects, at most {100 * wanted:.0f} "
            "may be named. "
        )
    )
    if not count or share is None:
        return f"{asked}How many would be named could not be simulated." if asked else ""
    how = (
        "with its own thing taken away"
        if rejection.get("by_logits")
        else "as if its class had never been shown"
    )
    return (
        f"{asked}Of 100 photos of strangers' objects about {100 * share:.0f} would be named: each "
        f"of {count} "
        f"photos was judged {how}. Real strangers may be more alike, or less."
    )
