"""Confidence that means what it says: one temperature, fitted on validation photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from train.statistics.metrics import calibration_error, cross_entropy, softmax

# How far from 1 a temperature is believed to lie before any photo is seen (deviation of its
# logarithm): fifteen photos that are all right are no reason to be certain for ever.
BELIEF = 0.5
LOWEST = 0.1
HIGHEST = 20.0


@dataclass(frozen=True)
class Calibration:
    """Logits are divided by `temperature`. Rests on `n` photos; `ece_before` and `ece_after` are
    measured on them."""

    temperature: float = 1.0
    n: int = 0
    ece_before: float | None = None
    ece_after: float | None = None

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


def calibrate(logits: np.ndarray, truth: np.ndarray) -> Calibration:
    """Temperature scaling (Guo 2017) on logits (n, c) and class numbers (n,), with a mild belief
    in 1."""
    from scipy.optimize import minimize_scalar

    truth = np.asarray(truth, dtype=np.int64)
    if not len(truth):
        return Calibration()
    logits = np.asarray(logits, dtype=np.float64)

    def cost(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        top = scaled.max(axis=1)
        surprise = (
            top
            + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
            - scaled[np.arange(len(truth)), truth]
        )
        return float(surprise.sum() + log_temperature**2 / (2 * BELIEF**2))

    best = minimize_scalar(cost, bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded")
    temperature = float(np.exp(best.x))
    return Calibration(
        temperature, len(truth), _error(logits, truth), _error(logits / temperature, truth)
    )


def calibrated_loss(logits: np.ndarray, truth: np.ndarray) -> float:
    """Cross-entropy of logits (n, c) at their own temperature, as served: smoothed labels make a
    network timid, which calibration takes back, and which is no reason to prefer another one."""
    return cross_entropy(calibrate(logits, truth).probabilities(logits), truth)


def _error(logits: np.ndarray, truth: np.ndarray) -> float:
    p = softmax(logits)
    return calibration_error(p.max(axis=1), p.argmax(axis=1) == truth)
