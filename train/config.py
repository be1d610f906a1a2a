"""One frozen dataclass per command; its flags are derived from it, so that they are written once.

    python -c "from train.config import TrainSettings; print(TrainSettings())"
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from data_cards.command_line import between
from data_cards.errors import CannotTrain

Settings = TypeVar("Settings")


def dial(default: Any, words: str, choices: tuple[str, ...] = (), least: float = -math.inf,
         most: float = math.inf) -> Any:
    """A field with a default, a sentence for --help, and the values it may take: `choices`, or for a number the
    smallest and the largest."""
    return field(default=default, metadata={"words": words, "choices": choices, "range": (least, most)})


@dataclass(frozen=True)
class TrainSettings:
    """`python -m train DATASET MODEL`."""

    epochs: int | None = dial(None, "times each photo is seen; chosen by the number of photos when left out",
                              least=0, most=10_000)
    budget: str = dial("", "how long all of it may take (90s, 10m, 1h30m); picks epochs and resolution to fit")
    backbone: str = dial("auto", "a ViT or DINOv2 name on the Hub, or a folder")
    size: int | None = dial(None, "side of the square that is looked at, in pixels; the backbone's own when left out",
                            least=14, most=1024)
    batch: int = dial(16, "photos a step", least=1, most=65_536)
    lr: float = dial(1e-4, "learning rate of the uppermost block", least=0, most=1)
    lr_decay: float | None = dial(None, "learning rate of a block by that of the block above it; chosen with the "
                                  "blocks when left out")
    blocks: int | None = dial(None, "upper blocks that learn, 0: all, and how pixels are read; chosen by the number "
                              "of photos when left out", least=0)
    augment: bool = dial(True, "each photo is learned as other visitors might take it, not only as it is")
    gentle: bool = dial(False, "views stray less from the photos: for things told apart by colour or by small print")
    flips: bool = dial(False, "photos may be mirrored while training, even where the card does not say `flips: true`")
    balance: float = dial(0.0, "how far rare classes are shown more often: 0 not at all, 1 until all are shown alike")
    doubt: bool = dial(True, "labels that the photos contradict are not learned")
    seed: int = dial(0, "the same seed and data give the same model", least=0, most=2**32 - 1)
    scratch: bool = dial(False, "train the small CNN baseline from nothing instead")
    finish: int = dial(0, "epochs at the end in which most validation photos are learned from, too; about 150 of them "
                       "go on judging")
    track: str = dial("none", "where figures go while training", ("none", "trackio", "wandb"))
    named_strangers: int | None = dial(None, "of 100 photos of strangers' objects, at most so many may be named, "
                                       "whatever that costs; when left out, at most 5 of 100 known ones are refused")
    public: bool = dial(False, "a model pushed to the Hub is public")
    threads: int = dial(0, "CPU threads; 0: all", least=0, most=1024)


@dataclass(frozen=True)
class SplitSettings:
    """`python -m train split DATASET`."""

    seed: int = dial(0, "the same seed and data give the same split", least=0, most=2**32 - 1)
    test: float = dial(0.2, "share of photos sealed for the test, where none came with the photos", least=0, most=1)
    validation: float | None = dial(None, "share of photos that training is steered by; a tenth when left out, and of "
                                    "large collections 200 photos", least=0, most=1)
    val_is_test: bool = dial(False, "given validation photos are the test, where no test came with the photos")


def named(settings: TrainSettings) -> float | None:
    """The share of strangers that may be named, where the owner said so."""
    return None if settings.named_strangers is None else settings.named_strangers / 100


def check_dials(settings: TrainSettings) -> None:
    """Raises CannotTrain where a number is none that can be meant."""
    check_ranges(settings)
    if settings.named_strangers is not None and not 0 <= settings.named_strangers <= 100:
        raise CannotTrain("--named-strangers counts photos of 100, so it lies between 0 and 100; "
                          f"{settings.named_strangers} does not.")
    if settings.lr_decay is not None and not 0 < settings.lr_decay <= 1:
        raise CannotTrain(f"--lr-decay is above 0 and at most 1; {settings.lr_decay:g} is not.")
    if settings.finish < 0 or (settings.finish and settings.budget):
        raise CannotTrain("--finish counts epochs that come on top of a budget's: give one or the other."
                          if settings.budget else f"--finish counts epochs; {settings.finish} counts none.")
    if not 0 <= settings.balance <= 1:
        raise CannotTrain(f"--balance lies between 0 and 1; {settings.balance:g} does not.")


def check_ranges(settings: Any) -> None:
    """Raises CannotTrain where a number of these settings lies outside the range that its dial names."""
    for item in fields(settings):
        value = getattr(settings, item.name)
        least, most = item.metadata.get("range", (-math.inf, math.inf))
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_bounded = math.isfinite(least) or math.isfinite(most)
        if is_number and is_bounded and not least <= value <= most:  # NaN lies nowhere
            flag = item.name.replace("_", "-")
            raise CannotTrain(f"--{flag} is {between(least, most)}; {value:g} is not.", value=value)


def add_flags(parser: argparse.ArgumentParser, cls: type[Any]) -> None:
    """One flag for each field of the dataclass `cls`: `--keep-location` for `keep_location`; bool: a switch."""
    hints = get_type_hints(cls)
    for item in fields(cls):
        flag, words = f"--{item.name.replace('_', '-')}", _words(item)
        if hints[item.name] is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=item.default, help=words)
        else:
            parser.add_argument(flag, type=_kind(hints[item.name]), default=item.default, help=words,
                                choices=item.metadata.get("choices") or None)


def from_flags(cls: type[Settings], flags: argparse.Namespace) -> Settings:
    """The dataclass back from parsed flags. Raises CannotTrain for a number out of range."""
    settings = cls(**{item.name: getattr(flags, item.name) for item in fields(cls)})  # type: ignore[arg-type]
    check_ranges(settings)
    return settings


def as_flags(settings: Any) -> list[str]:
    """The flags that make these settings of the defaults."""
    found: list[str] = []
    for item in fields(settings):
        value, name = getattr(settings, item.name), item.name.replace("_", "-")
        if isinstance(value, bool):
            found += [] if value == item.default else [f"--{name}" if value else f"--no-{name}"]
        elif value != item.default:
            found += [f"--{name}", str(value)]
    return found


def default_cache(environ: Mapping[str, str]) -> Path:
    """The user's cache directory for backbones, engines and features; an entry point passes its environment."""
    if environ.get("VITRINE_CACHE"):
        return Path(environ["VITRINE_CACHE"])
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vitrine"


def _kind(hint: Any) -> Any:
    if isinstance(hint, UnionType):
        return next(kind for kind in get_args(hint) if kind is not NoneType)
    return hint


def _words(item: Field[Any]) -> str:
    words = str(item.metadata.get("words", "")).replace("%", "%%")
    shown = item.default not in (None, MISSING, False)
    return f"{words} (default: %(default)s)" if shown else words
