"""What a page of the light table is, to the registry, the routes and the menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Values = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """One page: `show(who, asked)` is what it lays out, `act(who, wanted)` what a button on it
    does, then the same.

    Both run outside the table's lock and take it themselves; what cannot be done is a
    VitrineError. `of_owner`: only for the collection's owner. `put(who, file,
    offset, data)`: takes a piece of a file, and says how much of it is here then.
    """

    name: str
    title: str
    show: Callable[[str, Mapping[str, str]], Values]
    act: Callable[[str, Mapping[str, Any]], Values]
    of_owner: bool = False
    put: Callable[[str, str, int, bytes], int] | None = None
