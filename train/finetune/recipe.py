"""From photos to weights: the probe, then the fine-tuning, and whichever of the two validation
prefers.

backbone = find_backbone("auto", cache)
trained = train_classifier(material, dataset, backbone, TrainSettings(), cache, run)
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import Dataset
from data_cards.errors import CannotTrain
from data_cards.progress import say, track
from data_cards.wording import counted, percent, whole_percent
from train.finetune.budget import Pace, Sample, Work, check_budget, keep_to, pace_of, sides_for
from train.finetune.fit import Epoch, FineTuned, batch_norms, score
from train.finetune.schedule import Plan, plan_for, plan_from_scratch
from train.finetune.tracking import check_tracker
from train.finetune.workers import Task, train_together
from train.images.augment import GENTLE, LOOK
from train.images.image_cache import ImageCache, fill_image_cache, find_image_cache
from train.images.preprocessing import Preprocessing
from train.inference.embeddings import embed_dataset
from train.inference.model_folder import classes_of, model_folder
from train.models import small_cnn as scratch
from train.models.backbone import Backbone
from train.models.classifiers import head_layer, open_backbone
from train.probes.ensemble import fitted
from train.probes.label_noise import doubted
from train.settings import TrainSettings
from train.splits.training_set import Example, Material
from train.statistics.metrics import cross_entropy, softmax, top_k
from train.uncertainty.temperature import calibrate, calibrated_loss

if TYPE_CHECKING:
    from train.finetune.wise_ft import Blend

FEW = 8  # photos that say how long one takes
UNTOUCHED = ("track", "public", "threads")  # settings that do not change what is learned


class Head(Protocol):
    """Weight (c, d) and bias (c,) on embeddings."""

    def head(self) -> tuple[np.ndarray, np.ndarray]: ...


@dataclass(frozen=True)
class TrainedModel:
    """A model (...ForImageClassification, on the CPU) and how it came about.

    `kept`: "fine-tuned", "probe" (fine-tuning did not beat it on validation), "scratch" or
    "references" (nothing was learned). `best`: the epoch kept, 0 for the probe. `steered_by`:
    which photos chose between epochs. `share`: how far the weights are from the probe's to that
    epoch's. `refitted`: whether the head was fitted anew (train/finetune/refit_head.py).
    `finish`: epochs after that in which `also` validation photos were learned from, too.
    `learned`: the training photos with the labels that were believed; empty where there is no
    probe.
    """

    model: Any
    framing: Preprocessing
    backbone: Backbone
    kept: str
    best: int
    epochs: tuple[Epoch, ...]
    probe: Epoch | None
    plan: Plan
    steered_by: str
    share: float = 1.0
    refitted: bool = False
    finish: int = 0
    also: int = 0
    learned: tuple[Example, ...] = ()


def train_classifier(
    material: Material,
    dataset: Dataset,
    backbone: Backbone,
    settings: TrainSettings,
    cache: Path,
    run: Path,
) -> TrainedModel:
    """Train on the training side alone; validation decides what is kept; the test is not looked at.

    `cache`: features; `run`: this training's checkpoints. Raises CannotTrain, DiskFull.
    """
    check_budget(settings.budget, settings.epochs)
    check_tracker(settings.track)
    prepare(settings)
    return (_from_scratch if settings.scratch else _from_backbone)(
        material, dataset, backbone, settings, cache, run
    )


def run_name(
    dataset: Dataset, material: Material, backbone: Backbone, settings: TrainSettings
) -> str:
    """The same for the same training, so that a second start finds the first one's checkpoints."""
    what = {name: value for name, value in asdict(settings).items() if name not in UNTOUCHED}
    facts = [
        dataset.address,
        backbone.revision,
        what,
        sorted((dataset.name_of(photo), label) for photo, label in material.train),
        sorted((dataset.name_of(photo), label) for photo, label in material.validation),
    ]
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()[:16]


