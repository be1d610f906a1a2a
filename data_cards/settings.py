"""Settings as frozen dataclasses: the flags of a command are derived from their fields, so each
is written once."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from data_cards.errors import CannotTrain
from data_cards.wording import between

Settings = TypeVar("Settings")


def dial(
    default: Any,
    words: str,
    choices: tuple[str, ...] = (),
    least: float = -math.inf,
    most: float = math.inf,
    advanced: bool = False,
) -> Any:
    """A field with a default, a sentence for --help, and the values it may take: `choices`, or
    for a number the smallest and the largest. `advanced`: shown by --help-all only."""
    return field(
        default=default,
        metadata={
            "words": words,
            "choices": choices,
            "range": (least, most),
            "advanced": advanced,
        },
    )


def check_ranges(settings: Any) -> None:
    """Raises CannotTrain where a number of these settings lies outside the range that its dial
    names."""
    for item in fields(settings):
        value = getattr(settings, item.name)
        least, most = item.metadata.get("range", (-math.inf, math.inf))
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_bounded = math.isfinite(least) or math.isfinite(most)
        if is_number and is_bounded and not least <= value <= most:  # NaN lies nowhere
            flag = item.name.replace("_", "-")
            raise CannotTrain(
                f"--{flag} must be {between(least, most)}, not {value:g}.", value=value
            )


def add_flags(parser: argparse.ArgumentParser, cls: type[Any]) -> None:
    """One flag for each field of the dataclass `cls`: `--keep-location` for `keep_location`;
    bool: a switch; tuple: may be repeated. Fields that are not dials get no flag. `advanced` flags
    are shown by --help-all only."""
    hints = get_type_hints(cls)
    for item in (one for one in fields(cls) if one.metadata):
        flag = f"--{item.name.replace('_', '-')}"
        words = _words(item)
        if isinstance(item.default, tuple):
            made = parser.add_argument(flag, action="append", default=[], help=words)
        elif hints[item.name] is bool:
            made = parser.add_argument(
                flag, action=argparse.BooleanOptionalAction, default=item.default, help=words
            )
        else:
            made = parser.add_argument(
                flag,
                type=_kind(hints[item.name]),
                default=item.default,
                help=words,
                choices=item.metadata.get("choices") or None,
            )
        made.advanced = item.metadata.get("advanced", False)  # type: ignore[attr-defined]


def from_flags(cls: type[Settings], flags: argparse.Namespace) -> Settings:
    """The dataclass back from parsed flags. Raises CannotTrain for a number out of range."""
    given = {item.name: getattr(flags, item.name) for item in fields(cls) if item.metadata}  # type: ignore[arg-type]
    settings = cls(**{name: tuple(x) if isinstance(x, list) else x for name, x in given.items()})
    check_ranges(settings)
    return settings


def as_flags(settings: Any) -> list[str]:
    """The flags that make these settings of the defaults."""
    found: list[str] = []
    for item in fields(settings):
        value = getattr(settings, item.name)
        name = item.name.replace("_", "-")
        if isinstance(value, bool):
            found += [] if value == item.default else [f"--{name}" if value else f"--no-{name}"]
        elif isinstance(value, tuple):
            found += [f"--{name}={one}" for one in value]
        elif value != item.default:
            found.append(f"--{name}={value}")
    return found


def default_cache(environ: Mapping[str, str]) -> Path:
    """The user's cache directory for backbones, engines and features; an entry point passes its
    environment."""
    if environ.get("VITRINE_CACHE"):
        return Path(environ["VITRINE_CACHE"])
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vitrine"


def _kind(hint: Any) -> Any:
    if isinstance(hint, UnionType):
        return next(kind for kind in get_args(hint) if kind is not NoneType)
    return hint


def _words(item: Field[Any]) -> str:
    words = str(item.metadata.get("words", "")).replace("%", "%%")
    shown = item.default not in (None, MISSING, False, "", ())
    return f"{words} (default: %(default)s)" if shown else words
