"""How a model judges its own answers: how sure it is, and what is foreign to it. Fitted without
the test.

judgement = judge(learned, held, none, groups); judgement.save(folder / "vitrine")
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from data_cards.storage.atomic_files import model_file
from train.uncertainty.rejection import (
    EARLY,
    EMBEDDING,
    Held,
    Rejection,
    fit_rejection,
)
from train.uncertainty.sure import WRONG, SureLine, summed, sure_line
from train.uncertainty.temperature import Calibration, calibrate

CALIBRATION = "calibration.json"


class Said(Protocol):
    """What a network said of photos, row by row."""

    @property
    def logits(self) -> np.ndarray: ...
    @property
    def embeddings(self) -> np.ndarray: ...
    @property
    def early(self) -> np.ndarray | None: ...


@dataclass(frozen=True)
class Seen:
    """What a model said about labelled photos: logits (n, c), embeddings (n, d), their class
    numbers (n,), and the class token before the last block (n, e), where the network gives it."""

    logits: np.ndarray
    embeddings: np.ndarray
    truth: np.ndarray
    early: np.ndarray | None = None


@dataclass(frozen=True)
class Unseen:
    """What heads that had not seen them say of training photos: logits (n, c) and their labels as
    given (n,); NaN where no head could say, since all photos of the class were left out.

    `alike`: their features had not seen them either, so that they count as much as validation
    photos; those of a fine-tuned network lie closer together than new photos' do, and only say
    near which temperature to look.
    """

    logits: np.ndarray
    truth: np.ndarray
    alike: bool = True


@dataclass(frozen=True)
class Judgement:
    """Both dials of a release."""

    calibration: Calibration = field(default_factory=Calibration)
    rejection: Rejection = field(default_factory=Rejection)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated chances (n, c) from logits (n, c)."""
        return self.calibration.probabilities(logits)

    def foreign(
        self, logits: np.ndarray, embeddings: np.ndarray, early: np.ndarray | None = None
    ) -> np.ndarray:
        """How foreign photos look, (n,), from what the network said of them, row by row."""
        if self.rejection.sees == EARLY and early is None:
            raise ValueError("this release tells what is foreign by what its network sees early")
        return self.rejection.scores(
            embeddings if early is None or self.rejection.sees != EARLY else early, logits
        )

    def refused(self, said: Said) -> np.ndarray:
        """(n,) bool: which photos are answered with "none of these"."""
        return np.asarray(
            self.foreign(said.logits, said.embeddings, said.early) > self.rejection.threshold
        )

    def refuses_as(self, said: Said, refused: np.ndarray, largest: float) -> np.ndarray:
        """(n,) bool: which photos are refused as `refused` (n,) says. Engines differ in the last
        digits, so a photo nearer to the threshold than the share `largest` of the scores' size may
        go either way."""
        scores = self.foreign(said.logits, said.embeddings, said.early)
        threshold = self.rejection.threshold
        if not np.isfinite(threshold):
            return ~np.asarray(refused, bool)
        scale = max(1.0, abs(threshold), float(np.abs(scores).max(initial=0.0)))
        undecided = np.abs(scores - threshold) <= largest * scale
        return np.asarray(((scores > threshold) == np.asarray(refused, bool)) | undecided)

    def save(self, ours: Path) -> None:
        """calibration.json, rejection.json and rejection.npz in a release's own folder."""
        ours.mkdir(parents=True, exist_ok=True)
        (ours / CALIBRATION).write_text(
            json.dumps(self.calibration.to_json(), indent=1), encoding="utf-8"
        )
        self.rejection.save(ours)

    @classmethod
    def load(cls, ours: Path) -> Judgement:
        """What `save` kept; a release without it trusts its confidence and refuses nothing."""
        path = ours / CALIBRATION
        with model_file(CALIBRATION):
            known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
            calibration = Calibration.from_json(known)
        return cls(calibration, Rejection.load(ours))


@dataclass(frozen=True)
class Promise:
    """What the owner wants to hold. `named`: the share of strangers that may be named, None for
    no word about them; `wrong`: the share of sure answers that may be wrong."""

    named: float | None = None
    wrong: float = WRONG


@dataclass(frozen=True)
class Labelling:
    """What is known of the labels. `slips`: the most that may be wrong, as a share; `kinds`: the
    number of the kind that each class belongs to, (c,), where some share one."""

    slips: float = 0.0
    kinds: np.ndarray | None = None


NO_WORD = Promise()
BELIEVED = Labelling()


def judge(
    learned: Seen,
    held: Seen,
    none: np.ndarray,
    groups: Sequence[object],
    seed: int = 0,
    promise: Promise = NO_WORD,
    unseen: Unseen | None = None,
    labelling: Labelling = BELIEVED,
) -> Judgement:
    """From answers about training photos (with their near-duplicate `groups`, which may go on
    with those of validation photos), validation photos, and what was `looked` at in photos of "none
    of these", (k, d). `unseen`: answers about training photos by heads that had not seen them. An
    answer that only names the kind keeps the same promise as one that names the thing."""
    calibration, line, kind_line = confidence(held, unseen, labelling, promise.wrong)
    rejection = fit_rejection(
        looked(learned),
        learned.truth,
        Held(looked(held), held.truth),
        none,
        groups,
        seed,
        promise.named,
        unseen is not None and unseen.alike,
    )
    sees = EMBEDDING if learned.early is None else EARLY
    return Judgement(
        calibration,
        replace(
            rejection,
            sure_at=line.at,
            sure_words=line.words,
            kind_at=None if kind_line is None else kind_line.at,
            sees=sees,
        ),
    )


def confidence(
    held: Seen,
    unseen: Unseen | None = None,
    labelling: Labelling = BELIEVED,
    wrong: float = WRONG,
) -> tuple[Calibration, SureLine, SureLine | None]:
    """The temperature, from which confidence on an answer is sure, and from which on its kind is,
    where there are kinds; `judge` explains the rest."""
    logits = held.logits
    truth = held.truth
    centre = 1.0
    if unseen is not None:
        told = np.isfinite(unseen.logits).all(axis=1)
        unseen = replace(unseen, logits=unseen.logits[told], truth=unseen.truth[told])
    if unseen is not None and len(unseen.truth):
        if unseen.alike or not len(truth):
            logits = np.concatenate([logits, unseen.logits]) if len(truth) else unseen.logits
            truth = np.concatenate([truth, unseen.truth])
        else:
            centre = calibrate(unseen.logits, unseen.truth, labelling.slips).temperature
    calibration = calibrate(logits, truth, labelling.slips, centre)
    probabilities = calibration.probabilities(logits)
    line = sure_line(probabilities, truth, calibration.slips, wrong)
    kinds = labelling.kinds
    if kinds is None:
        return calibration, line, None
    of_kinds = summed(probabilities, kinds)
    return calibration, line, sure_line(of_kinds, kinds[truth], calibration.slips, wrong)


def looked(said: Said) -> np.ndarray:
    """What tells how foreign photos are: what was seen early, or else the embeddings."""
    return said.embeddings if said.early is None else said.early
