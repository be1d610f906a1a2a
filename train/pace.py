"""How fast this machine trains a model: a few steps on a copy that is thrown away.

    pace_of(model, shelf, train, originals, framing, plan, sides)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from train.budget import Pace
from train.finetune import optimizer_for
from train.plan import Example, Plan, visitor_pixels
from train.preprocessing import Preprocessing
from train.shelf import Shelf

STEPS = 3  # of which the slowest, the one that fills caches, does not count


def pace_of(model: Any, shelf: Shelf, train: Sequence[Example], originals: Sequence[bytes], framing: Preprocessing,
            plan: Plan, sides: Sequence[int], limit: float) -> Pace:
    """Measured at the smallest and the largest of `sides`; `originals`: a few photos' bytes. `model` stays as it is.

    After `limit` seconds nothing more is measured: what is not yet known is taken to be as slow as a step is.
    """
    import torch

    from train.trainer import computes_in_bf16

    device = "cuda" if torch.cuda.is_available() else "cpu"
    learner, examples = deepcopy(model).to(device), [train[n % len(train)] for n in range(plan.batch)]
    optimizer = optimizer_for(learner, plan)

    def look(pixels: Sequence[np.ndarray], bf16: bool) -> Any:
        batch = torch.from_numpy(np.stack(pixels)).to(device)
        with torch.autocast(device, torch.bfloat16, enabled=bf16):
            return learner(pixel_values=batch).logits

    def step(side: int) -> float:
        now = replace(plan, side=side)
        logits = look([visitor_pixels(shelf, one, framing, now, 0) for one in examples], computes_in_bf16())
        truth = torch.tensor([label for _, label in examples], device=device)
        torch.nn.functional.cross_entropy(logits.float(), truth).backward()
        optimizer.step()
        optimizer.zero_grad()
        return float(logits.detach().sum())  # waits for what runs elsewhere

    def check() -> float:
        pixels = [framing.tensor(framing.framed(shelf.photo(one))) for one, _ in examples]
        with torch.inference_mode():
            return float(look(pixels, computes_in_bf16()).sum())

    def ask() -> float:
        with torch.inference_mode():
            return float(look([framing(data) for data in originals], False).sum())

    learner.train()
    low, high, end = min(sides), max(sides), time.monotonic() + limit
    small = (_seconds(lambda: step(low), end) or 0.0) / plan.batch  # once it is always measured
    large = (_seconds(lambda: step(high), end, 0) if high > low else None) or small * (high / low) ** 2 * plan.batch
    learner.eval()
    a_pixel = max(0.0, large / plan.batch - small) / max(1, high**2 - low**2)
    slowest = small * (framing.size / low) ** 2
    checked, asked = _seconds(check, end, 0), _seconds(ask, end, 0)
    return Pace(small - a_pixel * low**2, a_pixel, slowest if checked is None else checked / plan.batch,
                slowest if asked is None else asked / max(1, len(originals)))


def _seconds(work: Callable[[], object], end: float, least: int = 1) -> float | None:
    """The mean of a few times, without the slowest; fewer of them after `end`, None where that leaves none."""
    taken: list[float] = []
    while len(taken) < least or (len(taken) < STEPS and time.monotonic() < end):
        begun = time.monotonic()
        work()
        taken.append(time.monotonic() - begun)
    kept = sorted(taken)[:-1] or taken
    return sum(kept) / len(kept) if kept else None
