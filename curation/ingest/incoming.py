"""What every source is read into: photos to stream, the classes they name, and what was left
alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from curation.ingest.search.run import SearchRun
from data_cards.dataset.collection import ClassInfo
from data_cards.settings import dial

AUTO, TOP, LEAF = CLASS_FOLDERS = ("auto", "top", "leaf")
BEST, REGULAR = FRAMES = ("best", "regular")


@dataclass(frozen=True)
class SourceOptions:
    """The owner's options for a source; `workplace`: a folder for what an archive unpacks to;
    `search`: what a search by words goes with."""

    label: str | None = dial(None, "label for photos outside any class folder")
    every: float = dial(0.5, "seconds between the frames of a clip", least=0.01, most=86_400)
    frames: str = dial(
        BEST,
        "which frames of a clip: the sharpest of each interval, if it shows something new "
        "(best), or one of each (regular)",
        FRAMES,
    )
    by_name: bool = dial(False, "read labels from file names, if there is no class folder")
    label_column: str | None = dial(None, "the column of a list that holds the labels")
    classes: str = dial(
        "auto",
        "which folder is the class in nested folders: the outermost (top) or the "
        "innermost (leaf); auto looks at their names",
        CLASS_FOLDERS,
    )
    splits: bool = dial(True, "--no-splits: folders called train, val or test are classes")
    exclude: tuple[str, ...] = dial(
        (),
        "skip files and folders with this name or path inside the source; * and ? match "
        "anything; may be repeated",
    )
    follow_links: bool = dial(False, "follow links, and take each file once")
    table: bool = dial(
        True,
        "--no-table leaves out data/, the pictures with their labels that load_dataset and the "
        "Hub's viewer open: it takes as much disk again; `fold --table` brings it back",
    )
    val_is_test: bool = dial(False, "use validation photos as the test, if no test photos came")
    workplace: Path | None = None
    search: SearchRun | None = None
    config: str | None = dial(None, "which config of a dataset on the Hub")
    split: str | None = dial(None, "which splits of a dataset on the Hub: test, or train+test")
    encoding: str | None = dial(
        None, "encoding of a list, if it is not detected: cp1251, shift_jis, gbk"
    )


@dataclass(frozen=True)
class LeftAlone:
    """A file that does not come in: its path relative to the source, and why, as a short phrase."""

    path: str
    why: str


@dataclass(frozen=True)
class Incoming:
    """A photo on its way in. `label`: a class id of its `Gathered`; `status`: as in a dataset;
    `second`: of a clip; `named_by`: the folder or the column that its label comes from; `clip`:
    the file, where it is a clip whose frames are the photos; `author`, `licence` and `url` (the
    page) of somebody else's photo."""

    path: str
    read: Callable[[], bytes]
    label: str | None = None
    status: str = "unlabelled"
    split: str | None = None
    origin: str = "file"
    second: float | None = None
    named_by: str = ""
    clip: Path | None = None
    author: str = ""
    licence: str = ""
    url: str = ""


@dataclass(frozen=True)
class Ending:
    """What is known of a source only when all its photos have come."""

    remarks: tuple[str, ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()


@dataclass(frozen=True)
class Gathered:
    """What a source holds: photos to stream, the classes they name, and a catalogue picture for
    some of them. `ending`: asked after the last photo."""

    name: str
    photos: Iterable[Incoming]
    total: int | None = None
    classes: tuple[ClassInfo, ...] = ()
    references: dict[str, Callable[[], bytes]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()
    ending: Callable[[], Ending] = Ending
