"""A network learns what other releases say of every view, instead of the labels (Hinton 2015,
"Distilling the knowledge in a neural network"; all look at the same view, as Beyer 2022 found best,
"A good teacher is patient and consistent"): a small one from a larger one, or one from several.

    teacher = open_teacher(folder, {0: "lion", 1: "rose"}, framing)
    surprise(student(pixels).logits, taught([teacher], pixels))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from train.finetune.schedule import Plan
from train.images.preprocessing import Preprocessing
from train.inference.model_folder import classes_of
from train.models.classifiers import open_classifier
from train.models.families import family_of


@dataclass(frozen=True)
class Teacher:
    """A release that answers views framed for another network. `order`: where each class of the
    learner is among the teacher's; `scale` and `shift` (1, 3, 1, 1): from the learner's colours to
    the teacher's; `side`: pixels that the teacher looks at, 0 for any."""

    model: Any
    order: Tensor
    scale: Tensor
    shift: Tensor
    side: int

    def logits(self, pixels: Tensor) -> Tensor:
        """(b, 3, s, s) as the learner sees them -> (b, c) in the order of its classes."""
        row = family_of(self.model.config)
        side = self.side or row.whole_patches(pixels.shape[-1])
        seen = pixels * self.scale.to(pixels) + self.shift.to(pixels)
        if side != pixels.shape[-1]:
            seen = nn.functional.interpolate(seen, (side, side), mode="bilinear", antialias=True)
        with torch.inference_mode():
            said: Tensor = self.model.to(pixels.device)(pixel_values=seen).logits
        return said[:, self.order].clone()


def open_teacher(folder: Path, labels: Mapping[int, str], framing: Preprocessing) -> Teacher:
    """The release in `folder`, for a learner of `labels` that looks through `framing`; it
    knows all of them (train/finetune/recipe.py). Raises BadModel."""
    model = open_classifier(folder)
    own = {name: number for number, name in enumerate(classes_of(folder))}
    its = Preprocessing.from_folder(folder)
    mean, spread, its_mean, its_spread = (
        torch.tensor(numbers).reshape(1, 3, 1, 1)
        for numbers in (framing.mean, framing.std, its.mean, its.std)
    )
    order = torch.tensor([own[labels[number]] for number in sorted(labels)])
    side = 0 if family_of(model.config).any_side else its.size
    return Teacher(model, order, spread / its_spread, (mean - its_mean) / its_spread, side)


def teachers_of(plan: Plan, learner: Any, framing: Preprocessing) -> tuple[Teacher, ...]:
    """Who teaches a training; nobody where the labels do. Raises as `open_teacher` does."""
    labels = learner.config.id2label
    return tuple(open_teacher(Path(folder), labels, framing) for folder in plan.teachers)


def taught(teachers: Sequence[Teacher], pixels: Tensor) -> Tensor:
    """What the teachers say together of pixels (b, 3, s, s), (b, c): the logarithm of the mean of
    their chances, up to a constant a row."""
    said = torch.stack([one.logits(pixels).float().log_softmax(dim=1) for one in teachers])
    return said.logsumexp(dim=0)


def surprise(logits: Tensor, taught: Tensor) -> Tensor:
    """How far a learner's answers are from the taught ones, logits (b, c) -> nats, mean over
    views: the Kullback-Leibler divergence."""
    return nn.functional.kl_div(
        logits.float().log_softmax(dim=1),
        taught.float().log_softmax(dim=1),
        log_target=True,
        reduction="batchmean",
    )
