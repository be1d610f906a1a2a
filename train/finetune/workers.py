"""What the other processes of a training do: they wait until the main one says what to train,
and train with it.

They neither seal, probe, evaluate nor write a release; they need the dataset only where they do
not see the main process's small copies of the photos, which is so on another machine.

    train_together(Task(...), image_cache, run)  # the main process; at its end `dismiss()`
    assist(cache)                              # the others
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from data_cards.annotations.framed_photos import framed
from data_cards.dataset.repo import open_dataset
from data_cards.progress import speak_up
from train.finetune.distributed import here
from train.finetune.fit import FineTuned, fine_tune
from train.finetune.schedule import Plan
from train.images.image_cache import ImageCache, fill_image_cache, find_image_cache
from train.images.preprocessing import Preprocessing
from train.splits.training_set import Example


@dataclass(frozen=True)
class Task:
    """A fine-tuning for several processes: the initial model, its photos and its plan. `run`: the
    name of its folder."""

    model: Any
    dataset: str
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    framing: Preprocessing
    plan: Plan
    run: str


def train_together(
    task: Task, image_cache: ImageCache, run: Path, tracker: str = "none"
) -> FineTuned:
    """Fine-tune together with all processes that assist, or alone if there are none. Raises
    CannotTrain."""
    here().broadcast(task)
    return _train(task, lambda: image_cache, run, tracker=tracker)


def dismiss() -> None:
    """The main process needs the others no longer."""
    here().broadcast(None)


def assist(cache: Path, local_rank: int) -> None:
    """Help until dismissed. `cache`: for unfinished runs; `local_rank`: this process's number on
    its machine.

    Raises CannotTrain where the main process does.
    """
    speak_up(logging.CRITICAL)  # the main process speaks for all
    runs: list[Path] = []
    task: Task | None
    while task := here().broadcast():
        run = cache / "runs" / task.run
        runs.append(run)
        _train(task, partial(_image_cache, task, run), run, local_rank)
    for run in runs:  # on our own disk; on the main process's disk it is gone already
        shutil.rmtree(run, ignore_errors=True)


def _train(
    task: Task,
    image_cache: Callable[[], ImageCache],
    run: Path,
    local_rank: int = 0,
    tracker: str = "none",
) -> FineTuned:
    if (
        local_rank == 0
    ):  # the first process of each machine makes the small copies, where there are none
        copies = image_cache()
    here().wait()
    if local_rank != 0:
        copies = image_cache()
    tuned = fine_tune(
        task.model, copies, task.train, task.validation, task.framing, task.plan, run, tracker
    )
    here().wait()  # no process clears checkpoints away while another reads them
    return tuned


def _image_cache(task: Task, run: Path) -> ImageCache:
    """The small copies: those of the main process, else our own."""
    short = task.framing.short or task.framing.size
    found = find_image_cache(run, short)
    if found:
        return found
    wanted = dict.fromkeys(image_id for image_id, _ in (*task.train, *task.validation))
    return fill_image_cache(run, framed(open_dataset(task.dataset)).read_photos(wanted), short)
