"""Where figures go while training: nowhere, to trackio or to W&B, as `--track` says. None by
default.

trackio keeps them in a file of this machine (`trackio show --project vitrine`), without a
network. W&B sends them to its server, or with WANDB_MODE=offline keeps them in ./wandb for
`wandb sync`. Neither is needed for anything else, so neither is installed with Vitrine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from data_cards.errors import CannotTrain

NO_TRACKER = "none"
PROJECT = "vitrine"
PACKAGES = {"trackio": "trackio==0.43.0", "wandb": "wandb"}


def check_tracker(name: str) -> None:
    """Before any work: is it installed? Raises CannotTrain."""
    if name != NO_TRACKER and find_spec(name) is None:
        raise CannotTrain(
            f"--track {name} needs a package that is not installed: pip install {PACKAGES[name]}. "
            "Without it nothing is tracked, and the report has the charts all the same.",
            tracker=name,
        )


@contextmanager
def tracked(name: str, run: str) -> Iterator[None]:
    """A run that the Trainer's callback will find; for W&B, where that would name the project
    otherwise, begin a second run after a resume, and leave it open for the next training of this
    process."""
    if name != "wandb":
        yield
        return
    begun = import_module("wandb").init(project=PROJECT, name=run, id=run, resume="allow")
    try:
        yield
    finally:
        begun.finish()
