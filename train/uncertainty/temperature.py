"""Confidence that means what it says: one temperature, fitted on photos that were not learned from.

Some of their labels may be wrong. A model that is rightly sure of such a photo looks wrong, and a
plain fit would teach it modesty. So a label is either right, or a slip, and then any label
(symmetric label noise); how many slips there are is fitted along with the temperature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from train.statistics.metrics import calibration_error, cross_entropy, softmax

# Prior for the temperature around 1 (deviation of its logarithm): fifteen photos that are all right
# do not justify certainty.
BELIEF = 0.5
LOWEST = 0.1
HIGHEST = 20.0
# Shares of slips that are tried, up to the most there may be.
TRIED = 17


@dataclass(frozen=True)
class Calibration:
    """Logits are divided by `temperature`. Rests on `n` photos, of whose labels about the share
    `slips` is taken to be wrong; `ece_before` and `ece_after` are measured on them. `folded`: the
    part of the temperature that the head's weights are divided by already, so that whoever opens
    the model without us gets calibrated chances too."""

    temperature: float = 1.0
    n: int = 0
    ece_before: float | None = None
    ece_after: float | None = None
    slips: float = 0.0
    folded: float = 1.0

    def in_the_head(self) -> Calibration:
        """The same for a network whose head was divided by this temperature."""
        return replace(self, temperature=1.0, folded=self.folded * self.temperature)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """(n, c) logits -> (n, c), rows sum to 1."""
        return np.asarray(softmax(logits / self.temperature))

    def to_json(self) -> dict[str, Any]:
        """Plain values for calibration.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, card: Mapping[str, Any]) -> Calibration:
        """Read a calibration.json."""
        return cls(**{name: card[name] for name in asdict(cls()) if name in card})


def calibrate(
    logits: np.ndarray, truth: np.ndarray, most_slips: float = 0.0, centre: float = 1.0
) -> Calibration:
    """Temperature scaling (Guo 2017) on logits (n, c) and class numbers (n,), with a mild belief
    in `centre`. `most_slips`: at most this share of the labels may be wrong; where it is 0, all of
    them are believed."""
    truth = np.asarray(truth, dtype=np.int64)
    if not len(truth):
        return Calibration()
    logits = np.asarray(logits, dtype=np.float64)
    tried = np.linspace(0.0, most_slips, TRIED) if most_slips > 0 else np.zeros(1)
    _, slips, temperature = min(_fitted(logits, truth, float(one), centre) for one in tried)
    before = _error(logits, truth)
    return Calibration(temperature, len(truth), before, _error(logits / temperature, truth), slips)


def _fitted(
    logits: np.ndarray, truth: np.ndarray, slips: float, centre: float
) -> tuple[float, float, float]:
    """(cost, slips, temperature) of the best temperature where this share of labels is wrong."""
    from scipy.optimize import minimize_scalar

    by_chance = slips / logits.shape[1]
    middle = np.log(centre)

    def cost(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        top = scaled.max(axis=1)
        normaliser = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        own = scaled[np.arange(len(truth)), truth] - normaliser
        if by_chance:
            own = np.logaddexp(np.log1p(-slips) + own, np.log(by_chance))
        return float(-own.sum() + (log_temperature - middle) ** 2 / (2 * BELIEF**2))

    best = minimize_scalar(cost, bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded")
    return float(best.fun), slips, float(np.exp(best.x))


def calibrated_loss(logits: np.ndarray, truth: np.ndarray) -> float:
    """Cross-entropy of logits (n, c) at their own temperature, as served: smoothed labels make a
    network underconfident, which calibration corrects, so that must not count against it."""
    return cross_entropy(calibrate(logits, truth).probabilities(logits), truth)


def _error(logits: np.ndarray, truth: np.ndarray) -> float:
    p = softmax(logits)
    return calibration_error(p.max(axis=1), p.argmax(axis=1) == truth)
