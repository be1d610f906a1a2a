"""What every source is read into: photos to stream, the classes they name, and what was left
alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from data_cards.dataset.collection import ClassInfo


@dataclass(frozen=True)
class SourceOptions:
    """What the owner said about a source. `label`: for photos that bring none; `every`: seconds
    between frames of a clip; `by_name`: take labels from file names ("gond painting_7.jpg")
    where there is no class folder; `label_column`: the column of a list that holds the labels;
    `classes`: whether the outermost ("top") or the innermost ("leaf") folder is the class, or
    what they look like ("auto"); `splits`: folders may be sides of a split; `exclude`: patterns
    of names and paths that are passed over; `follow_links`: take what links lead to;
    `val_is_test`: validation photos are the test, where none came; `workplace`: a folder for
    what an archive unpacks to; `config` and `split`: which part of a dataset of the Hub;
    `encoding`: of a list whose bytes do not tell."""

    label: str | None = None
    every: float = 1.0
    by_name: bool = False
    label_column: str | None = None
    classes: str = "auto"
    splits: bool = True
    exclude: tuple[str, ...] = ()
    follow_links: bool = False
    val_is_test: bool = False
    workplace: Path | None = None
    config: str | None = None
    split: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class LeftAlone:
    """A file that does not come in: its path relative to the source, and why, as a short phrase."""

    path: str
    why: str


@dataclass(frozen=True)
class Incoming:
    """A photo at the door. `label`: a class id of its `Gathered`; `status`: as in a dataset;
    `second`: of a clip; `named_by`: the folder or the column that its label comes from; `clip`:
    the file, where it is a clip whose frames are the photos."""

    path: str
    read: Callable[[], bytes]
    label: str | None = None
    status: str = "unlabelled"
    split: str | None = None
    origin: str = "file"
    second: float | None = None
    named_by: str = ""
    clip: Path | None = None


@dataclass(frozen=True)
class Gathered:
    """What a source holds: photos to stream, the classes they name, and a catalogue picture for
    some of them."""

    name: str
    photos: Iterable[Incoming]
    total: int | None = None
    classes: tuple[ClassInfo, ...] = ()
    references: dict[str, Callable[[], bytes]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()
