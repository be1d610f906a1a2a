"""Several processes that train one model: who is who, and what all of them have to know or wait
for.

`accelerate launch` (or torchrun) starts the same command several times, on one machine or on
many. The first process is the main one: it alone reads, decides, writes and speaks. Without a
launcher there is one process, which is main and waits for nobody, so that no caller has to ask.

    # --multi_gpu even where there is no GPU
    accelerate launch --multi_gpu --num_processes 2 -m train DATASET MODEL
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = timedelta(
    days=7
)  # the others wait while the main process computes features; that may take a while


@dataclass(frozen=True)
class Processes:
    """This process is number `rank` of `count`."""

    rank: int = 0
    count: int = 1

    @property
    def main(self) -> bool:
        """Whether this is the one that decides."""
        return self.rank == 0

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            self.everybodys(None)  # a real barrier would choose a GPU on its own

    def broadcast(self, value: T | None = None) -> T:
        """What the main process says, in every process; what the others say is not looked at."""
        said = [value]
        if self.count > 1:
            from torch import distributed

            distributed.broadcast_object_list(said, src=0)
        return said[0]  # type: ignore[return-value]

    def everybodys(self, value: T) -> list[T]:
        """What each process says, by rank, in every process."""
        said: list[Any] = [value] * self.count
        if self.count > 1:
            from torch import distributed

            distributed.all_gather_object(said, value)
        return said

    def summed(self, *numbers: int) -> tuple[int, ...]:
        """Each of the numbers over all processes."""
        return tuple(map(sum, zip(*self.everybodys(numbers), strict=True)))

    def part(self, batch: Sequence[T]) -> Sequence[T]:
        """This process's part of a batch; all parts together are the batch, none is empty.

        A batch too small to divide is given to every process: the mean of equal gradients is that
        gradient.
        """
        if len(batch) < self.count:
            return batch
        return batch[
            self.rank * len(batch) // self.count : (self.rank + 1) * len(batch) // self.count
        ]

    def weight(self, photos: int) -> float:
        """What a mean over this process's `photos` is multiplied by, so that the mean over
        processes, which is what DistributedDataParallel makes of gradients, is the mean over all
        photos."""
        return photos * self.count / self.summed(photos)[0]

    def share_disk(self, folder: Path) -> bool:
        """Whether a file that the main process writes into `folder` is there for all; the answer
        is the same in all."""
        if self.count == 1:
            return True
        sign = folder / self.broadcast(f"together-{os.urandom(8).hex()}")
        if self.main:
            folder.mkdir(parents=True, exist_ok=True)
            sign.touch()
        self.wait()
        seen = all(self.everybodys(sign.exists()))
        if self.main:
            sign.unlink()
        return seen


ALONE = Processes()


def here() -> Processes:
    """This process among those that it has joined. A process belongs to one group at most, and
    torch knows which."""
    torch = sys.modules.get("torch")
    if (
        torch is None
        or not torch.distributed.is_available()
        or not torch.distributed.is_initialized()
    ):
        return ALONE
    return Processes(torch.distributed.get_rank(), torch.distributed.get_world_size())


def join() -> Processes:
    """Meet the other processes that the launcher started; called once by an entry point that was
    started by one."""
    import torch
    from accelerate import PartialState

    PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)
    return here()
