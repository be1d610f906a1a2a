"""How much training fits into the time that somebody has: `--budget 10m` picks epochs, resolution
and how many blocks learn.

The learning rates still fall to their end: a shorter training is planned, instead of a long one
that is cut off. The plan is kept in the run folder, so that a killed training resumes with the same
plan, however fast the machine is by then.

    plan_within(plan, 600.0, Work(2640, 296, 5421), pace, (140, 168, 196, 224))
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_cards.errors import CannotTrain
from data_cards.progress import say, spoken
from data_cards.storage.atomic_files import write_durably
from data_cards.wording import counted
from train.finetune.fit import optimizer_for
from train.finetune.schedule import FEWEST_EPOCHS, MOST_EPOCHS, Plan, visitor_pixels
from train.images.image_cache import ImageCache
from train.images.preprocessing import Preprocessing
from train.inference.network import MANY
from train.models.families import BLOCK, row_of
from train.splits.training_set import Example

if TYPE_CHECKING:
    from train.finetune.teacher import Teacher

UNITS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
# As people write them: 2 minutes, 1 hr, 90 secs.
UNIT = r"(?:d(?:ays?)?|h(?:(?:ou)?rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)"
NUMBER = r"\d+(?:\.\d+)?"
LEAST = 1.0  # seconds
SMALLEST = 112  # pixels; below, things of a photo are not seen any more
SPARE = 0.05  # of the budget: no machine is equally fast all the time
MEASURING = 0.05  # of the budget, at most about so much, even where every step takes a minute
AROUND = 12.0  # seconds: starting up, the first checkpoints, charts and the report page
# Times the weights are written for each epoch: the checkpoint, and the optimizer's two moments of
# what learns; and once more for the release.
WRITTEN = 2
FEWEST_BLOCKS = 1
# Extra rounds of validation: of the weights, and of some on the way to them
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
    side² where `blocks` learn, and the share `fewest` of that where only the uppermost does; a
    photo costs `checked` after an epoch, and `asked` of the finished model; the weights take
    `written` to be written."""

    view: float
    pixel: float
    checked: float
    asked: float
    blocks: int = 1
    fewest: float = 1.0
    written: float = 0.0

    def one(self, plan: Plan) -> float:
        """Seconds that a training view takes."""
        learning = min(plan.blocks or self.blocks, self.blocks)
        more = (learning - FEWEST_BLOCKS) / max(1, self.blocks - FEWEST_BLOCKS)
        share = self.fewest + (1 - self.fewest) * more if self.blocks > FEWEST_BLOCKS else 1.0
        return share * (self.view + self.pixel * plan.side**2)

    def around(self, work: Work) -> float:
        """Seconds that an epoch takes beside its views."""
        return work.checked * self.checked + WRITTEN * self.written

    def whole(self, plan: Plan, work: Work) -> float:
        """Seconds that all epochs of a plan take."""
        views = (plan.views or work.learned) * self.one(plan)
        return plan.epochs * (views + self.around(work))

    def after(self, work: Work) -> float:
        """Seconds that follow the last epoch."""
        looked_back = LOOKED_BACK * work.checked * self.checked
        return self.answers(work.asked) + looked_back + WRITTEN * self.written + AROUND

    def answers(self, photos: int) -> float:
        """Seconds that the finished model takes for so many photos. Many of them are asked through
        an engine that takes half of the time (101 of 221 ms, docs/lab-log/2026-11-30.md), and as
        long to prepare as it saves on MANY / 2."""
        if photos < MANY:
            return photos * self.asked
        return (photos + MANY / 2) / 2 * self.asked


def seconds_in(text: str) -> float:
    """ "90s", "10m", "1h30m", "1.5h", "2 minutes" in seconds; a bare number is minutes. Raises
    CannotTrain."""
    words = re.sub(r"\s+|\band\b", "", text.lower()).replace(",", ".")
    if re.fullmatch(NUMBER, words):
        words += "m"
    if not re.fullmatch(f"({NUMBER}{UNIT})+", words):
        raise CannotTrain(f"“{text}” is not a time; write 90s, 10m or 1h30m.", budget=text)
    seconds = sum(
        float(number) * UNITS[unit[0]] for number, unit in re.findall(f"({NUMBER})({UNIT})", words)
    )
    if seconds < LEAST:
        raise CannotTrain(
            f"“{text}” leaves no time to train; write 90s, 10m or 1h30m.", budget=text
        )
    return seconds


def check_budget(budget: str, epochs: int | None) -> None:
    """Raises CannotTrain if the budget is not a time, or if --epochs is given as well."""
    if budget and seconds_in(budget) and epochs is not None:
        raise CannotTrain("--budget picks the epochs, so give either --budget or --epochs.")


def sides_for(plan: Plan, family: str, size: int) -> tuple[int, ...]:
    """Sides of a training view to choose from, small to large; only DINOv2 takes views of any
    side."""
    row = row_of(family)
    if not row.any_side:
        return (plan.side,)
    return tuple(sorted({*range(row.whole_patches(SMALLEST), size + 1, row.patch), plan.side}))


