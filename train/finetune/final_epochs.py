"""The end of a training: most validation photos have served their purpose, and are learned from
too. Some of them, in whole bursts, stay out: these calibrate the release and set what it refuses,
so that what is promised about photos it has not seen still holds. How they judge a head that learns
from them: train/finetune/refit_head.py.

    trained, material = finish(trained, material, source, settings, cache, run)
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np

from data_cards.dataset.repo import Dataset
from data_cards.progress import say
from data_cards.wording import counted
from train.finetune.recipe import TrainedModel, image_cache_of, without_doubted
from train.finetune.workers import Task, train_together
from train.inference.embeddings import embed_dataset
from train.settings import TrainSettings
from train.splits.seal import Sealed
from train.splits.training_set import Example, Material
from train.statistics.metrics import standard_error

HELD = 150  # validation photos, about, that go on judging
RATE = 0.4  # of the rate that the training began with


def finish(
    trained: TrainedModel,
    material: Material,
    source: Sealed,
    settings: TrainSettings,
    cache: Path,
    run: Path,
) -> tuple[TrainedModel, Material]:
    """Train `settings.finish` more epochs; the model, and which photos are now on which side. The
    model stays as it was if there are too few validation photos, or if those held back show that it
    became worse. Raises CannotTrain, DiskFull."""
    held = held_back(source, material.validation, settings.seed)
    more = [example for example in material.validation if example not in held]
    if trained.kept != "fine-tuned" or trained.steered_by != "validation" or not more:
        return trained, material
    from train.finetune.wise_ft import judge_on

    say(
        f"Learning from {counted(len(more), 'validation photo')} too: "
        f"{counted(settings.finish, 'epoch')}."
    )
    moved = replace(
        material, sides={**material.sides, "train": (*material.train, *more), "validation": held}
    )
    image_cache = image_cache_of(
        moved, source.dataset, run / "finish", trained.framing.short or trained.framing.size
    )
    judge = judge_on(image_cache, held, trained.framing)
    before = judge(trained.model)[0]
    weights = deepcopy(trained.model.state_dict())
    plan = replace(
        trained.plan, epochs=settings.finish, lr=RATE * trained.plan.lr, seed=trained.plan.seed + 1
    )
    train = tuple(
        one
        for one in _believed(moved, source.dataset, trained, settings, cache)
        if one[0] in image_cache
    )
    at = f"{source.dataset.address}@{source.dataset.revision}"
    tuned = train_together(
        Task(trained.model, at, train, held, trained.framing, plan, f"{run.name}/finish"),
        image_cache,
        run / "finish",
        settings.track,
    )
    if tuned.best.validation_accuracy < before - standard_error(before, len(held)):
        say("That made it worse, so the model stays as it was.")
        trained.model.load_state_dict(weights)
        return trained, material
    return replace(trained, finish=plan.epochs, also=len(more), learned=train), moved


def held_back(source: Sealed, validation: Sequence[Example], seed: int) -> tuple[Example, ...]:
    """About HELD of the validation photos: near-copies and bursts stay together, or some would
    be as good as seen."""
    units = source.units([name for name, _ in validation])
    held: list[Example] = []
    for unit in np.random.default_rng(seed).permutation(len(set(units))):
        if len(held) < HELD:
            held += [example for example, its in zip(validation, units, strict=True) if its == unit]
    return tuple(held)


def _believed(
    material: Material,
    dataset: Dataset,
    trained: TrainedModel,
    settings: TrainSettings,
    cache: Path,
) -> tuple[Example, ...]:
    """The training photos that can be read, without labels that the photos contradict."""
    label = dict(material.train)
    ids, x = embed_dataset(
        dataset,
        list(label),
        trained.backbone,
        cache,
        size=settings.size,
        batch=settings.batch,
        threads=settings.threads,
    )
    read = replace(
        material, sides={**material.sides, "train": tuple((name, label[name]) for name in ids)}
    )
    return (
        without_doubted(read, x, np.array([label[name] for name in ids])).train
        if settings.doubt
        else read.train
    )