def _from_backbone(
    material: Material,
    dataset: Dataset,
    backbone: Backbone,
    settings: TrainSettings,
    cache: Path,
    run: Path,
) -> TrainedModel:
    begun = time.monotonic()
    teachers = teachers_in(settings.teacher, material.classes, cache)
    framing = framing_for(backbone, settings)
    material, steered_by, probe, probed = _probe(material, dataset, settings, cache, backbone)
    photos = _Photos(material, dataset, framing, run)
    model = with_head(backbone, _labels(material), probe)
    family = str(backbone.config["model_type"])
    plan = plan_for(
        len(material.train),
        family,
        framing.size,
        settings.epochs,
        **_dials(settings, material.collection),
        teachers=teachers,
    )
    if batch_norms(model):
        # Smoothed labels cost a small network 2 to 4 points (docs/decisions/training-recipe.md).
        plan = replace(plan, smoothing=0.0)
    if settings.budget:
        sides = sides_for(plan, family, framing.size)
        plan = _affordable(plan, sides, begun, model, photos, settings.budget)
    as_probed = TrainedModel(
        model,
        framing,
        backbone,
        "probe",
        0,
        (),
        probed,
        plan,
        steered_by,
        learned=material.train,
    )
    if not plan.epochs:
        return as_probed
    say(
        f"Fine-tuning {_learning(plan)}: {counted(plan.epochs, 'epoch')} of "
        f"{counted(len(material.train), 'photo')}."
    )
    tuned = _tuned(model, photos, plan, settings.track)
    untuned = with_head(backbone, _labels(material), probe)
    blend = _blended(model, untuned, tuned, photos)
    # Photos that both were fitted on cannot show which of them is confident with good reason.
    grown = (
        blend.score > probed.score
        if steered_by == "validation"
        else blend.accuracy > probed.validation_accuracy
    )
    if grown:
        return replace(
            as_probed,
            kept="fine-tuned",
            best=tuned.best.epoch,
            epochs=tuned.epochs,
            share=blend.share,
        )
    say("Fine-tuning did not beat the probe on validation, so the probe is kept.")
    return replace(as_probed, model=untuned, epochs=tuned.epochs)


def _from_scratch(
    material: Material,
    dataset: Dataset,
    backbone: Backbone,
    settings: TrainSettings,
    cache: Path,
    run: Path,
) -> TrainedModel:
    begun = time.monotonic()
    framing = scratch.FRAMING.at(settings.size) if settings.size else scratch.FRAMING
    lr = {} if settings.lr == TrainSettings().lr else {"lr": settings.lr}
    plan = plan_from_scratch(
        len(material.train),
        framing.size,
        settings.epochs,
        seed=settings.seed,
        batch=settings.batch,
        balance=settings.balance,
        look=_dials(settings, material.collection)["look"],
        teachers=teachers_in(settings.teacher, material.classes, cache),
        **lr,
    )
    model = scratch.small_network(_labels(material), settings.seed)
    material, steered_by = _steered(material)
    photos = _Photos(material, dataset, framing, run)
    if settings.budget:
        plan = _affordable(plan, (plan.side,), begun, model, photos, settings.budget)
    if not plan.epochs:
        raise CannotTrain("A network trained from scratch needs at least one epoch.")
    say(
        f"Training a small network from scratch: {counted(plan.epochs, 'epoch')} of "
        f"{counted(len(material.train), 'photo')}."
    )
    tuned = _tuned(model, photos, plan, settings.track)
    return TrainedModel(
        model, framing, backbone, "scratch", tuned.best.epoch, tuned.epochs, None, plan, steered_by
    )


