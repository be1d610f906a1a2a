"""How a training goes: how long, how fast each layer learns, and what each photo looks like
when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from train.images.augment import LOOK, Look, visitor_view
from train.images.image_cache import ImageCache
from train.images.preprocessing import Preprocessing
from train.models.families import BELOW, BLOCK, row_of
from train.splits.training_set import Example

# Photos seen in a whole run: about three minutes on two cores, and from MANY photos on 27 minutes
# of processor (2,516 photos, cores with AMX). So many say what every layer should learn, how it
# reads colours included (docs/decisions/training-recipe.md); fewer say it to the upper blocks only.
VIEWS = 2000
VIEWS_OF_MANY = 12_000
MANY = 800
CHOSEN = ("blocks", "lr_decay")  # by the number of photos, where they are None
FEWEST_EPOCHS = 3
MOST_EPOCHS = 12


@dataclass(frozen=True)
class Plan:
    """How to fine-tune. `side`: pixels of a training view; `blocks`: upper blocks that learn, 0
    for all of them and for what lies below them; `lr_decay`: a block's rate by that of the one
    above it."""

    epochs: int
    side: int
    blocks: int = 4
    batch: int = 16
    lr: float = 1e-4
    lr_decay: float = 0.75
    head_lr: float = (
        5.0  # times lr: the head starts from the probe and may move faster than what it stands on
    )
    warmup: float = 0.1
    smoothing: float = 0.1
    weight_decay: float = 0.05
    seed: int = 0
    look: Look | None = LOOK  # None: photos as they are
    views: int = 0  # photos that an epoch shows, chosen anew for each; 0: all of them
    balance: float = 0.0  # 0: every photo once an epoch, 1: every class as often as any other
    # Whether batch norms learn their statistics, which a pretrained network brings.
    statistics: bool = False
    teachers: tuple[str, ...] = ()  # folders of releases: their answers are learned, not the labels


def plan_for(photos: int, family: str, size: int, epochs: int | None = None, **dials: Any) -> Plan:
    """A plan whose cost hardly depends on the number of photos below MANY, nor from there on
    until there are too many to see three times. `dials`: fields of a Plan; CHOSEN ones may be
    None.

    DINOv2 learns at seven eighths of the serving size: random crops make things look larger than
    they will be when served, which the smaller size makes up for (Touvron 2019, "Fixing the
    train-test resolution discrepancy").
    """
    given = {
        name: value for name, value in dials.items() if value is not None or name not in CHOSEN
    }
    views = VIEWS if photos < MANY else VIEWS_OF_MANY
    wanted = min(MOST_EPOCHS, max(FEWEST_EPOCHS, math.ceil(views / max(1, photos))))
    every = given.get("blocks", 4 if photos < MANY and not given.get("teachers") else 0) == 0
    depth = {"blocks": 0, "lr_decay": 0.85} if every else {"blocks": 4, "lr_decay": 0.75}
    row = row_of(family)
    side = row.whole_patches(size * 0.875) if row.any_side else size
    return Plan(epochs=wanted if epochs is None else epochs, side=side, **{**depth, **given})


def learning_rates(names: Sequence[str], plan: Plan) -> dict[str, float]:
    """Learning rate by parameter name; 0.0 stays frozen. `names` as in
    `model.named_parameters()`."""
    depth = 1 + max((int(found[1]) for name in names if (found := BLOCK.search(name))), default=-1)
    if not depth:  # no blocks to tell apart
        return dict.fromkeys(names, plan.lr)
    learning = plan.blocks or depth
    rates = {}
    for name in names:
        found = BLOCK.search(name)
        if found:
            below_top = depth - 1 - int(found[1])
            rates[name] = plan.lr * plan.lr_decay**below_top if below_top < learning else 0.0
        elif "classifier" in name:
            rates[name] = plan.lr * plan.head_lr
        elif BELOW.search(name):
            rates[name] = 0.0 if plan.blocks else plan.lr * plan.lr_decay**depth
        else:  # the last norm learns with the top block
            rates[name] = plan.lr
    return rates


def visitor_pixels(
    image_cache: ImageCache, example: Example, framing: Preprocessing, plan: Plan, epoch: int
) -> np.ndarray:
    """(3, side, side) float32: what a photo looks like to the model in an epoch; the same
    whenever it is asked."""
    (image_id, _), side = example, plan.side
    if plan.look is None:
        plain = framing.at(side)
        return plain.tensor(plain.framed(image_cache.photo(image_id)))
    rng = np.random.default_rng([plan.seed, epoch, int(image_id[:12], 16)])
    return framing.tensor(
        Image.fromarray(visitor_view(image_cache.photo(image_id), side, rng, plan.look))
    )


# photos seen in a whole run: it has everything to learn, and a view costs a tenth of a ViT's
VIEWS_FROM_SCRATCH = 16_000
FEWEST_EPOCHS_FROM_SCRATCH = 10
MOST_EPOCHS_FROM_SCRATCH = 60


def plan_from_scratch(photos: int, side: int, epochs: int | None = None, **dials: Any) -> Plan:
    """Everything learns, fast, for long."""
    wanted = min(
        MOST_EPOCHS_FROM_SCRATCH,
        max(FEWEST_EPOCHS_FROM_SCRATCH, math.ceil(VIEWS_FROM_SCRATCH / max(1, photos))),
    )
    return Plan(
        epochs=wanted if epochs is None else epochs,
        side=side,
        blocks=0,
        statistics=True,
        **({"lr": 2e-3, "lr_decay": 1.0} | dials),
    )
