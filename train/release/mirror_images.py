"""Whether a release also looks at a photo's mirror image: only where validation photos show that it
helps.

    answers, tried = with_mirror_images(draft, source, material, trained, answers)

Only collections whose things may be mirrored (`flips: true`) are tried. An answer then takes twice
as long, so the gain must be large enough to show on that many photos. The choice is stored in
config.json, which every engine and export follows; its evidence is in mirror_images.json, which the
card shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.dataset.repo import Dataset
from data_cards.progress import say
from data_cards.wording import counted, points
from train.finetune.recipe import TrainedModel
from train.inference.batch_predict import Answers, Asking, ask, seconds_a_photo
from train.splits.seal import Sealed
from train.splits.training_set import Material
from train.statistics.paired import paired

FILE = "mirror_images.json"
ASKS_MIRRORED = "asks_mirrored"  # as train/models/heads.py reads it
# So few validation photos show no gain below ten points; more than MOST say little more, and take
# minutes.
FEWEST = 50
MOST = 500
TIMED = 8  # photos that say how long one takes


@dataclass(frozen=True)
class MirrorImages:
    """The gain of also asking about mirror images, on `n` validation photos: a share, with its 95 %
    interval. `milliseconds`: of one photo more, where it is `served`."""

    served: bool
    n: int
    gain: float
    low: float
    high: float
    milliseconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def pays(before: np.ndarray, after: np.ndarray, groups: Sequence[object]) -> MirrorImages:
    """Whether mirror images are served, from which answers were right (n,) without and with them:
    if the whole interval of the gain lies above zero. `groups`: near-copies count together."""
    found = paired(before, after, groups)
    return MirrorImages(found.low > 0, found.n, found.difference, found.low, found.high)


def may_be_mirrored(trained: TrainedModel) -> bool:
    """Whether a mirrored photo of these things still shows them."""
    return trained.plan.look is not None and trained.plan.look.flip > 0


def with_mirror_images(
    draft: Path,
    source: Sealed,
    material: Material,
    trained: TrainedModel,
    answers: Answers,
    asking: Asking = ask,
) -> tuple[Answers, MirrorImages | None]:
    """The answers as the release in `draft` will give them, and what was tried; None where nothing
    was. `answers`: without mirror images, of all photos that it may know of."""
    truth = dict(material.validation)
    plain = answers.of(list(truth)[:MOST])
    if not may_be_mirrored(trained) or len(plain.ids) < FEWEST:
        return answers, None
    before = _milliseconds(draft, source.dataset, plain.ids)
    _ask_mirrored(trained, draft, True)
    mirrored = asking(draft, source.dataset, plain.ids, "Mirror images")
    tried = pays(
        _right(plain, truth), _right(mirrored.of(plain.ids), truth), source.units(plain.ids)
    )
    say(_told(tried))
    if not tried.served:
        _ask_mirrored(trained, draft, False)
        return answers, tried
    more = _milliseconds(draft, source.dataset, plain.ids) - before
    return (
        asking(draft, source.dataset, answers.ids, "What it learned, and mirrored"),
        MirrorImages(**(tried.to_json() | {"milliseconds": round(more, 1)})),
    )


def _ask_mirrored(trained: TrainedModel, draft: Path, wanted: bool) -> None:
    """Say so in the model's config, in memory and in `draft`."""
    setattr(trained.model.config, ASKS_MIRRORED, wanted)
    trained.model.config.save_pretrained(draft)


def told_on_card(tried: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(name, value) for a model card, from the plain values; nothing where nothing was tried."""
    if not tried:
        return ()
    gain = (
        f"{points(tried['gain'])} points on {counted(tried['n'], 'validation photo')} (95 % "
        f"interval {points(tried['low'])} to {points(tried['high'])})"
    )
    if not tried["served"]:
        return (("mirror images", f"not asked about: tried, {gain}"),)
    return (
        (
            "mirror images",
            f"asked about, too, and averaged: {gain}, for {tried['milliseconds']:.0f} ms a photo "
            "more where it was trained; `pipeline` of transformers asks about the photo alone",
        ),
    )


def _told(tried: MirrorImages) -> str:
    told = told_on_card(tried.to_json())[0][1].partition(", for ")[0]
    return f"Mirror images are {told}."


def _right(answers: Answers, truth: Mapping[str, int]) -> np.ndarray:
    return np.asarray(
        answers.logits.argmax(axis=1) == np.array([truth[name] for name in answers.ids])
    )


def _milliseconds(draft: Path, dataset: Dataset, ids: Sequence[str]) -> float:
    return 1000 * seconds_a_photo(draft, dataset, ids[:TIMED])
