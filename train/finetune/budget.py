"""How much training fits into the time that somebody has: `--budget 10m` picks epochs and
resolution. Pure arithmetic.

The learning rates still fall to their end: a shorter training is planned, none is cut off. What
was picked stays in the run folder, so that a training that was killed goes on as it was planned,
however fast the machine is then.

    plan_within(plan, 600.0, Work(2640, 296, 5421), pace, (140, 168, 196, 224))
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.errors import CannotTrain
from data_cards.progress import say, spoken
from data_cards.storage.atomic_files import write_durably
from train.finetune.fit import optimizer_for
from train.finetune.schedule import FEWEST_EPOCHS, MOST_EPOCHS, Plan, visitor_pixels
from train.images.image_cache import Shelf
from train.images.preprocessing import Preprocessing
from train.models.families import FAMILIES
from train.splits.training_set import Example

UNITS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
# As people write them: 2 minutes, 1 hr, 90 secs.
UNIT = r"(?:d(?:ays?)?|h(?:(?:ou)?rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)"
NUMBER = r"\d+(?:\.\d+)?"
LEAST = 1.0  # seconds
SMALLEST = 112  # pixels; below, things of a photo are not seen any more
SPARE = 0.05  # of the budget: no machine is equally fast all the time
MEASURING = 0.05  # of the budget, at most about so much, even where every step takes a minute
AROUND = 12.0  # seconds: starting up, writing an epoch's checkpoints and the release
# Times that validation is asked once more: of the weights, and of some on the way to them
# (train/finetune/wise_ft.py).
LOOKED_BACK = 4
FEWEST_STEPS = 4  # of a part of an epoch: the rates rise and fall within them
FILE = "budget.json"


@dataclass(frozen=True)
class Work:
    """Photos: `learned` from and `checked` after every epoch, and those `asked` of the finished
    model."""

    learned: int
    checked: int
    asked: int


@dataclass(frozen=True)
class Pace:
    """Seconds on this machine: a training view of a side in pixels costs `view` + `pixel` *
    side²; a photo costs `checked` after an epoch, and `asked` of the finished model."""

    view: float
    pixel: float
    checked: float
    asked: float

    def epoch(self, side: int, work: Work) -> float:
        """Seconds that an epoch takes."""
        return self._views(work.learned, side) + work.checked * self.checked

    def _views(self, photos: int, side: int) -> float:
        return photos * (self.view + self.pixel * side**2)

    def whole(self, plan: Plan, work: Work) -> float:
        """Seconds that all epochs of a plan take."""
        if plan.views:
            return plan.epochs * (self._views(plan.views, plan.side) + work.checked * self.checked)
        return plan.epochs * self.epoch(plan.side, work)


def seconds_in(text: str) -> float:
    """ "90s", "10m", "1h30m", "1.5h", "2 minutes" in seconds; a bare number is minutes. Raises
    CannotTrain."""
    words = re.sub(r"\s+|\band\b", "", text.lower()).replace(",", ".")
    if re.fullmatch(NUMBER, words):
        words += "m"
    if not re.fullmatch(f"({NUMBER}{UNIT})+", words):
        raise CannotTrain(
            f"“{text}” is no time for a budget; write 90s, 10m or 1h30m.", budget=text
        )
    seconds = sum(
        float(number) * UNITS[unit[0]] for number, unit in re.findall(f"({NUMBER})({UNIT})", words)
    )
    if seconds < LEAST:
        raise CannotTrain(
            f"“{text}” leaves no time to train; write 90s, 10m or 1h30m.", budget=text
        )
    return seconds


def check_budget(budget: str, epochs: int | None) -> None:
    """Raises CannotTrain where a budget is no time, or where the epochs that it picks are given
    too."""
    if budget and seconds_in(budget) and epochs is not None:
        raise CannotTrain("--budget picks the epochs, so give either --budget or --epochs.")


def sides_for(plan: Plan, family: str, size: int) -> tuple[int, ...]:
    """Sides of a training view that may be chosen, from small to large; only a DINOv2 looks at
    any side as it is."""
    row = FAMILIES[family]
    if not row.any_side:
        return (plan.side,)
    return tuple(sorted({*range(SMALLEST, size + 1, row.patch), plan.side}))


def plan_within(
    plan: Plan, seconds: float, work: Work, pace: Pace, sides: Sequence[int]
) -> Plan | None:
    """The plan with as many epochs at such a side as fit into `seconds`; None where not one
    epoch does.

    More time than the plan asks for goes into larger views, then into more epochs. Less time
    takes epochs away down to three, then pixels, and only then the last epochs.
    """
    most = max(plan.epochs, MOST_EPOCHS)
    fitting = {
        side: max(
            epochs
            for epochs in range(most + 1)
            if not epochs or pace.whole(replace(plan, side=side, epochs=epochs), work) <= seconds
        )
        for side in sorted(sides)
    }
    ample = [
        side for side, epochs in fitting.items() if side >= plan.side and epochs >= plan.epochs
    ]
    if ample:
        side = max(ample)
        return replace(plan, side=side, epochs=fitting[side])
    few = min(plan.epochs, FEWEST_EPOCHS)
    enough = [side for side, epochs in fitting.items() if side <= plan.side and epochs >= few]
    side = max(enough, default=min(sides))
    if fitting[side]:
        return replace(plan, side=side, epochs=min(fitting[side], plan.epochs))
    return _part_of_an_epoch(replace(plan, side=side, epochs=1), seconds, work, pace)


def _part_of_an_epoch(plan: Plan, seconds: float, work: Work, pace: Pace) -> Plan | None:
    """As many photos, each once, as fit; None where those are too few to learn from."""
    left = seconds - work.checked * pace.checked
    views = int(max(0.0, left) / (pace.view + pace.pixel * plan.side**2)) // plan.batch * plan.batch
    return replace(plan, views=views) if views >= FEWEST_STEPS * plan.batch else None


def keep_to(
    budget: str,
    begun: float,
    plan: Plan,
    sides: Sequence[int],
    work: Work,
    measure: Callable[[float], Pace],
    run: Path,
) -> Plan:
    """The plan that keeps to a budget that began to run at `begun` (time.monotonic); after an
    earlier start of this training, the one it had then. `measure`: is told how many seconds it
    may take. No epochs: only the probe fits. Raises CannotTrain."""
    wanted = seconds_in(budget)
    picked = _remembered(run)
    if picked is not None:
        say(
            f"This training was begun before and keeps the plan it had then: {picked[0]} epochs at "
            f"{picked[1]} pixels."
        )
        return replace(plan, epochs=picked[0], side=picked[1], views=picked[2])
    pace = measure(MEASURING * wanted)
    looked_back = LOOKED_BACK * work.checked * pace.checked
    after = work.asked * pace.asked + looked_back + AROUND
    left = (1 - SPARE) * wanted - (time.monotonic() - begun) - after
    found = plan_within(plan, left, work, pace, sides)
    say(_told(budget, found, pace, work, after, min(sides)))
    found = found or replace(plan, epochs=0)
    write_durably(
        run / FILE,
        json.dumps({"epochs": found.epochs, "side": found.side, "views": found.views}).encode(),
    )
    return found


def _told(
    budget: str, found: Plan | None, pace: Pace, work: Work, after: float, smallest: int
) -> str:
    then = f"then {spoken(after)} for the test and the release"
    if found is not None and found.views:
        return (
            f"Within {budget}: {found.views} of {work.learned} photos once, at {found.side} "
            f"pixels, {then}."
        )
    if found is None:
        return (
            f"Not even one epoch fits into {budget} on this machine: one takes about "
            f"{spoken(pace.epoch(smallest, work))}, {then}. The probe alone will be trained."
        )
    epochs = f"{found.epochs} {'epoch' if found.epochs == 1 else 'epochs'}"
    return (
        f"Within {budget}: {epochs} at {found.side} pixels, about "
        f"{spoken(pace.whole(found, work))}, {then}."
    )


def _remembered(run: Path) -> tuple[int, int, int] | None:
    try:
        picked = json.loads((run / FILE).read_bytes())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return int(picked["epochs"]), int(picked["side"]), int(picked.get("views", 0))


STEPS = 3  # of which the slowest, the one that fills caches, does not count


def pace_of(
    model: Any,
    shelf: Shelf,
    train: Sequence[Example],
    originals: Sequence[bytes],
    framing: Preprocessing,
    plan: Plan,
    sides: Sequence[int],
    limit: float,
) -> Pace:
    """Measured at the smallest and the largest of `sides`; `originals`: a few photos' bytes.
    `model` stays as it is.

    After `limit` seconds nothing more is measured: what is not yet known is taken to be as slow
    as a step is.
    """
    import torch

    from train.finetune.trainer import computes_in_bf16

    device = "cuda" if torch.cuda.is_available() else "cpu"
    learner = deepcopy(model).to(device)
    examples = [train[n % len(train)] for n in range(plan.batch)]
    optimizer = optimizer_for(learner, plan)

    def look(pixels: Sequence[np.ndarray], bf16: bool) -> Any:
        batch = torch.from_numpy(np.stack(pixels)).to(device)
        with torch.autocast(device, torch.bfloat16, enabled=bf16):
            return learner(pixel_values=batch).logits

    def step(side: int) -> float:
        now = replace(plan, side=side)
        logits = look(
            [visitor_pixels(shelf, one, framing, now, 0) for one in examples], computes_in_bf16()
        )
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
    low = min(sides)
    high = max(sides)
    end = time.monotonic() + limit
    small = (_seconds(lambda: step(low), end) or 0.0) / plan.batch  # once it is always measured
    large = (_seconds(lambda: step(high), end, 0) if high > low else None) or small * (
        high / low
    ) ** 2 * plan.batch
    learner.eval()
    a_pixel = max(0.0, large / plan.batch - small) / max(1, high**2 - low**2)
    slowest = small * (framing.size / low) ** 2
    checked = _seconds(check, end, 0)
    asked = _seconds(ask, end, 0)
    return Pace(
        small - a_pixel * low**2,
        a_pixel,
        slowest if checked is None else checked / plan.batch,
        slowest if asked is None else asked / max(1, len(originals)),
    )


def _seconds(work: Callable[[], object], end: float, least: int = 1) -> float | None:
    """The mean of a few times, without the slowest; fewer of them after `end`, None where that
    leaves none."""
    taken: list[float] = []
    while len(taken) < least or (len(taken) < STEPS and time.monotonic() < end):
        begun = time.monotonic()
        work()
        taken.append(time.monotonic() - begun)
    kept = sorted(taken)[:-1] or taken
    return sum(kept) / len(kept) if kept else None
