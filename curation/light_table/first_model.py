"""Sentences for the time when there is no model yet, or only a quick one that answers until a
better one is trained. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data_cards.wording import counted, whole_percent

# labels that a first training is proposed from; two of each of ten things already tell something
ENOUGH = 20
TRAIN = "Train the first model"
LOOK = "See how far it is"
BROKEN = ("failed", "interrupted")
OVER = (*BROKEN, "stopped")


@dataclass(frozen=True)
class Serving:
    """What answers visitors: `revision`, whether another one is being loaded, and a sentence
    where that failed.

    `missing`: nothing was released yet. `provisional`: how good the quick model is that answers
    until a better one is trained, in words; empty for any other release.
    """

    revision: str = ""
    loading: bool = False
    problem: str = ""
    note: str = ""
    missing: bool = False
    provisional: str = ""


def measured_in_words(provisional: Mapping[str, Any] | None) -> str:
    """How good a provisional release is, from its share of right answers `value` on `n` test
    photos; empty for None.

    >>> measured_in_words({"value": 0.914, "n": 58})
    'right first time on 91 % of 58 test photos'
    """
    if provisional is None:
        return ""
    value = provisional.get("value")
    count = int(provisional.get("n") or 0)
    if value is None or not count:
        return "not measured, because there are no test photos"
    return f"right first time on {whole_percent(float(value))} of {counted(count, 'test photo')}"


def for_visitors(serving: Serving, job: Mapping[str, Any]) -> str:
    """A sentence or two above the place where visitors ask about a photo; empty if a regular model
    answers."""
    if serving.missing:
        if job["state"] == "running":
            return (
                "There is no model yet. The first one is being trained"
                f"{left_in_words(job.get('left'))}."
            )
        if job["state"] in BROKEN:
            return (
                "There is no model yet. Training the first one failed; the owner can see why at "
                "the light table."
            )
        return "There is no model yet. The photos are being labelled first; come back in a while."
    if not serving.provisional:
        return ""
    return f"A first, quick model answers: {serving.provisional}.{_better(job)}"


def for_annotators(
    serving: Serving, job: Mapping[str, Any], labelled: int, photos: int, lacking: str
) -> dict[str, str] | None:
    """`words` above the photos, and what the owner's button says (`button`, may be empty); None
    in ordinary times.

    `labelled`: photos with a class, of all `photos`; `lacking`: what these labels lack for a
    training (train/splits/readiness.py).
    """
    if not serving.missing and not serving.provisional:
        return None
    if job["state"] == "running":
        first = (
            "The first model is being trained"
            if serving.missing
            else "A quick model answers; a better one is trained"
        )
        return {"words": f"{first}{left_in_words(job.get('left'))}.", "button": LOOK}
    if serving.loading and serving.missing:
        return {"words": "The first model is being loaded.", "button": ""}
    if serving.provisional:
        return {
            "words": f"A quick model answers: {serving.provisional}.{_better(job)}",
            "button": LOOK,
        }
    if not photos:
        return {
            "words": "No photos yet: collect some first (vitrine collect PHOTOS DATASET).",
            "button": "",
        }
    wanted = min(ENOUGH, photos)
    said = f" {job.get('sentence', '')}" if job["state"] in OVER else ""
    if lacking:
        return {
            "words": f"No model yet: label {counted(wanted, 'photo')}, of two classes or "
            f"more ({labelled} so far).{said}",
            "button": "",
        }
    if labelled < wanted:
        return {
            "words": f"No model yet: label {counted(wanted, 'photo')} ({labelled} so far).{said}",
            "button": TRAIN,
        }
    return {
        "words": f"{counted(labelled, 'photo')} labelled: the first model can be trained.{said}",
        "button": TRAIN,
    }


def left_in_words(seconds: float | None) -> str:
    """How much time is left, as the end of a sentence; empty if unknown.

    >>> left_in_words(200.0), left_in_words(20.0), left_in_words(None)
    (', about 3 minutes left', ', less than a minute left', '')
    """
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    if seconds < 60:
        return ", less than a minute left"
    return f", about {counted(minutes, 'minute')} left"


def _better(job: Mapping[str, Any]) -> str:
    """What became of the better model."""
    if job["state"] == "running":
        return f" A better one is being trained{left_in_words(job.get('left'))}."
    if job["state"] in BROKEN:
        return " The better one could not be trained, so this one stays."
    if job["state"] == "stopped":
        return " Training the better one was stopped, so this one stays."
    return ""
