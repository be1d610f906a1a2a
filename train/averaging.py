"""What rides along with a fine-tuning: the average of its weights, and views of which only some patches are looked at.

The average of the last tenth of all steps is judged, kept and served: it is steadier than the weights themselves, which
still jump from photo to photo (Polyak & Juditsky 1992; as a decaying mean, Tarvainen & Valpola 2017). A view that shows
half of its patches costs about half as much (PatchDropout, Liu 2022).

Importing this room costs several seconds (transformers' Trainer): do so inside functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback

from data_cards.disk import full_disk_named
from train.plan import Plan
from train.processes import here

WEIGHTS = "learning.safetensors"  # what the optimizer goes on from, beside the average that a checkpoint holds
SHARE = 0.1  # of all steps; that far back the average remembers
SOON = 10  # steps after which the average no longer is that of the first few


class Averaged(TrainerCallback):
    """The model is its average whenever it is judged or kept, and goes on learning as itself.

    Where several processes train one model, all average the same weights; the main one reads and writes.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self.parameters = {name: one for name, one in model.named_parameters() if one.requires_grad}
        self.average: dict[str, torch.Tensor] = {}
        self.swapped = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """After a resume the model is the average that the checkpoint held, and what was learning lies beside it."""
        self.average = {name: one.detach().clone() for name, one in self.parameters.items()}
        if state.global_step:
            kept = Path(args.output_dir) / f"checkpoint-{state.global_step}" / WEIGHTS
            for name, value in here().told(load_file(kept) if here().main else {}).items():
                self.parameters[name].data.copy_(value)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        step = state.global_step
        remembered = min(1 - 1 / max(1.0, SHARE * state.max_steps), (1 + step) / (SOON + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.values()), [one.data for one in self.parameters.values()],
                                 1 - remembered)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._swap()

    def keep(self, checkpoint: Path) -> None:
        """Write what learns into a checkpoint, whose model is the average. Raises DiskFull."""
        learning = self.average if self.swapped else {name: one.detach() for name, one in self.parameters.items()}
        with full_disk_named("the training's checkpoint"):
            save_file({name: one.contiguous() for name, one in learning.items()}, checkpoint / WEIGHTS)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.swapped:
            self._swap()

    def _swap(self) -> None:
        """In place, so that what holds on to the parameters (the optimizer, other processes' copies) keeps them."""
        for name, one in self.parameters.items():
            learning = one.detach().clone()
            one.data.copy_(self.average[name])
            self.average[name] = learning
        self.swapped = not self.swapped


class Thinned(TrainerCallback):
    """While the model learns, its embeddings pass on only a share of the patches, chosen anew for each view.

    The choice depends on the plan's seed, the epoch and the order alone, so that a resumed training sees the same.
    """

    def __init__(self, model: Any, plan: Plan) -> None:
        self.share, self.seed = plan.patches, plan.seed
        self.dice = torch.Generator().manual_seed(plan.seed)
        embeddings = getattr(model.base_model, "embeddings", None)
        self.hook = embeddings.register_forward_hook(self._thin) if embeddings is not None else None

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.dice.manual_seed(1_000_003 * self.seed + round(state.epoch or 0))

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.hook:
            self.hook.remove()

    def _thin(self, module: torch.nn.Module, given: Any, tokens: torch.Tensor) -> torch.Tensor:
        return fewer(tokens, self.share, self.dice) if module.training and self.share < 1 else tokens


class Shallow(TrainerCallback):
    """While the model learns, a view skips steps of its blocks now and then: the upper the block, the more often.

    Stochastic depth (Huang 2016), by the linear rule. Chosen as `Thinned` chooses; what is not skipped counts the more.
    """

    def __init__(self, model: Any, plan: Plan) -> None:
        self.seed, self.dice = plan.seed, torch.Generator().manual_seed(plan.seed)
        places = [module for name, module in model.named_modules() if name.endswith(".drop_path")] \
            if plan.drop_path else []
        self.hooks = [place.register_forward_hook(self._skipping(plan.drop_path * (n + 1) / len(places)))
                      for n, place in enumerate(places)]

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.dice.manual_seed(1_000_003 * self.seed + round(state.epoch or 0))

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        for hook in self.hooks:
            hook.remove()

    def _skipping(self, rate: float) -> Callable[[torch.nn.Module, Any, torch.Tensor], torch.Tensor]:
        def skip(place: torch.nn.Module, given: Any, step: torch.Tensor) -> torch.Tensor:
            if not place.training:
                return step
            stays = torch.rand((len(step), 1, 1), generator=self.dice) >= rate
            return step * (stays.to(step.device, step.dtype) / (1 - rate))

        return skip


def fewer(tokens: torch.Tensor, share: float, dice: torch.Generator) -> torch.Tensor:
    """(b, 1 + n, d) -> (b, 1 + ceil(share * n), d): the first token stays, of the others a share stays in its order."""
    views, patches = len(tokens), tokens.shape[1] - 1
    kept = max(1, math.ceil(share * patches))
    chosen = torch.rand((views, patches), generator=dice).argsort(dim=1)[:, :kept].sort(dim=1).values.to(tokens.device)
    rows = (chosen + 1)[..., None].expand(-1, -1, tokens.shape[2])
    return torch.cat([tokens[:, :1], torch.gather(tokens, 1, rows)], dim=1)