def fewer_blocks(blocks: int) -> tuple[int, ...]:
    """How many upper blocks may learn instead of so many: half of them, half of those, ... one."""
    found = []
    while blocks > FEWEST_BLOCKS:
        blocks = max(FEWEST_BLOCKS, blocks // 2)
        found.append(blocks)
    return tuple(found)


def plan_within(
    plan: Plan, seconds: float, work: Work, pace: Pace, sides: Sequence[int]
) -> Plan | None:
    """The plan with as many epochs at such a side as fit into `seconds`; None where not even a
    part of one does.

    More time than the plan asks for goes into larger views, then into more epochs. Less time
    takes epochs away down to three, then pixels, then blocks that learn, then the last epochs,
    and in the end photos.
    """
    fitting = {side: _epochs(replace(plan, side=side), seconds, work, pace) for side in sides}
    ample = [
        side for side, epochs in fitting.items() if side >= plan.side and epochs >= plan.epochs
    ]
    if ample:
        side = max(ample)
        return replace(plan, side=side, epochs=fitting[side])
    smaller = sorted(side for side in sides if side <= plan.side) or [min(sides)]
    fewer = fewer_blocks(plan.blocks or pace.blocks)
    ladder = [plan, *(replace(plan, blocks=blocks) for blocks in fewer)]
    for least in range(min(plan.epochs, FEWEST_EPOCHS), 0, -1):
        for blocks in ladder:
            for side in reversed(smaller):
                one = replace(blocks, side=side)
                epochs = _epochs(one, seconds, work, pace)
                if epochs >= least:
                    return replace(one, epochs=min(epochs, plan.epochs))
    return _part_of_an_epoch(replace(ladder[-1], side=smaller[0], epochs=1), seconds, work, pace)


def _epochs(plan: Plan, seconds: float, work: Work, pace: Pace) -> int:
    """How many epochs of such a plan fit."""
    one = pace.whole(replace(plan, epochs=1), work)
    most = max(plan.epochs, MOST_EPOCHS)
    return most if one * most <= seconds else max(0, int(seconds / one))


def _part_of_an_epoch(plan: Plan, seconds: float, work: Work, pace: Pace) -> Plan | None:
    """As many photos, each once, as fit; None where those are too few to learn from."""
    left = max(0.0, seconds - pace.around(work))
    views = min(work.learned, int(left / pace.one(plan))) // plan.batch * plan.batch
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
    """The plan that fits a budget that started at `begun` (time.monotonic); if this training was
    started before, its earlier plan. `measure`: receives how many seconds it may take. No epochs
    means that only the probe fits. Raises CannotTrain."""
    wanted = seconds_in(budget)
    picked = _remembered(run, plan)
    if picked is not None:
        say(f"This training was started before and keeps its plan: {_planned(picked)}.")
        return picked
    pace = measure(MEASURING * wanted)
    left = (1 - SPARE) * wanted - (time.monotonic() - begun) - pace.after(work)
    found = plan_within(plan, left, work, pace, sides)
    say(_told(budget, found, plan, pace, work, min(sides)))
    found = found or replace(plan, epochs=0)
    _remember(run, found)
    return found


def _planned(picked: Plan) -> str:
    """A plan in a few words."""
    if not picked.epochs:
        return "only the probe is trained"
    return f"{counted(picked.epochs, 'epoch')} at {picked.side} pixels"


def _told(
    budget: str, found: Plan | None, wanted: Plan, pace: Pace, work: Work, smallest: int
) -> str:
    then = f"then {spoken(pace.after(work))} for the test and the release"
    if found is None:
        least = fewer_blocks(wanted.blocks or pace.blocks)[-1:] or (wanted.blocks,)
        one = pace.whole(replace(wanted, epochs=1, side=smallest, blocks=least[0]), work)
        return (
            f"Not even one epoch fits into {budget} on this machine: one takes about "
            f"{spoken(one)}, {then}. Only the probe will be trained."
        )
    fewer = ""
    if found.blocks != wanted.blocks:
        fewer = f", only the upper {counted(found.blocks, 'block')} learning"
    if found.views:
        return (
            f"Within {budget}: {found.views} of {counted(work.learned, 'photo')} once, at "
            f"{found.side} pixels{fewer}, {then}."
        )
    return (
        f"Within {budget}: {counted(found.epochs, 'epoch')} at {found.side} pixels{fewer}, about "
        f"{spoken(pace.whole(found, work))}, {then}."
    )


PICKED = ("epochs", "side", "views", "blocks")  # fields of a plan that a budget picks


def _remember(run: Path, found: Plan) -> None:
    picked = {name: getattr(found, name) for name in PICKED}
    write_durably(run / FILE, json.dumps(picked).encode())


def _remembered(run: Path, plan: Plan) -> Plan | None:
    try:
        picked = json.loads((run / FILE).read_bytes())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    epochs, side, views, blocks = (int(picked.get(name, getattr(plan, name))) for name in PICKED)
    return replace(plan, epochs=epochs, side=side, views=views, blocks=blocks)


FEW_ASKED = 2  # photos: on a busy machine more would eat a small budget
STEPS = 3  # of which the slowest, the one that fills caches, does not count


@dataclass(frozen=True)
class Sample:
    """What a pace is measured on: examples with their small copies, a few photos' bytes, and how
    photos become pixels."""

    image_cache: ImageCache
    train: Sequence[Example]
    originals: Sequence[bytes]
    framing: Preprocessing


def pace_of(
    model: Any,
    sample: Sample,
    plan: Plan,
    sides: Sequence[int],
    limit: float,
    run: Path,
) -> Pace:
    """Measured at the smallest and the largest of `sides`, and with the fewest blocks;
    `run`: a folder on the disk that is written to. `model` stays as it is.

    After `limit` seconds only the time of an answer is still measured; a step that was not measured
    is assumed to be as slow as the first one.
    """
    import torch

    from train.finetune.teacher import teachers_of
    from train.finetune.trainer import computes_in_bf16

    device = "cuda" if torch.cuda.is_available() else "cpu"
    learner = deepcopy(model).to(device)
    framing = sample.framing
    examples = [sample.train[n % len(sample.train)] for n in range(plan.batch)]
    optimizer = optimizer_for(learner, plan)
    blocks = plan.blocks or depth_of(learner)
    teachers = teachers_of(plan, model, framing)

    def look(pixels: Sequence[np.ndarray], bf16: bool) -> Any:
        with torch.autocast(device, torch.bfloat16, enabled=bf16):
            return learner(pixel_values=torch.from_numpy(np.stack(pixels)).to(device)).logits

    def step(side: int) -> float:
        views = [
            visitor_pixels(sample.image_cache, one, framing, replace(plan, side=side), 0)
            for one in examples
        ]
        batch = torch.from_numpy(np.stack(views)).to(device)
        with torch.autocast(device, torch.bfloat16, enabled=computes_in_bf16()):
            logits = learner(pixel_values=batch).logits
            _loss(logits, examples, batch, teachers).backward()
        optimizer.step()
        optimizer.zero_grad()
        return float(logits.detach().sum())  # waits for what runs elsewhere

    def check() -> float:
        pixels = [
            framing.tensor(framing.framed(sample.image_cache.photo(one))) for one, _ in examples
        ]
        with torch.inference_mode():
            return float(look(pixels, computes_in_bf16()).sum())

    def ask() -> float:
        with torch.inference_mode():
            return float(
                look([framing(data) for data in sample.originals[:FEW_ASKED]], False).sum()
            )

    learner.train()
    low = min(sides)
    high = max(sides)
    end = time.monotonic() + limit
    small = (_seconds(lambda: step(low), end) or 0.0) / plan.batch  # once it is always measured
    large = (_seconds(lambda: step(high), end, 0) if high > low else None) or small * (
        high / low
    ) ** 2 * plan.batch
    fewest = None
    if blocks > FEWEST_BLOCKS and time.monotonic() < end:
        optimizer = optimizer_for(learner, replace(plan, blocks=FEWEST_BLOCKS))
        fewest = _seconds(lambda: step(low), end, 0)
    learner.eval()
    a_pixel = max(0.0, large / plan.batch - small) / max(1, high**2 - low**2)
    # Always measured: a training step costs several times as much as an answer.
    asked = (_seconds(ask, end) or 0.0) / max(1, min(FEW_ASKED, len(sample.originals)))
    checked = _seconds(check, end, 0)
    return Pace(
        small - a_pixel * low**2,
        a_pixel,
        asked if checked is None else checked / plan.batch,
        asked,
        blocks,
        1.0 if fewest is None else min(1.0, fewest / plan.batch / small) if small else 1.0,
        _written(learner, run),
    )


def _loss(
    logits: Any, examples: Sequence[Example], pixels: Any, teachers: Sequence[Teacher]
) -> Any:
    import torch

    from train.finetune.teacher import surprise, taught

    if not teachers:
        truth = torch.tensor([label for _, label in examples], device=logits.device)
        return torch.nn.functional.cross_entropy(logits, truth)
    return surprise(logits, taught(teachers, pixels))


def depth_of(model: Any) -> int:
    """How many blocks a network has; 1 if they cannot be told apart."""
    found = (BLOCK.search(name) for name, _ in model.named_parameters())
    return 1 + max((int(one[1]) for one in found if one), default=0)


def _written(model: Any, run: Path) -> float:
    """Seconds that the weights take to be written, once."""
    from safetensors.torch import save_file

    with tempfile.TemporaryDirectory(dir=run) as made:
        begun = time.monotonic()
        weights = {name: value.contiguous().clone() for name, value in model.state_dict().items()}
        save_file(weights, Path(made) / "model.safetensors")
        return time.monotonic() - begun


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
