"""One of several processes that train a tiny model, for tests that start and kill them.

    RANK=0 WORLD_SIZE=2 ... python -m tests.train.several DATASET BACKBONE CACHE OUT [DIES_AFTER]
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from data_cards.dataset import open_dataset
from tests.tiny import SIZE
from train import trainer
from train.assisting import Task, assist, dismiss, train_together
from train.finetune import FineTuned
from train.plan import Plan
from train.preprocessing import Preprocessing
from train.processes import join
from train.shelf import Shelf, fill_shelf

# Batches of five for two, and one photo that does not go round; photos are learned as they are.
PLAN = Plan(epochs=3, side=42, blocks=1, batch=5, lr=1e-3, look=None)
LEARNED = 21


@dataclass(frozen=True)
class Deadly(Shelf):
    """A shelf that kills the process, as the kernel would, when so many photos were looked at."""

    after: int = -1

    def photo(self, image_id: str) -> Any:
        if self.after == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        object.__setattr__(self, "after", self.after - 1)
        return super().photo(image_id)


def trained(dataset: str, backbone: str, cache: Path, after: int = -1) -> tuple[Any, FineTuned, FineTuned]:
    """The model, what each epoch came to, and one that followed."""
    import torch
    from transformers import AutoModelForImageClassification

    torch.manual_seed(1)
    model = AutoModelForImageClassification.from_pretrained(backbone, num_labels=2)
    photos = open_dataset(dataset)
    examples = [(name, int(row.label == "blue")) for name, row in photos.labels().items()]
    examples.sort()
    run = cache / "runs" / "tiny"
    shelf = fill_shelf(run, photos.read_photos([name for name, _ in examples]), 64)
    task = Task(model, f"{photos.address}@{photos.revision}", tuple(examples[:LEARNED]), tuple(examples[LEARNED:]),
                Preprocessing(size=SIZE, short=64), PLAN, run.name)
    done = train_together(task, Deadly(shelf.file, shelf.places, after), run)
    return model, done, _finished(replace(task, train=tuple(examples[2:]), run=f"{run.name}/finish"), run / "finish")


def _finished(task: Task, run: Path) -> FineTuned:
    """As `train.finishing` does: one epoch more, from other photos, with small copies of its own."""
    photos = open_dataset(task.dataset).read_photos([name for name, _ in (*task.train, *task.validation)])
    return train_together(replace(task, plan=replace(PLAN, epochs=1, seed=1)), fill_shelf(run, photos, 64), run)


if __name__ == "__main__":
    trainer.computes_in_bf16 = lambda: False  # three digits would hide whether the steps are the same
    cache, out = Path(sys.argv[3]), Path(sys.argv[4])
    if join().main:
        model, *_ = trained(sys.argv[1], sys.argv[2], cache, int(sys.argv[5]))
        model.save_pretrained(out)
        dismiss()
    else:
        assist(cache, int(os.environ["LOCAL_RANK"]))
