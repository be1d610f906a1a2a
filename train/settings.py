"""One frozen dataclass per command; its flags are derived from it, so that they are written
once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from data_cards.errors import CannotTrain
from data_cards.settings import check_ranges, dial

BACKBONE = (
    "small, a name on the Hub or a folder: ViT, DINOv2, DINOv3, SigLIP2, CLIP, Swin, ConvNeXt, "
    "ResNet and others"
)


@dataclass(frozen=True)
class TrainSettings:
    """`python -m train DATASET MODEL`."""

    epochs: int | None = dial(
        None,
        "how often each photo is seen; if left out, chosen by the number of photos",
        least=0,
        most=10_000,
    )
    budget: str = dial(
        "", "how long all of it may take (90s, 10m, 1h30m); picks epochs and resolution to fit"
    )
    backbone: str = dial("auto", BACKBONE)
    teacher: tuple[str, ...] = dial(
        (),
        "a model of the same classes, whose answers are learned instead of the labels; may be "
        "repeated: the mean of several",
        advanced=True,
    )
    size: int | None = dial(
        None,
        "side of the square the model sees, in pixels (default: the backbone's own)",
        least=14,
        most=1024,
    )
    batch: int = dial(16, "photos a step", least=1, most=65_536, advanced=True)
    lr: float = dial(1e-4, "learning rate of the uppermost block", least=0, most=1, advanced=True)
    lr_decay: float | None = dial(
        None,
        "learning rate of each block as a share of the one above it; if left out, chosen with "
        "the blocks",
        advanced=True,
    )
    blocks: int | None = dial(
        None,
        "how many upper blocks learn; 0: all, and the layer that reads pixels; if left out, "
        "chosen by the number of photos",
        least=0,
        advanced=True,
    )
    augment: bool = dial(
        True,
        "augment: learn each photo also as other visitors might have taken it",
        advanced=True,
    )
    gentle: bool = dial(False, "augment less: for things that differ by colour or small print")
    flips: bool = dial(
        False,
        "mirror photos while training, even if the card does not say `flips: true`",
    )
    balance: float = dial(
        0.0,
        "show rare classes more often: 0 not at all, 1 until all are shown equally often",
        advanced=True,
    )
    doubt: bool = dial(True, "do not learn labels that the photos contradict", advanced=True)
    seed: int = dial(
        0, "the same seed and data give the same model", least=0, most=2**32 - 1, advanced=True
    )
    scratch: bool = dial(False, "train the small CNN baseline from scratch instead", advanced=True)
    finish: int = dial(
        0,
        "last epochs that also learn from most validation photos; about 150 of those stay out, "
        "to judge by",
        advanced=True,
    )
    track: str = dial(
        "none", "where to send figures while training", ("none", "trackio", "wandb"), advanced=True
    )
    named_strangers: int | None = dial(
        None,
        "how many of 100 photos of things outside the collection may be named; if left out, at "
        "most 5 of 100 known things are refused",
    )
    sure_wrong: float = dial(
        3.0,
        "how many of 100 sure answers may be wrong at most",
        least=0.1,
        most=50,
        advanced=True,
    )
    public: bool = dial(False, "make a model on the Hub public")
    threads: int = dial(0, "CPU threads; 0: all", least=0, most=1024, advanced=True)


@dataclass(frozen=True)
class SplitSettings:
    """`python -m train split DATASET`."""

    seed: int = dial(0, "the same seed and data give the same split", least=0, most=2**32 - 1)
    test: float = dial(
        0.2, "share of photos sealed for the test, if no test came with the photos", least=0, most=1
    )
    validation: float | None = dial(
        None,
        "share of photos for validation; if left out, a tenth, or 200 photos of a large collection",
        least=0,
        most=1,
    )
    val_is_test: bool = dial(
        False, "use the given validation photos as the test, if no test came with the photos"
    )


def remembered(kept: Mapping[str, Any]) -> TrainSettings:
    """The settings that a release keeps as JSON; dials that it does not know have their default."""
    own = {item.name: item.default for item in fields(TrainSettings)}
    given = {name: kept.get(name, default) for name, default in own.items()}
    several = {
        name: tuple(given[name]) if isinstance(given[name], list) else default
        for name, default in own.items()
        if isinstance(default, tuple)
    }
    return TrainSettings(**{**given, **several})


def named(settings: TrainSettings) -> float | None:
    """The share of strangers that may be named, where the owner said so."""
    return None if settings.named_strangers is None else settings.named_strangers / 100


def check_dials(settings: TrainSettings) -> None:
    """Raises CannotTrain for a number that makes no sense."""
    check_ranges(settings)
    if settings.named_strangers is not None and not 0 <= settings.named_strangers <= 100:
        raise CannotTrain(
            "--named-strangers counts photos of 100, so it must be between 0 and 100, not "
            f"{settings.named_strangers}."
        )
    if settings.lr_decay is not None and not 0 < settings.lr_decay <= 1:
        raise CannotTrain(f"--lr-decay must be above 0 and at most 1, not {settings.lr_decay:g}.")
    if settings.finish < 0 or (settings.finish and settings.budget):
        raise CannotTrain(
            "--finish counts epochs that come on top of a budget's: give one or the other."
            if settings.budget
            else f"--finish counts epochs; {settings.finish} counts none."
        )
    if not 0 <= settings.balance <= 1:
        raise CannotTrain(f"--balance must be between 0 and 1, not {settings.balance:g}.")
