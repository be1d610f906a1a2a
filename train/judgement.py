"""How a model judges its own answers: how sure it is, and what is foreign to it. Fitted without the test.

    judgement = judge(learned, held, none, groups); judgement.save(folder / "vitrine")
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from train.calibration import Calibration, calibrate
from train.rejection import Rejection, fit_rejection, sure_threshold

CALIBRATION = "calibration.json"


@dataclass(frozen=True)
class Seen:
    """What a model said about labelled photos: logits (n, c), embeddings (n, d), and their class numbers (n,)."""

    logits: np.ndarray
    embeddings: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class Judgement:
    """Both dials of a release."""

    calibration: Calibration = field(default_factory=Calibration)
    rejection: Rejection = field(default_factory=Rejection)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated chances (n, c) from logits (n, c)."""
        return self.calibration.probabilities(logits)

    def refused(self, embeddings: np.ndarray, logits: np.ndarray | None = None) -> np.ndarray:
        """(n,) bool: which photos are answered with "none of these"."""
        return np.asarray(self.rejection.scores(embeddings, logits) > self.rejection.threshold)

    def save(self, ours: Path) -> None:
        """calibration.json, rejection.json and rejection.npz in a release's own folder."""
        ours.mkdir(parents=True, exist_ok=True)
        (ours / CALIBRATION).write_text(json.dumps(self.calibration.to_json(), indent=1), encoding="utf-8")
        self.rejection.save(ours)

    @classmethod
    def load(cls, ours: Path) -> Judgement:
        """What `save` kept; a release without it is taken at its word and refuses nothing."""
        path = ours / CALIBRATION
        known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return cls(Calibration.from_json(known), Rejection.load(ours))


def judge(learned: Seen, held: Seen, none: np.ndarray, groups: Sequence[object], seed: int = 0) -> Judgement:
    """From answers about training photos (with their near-duplicate `groups`), validation photos, and the embeddings
    (k, d) of photos of "none of these"."""
    calibration = calibrate(held.logits, held.truth)
    rejection = fit_rejection(learned.embeddings, learned.truth, held.embeddings, none, groups, seed)
    sure_at = sure_threshold(calibration.probabilities(held.logits), held.truth)
    return Judgement(calibration, replace(rejection, sure_at=sure_at))
