"""The average of a fine-tuning's weights.

The average of the last tenth of all steps is judged, kept and served: it is steadier than the
weights themselves, which still jump from photo to photo (Polyak & Juditsky 1992; as a decaying
mean, Tarvainen & Valpola 2017).

Importing this room costs several seconds (transformers' Trainer): do so inside functions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback

from data_cards.storage.atomic_files import full_disk_named
from train.finetune.distributed import here

# what the optimizer goes on from, beside the average that a checkpoint holds
WEIGHTS = "learning.safetensors"
SHARE = 0.1  # of all steps; that far back the average remembers
SOON = 10  # steps after which the average no longer is that of the first few


class Averaged(TrainerCallback):
    """The model is its average whenever it is judged or kept, and goes on learning as itself.

    Where several processes train one model, all average the same weights; the main one reads and
    writes.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self.parameters = {name: one for name, one in model.named_parameters() if one.requires_grad}
        self.average: dict[str, torch.Tensor] = {}
        self.swapped = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """After a resume: load the averaged weights into the model, and keep the ones that learn
        beside it."""
        self.average = {name: one.detach().clone() for name, one in self.parameters.items()}
        if state.global_step:
            kept = Path(args.output_dir) / f"checkpoint-{state.global_step}" / WEIGHTS
            for name, value in here().broadcast(load_file(kept) if here().main else {}).items():
                self.parameters[name].data.copy_(value)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        step = state.global_step
        remembered = min(1 - 1 / max(1.0, SHARE * state.max_steps), (1 + step) / (SOON + step))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.average.values()),
                [one.data for one in self.parameters.values()],
                1 - remembered,
            )

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._swap()

    def keep(self, checkpoint: Path) -> None:
        """Add the weights that learn to a checkpoint, whose model is the average. Raises
        DiskFull."""
        learning = (
            self.average
            if self.swapped
            else {name: one.detach() for name, one in self.parameters.items()}
        )
        with full_disk_named("the training's checkpoint"):
            save_file(
                {name: one.contiguous() for name, one in learning.items()}, checkpoint / WEIGHTS
            )

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.swapped:
            self._swap()

    def _swap(self) -> None:
        """In place, so that what holds on to the parameters (the optimizer, other processes'
        copies) keeps them."""
        for name, one in self.parameters.items():
            learning = one.detach().clone()
            one.data.copy_(self.average[name])
            self.average[name] = learning
        self.swapped = not self.swapped
