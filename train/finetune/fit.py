"""The Trainer run: it starts from a model whose head is the probe. The lower blocks stay as they
were pretrained; the upper ones learn, the lower the slower; every epoch shows each photo as another
visitor would have taken it. The result is the last epoch, or the one that validation prefers. A run
folder keeps a checkpoint per epoch, so that a killed training goes on where it was and ends the
same.

    tuned = fine_tune(model, image_cache, train, validation, framing, plan, run)
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_cards.errors import CannotTrain
from data_cards.progress import say
from train.finetune.distributed import here
from train.finetune.schedule import Plan, learning_rates
from train.finetune.tracking import NO_TRACKER, tracked
from train.images.image_cache import ImageCache
from train.images.preprocessing import Preprocessing
from train.splits.training_set import Example
from train.statistics.metrics import cross_entropy, softmax, standard_error

if TYPE_CHECKING:
    from torch import nn
    from transformers import Trainer

PATIENCE = (
    4,
    1 / 3,
)  # epochs, or the share of all, without a better one, after which more of them only cost time
STATE = "trainer_state.json"  # what the Trainer writes last: a checkpoint without it was cut short


@dataclass(frozen=True)
class Epoch:
    """The figures of one epoch: `loss` and `accuracy` on training views, the others on validation
    photos as they are.

    `learning_rate`: the uppermost block's at the end of the epoch; `seconds`: since fine-tuning
    began, without work that was lost before a resume.
    """

    epoch: int
    loss: float | None
    accuracy: float | None
    validation_loss: float
    validation_accuracy: float
    score: float
    learning_rate: float | None = None
    seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class FineTuned:
    """Every epoch in order, and the one whose weights the model now has."""

    epochs: tuple[Epoch, ...]
    best: Epoch


def score(accuracy: float, loss: float) -> float:
    """Validation accuracy, and among equals the smaller loss: few validation photos make many
    ties."""
    return accuracy + 1e-5 * math.exp(-max(0.0, loss))


def fine_tune(
    model: Any,
    image_cache: ImageCache,
    train: Sequence[Example],
    validation: Sequence[Example],
    framing: Preprocessing,
    plan: Plan,
    run: Path,
    track: str = "none",
) -> FineTuned:
    """Train `model` (an ...ForImageClassification) in place; it ends with the weights of the
    epoch `kept`.

    `framing` is what serving does, used for validation as it is. `run`: a folder for
    checkpoints, resumed when it holds some. `track`: "none" or a tracker's name for the Trainer.
    Raises CannotTrain.
    """
    checkpoint = last_checkpoint(run)
    done = history((_state(checkpoint) or {}).get("log_history", ())) if checkpoint else ()
    if checkpoint and finished(done, plan):
        say("The training had finished already; only the release was missing.")
        epochs = done
    else:
        if checkpoint:
            say(f"Resuming at epoch {len(done) + 1} of {plan.epochs}.")
        trainer = _trainer(model, image_cache, train, validation, framing, plan, run, track)
        with tracked(track if here().main else NO_TRACKER, run.name):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        epochs = history(trainer.state.log_history)
    model.to("cpu").eval()
    if not epochs or not all(math.isfinite(epoch.validation_loss) for epoch in epochs):
        raise CannotTrain(
            "Training diverged (the loss is NaN). Try a smaller --lr.",
            epochs=epochs,
        )
    best = kept(epochs, plan, len(validation))
    newest = last_checkpoint(run)
    if here().main and newest:
        _read(model, newest, best is epochs[-1])
    return FineTuned(epochs, best)


def last_checkpoint(run: Path) -> Path | None:
    """The newest checkpoint in `run` that was written to its end; where several train, on all of
    their disks."""
    whole = here().everybodys({path.name for path in run.glob("checkpoint-*") if _state(path)})
    newest = max(
        set.intersection(*whole), key=lambda name: int(name.rpartition("-")[2]), default=None
    )
    return run / newest if newest else None


def finished(epochs: Sequence[Epoch], plan: Plan) -> bool:
    """Whether all epochs are done, or the last PATIENCE epochs brought no improvement."""
    scores = [epoch.score for epoch in epochs]
    best = max(range(len(scores)), key=lambda n: (scores[n], -n), default=0)
    few, share = PATIENCE
    return len(epochs) >= plan.epochs or len(epochs) - 1 - best >= max(few, share * plan.epochs)


def kept(epochs: Sequence[Epoch], plan: Plan, photos: int) -> Epoch:
    """The last epoch, where the weights have settled, unless validation (on `photos` photos) finds
    another epoch better by more than one standard error (the rule of Breiman 1984); then that
    epoch."""
    best = max(epochs, key=lambda epoch: epoch.score)
    last = epochs[-1]
    behind = best.validation_accuracy - last.validation_accuracy
    rested = len(epochs) == plan.epochs and behind <= standard_error(
        best.validation_accuracy, photos
    )
    return last if rested else best


def history(log: Sequence[dict[str, Any]]) -> tuple[Epoch, ...]:
    """The Trainer's log, where training and validation stand on separate lines, as one row per
    epoch."""
    learned = {round(row["epoch"]): row for row in log if "loss" in row}
    rows = []
    for row in log:
        if "eval_accuracy" in row:
            epoch = round(row["epoch"])
            of = learned.get(epoch, {})
            rows.append(
                Epoch(
                    epoch,
                    of.get("loss"),
                    of.get("accuracy"),
                    row["eval_surprise"],
                    row["eval_accuracy"],
                    row["eval_score"],
                    of.get("learning_rate"),
                    row.get("seconds"),
                )
            )
    return tuple(rows)


def _trainer(
    model: Any,
    image_cache: ImageCache,
    train: Sequence[Example],
    validation: Sequence[Example],
    framing: Preprocessing,
    plan: Plan,
    run: Path,
    track: str,
) -> Trainer:
    import torch
    from transformers import PrinterCallback

    from train.finetune.callbacks import Averaged
    from train.finetune.teacher import teachers_of
    from train.finetune.trainer import CountingTrainer, Narrator, Plain, Views, arguments

    norms = batch_norms(model)
    if norms:
        # So convolutions take .6 of the time on a processor (EfficientNet-Lite0, 192 pixels).
        model.to(memory_format=torch.channels_last)
    still = [] if plan.statistics else norms
    views = Views(image_cache, train, framing, plan)
    narrator = Narrator(views, lambda log: finished(history(log), plan))
    trainer = CountingTrainer(
        model=model,
        args=arguments(plan, run, track),
        train_dataset=views,
        eval_dataset=Plain(image_cache, validation, framing),
        compute_metrics=judge(run),
        optimizers=(optimizer_for(model, plan), None),
        callbacks=[narrator],
    )
    trainer.teachers = teachers_of(plan, model, framing)
    trainer.still = still
    if still or not norms:  # statistics that move are of other weights than the average
        trainer.averaged = Averaged(model)  # after the optimizer, which says what learns
        trainer.add_callback(trainer.averaged)
    trainer.remove_callback(PrinterCallback)
    return trainer


def batch_norms(model: Any) -> list[Any]:
    """The layers of a network whose statistics a batch would move."""
    from torch import nn

    return [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]


def judge(cache: Path) -> Any:
    """The Trainer's `compute_metrics`: accuracy through `evaluate`, surprise in nats, and the
    score that picks."""
    from train.finetune.accuracy import TopAccuracy

    metric = TopAccuracy(cache_dir=str(cache / "evaluate"))

    def measured(prediction: Any) -> dict[str, float]:
        probabilities = softmax(np.asarray(prediction.predictions, np.float64))
        truth = prediction.label_ids
        accuracy = metric.compute(predictions=probabilities, references=truth)["top1"]
        surprise = cross_entropy(probabilities, truth)
        return {"accuracy": accuracy, "surprise": surprise, "score": score(accuracy, surprise)}

    return measured


def optimizer_for(model: nn.Module, plan: Plan) -> Any:
    """AdamW with the plan's rate for each parameter of `model`; what does not learn is frozen."""
    import torch

    parameters = dict(model.named_parameters())
    groups = []
    for name, rate in learning_rates(list(parameters), plan).items():
        parameter = parameters[name].requires_grad_(rate > 0)
        if rate:
            decay = plan.weight_decay if parameter.ndim > 1 else 0.0
            groups.append({"params": [parameter], "lr": rate, "weight_decay": decay})
    return torch.optim.AdamW(
        groups, lr=plan.lr, fused=True
    )  # a group for each parameter is slow otherwise


def _state(checkpoint: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((checkpoint / STATE).read_bytes())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return state


def _read(model: Any, newest: Path, last: bool) -> None:
    """Give the model the weights of the `last` epoch, or of the one that validation found best."""
    from train.finetune.trainer import read_weights

    best = (_state(newest) or {})["best_model_checkpoint"]
    read_weights(model, newest if last else newest.parent / Path(best).name)
