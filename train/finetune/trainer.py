"""The parts transformers' Trainer is given: what it sees, how it counts, what it says.

Importing this room costs several seconds (transformers' Trainer): do so inside functions.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.utils import logging as transformers_logging

from data_cards.bulk.batching import batches
from data_cards.progress import say, spoken
from data_cards.wording import percent
from train.finetune.distributed import Processes, here
from train.finetune.sampling import epoch_order
from train.finetune.schedule import Plan, visitor_pixels
from train.finetune.teacher import Teacher, surprise, taught
from train.finetune.tracking import PROJECT
from train.images.image_cache import ImageCache
from train.images.preprocessing import Preprocessing
from train.splits.training_set import Example

if TYPE_CHECKING:
    from train.finetune.callbacks import Averaged

PAUSE = 10.0  # seconds between two lines of progress


class Views(Dataset[dict[str, Any]]):
    """Training photos, each time as another visitor took them; `epoch` says which time."""

    def __init__(
        self,
        image_cache: ImageCache,
        examples: Sequence[Example],
        framing: Preprocessing,
        plan: Plan,
    ) -> None:
        self.image_cache = image_cache
        self.examples = examples
        self.framing = framing
        self.plan = plan
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, number: int) -> dict[str, Any]:
        example = self.examples[number]
        pixels = visitor_pixels(self.image_cache, example, self.framing, self.plan, self.epoch)
        return {"pixel_values": pixels, "labels": example[1]}


class Plain(Dataset[dict[str, Any]]):
    """Validation photos as serving would frame them."""

    def __init__(
        self, image_cache: ImageCache, examples: Sequence[Example], framing: Preprocessing
    ) -> None:
        self.image_cache = image_cache
        self.examples = examples
        self.framing = framing

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, number: int) -> dict[str, Any]:
        image_id, label = self.examples[number]
        return {
            "pixel_values": self.framing.tensor(
                self.framing.framed(self.image_cache.photo(image_id))
            ),
            "labels": label,
        }


class Shuffled(Sampler[int]):
    """An order that only the seed and the epoch decide: the Trainer's own differs after a
    resume."""

    def __init__(self, views: Views) -> None:
        self.views = views

    def __len__(self) -> int:
        return min(self.views.plan.views or len(self.views), len(self.views))

    def __iter__(self) -> Iterator[int]:
        views = self.views
        rng = np.random.default_rng([views.plan.seed, views.epoch])
        order = epoch_order([label for _, label in views.examples], views.plan.balance, rng)
        return iter(order[: len(self)])


class Parts(Sampler[list[int]]):
    """The part of each batch that one of several processes sees; together they see what a single
    process would, so a step is the same."""

    def __init__(self, order: Shuffled, batch: int, processes: Processes) -> None:
        self.order = order
        self.batch = batch
        self.processes = processes

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch)

    def __iter__(self) -> Iterator[list[int]]:
        return (list(self.processes.part(batch)) for batch in batches(self.order, self.batch))


class ClockedTrainer(Trainer):
    """A Trainer whose evaluations also say how many seconds of training came before them, without
    those lost in a killed run, and which reads checkpoints completely."""

    _clock = 0.0

    def train(self, *args: Any, **kwargs: Any) -> Any:
        self._clock = time.monotonic()
        return super().train(*args, **kwargs)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "eval_accuracy" in logs:
            now = time.monotonic()
            before = next(
                (row["seconds"] for row in reversed(self.state.log_history) if "seconds" in row),
                0.0,
            )
            logs = {**logs, "seconds": before + now - self._clock}
            self._clock = now
        super().log(logs, start_time)

    # transformers 5.23 saves a model under its old parameter names, but the Trainer reads
    # checkpoints by the new ones and skips what it does not find: after a resume, and in the "best"
    # model, every attention layer of a DINOv2 would be the one from before. So both are read as any
    # model is.

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if here().main:  # who tells the others, when they begin to train together
            read_weights(model or self.model, Path(resume_from_checkpoint))

    def _load_best_model(self) -> None:
        if self.state.best_model_checkpoint and here().main:
            read_weights(
                self.model,
                Path(self.args.output_dir or ".") / Path(self.state.best_model_checkpoint).name,
            )


class CountingTrainer(ClockedTrainer):
    """Counts right answers on training views, so that charts can show both accuracies."""

    _right = _seen = 0
    averaged: Averaged | None = None
    teachers: Sequence[Teacher] = ()
    # Parts that stay as when they answer. A batch norm among them: the few photos of a batch say
    # little of how features spread, and what networks on the Hub call momentum is often torch's
    # share of the newest batch, .99 in an EfficientNet.
    still: Sequence[torch.nn.Module] = ()

    def _get_train_sampler(self, train_dataset: Any = None) -> Shuffled:
        return Shuffled(cast(Views, self.train_dataset))

    def get_train_dataloader(self) -> DataLoader:
        processes = here()
        if processes.count == 1:
            return super().get_train_dataloader()
        # accelerate would give each process whole batches, and repeat photos if they do not divide
        # evenly.
        parts = Parts(self._get_train_sampler(), self.args.per_device_train_batch_size, processes)
        return DataLoader(
            cast(Views, self.train_dataset),
            batch_sampler=parts,
            collate_fn=self.data_collator,
            pin_memory=self.args.dataloader_pin_memory,
        )

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        truth = inputs["labels"]
        for part in self.still if model.training else ():
            part.eval()
        loss, outputs = super().compute_loss(model, inputs, True, num_items_in_batch)
        if model.training:
            if self.teachers:
                loss = surprise(outputs.logits, taught(self.teachers, inputs["pixel_values"]))
            self._right += int((outputs.logits.argmax(dim=1) == truth).sum())
            self._seen += len(truth)
            if (processes := here()).count > 1:
                loss = loss * processes.weight(len(truth))
        return (loss, outputs) if return_outputs else loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            right, seen = here().summed(self._right, self._seen)
            logs = {
                **logs,
                **({"accuracy": right / seen} if seen else {}),
                "learning_rate": self._top_rate(),
            }
            self._right = self._seen = 0
        super().log(logs, start_time)

    @property
    def plan(self) -> Plan:
        """What the training views are made by."""
        return cast(Views, self.train_dataset).plan

    def _top_rate(self) -> float:
        """The learning rate of the uppermost block; the Trainer itself would name that of whichever
        parameter comes first."""
        first = cast(torch.optim.Optimizer, self.optimizer).param_groups[0]
        return self.plan.lr * float(first["lr"]) / float(first["initial_lr"])

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        super()._save_optimizer_and_scheduler(output_dir)
        if self.averaged and self.args.should_save:
            self.averaged.keep(Path(output_dir))


def read_weights(model: Any, folder: Path) -> None:
    """Give `model` the weights that `save_pretrained` wrote into `folder`; every one of them, or
    an error."""
    saved = type(model).from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    model.load_state_dict(saved.state_dict(), strict=True)


class Narrator(TrainerCallback):
    """Tells the views which epoch it is, and the user how far we are: a line now and then, not a
    wall."""

    def __init__(self, views: Views, finished: Callable[[Sequence[dict[str, Any]]], bool]) -> None:
        self.views = views
        self.finished = finished
        self.begun = self.spoke = time.monotonic()
        self.first_step = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.begun = self.spoke = time.monotonic()
        self.first_step = state.global_step

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.views.epoch = round(state.epoch or 0)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = time.monotonic()
        if now - self.spoke >= PAUSE:
            self.spoke = now
            left = (
                (now - self.begun)
                / (state.global_step - self.first_step)
                * (state.max_steps - state.global_step)
            )
            say(
                f"Fine-tuning: epoch {math.ceil(state.epoch or 1)} of {args.num_train_epochs}, "
                f"step {state.global_step} of {state.max_steps}, about {spoken(left)} left."
            )

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float] | None = None, **_: Any
    ) -> None:
        if metrics:
            say(
                f"Epoch {round(state.epoch or 0)} of {args.num_train_epochs}: "
                f"{percent(metrics['eval_accuracy'])} of the validation photos right."
            )
            # From the log, because a counter would start again in a resumed run.
            control.should_training_stop |= self.finished(state.log_history)


def arguments(plan: Plan, run: Path, track: str) -> TrainingArguments:
    """Our plan in the Trainer's words."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    warnings.filterwarnings("ignore", module="torch.utils.data", message=".*pin_memory.*")
    return TrainingArguments(
        output_dir=str(run),
        num_train_epochs=plan.epochs,
        per_device_train_batch_size=plan.batch,
        per_device_eval_batch_size=2 * plan.batch,
        learning_rate=plan.lr,
        lr_scheduler_type="cosine",
        warmup_steps=plan.warmup,
        label_smoothing_factor=plan.smoothing,
        max_grad_norm=1.0,
        seed=plan.seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="score",
        greater_is_better=True,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=True,
        save_on_each_node=not here().share_disk(run),
        average_tokens_across_devices=False,  # `Processes.weight` does it, for every kind of loss
        # where all is to learn, so is what only masked pretraining used
        ddp_find_unused_parameters=not plan.blocks,
        report_to=track,
        project=PROJECT,
        run_name=run.name,
        bf16=computes_in_bf16(),
        # Without being told so, transformers looks for bf16 on a GPU and refuses a processor that
        # has it.
        use_cpu=not torch.cuda.is_available(),
    )


def computes_in_bf16() -> bool:
    """Whether this machine multiplies in bf16 (four times faster where it does; slower than
    float32 elsewhere)."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