def _probe(
    material: Material, dataset: Dataset, settings: TrainSettings, cache: Path, backbone: Backbone
) -> tuple[Material, str, Head, Epoch]:
    """The probe, as sure as validation photos allow, and how it does on them; photos that cannot
    be read have left the material."""
    ids = [image_id for image_id, _ in (*material.train, *material.validation)]
    readable, features = embed_dataset(
        dataset,
        ids,
        backbone,
        cache,
        size=settings.size,
        batch=settings.batch,
        threads=settings.threads,
    )
    material, steered_by = _steered(_only(material, set(readable)))
    row = {image_id: number for number, image_id in enumerate(readable)}

    def side(examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
        return features[[row[image_id] for image_id, _ in examples]], np.array(
            [label for _, label in examples]
        )

    if settings.doubt:
        material = without_doubted(material, *side(material.train))
    probe = fitted(*side(material.train), classes=len(material.classes))
    x, y = side(material.validation)
    logits = probe.logits(x)
    accuracy = top_k(logits, y, 1)
    loss = cross_entropy(softmax(logits), y)
    say(f"Probe: {percent(accuracy)} of {counted(len(y), f'{steered_by} photo')} right.")
    grade = score(accuracy, calibrated_loss(logits, y))
    # A probe is sure of the photos it learned from. Fine-tuning would first have to unlearn that,
    # at the cost of the features.
    temperature = calibrate(logits, y).temperature if steered_by == "validation" else 1.0
    start = Scaled(*probe.head(), temperature)
    return material, steered_by, start, Epoch(0, None, None, loss, accuracy, grade)


def without_doubted(material: Material, x: np.ndarray, y: np.ndarray) -> Material:
    """The material without labels that the photos contradict: left out, or replaced by what the
    photos show."""
    found = doubted(x, y, len(material.classes))
    changed = int((found.labels != y).sum())
    if not changed:
        return material
    say(
        f"About {whole_percent(found.slips)} of the training labels seem wrong: "
        f"{counted(found.left_out, 'photo')} left out, {changed - found.left_out} relabelled for "
        "training. Fix them at the light table, or pass --no-doubt."
    )
    kept = tuple(
        (image_id, int(label))
        for (image_id, _), label in zip(material.train, found.labels, strict=True)
        if label >= 0
    )
    return replace(material, sides={**material.sides, "train": kept})


@dataclass(frozen=True)
class _Photos:
    """What a training looks at, framed in one way; `run`: the folder of its small copies."""

    material: Material
    dataset: Dataset
    framing: Preprocessing
    run: Path

    @cached_property
    def image_cache(self) -> ImageCache:
        """Small copies, made when they are first asked for."""
        short = self.framing.short or self.framing.size
        return image_cache_of(self.material, self.dataset, self.run, short)

    @property
    def kept(self) -> Material:
        """The material without photos that cannot be read."""
        return _only(self.material, set(self.image_cache.places))


def _tuned(model: Any, photos: _Photos, plan: Plan, tracker: str) -> FineTuned:
    kept = photos.kept
    run = photos.run
    at = f"{photos.dataset.address}@{photos.dataset.revision}"
    task = Task(model, at, kept.train, kept.validation, photos.framing, plan, run.name)
    return train_together(task, photos.image_cache, run, tracker)


def _blended(model: Any, probe: Any, tuned: FineTuned, photos: _Photos) -> Blend:
    """`model` ends with the best weights between the `probe` and what it was `tuned` to."""
    from train.finetune.wise_ft import Blend, blended, judge_on

    kept = photos.kept
    judge = judge_on(photos.image_cache, kept.validation, photos.framing)
    end = Blend(1.0, tuned.best.validation_accuracy, judge(model)[1])
    blend = blended(model, probe.state_dict(), end, judge, len(kept.validation))
    if blend.share < 1:
        say(
            f"Best: {whole_percent(blend.share)} of the way from the probe to the fine-tuned "
            f"weights ({percent(blend.accuracy)} right on validation)."
        )
    return blend


def _affordable(
    plan: Plan,
    sides: Sequence[int],
    begun: float,
    model: Any,
    photos: _Photos,
    budget: str,
) -> Plan:
    """The plan that fits into a budget that runs since `begun`."""
    if not plan.epochs:
        return plan
    material = photos.material
    run = photos.run
    train = [example for example in material.train if example[0] in photos.image_cache]
    others = sum(len(some) for some in material.none.values())
    work = Work(len(train), len(material.validation), sum(material.counts().values()) + others)
    few = [image_id for image_id, _ in train[:FEW]]

    def measure(limit: float) -> Pace:
        originals = [data for _, data in photos.dataset.read_photos(few)]
        sample = Sample(photos.image_cache, train, originals, photos.framing)
        return pace_of(model, sample, plan, sides, limit, run)

    return keep_to(budget, begun, plan, sides, work, measure, run)


def image_cache_of(material: Material, dataset: Dataset, run: Path, short: int) -> ImageCache:
    """Small copies of all that a training looks at, in its folder `run`: found, or made. Raises
    DiskFull."""
    ids = [image_id for image_id, _ in (*material.train, *material.validation)]
    return find_image_cache(run, short) or fill_image_cache(
        run, track(dataset.read_photos(ids), "Making small copies", len(set(ids))), short
    )


def framing_for(backbone: Backbone, settings: TrainSettings) -> Preprocessing:
    """How photos are framed; says so where the backbone cannot look at the size that is wanted."""
    framing = backbone.framing(settings.size)
    if settings.size and settings.size != framing.size:
        say(
            f"{backbone.name} looks at photos of {framing.size} pixels only, so --size "
            f"{settings.size} is ignored."
        )
    return framing


def with_head(backbone: Backbone, labels: dict[int, str], probe: Head) -> Any:
    """The backbone as a classifier whose head is the probe, or another one."""
    import torch

    # On a processor transformers' fused attention takes a seventh longer, forward and back, than
    # plain matrices do.
    attention = None if torch.cuda.is_available() else "eager"
    model = open_backbone(backbone.path, labels, attention)
    give_head(model, probe)
    return model


def give_head(model: Any, probe: Head) -> None:
    """The last matrix of a classifier becomes this one."""
    import torch

    weight, bias = probe.head()
    layer = head_layer(model)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.asarray(weight, np.float32)))
        layer.bias.copy_(torch.from_numpy(np.asarray(bias, np.float32)))


@dataclass(frozen=True)
class Scaled:
    """A head, weight (c, d) and bias (c,), divided by a temperature."""

    weight: np.ndarray
    bias: np.ndarray
    temperature: float

    def head(self) -> tuple[np.ndarray, np.ndarray]:
        """Weight (c, d) and bias (c,)."""
        return self.weight / self.temperature, self.bias / self.temperature


def head_of(model: Any) -> tuple[np.ndarray, np.ndarray]:
    """Weight (c, d) and bias (c,) of a classifier's last matrix."""
    layer = head_layer(model)
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


def _steered(material: Material) -> tuple[Material, str]:
    """Which photos choose between epochs: a collection too small for validation photos uses its
    training photos, unaugmented."""
    if not material.train:
        raise CannotTrain("None of the training photos can be read.")
    if material.validation:
        return material, "validation"
    return replace(material, sides={**material.sides, "validation": material.train}), "training"


def _only(material: Material, readable: set[str]) -> Material:
    kept = {
        side: tuple(example for example in examples if example[0] in readable or side == "test")
        for side, examples in material.sides.items()
    }
    return replace(material, sides=kept)


def _learning(plan: Plan) -> str:
    if not plan.blocks:
        return "all blocks"
    return "the upper block" if plan.blocks == 1 else f"the upper {plan.blocks} blocks"


def _labels(material: Material) -> dict[int, str]:
    return dict(enumerate(material.classes))


def _dials(settings: TrainSettings, things: Collection) -> dict[str, Any]:
    flips = settings.flips or things.extra.get("flips") is True
    look = replace(GENTLE if settings.gentle else LOOK, flip=0.5 if flips else 0.0)
    return {
        "batch": settings.batch,
        "lr": settings.lr,
        "lr_decay": settings.lr_decay,
        "blocks": settings.blocks,
        "seed": settings.seed,
        "balance": settings.balance,
        "look": look if settings.augment else None,
    }


def teachers_in(addresses: Sequence[str], classes: Sequence[str], cache: Path) -> tuple[str, ...]:
    """The folders of the releases that teach; none where labels do. Raises CannotTrain where one
    does not know all of the classes, NoModelYet, MissingFile."""
    return tuple(_teacher_in(address, classes, cache) for address in addresses)


def _teacher_in(address: str, classes: Sequence[str], cache: Path) -> str:
    folder, _ = model_folder(address, cache)
    missing = sorted(set(classes) - set(classes_of(folder)))
    if missing:
        raise CannotTrain(
            f"{address} does not know {missing[0]}, so it cannot teach it. Train it on this "
            "dataset first.",
            missing=missing,
        )
    return str(folder)


def prepare(settings: TrainSettings) -> None:
    """Set the number of threads, and silence the libraries' own messages."""
    import torch
    from transformers.utils import logging

    if settings.threads:
        torch.set_num_threads(settings.threads)
    # its remarks about a new head and old names are not for our users
    logging.set_verbosity_error()
    logging.disable_progress_bar()
